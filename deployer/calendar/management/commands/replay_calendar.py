"""manage.py replay_calendar: what the calendar would have said to the deploys of a time that has passed."""

from argparse import ArgumentParser, ArgumentTypeError
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from deployer.calendar.importers.base import CalendarFileError
from deployer.calendar.importers.deployments_csv import read_deployments
from deployer.calendar.past import StoredCalendar
from deployer.calendar.replay import PastDeploy, Tally, replay

Tallies = Mapping[tuple[str, str], Tally]

COLUMNS = {
    "deploys": "deploys",
    "outside": "outside hours",
    "too_late": "too late",
    "closed_day": "holiday",
    "frozen": "frozen",
    "frozen_by_hand": "by hand",
    "switched_off": "off",
    "refused": "refused",
}
ALL = "all"
OF_HOURS = ("outside", "too_late", "closed_day")
LEGEND = """\
outside hours: of the week; too late: within them, but it could not have finished before closing; -: there are no hours.
frozen: in a freeze; by hand: those of them that a person asked for; off: its own record has automatic deploys off.
refused: the calendar would have said no. One deploy may count in several columns."""


def day(text: str) -> date:
    """Raises ArgumentTypeError."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no day: write it such as 2025-03-30.") from error


class Command(BaseCommand):
    help = (
        "Put the deploys that a CSV file tells of (such as deployer/calendar/samples/deployments-2025.csv.gz) to the "
        "calendar as it is stored, and count how many were outside hours, on a holiday, in a freeze. Changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--from", dest="first", type=day, default=date.min, help="such as 2025-03-30")
        parser.add_argument("--until", type=day, default=date.max, help="the day after the last")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        try:
            deploys, problems = read_deployments(file)
        except CalendarFileError as error:
            at = f"{file}:{error.line}:" if error.line else str(file)
            raise CommandError(f"{at} {error} Nothing was replayed.") from error
        for problem in problems:
            self.stderr.write(f"{file}:{problem.line}: {problem.message}")
        zone = timezone.get_default_timezone()
        first, until = options["first"], options["until"]
        chosen = [deploy for deploy in deploys if first <= deploy.at.astimezone(zone).date() < until]
        if not chosen:
            raise CommandError(f"{file} tells of no deploy{' of that time' if deploys else ''}.")
        self._replay(chosen)
        if problems:
            rows = "1 row was" if len(problems) == 1 else f"{len(problems)} rows were"
            raise CommandError(f"{rows} not counted, told above by line.")

    def _replay(self, deploys: Sequence[PastDeploy]) -> None:
        times = [deploy.at for deploy in deploys]
        calendar = StoredCalendar(min(times), max(times) + timedelta(days=1))
        known = [deploy for deploy in deploys if deploy.environment in calendar.environments]
        for line in table(replay(known, calendar.facts), calendar):
            self.stdout.write(line)
        self.stdout.write(LEGEND)
        for note in _notes(deploys, calendar):
            self.stdout.write(f"note: {note}")


def table(tallies: Tallies, calendar: StoredCalendar) -> Iterator[str]:
    """A line for each environment and trigger, and one for each environment that has several."""
    yield _line("environment", "trigger", COLUMNS.values())
    for environment in calendar.environments:
        found = {trigger: tally for (where, trigger), tally in tallies.items() if where == environment}
        if len(found) > 1:
            found[ALL] = sum(found.values(), Tally())
        for trigger, tally in sorted(found.items(), key=lambda item: (item[0] == ALL, -item[1].deploys, item[0])):
            yield _line(environment, trigger, _cells(tally, has_hours=environment in calendar.with_hours))


def _cells(tally: Tally, *, has_hours: bool) -> Iterator[str]:
    for name in COLUMNS:
        yield f"{getattr(tally, name):,}" if has_hours or name not in OF_HOURS else "-"


def _line(environment: str, trigger: str, cells: Iterable[str]) -> str:
    widths = (max(len(label), 6) + 2 for label in COLUMNS.values())
    return (
        f"{environment:13}{trigger:13}{''.join(f'{cell:>{width}}' for cell, width in zip(cells, widths, strict=True))}"
    )


def _notes(deploys: Sequence[PastDeploy], calendar: StoredCalendar) -> Iterator[str]:
    places = Counter(deploy.environment for deploy in deploys if deploy.environment not in calendar.environments)
    for environment, number in places.items():
        yield f"There is no environment {environment!r} here: its {number:,} were not counted."
    names = Counter(deploy.application for deploy in deploys if deploy.application not in calendar.applications)
    if names:
        told = ", ".join(f"{name} ({number:,})" for name, number in sorted(names.items()))
        yield f"Not in the registry, so that freezes which name them are not counted: {told}."
