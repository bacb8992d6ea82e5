"""When a zone's clocks change next. Pure."""

from datetime import datetime, timedelta
from typing import NamedTuple

from deployer.calendar.walltime import zone_named

LOOKED_AT = timedelta(days=400)
STEP = timedelta(days=1)
SECOND = timedelta(seconds=1)


class ClockChange(NamedTuple):
    """At the instant `at` (UTC) the clocks go from one offset to another."""

    at: datetime
    before: timedelta
    after: timedelta

    @property
    def is_forward(self) -> bool:
        return self.after > self.before

    @property
    def wall_before(self) -> datetime:
        """What the clocks would show at that instant had they not changed, without tzinfo."""
        return self.at.replace(tzinfo=None) + self.before

    @property
    def wall_after(self) -> datetime:
        """What they show then, without tzinfo."""
        return self.at.replace(tzinfo=None) + self.after


def next_clock_change(zone: str, now: datetime) -> ClockChange | None:
    """The first after `now`; None when there is none within some 13 months. Raises UnknownZoneError."""
    before, at = _offset(now, zone), now
    while at < now + LOOKED_AT:
        if _offset(at + STEP, zone) != before:
            return _between(at, at + STEP, zone)
        at += STEP
    return None


def _between(early: datetime, late: datetime, zone: str) -> ClockChange:
    """The change between two instants; clocks change at whole seconds."""
    before = _offset(early, zone)
    early, late = early.replace(microsecond=0), late.replace(microsecond=0) + SECOND
    while late - early > SECOND:
        middle = (early + (late - early) / 2).replace(microsecond=0)
        early, late = (middle, late) if _offset(middle, zone) == before else (early, middle)
    return ClockChange(late, before, _offset(late, zone))


def _offset(at: datetime, zone: str) -> timedelta:
    return at.astimezone(zone_named(zone)).utcoffset() or timedelta(0)
