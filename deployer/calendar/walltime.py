"""What a wall clock's time means as an instant, across both clock changes. Pure.

A time that does not exist (the clocks go forward) moves to the first instant after the gap. One that occurs twice (the
clocks go back) means the first for a start and the last for an end (docs/calendar.md).
"""

import zoneinfo
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache

MIDNIGHT = time(0)


class UnknownZoneError(ValueError):
    """Not a zone of the IANA database."""


@cache
def zone_named(name: str) -> zoneinfo.ZoneInfo:
    """The IANA zone. Raises UnknownZoneError, with a sentence that says what to write."""
    if name not in _names():
        raise UnknownZoneError(f"{name!r} is not a time zone: use an IANA name such as Europe/London.")
    return zoneinfo.ZoneInfo(name)


@cache
def _names() -> frozenset[str]:
    """Read once: it takes a walk through the whole database."""
    return frozenset(zoneinfo.available_timezones())


def start_instant(day: date, wall: time, zone: zoneinfo.ZoneInfo) -> datetime:
    """The UTC instant at which something starts that starts at this wall time."""
    return _instant(datetime.combine(day, wall), zone, fold=0)


def end_instant(day: date, wall: time, zone: zoneinfo.ZoneInfo) -> datetime:
    """The UTC instant at which something ends that ends at this wall time."""
    return _instant(datetime.combine(day, wall), zone, fold=1)


@lru_cache(maxsize=4096)
def day_span(day: date, zone: zoneinfo.ZoneInfo) -> tuple[datetime, datetime]:
    """The UTC instants between which it is this day in the zone: a day ends when the next begins.

    A day that a zone left out, as Pacific/Apia did 30 December 2011, takes no time.
    """
    return start_instant(day, MIDNIGHT, zone), start_instant(day + timedelta(days=1), MIDNIGHT, zone)


def local_day(at: datetime, zone: zoneinfo.ZoneInfo) -> date:
    """The date that calendars in the zone show at an instant."""
    return at.astimezone(zone).date()


def _instant(wall: datetime, zone: zoneinfo.ZoneInfo, *, fold: int) -> datetime:
    instant = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
    return _end_of_gap(wall, zone)


def _end_of_gap(wall: datetime, zone: zoneinfo.ZoneInfo) -> datetime:
    """The instant of the clock change whose gap holds the wall time; clocks change at whole seconds.

    Read with the offset after the change, such a time is an instant before it; with the one before, an instant after.
    """
    wall = wall.replace(microsecond=0)
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after
