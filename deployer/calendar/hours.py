"""The weekly hours in which an environment takes deploys, as spans of real time. Pure.

GOV.UK's rule, "Monday to Thursday 09:30 to 17:00, Friday to 16:00, Europe/London; start so that it can finish inside",
is DESIGN.md's Window; where it came from is in docs/calendar.md.

A closed day is closed from its midnight to the next, whichever day the hours began on: hours from Monday 22:00 to
Tuesday 04:00 end at midnight when Tuesday is closed, and begin at midnight when Monday is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from deployer.calendar.spans import Span, merge, subtract
from deployer.calendar.walltime import MIDNIGHT, day_span, end_instant, local_day, start_instant, zone_named

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LONGEST_CLOSURE = timedelta(days=400)
"""How far ahead an opening is looked for; what is closed for longer is closed until someone changes it."""
DAY = timedelta(days=1)
LOOK = timedelta(days=7)
"""How far ahead an opening is looked for at a time, when it isn't open already: most are within a week."""
MOMENT = timedelta(microseconds=1)
"""What takes no time is looked at for this long."""


@dataclass(frozen=True, slots=True, order=True)
class WeeklyHours:
    """From `opens` to `closes` by the wall clock, on `weekday` (0 is Monday); to the next day when `closes` is not
    later than `opens`."""

    weekday: int
    opens: time
    closes: time

    def span_on(self, day: date, zone: str) -> Span:
        """The real time of these hours when they begin on `day`, a day of their weekday; it may have none in the night
        in which the clocks go forward."""
        end_day = day if self.closes > self.opens else day + DAY
        tz = zone_named(zone)
        return Span(start_instant(day, self.opens, tz), end_instant(end_day, self.closes, tz))

    def in_words(self) -> str:
        """Such as "09:30 to 17:00"."""
        if self.opens == self.closes == MIDNIGHT:
            return "all day"
        if self.closes > self.opens:
            return f"{self.opens:%H:%M} to {self.closes:%H:%M}"
        return f"{self.opens:%H:%M} to {'midnight' if self.closes == MIDNIGHT else f'{self.closes:%H:%M} the next day'}"


class ClosedDay(NamedTuple):
    """A day on which an environment takes nothing, and the real time that it takes."""

    day: date
    name: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """An environment's hours. `closed` names the days, by the zone's calendar, on which it takes nothing.

    Without weekly hours it is open on every other day, all day.
    """

    zone: str
    weekly: tuple[WeeklyHours, ...] = ()
    closed: Mapping[date, str] = field(default_factory=dict)

    def open_between(self, start: datetime, end: datetime) -> list[Span]:
        """The open spans that overlap [start, end), whole, in order; those that touch are one.

        A span that goes on beyond what is looked at (a day before and two after) is cut there.
        """
        days = self._days(start, end + DAY)
        opens = _opens(self.weekly, self.zone, days[0], days[-1])
        left = merge(subtract(opens, [closed.span for closed in self._closed_of(days)]))
        return [span for span in left if span.overlaps(start, end)]

    def closed_between(self, start: datetime, end: datetime) -> list[Span]:
        """The rest of [start, end), in order."""
        return subtract([Span(start, end)], self.open_between(start, end)) if start < end else []

    def closed_days(self, start: datetime, end: datetime) -> list[ClosedDay]:
        """The closed days that [start, end) touches, in order."""
        return [closed for closed in self._closed_of(self._days(start, end)) if closed.span.overlaps(start, end)]

    def without_closed_days(self) -> "Hours":
        """The weekly hours alone."""
        return replace(self, closed={}) if self.closed else self

    def next_opening(self, at: datetime, need: timedelta) -> datetime | None:
        """The first instant from `at` on at which it is open and stays so for `need`; None within LONGEST_CLOSURE."""
        whole = LONGEST_CLOSURE // LOOK + 1
        looks = ((at + number * LOOK, at + (number + 1) * LOOK + need) for number in range(whole))
        for start, end in chain([(at, at + max(need, MOMENT))], looks):
            for span in self.open_between(start, end):
                first = max(span.start, at)
                if first + need <= span.end and first < span.end:
                    return first
        return None

    def holiday_at(self, at: datetime) -> str:
        """The name of the closed day that it is; empty on others."""
        return self.closed.get(local_day(at, zone_named(self.zone)), "")

    def in_words(self) -> str:
        """Such as "Monday to Thursday 09:30 to 17:00, Friday 09:30 to 16:00 (Europe/London)"."""
        if not self.weekly:
            return f"every day ({self.zone})"
        runs: list[tuple[str, list[int]]] = []
        for weekday in sorted({hours.weekday for hours in self.weekly}):
            times = " and ".join(hours.in_words() for hours in sorted(self.weekly) if hours.weekday == weekday)
            if runs and runs[-1][0] == times and runs[-1][1][-1] == weekday - 1:
                runs[-1][1].append(weekday)
            else:
                runs.append((times, [weekday]))
        return f"{', '.join(f'{_days(days)} {times}' for times, days in runs)} ({self.zone})"

    def _days(self, start: datetime, end: datetime) -> list[date]:
        """The days by the zone's calendar from the one before `start` to the one after `end`."""
        tz = zone_named(self.zone)
        first = local_day(start, tz) - DAY
        return [first + timedelta(days=number) for number in range((local_day(end, tz) + DAY - first).days + 1)]

    def _closed_of(self, days: list[date]) -> list[ClosedDay]:
        tz = zone_named(self.zone)
        return [ClosedDay(day, self.closed[day], Span(*day_span(day, tz))) for day in days if day in self.closed]


@lru_cache(maxsize=4096)
def _opens(weekly: tuple[WeeklyHours, ...], zone: str, first: date, last: date) -> tuple[Span, ...]:
    """The hours that begin on the days from one to the other. Kept: the same weeks are asked for again and again."""
    spans: list[Span] = []
    for day in (first + number * DAY for number in range((last - first).days + 1)):
        if weekly:
            spans += [hours.span_on(day, zone) for hours in weekly if hours.weekday == day.weekday()]
        else:
            spans.append(Span(*day_span(day, zone_named(zone))))
    return tuple(merge(spans))


def _days(days: list[int]) -> str:
    return DAYS[days[0]] if len(days) == 1 else f"{DAYS[days[0]]} to {DAYS[days[-1]]}"
