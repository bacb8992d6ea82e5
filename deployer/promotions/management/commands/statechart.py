"""Draws docs/states.md, or checks that it is up to date."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from deployer.promotions.statechart import page


class Command(BaseCommand):
    help = "Write docs/states.md from the tables of states."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail when the page is out of date")

    def handle(self, *args: Any, **options: Any) -> None:
        path = settings.BASE_DIR / "docs" / "states.md"
        if not options["check"]:
            path.write_text(page())
            self.stdout.write(f"Wrote {path}.")
        elif not path.exists() or path.read_text() != page():
            raise CommandError("docs/states.md differs from the tables: run manage.py statechart.")
