"""How people are named: `{% load people %}`."""

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from deployer.access.models import User
from deployer.audit.actor import ActorKind
from deployer.audit.models import Event

register = template.Library()


@register.simple_tag
def actor(event: Event) -> SafeString:
    """Who did it: a person with a link to their page, anybody else by name."""
    if event.actor_kind == ActorKind.USER and event.actor_ref.isdecimal():
        return _link(reverse("person", args=[event.actor_ref]), event.actor_label)
    return format_html("{}", event.actor_label)


@register.simple_tag
def person(user: User) -> SafeString:
    """Their name, with a link to their page."""
    return _link(user.get_absolute_url(), user.as_actor().label)


def _link(address: str, label: str) -> SafeString:
    return format_html('<a href="{}" class="app-link">{}</a>', address, label)
