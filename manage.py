#!/usr/bin/env python
"""Deployer's command line: `manage.py help` lists what it does."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "deployer.settings")
    # Django can be imported only now that it is known where its settings are.
    from django.core.management import execute_from_command_line  # noqa: PLC0415
    from django.db import OperationalError, ProgrammingError  # noqa: PLC0415

    try:
        execute_from_command_line(sys.argv)
    except (OperationalError, ProgrammingError) as error:
        reason = str(error).strip().splitlines()[0]
        if "no such table" in reason or "does not exist" in reason:
            sys.exit(f"The database lacks a table ({reason}): run manage.py migrate.")
        if isinstance(error, OperationalError):
            sys.exit(f"DATABASE_URL: the database can't be used: {reason}.")
        raise


if __name__ == "__main__":
    main()
