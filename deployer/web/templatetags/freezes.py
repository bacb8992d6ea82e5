"""How freezes are shown: `{% load freezes %}`."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from deployer.calendar.models import Freeze
from deployer.calendar.sentences import stopped
from deployer.calendar.terms import FrozenTime
from deployer.web.calendar.freezes.banner import AHEAD, touching
from deployer.web.calendar.freezes.standing import Phase, ShownFreeze

register = template.Library()

register.filter("stopped", stopped)

Context = dict[str, Any]
TAGS = {
    Phase.FROZEN: ("teal", "Frozen now"),
    Phase.COMING: ("yellow", "Coming"),
    Phase.LIFTED: ("grey", "Lifted"),
    Phase.OVER: ("grey", "Over"),
}


@register.simple_tag
def freeze_tag(shown: ShownFreeze) -> SafeString:
    """How it stands, as a tag; its words say it without colour."""
    colour, words = TAGS[shown.phase]
    return format_html('<strong class="govuk-tag govuk-tag--{}">{}</strong>', colour, words)


@register.simple_tag(takes_context=True)
def moment(context: Context, at: datetime, *, begins: bool = False) -> SafeString:
    """When by the reader's clock, such as "Friday 6 March at 16:00 GMT"; today and tomorrow by name, with a capital
    letter where a sentence `begins` with it."""
    local, now = timezone.localtime(at), timezone.localtime(context.get("now") or timezone.now())
    day = _day(local, now)
    exact = f"{local.day} {local:%B %Y at %H:%M:%S %Z}"
    return format_html(
        '<time datetime="{}" title="{}">{} at {}</time>',
        local.isoformat(timespec="seconds"),
        exact,
        f"{day[0].upper()}{day[1:]}" if begins else day,
        f"{local:%H:%M %Z}",
    )


@register.simple_tag
def scope_links(freeze: Freeze) -> SafeString:
    """What is frozen, in words; each team, application and environment with a link to its part of the calendar."""
    named = [*_links("team", freeze.teams.all()), *_links("application", freeze.applications.all())]
    environments = _links("environment", freeze.environments.all())
    what = _listed(named) if named else "Everything"
    return format_html("{} in {}", what, _listed(environments) if environments else "every environment")


def _listed(links: Iterable[SafeString]) -> SafeString:
    return format_html_join(", ", "{}", ((link,) for link in links))


def _links(name: str, rows: Iterable[Any]) -> list[SafeString]:
    return [
        format_html(
            '<a href="{}" class="app-link">{}</a>', f"{reverse('calendar')}?{urlencode({name: row.slug})}", str(row)
        )
        for row in rows
    ]


@register.simple_tag(takes_context=True)
def frozen_until(context: Context, time: FrozenTime) -> SafeString:
    """Until when, such as "until Friday 6 March at 16:00 GMT"."""
    return format_html("until {}", moment(context, time.until) if time.until else "somebody lifts it")


@register.simple_tag(takes_context=True)
def first_moments(context: Context, times: Iterable[FrozenTime]) -> SafeString:
    """When each begins, with commas between."""
    return _listed(moment(context, time.first) for time in times)


@register.filter
def breakable(zone: str) -> SafeString:
    """A zone's name that may be broken after its slashes, for narrow columns."""
    return format_html_join(SafeString("/<wbr>"), "{}", ((part,) for part in zone.split("/")))


@register.filter
def beyond(rows: Sequence[object], most: int) -> int:
    """How many there are besides those that are shown."""
    return max(len(rows) - most, 0)


@register.inclusion_tag("web/_freeze_banner.html", takes_context=True)
def freeze_banner(context: Context) -> Context:
    """The freezes that touch what the page shows, which `freeze_scope` and `freeze_span` narrow; see `touching`."""
    user, now = context.get("user"), context.get("now") or timezone.now()
    if user is None or not user.is_authenticated:
        return {"freezes": []}
    found = touching(now, scope=context.get("freeze_scope"), span=context.get("freeze_span"))
    held = sum(one.phase is Phase.FROZEN for one in found)
    coming = len(found) - held
    return {"freezes": found, "held": held, "coming": coming, "now": now, "looks_again_at": now + AHEAD / 2}


def _day(local: datetime, now: datetime) -> str:
    if local.date() == now.date():
        return "today"
    if local.date() == now.date() + timedelta(days=1):
        return "tomorrow"
    return f"{local:%A} {local.day} {local:%B}{'' if local.year == now.year else f' {local.year}'}"
