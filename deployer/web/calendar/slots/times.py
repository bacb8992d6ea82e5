"""When a slot is, as it is typed: a day and times of the reader's wall clock."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from deployer.calendar.forms import ClockField, DayField, read_instant
from deployer.calendar.recurrence import wall_time
from deployer.calendar.spans import Span
from deployer.calendar.walltime import end_instant, start_instant, zone_named

DAY = timedelta(days=1)


class WhenForm(forms.Form):
    """`exact` carries the instants that day and times were filled in from. What was not typed anew stays exactly that:
    a wall clock alone can't tell the two times of the night in which the clocks go back."""

    date = DayField(missing="Enter the day on which it starts")
    start = ClockField(missing="Enter the time at which it starts")
    end = ClockField(required=False)
    exact = forms.Field(required=False, widget=forms.HiddenInput)


def typed_start(cleaned: Mapping[str, Any], zone: str) -> datetime:
    """The UTC instant of a valid day and start."""
    exact = read_span(cleaned.get("exact") or "", zone)
    if exact and _shown(exact.start, zone) == datetime.combine(cleaned["date"], cleaned["start"]):
        return exact.start
    return start_instant(cleaned["date"], cleaned["start"], zone_named(zone))


def typed_end(cleaned: Mapping[str, Any], start: datetime, zone: str, *, longest: timedelta) -> datetime:
    """The UTC instant of a valid end; the next day's where that is later than the start and the slot not too long.

    Raises ValidationError when it is not later than the start.
    """
    exact = read_span(cleaned.get("exact") or "", zone)
    if exact and start == exact.start and _shown(exact.end, zone).time() == cleaned["end"]:
        return exact.end
    return end_after(start, cleaned["date"], cleaned["end"], zone, longest=longest)


def end_after(start: datetime, day: date, wall: time, zone: str, *, longest: timedelta) -> datetime:
    """The UTC instant of an end on the start's day or, within `longest`, the next; raises ValidationError if neither
    is later than the start."""
    tz = zone_named(zone)
    same, following = end_instant(day, wall, tz), end_instant(day + DAY, wall, tz)
    if same > start:
        return same
    if following - start <= longest:
        return following
    raise ValidationError(f"It must end after it starts, at {wall_time(start, zone):%H:%M}: enter a later time")


def filled_in(span: Span, zone: str, *, ends: bool = True) -> dict[str, str]:
    """What the form shows for a slot's time; its end only when that is chosen as a time."""
    start, end = (wall_time(at, zone) for at in span)
    return {
        "date": start.date().isoformat(),
        "start": f"{start:%H:%M}",
        "end": f"{end:%H:%M}" if ends else "",
        "exact": span_text(span),
    }


def span_text(span: Span) -> str:
    """The two instants in ISO 8601, as hidden fields and buttons carry them."""
    return "/".join(at.isoformat() for at in span)


def read_span(text: str, zone: str) -> Span | None:
    """The inverse of `span_text`; None for anything else."""
    parts = [read_instant(part, zone) for part in text.split("/")]
    if len(parts) != 2 or parts[0] is None or parts[1] is None or parts[0] >= parts[1]:
        return None
    return Span(parts[0], parts[1])


def clock_note(typed: time, start: datetime, zone: str) -> str:
    """What a reader should know about a start in the night of a clock change; empty on any other."""
    shown = wall_time(start, zone)
    if shown.time() != typed:
        return f"{typed:%H:%M} does not exist on that day, as the clocks go forward: it starts at {shown:%H:%M}."
    tz = zone_named(zone)
    if end_instant(shown.date(), shown.time(), tz) != start_instant(shown.date(), shown.time(), tz):
        first = f"{start.astimezone(tz):%H:%M %Z}"
        return f"{typed:%H:%M} occurs twice on that day, as the clocks go back: it starts at {first}."
    return ""


def _shown(at: datetime, zone: str) -> datetime:
    return wall_time(at, zone).replace(second=0, microsecond=0)
