"""How times and states are shown, everywhere: `{% load deployer %}`."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

Context = dict[str, Any]
MINUTE, HOUR, DAY = 60, 3600, 86400
COMMIT_ID = re.compile(r"[0-9a-f]{40,64}")

COLOURS = {
    "stopped": "red",
    "failed": "red",
    "errored": "orange",
    "moving": "blue",
    "deploying": "blue",
    "verifying": "blue",
    "running": "blue",
    "waiting": "yellow",
    "inconclusive": "yellow",
    "unverified": "yellow",
    "succeeded": "green",
    "passed": "green",
}
"""GOV.UK's tag colours by state; what is over, or has not begun, is grey. The tag's words say it without colour."""


@register.simple_tag
def state_tag(state: str, label: str = "") -> SafeString:
    """The state as a tag: `{% state_tag promotion.state %}`."""
    return format_html(
        '<strong class="govuk-tag govuk-tag--{}">{}</strong>',
        COLOURS.get(state, "grey"),
        label or state[:1].upper() + state[1:],
    )


@register.simple_tag
def live_at(at: datetime | None, kind: str, which: object) -> SafeString:
    """The moment at which this changes by the clock alone (assets/live/times.js); nothing where it does not."""
    if not at:
        return SafeString()
    return format_html('<span hidden data-live-at="{}" data-live-topic="{}:{}"></span>', at.isoformat(), kind, which)


@register.simple_tag(takes_context=True)
def since(context: Context, at: datetime) -> SafeString:
    """How long ago, up to a day; then when."""
    local, now = _local(context, at)
    # In UTC: two times of one zone are subtracted as their clocks read, which a clock change makes wrong.
    ago = _ago(now.astimezone(UTC) - local.astimezone(UTC))
    return _time(local, ago or f"{_day(local, now)}, {local:%H:%M}", age=True)


@register.simple_tag(takes_context=True)
def clock(context: Context, at: datetime | None) -> SafeString:
    """When, to the second, with the day unless it is today; empty before it has happened."""
    if at is None:
        return SafeString()
    local, now = _local(context, at)
    return _time(local, f"{local:%H:%M:%S}" if local.date() == now.date() else f"{_day(local, now)}, {local:%H:%M:%S}")


@register.simple_tag(takes_context=True)
def until(context: Context, at: datetime) -> SafeString:
    """When something ends, to the minute, with the day unless it is today."""
    local, now = _local(context, at)
    return _time(local, f"{local:%H:%M}" if local.date() == now.date() else f"{_day(local, now)}, {local:%H:%M}")


@register.simple_tag(takes_context=True)
def took(context: Context, start: datetime | None, finish: datetime | None) -> str:
    """How long something took, or has taken so far; empty before it has begun."""
    if start is None:
        return ""
    return duration(finish - start) if finish else f"{duration(_now(context) - start)} so far"


@register.filter
def duration(length: timedelta) -> str:
    """The largest unit and the next one: "under 1 s", "12 s", "2 min 30 s", "3 h 5 min", "2 days 4 h", "41 days"."""
    left = max(int(length.total_seconds()), 0)
    parts: list[str] = []
    for size, unit in ((DAY, "day"), (HOUR, "h"), (MINUTE, "min"), (1, "s")):
        count, left = divmod(left, size)
        if count or parts:
            parts.append(f"{count} {unit}{'s' if unit == 'day' and count > 1 else ''}" if count else "")
    return " ".join(filter(None, parts[:2])) or "under 1 s"


@register.filter
def short(version: str) -> str:
    """A version that is a whole commit id, as its first twelve characters; any other as it is."""
    return version[:12] if COMMIT_ID.fullmatch(version) else version


@register.filter
def web_url(url: str) -> str:
    """The address when it is one of the web, else nothing: what came from outside must not become a script."""
    return url if urlsplit(url).scheme in ("http", "https") else ""


@register.filter
def pretty_json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def _now(context: Context) -> datetime:
    """The page's own `now`, so that one page agrees with itself."""
    now: datetime = context.get("now") or timezone.now()
    return now


def _local(context: Context, at: datetime) -> tuple[datetime, datetime]:
    return timezone.localtime(at), timezone.localtime(_now(context))


def _time(local: datetime, text: str, *, age: bool = False) -> SafeString:
    """With `age` a script keeps the text current (assets/live/ages.js)."""
    exact = f"{local.day} {local:%B %Y at %H:%M:%S %Z}"
    marked = SafeString(" data-age" if age else "")
    moment = local.isoformat(timespec="seconds")
    return format_html('<time datetime="{}"{} title="{}">{}</time>', moment, marked, exact, text)


def _day(local: datetime, now: datetime) -> str:
    return f"{local.day} {local:%b}" if local.year == now.year else f"{local.day} {local:%b %Y}"


def _ago(length: timedelta) -> str:
    """In words; empty from a day on. A clock that is a little ahead of this one counts as now."""
    seconds = length.total_seconds()
    for size, unit in ((HOUR, "hour"), (MINUTE, "minute"), (1, "second")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'' if count == 1 else 's'} ago" if seconds < DAY else ""
    return "just now"
