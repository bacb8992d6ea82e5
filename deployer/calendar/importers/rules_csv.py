"""Weekly hours and lengths of slots, from a file of deploy rules as GOV.UK's: a rule's name, its text and when it was
in force. Of its rules `deploy_window` and `slot_length` are read, strictly; what they say besides is told of.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import time
from itertools import pairwise
from pathlib import Path

from apps_registry.importers.base import EntryError, Problem
from deployer.calendar.hours import DAYS, Hours, WeeklyHours
from deployer.calendar.importers.base import Row, read_rows
from deployer.calendar.models.hours import LONGEST_SLOT_MINUTES
from deployer.calendar.walltime import MIDNIGHT, UnknownZoneError, zone_named

WINDOW, SLOTS = "deploy_window", "slot_length"
TODAY = "to today"
EXAMPLE = "Mon-Thu 09:30-17:00, Fri 09:30-16:00 Europe/London"
SHORT_DAYS = tuple(day[:3] for day in DAYS)
PART = re.compile(r"(?P<first>[A-Z][a-z]{2})(-(?P<last>[A-Z][a-z]{2}))? (?P<opens>\d\d:\d\d)-(?P<closes>\d\d:\d\d)")
LENGTHS = re.compile(r"(\d{1,4}) minutes for normal changes, (\d{1,4}) minutes for larger or more complex ones")


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotLengths:
    """Minutes: usually, and at most."""

    usual: int
    longest: int


@dataclass(slots=True)
class RulesFile:
    """All that a file says of hours and slots: None where it says nothing of them or nothing that can be read. `line`
    is where the hours are."""

    line: int = 1
    hours: Hours | None = None
    lengths: SlotLengths | None = None
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)


def read_rules(path: Path) -> RulesFile:
    """Raises CalendarFileError when the file as a whole can't be read."""
    rows = read_rows(path, ("rule", "text"))
    found = RulesFile(problems=rows.problems)
    lines: dict[str, int] = {}
    for row in (row for row in rows.rows if row.text("rule") in (WINDOW, SLOTS)):
        earlier = lines.setdefault(row.text("rule"), row.line)
        if earlier != row.line:
            found.problems.append(Problem(row.line, f"{row.text('rule')} is also at line {earlier}; that was taken."))
            continue
        try:
            _take(row, found)
        except EntryError as error:
            found.problems.append(error.problem)
    if WINDOW not in lines:
        found.problems.append(Problem(1, f"there is no rule {WINDOW}, which says the hours."))
    return found


def _take(row: Row, found: RulesFile) -> None:
    rule, (clause, *others) = row.text("rule"), [part.strip() for part in row.text("text").split(";")]
    if rule == WINDOW:
        found.line, found.hours = row.line, parse_hours(clause, row.line)
    else:
        found.lengths = parse_lengths(clause, row.line)
    found.notes += [Problem(row.line, f"{rule} also says what was not read: {other}.") for other in others if other]
    in_force = row.text("in_force")
    if in_force and not in_force.endswith(TODAY):
        found.notes.append(Problem(row.line, f"{rule} was in force {in_force}."))


def parse_hours(text: str, line: int) -> Hours:
    """The hours of such as "Mon-Thu 09:30-17:00, Fri 09:30-16:00 Europe/London". Raises EntryError."""
    weekly, _, zone = text.rpartition(" ")
    try:
        zone_named(zone)
    except UnknownZoneError as error:
        raise EntryError(line, f"{WINDOW}: {error} It comes last, as in {EXAMPLE}.") from error
    hours = [one for part in weekly.split(",") for one in _part(part.strip(), line)]
    _check_apart(hours, line)
    return Hours(zone=zone, weekly=tuple(sorted(hours)))


def _part(text: str, line: int) -> list[WeeklyHours]:
    match = PART.fullmatch(text)
    if match is None:
        raise EntryError(line, f"{WINDOW}: {text!r} is not days and hours; write {EXAMPLE}.")
    first = _weekday(match["first"], line)
    last = _weekday(match["last"], line) if match["last"] else first
    if last < first:
        raise EntryError(line, f"{WINDOW}: {text!r} goes beyond Sunday: name the days of the next week by themselves.")
    opens, closes = _time(match["opens"], line), _time(match["closes"], line)
    if opens == closes != MIDNIGHT:
        raise EntryError(line, f"{WINDOW}: {text!r} closes when it opens; all day is 00:00-00:00.")
    return [WeeklyHours(weekday, opens, closes) for weekday in range(first, last + 1)]


def _weekday(text: str, line: int) -> int:
    if text not in SHORT_DAYS:
        raise EntryError(line, f"{WINDOW}: {text!r} is no day: there are {', '.join(SHORT_DAYS)}.")
    return SHORT_DAYS.index(text)


def _time(text: str, line: int) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError as error:
        hint = " Midnight is 00:00." if text == "24:00" else ""
        raise EntryError(line, f"{WINDOW}: {text!r} is no time of day.{hint}") from error


def _check_apart(hours: Sequence[WeeklyHours], line: int) -> None:
    """Raises EntryError for hours of which some begin before those before them have ended."""
    days = sorted(hours)
    week_later = [(hours.weekday + 7, hours.opens) for hours in days[:1]]
    begins = [(hours.weekday, hours.opens) for hours in days] + week_later
    for one, (_, following) in zip(days, pairwise(begins), strict=True):
        until = (one.weekday + (one.closes <= one.opens), one.closes)
        if following < until:
            raise EntryError(line, f"{WINDOW}: {DAYS[one.weekday]} {one.in_words()} overlaps the hours after it.")


def parse_lengths(text: str, line: int) -> SlotLengths:
    """The lengths of "30 minutes for normal changes, 60 minutes for larger or more complex ones". Raises EntryError."""
    match = LENGTHS.fullmatch(text)
    if match is None:
        example = "30 minutes for normal changes, 60 minutes for larger or more complex ones"
        raise EntryError(line, f"{SLOTS}: {text!r} does not say both lengths; write {example!r}.")
    lengths = SlotLengths(usual=int(match[1]), longest=int(match[2]))
    if not 1 <= lengths.usual <= lengths.longest <= LONGEST_SLOT_MINUTES:
        raise EntryError(
            line, f"{SLOTS}: a slot has 1 to {LONGEST_SLOT_MINUTES} minutes, and the longer one is not the shorter."
        )
    return lengths
