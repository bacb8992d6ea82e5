#!/usr/bin/env python
"""Deployer's command line: `manage.py help` lists what it does."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "deployer.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 — settings come first

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
