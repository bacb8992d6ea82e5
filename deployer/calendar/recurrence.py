"""Recurring slots and freezes: RFC 5545 rules by the wall clock of a zone, as spans of real time. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, pairwise

from deployer.calendar.rrule import RecurrenceError, parse
from deployer.calendar.spans import Span
from deployer.calendar.walltime import end_instant, start_instant, zone_named

__all__ = ["Recurrence", "RecurrenceError", "wall_time"]

FIRST_YEARS = (1970, 2200)
"""A first occurrence outside of these is a slip."""
LOOKED_AT = timedelta(days=28 * 365.25)
"""So far ahead a rule is checked: weekdays, months and leap years have been through all that they do together."""
MOST_LOOKED_AT = 20_000
SHIFT = timedelta(days=2)
"""More than any zone's clock has ever been put forward or back at once, which is a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """`rule` is an RFC 5545 RRULE without its name. The first occurrence is from `starts` to `ends`, wall times of the
    zone without tzinfo; each later one lasts as long by the wall clock.

    An UNTIL in UTC is compared as an instant, one without Z with the wall clock, and a day counts to its end. An
    occurrence that the clock change leaves no time, all of it within the gap, does not take place.
    """

    rule: str
    zone: str
    starts: datetime
    ends: datetime

    def between(self, start: datetime, end: datetime) -> Iterator[Span]:
        """The occurrences that overlap [start, end), UTC, in order. Raises RecurrenceError, UnknownZoneError."""
        first = wall_time(start, self.zone) - (self.ends - self.starts) - SHIFT
        for wall in self._walls(first, wall_time(end, self.zone) + SHIFT):
            span = self._span(wall)
            if span.overlaps(start, end):
                yield span

    def check(self) -> None:
        """Raises RecurrenceError when the rule can't be used: it never happens, not at its first time, or overlaps
        itself; UnknownZoneError for the zone."""
        zone_named(self.zone)
        if self.ends <= self.starts:
            raise RecurrenceError("The end must be after the start.")
        self._check_first()
        walls = list(islice(self._walls(self.starts, self.starts + LOOKED_AT), MOST_LOOKED_AT))
        if not walls:
            raise RecurrenceError("This rule never happens: look at its UNTIL and at the days that it names.")
        if walls[0] != self.starts:
            raise RecurrenceError(
                f"The first time, {_words(self.starts)}, is none of the rule's: begin with {_words(walls[0])}."
            )
        if any(later - earlier < self.ends - self.starts for earlier, later in pairwise(walls)):
            raise RecurrenceError("Some begin before the one before has ended: make each shorter.")

    def _check_first(self) -> None:
        if not FIRST_YEARS[0] <= self.starts.year <= FIRST_YEARS[1]:
            raise RecurrenceError(f"The first time must be from {FIRST_YEARS[0]} to {FIRST_YEARS[1]}.")

    def _walls(self, first: datetime, last: datetime) -> Iterator[datetime]:
        """The wall times in [first, last] at which occurrences begin."""
        self._check_first()
        rule = parse(self.rule)
        for wall in rule.occurrences(self.starts, first, last):
            if rule.until is not None and rule.until < (wall if rule.until.tzinfo is None else self._span(wall).start):
                return
            yield wall

    def _span(self, wall: datetime) -> Span:
        tz, end = zone_named(self.zone), wall + (self.ends - self.starts)
        return Span(start_instant(wall.date(), wall.time(), tz), end_instant(end.date(), end.time(), tz))


def wall_time(at: datetime, zone: str) -> datetime:
    """What the clocks of the zone show at an instant, without tzinfo."""
    return at.astimezone(zone_named(zone)).replace(tzinfo=None, fold=0)


def _words(wall: datetime) -> str:
    return f"{wall:%A} {wall.day} {wall:%B %Y at %H:%M}"
