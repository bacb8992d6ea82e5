"""Puts the sample service into the registry: `python -m demo.seed`, with a sample.Plan as JSON on its input."""

import sys

import django

from demo.sample import Plan

if __name__ == "__main__":
    django.setup()
    from demo.registry import seed  # models can be imported from here on

    seed(Plan.from_json(sys.stdin.read()))
