"""How slots are shown: `{% load slots %}`."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from deployer.calendar.models import Slot
from deployer.calendar.states import SlotState
from deployer.web.calendar.slots.places import Place, in_common, sentences
from deployer.web.calendar.slots.reader import Reader

register = template.Library()

COLOURS = {
    SlotState.BOOKED: "light-blue",
    SlotState.OPEN: "blue",
    SlotState.FINISHED: "green",
    SlotState.MISSED: "orange",
    SlotState.CANCELLED: "grey",
}


@register.simple_tag
def slot_tag(slot: Slot) -> SafeString:
    """The slot's state as a tag; its words say it without colour."""
    state = SlotState(slot.state)
    return format_html('<strong class="govuk-tag govuk-tag--{}">{}</strong>', COLOURS[state], state.label)


@register.simple_tag(takes_context=True)
def stretch(context: dict[str, Any], start: datetime, end: datetime) -> SafeString:
    """From when to when by the reader's clock, such as "Tuesday 3 March, 12:00 to 12:30 GMT"; exactly when is read by
    pointing at it."""
    now = timezone.localtime(context.get("now") or timezone.now())
    first, last = timezone.localtime(start), timezone.localtime(end)
    ends = f"{last:%H:%M}" if last.date() == first.date() else f"{_day(last, now)}, {last:%H:%M}"
    if first.tzname() != last.tzname():
        return format_html(
            "{} to {} {}", _time(first, f"{_day(first, now)}, {first:%H:%M %Z}"), _time(last, ends), last.tzname()
        )
    return format_html(
        "{} to {} {}", _time(first, f"{_day(first, now)}, {first:%H:%M}"), _time(last, ends), last.tzname()
    )


@register.filter
def isoformat(at: datetime) -> str:
    """As addresses carry a time."""
    return at.isoformat()


@register.simple_tag
def place_hint(place: Place, reader: Reader, others: Sequence[Place] = ()) -> str:
    """What slots in an environment are like, in words, but for what is so of all of the others."""
    common = in_common(others, reader.zone, reader.now)
    return sentences([part for part in place.said(reader.zone, reader.now) if part not in common])


@register.simple_tag
def places_hint(places: Sequence[Place], reader: Reader) -> str:
    """What is so of every environment."""
    return sentences(in_common(places, reader.zone, reader.now))


def _time(local: datetime, text: str) -> SafeString:
    exact = f"{local.day} {local:%B %Y at %H:%M:%S %Z}"
    return format_html('<time datetime="{}" title="{}">{}</time>', local.isoformat(timespec="seconds"), exact, text)


def _day(local: datetime, now: datetime) -> str:
    if local.date() == now.date():
        return f"Today {local.day} {local:%B}"
    if local.date() == now.date() + timedelta(days=1):
        return f"Tomorrow {local.day} {local:%B}"
    return f"{local:%A} {local.day} {local:%B}{'' if local.year == now.year else f' {local.year}'}"
