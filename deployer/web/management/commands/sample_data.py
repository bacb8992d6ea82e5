"""Fills an empty database with sample data for development."""

import getpass
import secrets
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps_registry.models import Application
from deployer.promotions.models import Promotion
from deployer.web.sample.estate import SIGN_INS, hosted
from deployer.web.sample.month import NotEmptyError, Progress, check_empty, make_sample
from deployer.web.sample.plan import planned

MOST_APPLICATIONS, MOST_PROMOTIONS = 1_000, 1_000_000


class Command(BaseCommand):
    help = "Fill an empty database with a believable month of GOV.UK's releases, for development."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--applications", type=int, help=f"how many, at most {MOST_APPLICATIONS}; else the real ones"
        )
        parser.add_argument("--promotions", type=int, help=f"about how many, at most {MOST_PROMOTIONS}; else a month's")
        parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same data")
        parser.add_argument("--password", help="of those who can sign in; else one is made and shown; - asks for it")

    def handle(self, *args: Any, **options: Any) -> None:
        applications, promotions = options["applications"], options["promotions"]
        _check("--applications", applications, MOST_APPLICATIONS)
        _check("--promotions", promotions, MOST_PROMOTIONS)
        try:
            check_empty()
        except NotEmptyError as error:
            raise CommandError(
                f"{error} Sample data goes into an empty database only: set DEPLOYER_DATA_DIR to a new folder (or "
                "DATABASE_URL to a new database), run migrate, and try again."
            ) from error
        password = options["password"] or secrets.token_urlsafe(12)
        if password == "-":  # noqa: S105 — asks for it
            password = getpass.getpass("Password: ")
        now = timezone.now()
        plan = planned(now=now, hosted=hosted(), applications=applications, promotions=promotions, seed=options["seed"])
        make_sample(plan, password=password, on=self._say)
        seconds = (timezone.now() - now).total_seconds()
        self.stdout.write(
            f"Made {Application.objects.count()} applications with {Promotion.objects.count()} promotions in "
            f"{seconds:.0f} s."
        )
        shown = "the password you gave" if options["password"] else f"the password {password} (shown only now)"
        self.stdout.write(f"Sign in as {', '.join(SIGN_INS[:-1])} or {SIGN_INS[-1]} with {shown}.")
        self.stdout.write(
            "make run goes on with it: its deploys and checks are played by deployer/web/sample/programs."
        )

    def _say(self, progress: Progress) -> None:
        """One line that is written over, where somebody looks."""
        far = f": {progress.done:,} of {progress.of:,}" if progress.of else "…"
        if sys.stderr.isatty():
            self.stderr.write(f"\r\x1b[K{progress.what}{far}", ending="")
        elif not progress.of or progress.done >= progress.of:
            self.stderr.write(f"{progress.what}{far}")


def _check(option: str, value: int | None, most: int) -> None:
    if value is not None and not 1 <= value <= most:
        raise CommandError(f"{option} must be from 1 to {most}.")
