"""RFC 5545 recurrence rules, read strictly and walked by the wall clock, without zones. Pure.

What a person may have typed must not keep a process busy. The walk goes straight to the period that is asked for and
not beyond it; dateutil's goes from the first occurrence on, and when nothing matches to the year 9999 (6 s for
FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30) or, at INTERVAL=0, for ever. Tests hold this walk against dateutil's.
"""

import re
from calendar import isleap, monthrange
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from functools import lru_cache
from itertools import count
from typing import Any

EXAMPLE = "FREQ=WEEKLY;BYDAY=FR"
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MOST_INTERVAL = 1000
MOST_COUNT = 10_000
"""A rule that counts is walked from its first occurrence on."""
MOST_TIMES_A_DAY = 24


class RecurrenceError(ValueError):
    """Not a rule that can be used; the message says what to write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule's parts; what is empty does not restrict it. `weekdays` are (nth, weekday), nth 0 for every one.

    `until` is UTC, or the wall clock's time without tzinfo.
    """

    frequency: str
    interval: int = 1
    count: int | None = None
    until: datetime | None = None
    week_start: int = 0
    months: Collection[int] = ()
    month_days: Collection[int] = ()
    year_days: Collection[int] = ()
    weekdays: Collection[tuple[int, int]] = ()
    hours: Collection[int] = ()
    minutes: Collection[int] = ()
    positions: Collection[int] = ()

    def occurrences(self, starts: datetime, first: datetime, last: datetime) -> Iterator[datetime]:
        """Those in [first, last], in order, of the rule whose first can be at `starts`; `until` is not looked at."""
        rule = self._completed(starts)
        number = 0
        for period in rule._periods(starts, first):
            if period > rule._period_of(last.date()):
                return
            for wall in rule._in_period(period, starts):
                number += 1
                if wall > last or (rule.count is not None and number > rule.count):
                    return
                if wall >= first:
                    yield wall

    def _completed(self, starts: datetime) -> "Rule":
        """With what the rule leaves to the first occurrence: the time, and the day unless a part names days."""
        rule = replace(self, hours=self.hours or (starts.hour,), minutes=self.minutes or (starts.minute,))
        if self.weekdays or self.month_days or self.year_days or self.frequency == "DAILY":
            return rule
        if self.frequency == "WEEKLY":
            return replace(rule, weekdays={(0, starts.weekday())})
        months = self.months or ({starts.month} if self.frequency == "YEARLY" else ())
        return replace(rule, month_days={starts.day}, months=months)

    def _periods(self, starts: datetime, first: datetime) -> Iterator[int]:
        """The numbers of the days, weeks, months or years to look at; from `first` on unless occurrences count."""
        base = self._period_of(starts.date())
        ahead = self._period_of(max(starts, first).date()) - base if self.count is None else 0
        return count(base + ahead // self.interval * self.interval, self.interval)

    def _period_of(self, day: date) -> int:
        match self.frequency:
            case "DAILY":
                return day.toordinal()
            case "WEEKLY":
                return (day.toordinal() - 1 - self.week_start) // 7
            case "MONTHLY":
                return day.year * 12 + day.month - 1
            case _:
                return day.year

    def _days_of(self, period: int) -> range:
        """The ordinals of the days of a period. Ordinal 1 is a Monday."""
        match self.frequency:
            case "DAILY":
                return range(period, period + 1)
            case "WEEKLY":
                first = period * 7 + 1 + self.week_start
                return range(first, first + 7)
            case "MONTHLY":
                first = date(period // 12, period % 12 + 1, 1).toordinal()
                return range(first, first + monthrange(period // 12, period % 12 + 1)[1])
            case _:
                first = date(period, 1, 1).toordinal()
                return range(first, first + 365 + isleap(period))

    def _in_period(self, period: int, starts: datetime) -> list[datetime]:
        """A period's occurrences from `starts` on."""
        days = [day for day in map(date.fromordinal, self._days_of(period)) if self._takes(day)]
        times = [starts.time().replace(hour, minute) for hour in sorted(self.hours) for minute in sorted(self.minutes)]
        walls = [datetime.combine(day, at) for day in days for at in times]
        if self.positions:
            ranks = {number if number > 0 else len(walls) + 1 + number for number in self.positions}
            walls = [wall for rank, wall in enumerate(walls, 1) if rank in ranks]
        return [wall for wall in walls if wall >= starts]

    def _takes(self, day: date) -> bool:
        if self.months and day.month not in self.months:
            return False
        if self.month_days and not _counted(day.day, _length_of_month(day), self.month_days):
            return False
        if self.year_days and not _counted(day.timetuple().tm_yday, _length_of_year(day), self.year_days):
            return False
        return not self.weekdays or any(
            weekday == day.weekday() and (nth == 0 or self._is_nth(day, nth)) for nth, weekday in self.weekdays
        )

    def _is_nth(self, day: date, nth: int) -> bool:
        """Whether it is the nth of its weekday in its month, or in its year when the rule is yearly and names none."""
        if self.frequency == "YEARLY" and not self.months:
            number, length = day.timetuple().tm_yday, _length_of_year(day)
        else:
            number, length = day.day, _length_of_month(day)
        return nth == (number - 1) // 7 + 1 if nth > 0 else -nth == (length - number) // 7 + 1


def _counted(number: int, length: int, wanted: Collection[int]) -> bool:
    """Whether a number of so many is wanted, counted from the start or, below zero, from the end."""
    return number in wanted or number - length - 1 in wanted


def _length_of_month(day: date) -> int:
    return monthrange(day.year, day.month)[1]


def _length_of_year(day: date) -> int:
    return 365 + isleap(day.year)


@lru_cache(maxsize=1024)
def parse(text: str) -> Rule:
    """The rule of an RRULE's text, without its name. Raises RecurrenceError."""
    try:
        return _parse(text)
    except ValueError as error:
        raise RecurrenceError(f"This is no RFC 5545 rule such as {EXAMPLE}: {error}.") from error


def _parse(text: str) -> Rule:
    parts: dict[str, str] = {}
    for part in text.upper().split(";"):
        name, equals, value = part.partition("=")
        if not equals:
            raise ValueError(f"{part!r} is no part of one, which are a name, = and a value")
        if name in parts:
            raise ValueError(f"{name} is there twice")
        parts[name] = value
    unknown = sorted(set(parts) - {"FREQ"} - set(READERS))
    if unknown:
        raise ValueError(f"{unknown[0]!r} can't be used here; what can: FREQ, {', '.join(READERS)}")
    if parts.get("FREQ") not in FREQUENCIES:
        raise ValueError(f"FREQ must be one of {', '.join(FREQUENCIES)}")
    rule = Rule(frequency=parts.pop("FREQ"))
    for name, value in parts.items():
        field, read = READERS[name]
        rule = replace(rule, **{field: read(name, value)})
    _check_together(rule, parts)
    return rule


def _check_together(rule: Rule, parts: Collection[str]) -> None:
    """Raises ValueError for parts that RFC 5545 does not allow together."""
    numbered = any(nth for nth, _ in rule.weekdays)
    refused = {
        "COUNT and UNTIL exclude each other": rule.count is not None and rule.until is not None,
        "BYMONTHDAY is not for FREQ=WEEKLY": rule.month_days and rule.frequency == "WEEKLY",
        "BYYEARDAY is for FREQ=YEARLY only": rule.year_days and rule.frequency != "YEARLY",
        "a number before BYDAY's day is for FREQ=MONTHLY and YEARLY only": numbered
        and rule.frequency in ("DAILY", "WEEKLY"),
        "BYSETPOS needs another part that begins with BY": rule.positions
        and not any(part.startswith("BY") and part != "BYSETPOS" for part in parts),
        f"it names more than {MOST_TIMES_A_DAY} times a day": max(len(rule.hours), 1) * max(len(rule.minutes), 1)
        > MOST_TIMES_A_DAY,
    }
    for sentence, is_so in refused.items():
        if is_so:
            raise ValueError(sentence)


def _number(name: str, value: str, lowest: int, highest: int) -> int:
    if re.fullmatch(r"[+-]?[0-9]{1,6}", value) and lowest <= int(value) <= highest:
        return int(value)
    raise ValueError(f"{name} must be a whole number from {lowest} to {highest}, not {value!r}")


def _one(lowest: int, highest: int) -> Callable[[str, str], int]:
    return lambda name, value: _number(name, value, lowest, highest)


def _several(lowest: int, highest: int) -> Callable[[str, str], frozenset[int]]:
    return lambda name, value: frozenset(_number(name, one, lowest, highest) for one in value.split(","))


def _from_either_end(highest: int) -> Callable[[str, str], frozenset[int]]:
    """Numbers of which those below zero count from the end."""

    def read(name: str, value: str) -> frozenset[int]:
        numbers = _several(-highest, highest)(name, value)
        if 0 in numbers:
            raise ValueError(f"{name} counts from 1, or from the end from -1, and not from 0")
        return numbers

    return read


def _weekday(name: str, value: str) -> int:
    if value not in WEEKDAYS:
        raise ValueError(f"{name} must be one of {', '.join(WEEKDAYS)}, not {value!r}")
    return WEEKDAYS.index(value)


def _weekdays(name: str, value: str) -> frozenset[tuple[int, int]]:
    found = set()
    for one in value.split(","):
        nth, day = one[:-2], one[-2:]
        if nth:
            _from_either_end(53)(name, nth)
        found.add((int(nth or 0), _weekday(name, day)))
    return frozenset(found)


def _until(name: str, value: str) -> datetime:
    """A date means all of that day, as people mean it."""
    match = re.fullmatch(r"([0-9]{8})(?:T([0-9]{6})(Z?))?", value)
    if match:
        with suppress(ValueError):
            day = date.fromisoformat(match[1])
            if match[2] is None:
                return datetime.combine(day, time.max)
            return datetime.combine(day, time.fromisoformat(match[2]), tzinfo=UTC if match[3] else None)
    raise ValueError(f"{name} must be a day such as 20261231 or a time such as 20261231T235900Z, not {value!r}")


READERS: dict[str, tuple[str, Callable[[str, str], Any]]] = {
    "INTERVAL": ("interval", _one(1, MOST_INTERVAL)),
    "COUNT": ("count", _one(1, MOST_COUNT)),
    "UNTIL": ("until", _until),
    "WKST": ("week_start", _weekday),
    "BYMONTH": ("months", _several(1, 12)),
    "BYMONTHDAY": ("month_days", _from_either_end(31)),
    "BYYEARDAY": ("year_days", _from_either_end(366)),
    "BYDAY": ("weekdays", _weekdays),
    "BYHOUR": ("hours", _several(0, 23)),
    "BYMINUTE": ("minutes", _several(0, 59)),
    "BYSETPOS": ("positions", _from_either_end(366)),
}
