"""Quiet hours: when what isn't urgent may be sent. Pure.

They are wall-clock times in a zone, over midnight too. One that occurs twice, as the clocks go back, means the first
for their beginning and the last for their end; one that the clocks skip means as much after the skip.
"""

import zoneinfo
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` until `end` of the zone's wall clock; over midnight when `end` is not after `start`."""

    start: time
    end: time
    zone: str


class Told(Protocol):
    """What is asked of a receiver."""

    @property
    def urgent(self) -> bool: ...
    @property
    def quiet(self) -> QuietHours | None: ...


def quiet_hours(start: time | None, end: time | None, zone: str) -> QuietHours | None:
    """None unless both are set and differ."""
    return QuietHours(start, end, zone) if start is not None and end is not None and start != end else None


def release_at(receiver: Told, event_at: datetime) -> datetime:
    """The instant (UTC) from which the receiver may be told of what happened at `event_at`: at once when it is urgent
    or no quiet hours hold then, else when these end."""
    at = event_at.astimezone(UTC)
    return at if receiver.urgent or receiver.quiet is None else _end_of(receiver.quiet, at)


def _end_of(quiet: QuietHours, at: datetime) -> datetime:
    """The first instant from `at` on that is not in quiet hours. Those of two days meet only at a clock change."""
    zone = zoneinfo.ZoneInfo(quiet.zone)
    today = at.astimezone(zone).date()
    spans = sorted(_span(quiet, today + timedelta(days), zone) for days in range(-2, 3))
    for start, end in spans:
        if start <= at < end:
            at = end
    return at


def _span(quiet: QuietHours, day: date, zone: zoneinfo.ZoneInfo) -> tuple[datetime, datetime]:
    """The instants between which they hold that begin on this day."""
    last = day if quiet.end > quiet.start else day + timedelta(days=1)
    start, end = datetime.combine(day, quiet.start, zone), datetime.combine(last, quiet.end, zone)
    return start.astimezone(UTC), max(end.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
