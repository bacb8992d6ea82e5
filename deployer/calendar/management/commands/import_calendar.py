"""manage.py import_calendar: freezes and hours, from files that GOV.UK kept."""

from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from apps_registry.models import Environment
from deployer.access.operator import operator
from deployer.calendar.importers.apply_freezes import apply_freezes
from deployer.calendar.importers.apply_hours import apply_hours
from deployer.calendar.importers.base import CalendarFileError
from deployer.calendar.importers.freezes_csv import read_freezes
from deployer.calendar.importers.report import Origin, Report
from deployer.calendar.importers.rules_csv import read_rules

Content = TypeVar("Content")
Import = Callable[[Origin], Report]
LONGEST_NAME = 150


class Command(BaseCommand):
    help = (
        "Import freezes and weekly hours from CSV files such as those in deployer/calendar/samples. A second run "
        "changes nothing. A bad entry is printed with its line and the rest goes in; the exit code is then 1. "
        "No freeze is ever removed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--freezes", type=Path, metavar="FILE", help="A row an application and environment.")
        parser.add_argument("--hours", type=Path, metavar="FILE", help="Rules, of which deploy_window says the hours.")
        parser.add_argument(
            "--environment",
            action="append",
            default=[],
            help="Which gets the hours; may be given several times. Unless given, those that are production.",
        )
        parser.add_argument("--declared-by", default="GOV.UK", metavar="NAME", help="Who declared the freezes.")
        parser.add_argument(
            "--no-deploys-by-hand",
            action="store_true",
            help="The freezes stop deploys by hand, too. In the file they were for automatic ones only.",
        )
        parser.add_argument("--dry-run", action="store_true", help="Print what would change, and change nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        dry_run: bool = options["dry_run"]
        imports = [*_hours(options), *_freezes(options)]
        if not imports:
            raise CommandError("Say what to import: --hours FILE, --freezes FILE or both.")
        by, now = operator(), timezone.now()
        with transaction.atomic():
            reports = [(file, write(Origin(by=by, now=now, file=file.name))) for file, write in imports]
            transaction.set_rollback(dry_run)
        for file, report in reports:
            self._print(file, report)
        self._sum_up([report for _, report in reports], dry_run=dry_run)

    def _print(self, file: Path, report: Report) -> None:
        for change in report.changes:
            self.stdout.write(change)
        for problem in report.problems:
            self.stderr.write(f"{file}:{problem.line}: {problem.message}")
        for note in report.notes:
            self.stdout.write(f"{file}:{note.line}: note: {note.message}")

    def _sum_up(self, reports: list[Report], *, dry_run: bool) -> None:
        changes = sum(len(report.changes) for report in reports)
        problems = sum(len(report.problems) for report in reports)
        if not changes:
            self.stdout.write("Nothing to change.")
        elif dry_run:
            self.stdout.write(f"This was a dry run: {counted(changes, 'change')} to make, none made.")
        else:
            self.stdout.write(f"{counted(changes, 'change')} made.")
        if problems:
            rest = "would be" if dry_run else "was"
            raise CommandError(f"{counted(problems, 'problem')}, told above by line. The rest {rest} imported.")


def _hours(options: dict[str, Any]) -> Iterator[tuple[Path, Import]]:
    """Raises CommandError."""
    file, names = options["hours"], options["environment"]
    if file is None and names:
        raise CommandError("--environment says which gets the hours: give --hours FILE, too.")
    if file is not None:
        rules, environments = _read(read_rules, file), _environments(names)
        yield file, lambda origin: apply_hours(rules, origin, environments)


def _freezes(options: dict[str, Any]) -> Iterator[tuple[Path, Import]]:
    """Raises CommandError."""
    file, declared_by, strict = options["freezes"], options["declared_by"].strip(), options["no_deploys_by_hand"]
    if not 0 < len(declared_by) <= LONGEST_NAME:
        raise CommandError(f"--declared-by: give a name of at most {LONGEST_NAME} characters.")
    if file is not None:
        freezes = _read(read_freezes, file)
        yield file, lambda origin: apply_freezes(freezes, origin, declared_by=declared_by, allows_by_hand=not strict)


def _read(read: Callable[[Path], Content], file: Path) -> Content:
    """Raises CommandError when the file as a whole can't be read."""
    try:
        return read(file)
    except CalendarFileError as error:
        at = f"{file}:{error.line}:" if error.line else str(file)
        raise CommandError(f"{at} {error} Nothing was imported.") from error


def _environments(names: list[str]) -> list[Environment]:
    """Those of these names, or those that are production. Raises CommandError when one is not there."""
    stored = {environment.slug: environment for environment in Environment.objects.all()}
    there = ", ".join(stored) or "none yet"
    for name in names:
        if name not in stored:
            raise CommandError(f"--environment: there is no {name!r}: there are {there}. Nothing was imported.")
    found = [environment for slug, environment in stored.items() if slug in names] if names else []
    found = found or [environment for environment in stored.values() if environment.is_production]
    if not found:
        raise CommandError(f"No environment is production: name one with --environment; there are {there}.")
    return found


def counted(number: int, what: str) -> str:
    """Such as "1 change"."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
