"""What the page around the content needs, also where there is no request and no database: `{% load shell %}`."""

from typing import Any

import sentry_sdk
from django import template
from django.conf import settings
from django.urls import reverse

from deployer.web import theme

register = template.Library()

Context = dict[str, Any]
CALENDAR = (("calendar", "Slots"), ("freezes", "Freezes"), ("hours", "Hours"), ("feeds", "Feeds"))


@register.simple_tag
def site_name() -> str:
    return str(settings.SITE_NAME)


@register.simple_tag
def brand_colour() -> str:
    return str(settings.COLOUR)


@register.simple_tag
def theme_address() -> str:
    return theme.address()


@register.simple_tag
def error_reference() -> str:
    """Sentry's id of the last error, where errors are sent to it."""
    return sentry_sdk.last_event_id() or ""


@register.filter
def kind_words(kind: str) -> str:
    """An event's kind in words: "promotion.step_failed" is "Promotion: step failed"."""
    subject, _, what = kind.replace("_", " ").partition(".")
    return f"{subject.capitalize()}: {what}" if what else subject.capitalize()


@register.simple_tag(takes_context=True)
def current(context: Context, address: str, sections: str) -> str:
    """The value of aria-current: "page" on the page itself, "true" within its sections, else empty."""
    path = _path(context)
    if path == address:
        return "page"
    return "true" if path.startswith(tuple(sections.split())) else ""


@register.inclusion_tag("web/_places_menu.html", takes_context=True)
def places_menu(context: Context) -> Context:
    """The places of the calendar, on the pages that belong to it."""
    path = _path(context)
    user = context.get("user")
    if user is None or not user.is_authenticated:
        return {}
    places = [(label, reverse(name)) for name, label in CALENDAR]
    within = ("/slots/", *(address for _, address in places))
    if not path.startswith(within):
        return {}
    return {"places": [{"label": label, "address": address, "here": _here(path, address)} for label, address in places]}


def _here(path: str, address: str) -> str:
    if path == address:
        return "page"
    section = "/slots/" if address == reverse("calendar") else address
    return "true" if path.startswith(section) else ""


def _path(context: Context) -> str:
    request = context.get("request")
    return str(request.path) if request else ""
