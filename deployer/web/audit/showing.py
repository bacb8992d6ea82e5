"""Events as the audit shows them: what each is about, linked, and its data without anything secret."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from apps_registry.models import Application, Environment
from deployer.access.models import User
from deployer.audit.actor import ActorKind
from deployer.audit.models import Event
from deployer.web.audit.kinds import words_of

_SECRET = re.compile(
    r"(^|[_-])(passw(or)?d|secret|digest|authorization|cookie|(api|private|access)_?key|(access|auth|api)_?token)$",
    re.IGNORECASE,
)
HIDDEN = "(not shown)"

SUBJECTS: Mapping[str, tuple[str, Callable[[int], str]]] = {
    "slot": ("Slot", lambda pk: reverse("slot", args=[pk])),
    "slot-series": ("Series", lambda pk: reverse("slot-series", args=[pk])),
    "freeze": ("Freeze", lambda pk: reverse("freeze", args=[pk])),
    "hold": ("Hold", lambda pk: reverse("hold", args=[pk])),
    "notification": ("Message", lambda pk: reverse("delivery", args=[pk])),
}
"""What has a page of its own, by what an event's subject begins with."""


@dataclass(frozen=True, slots=True)
class Link:
    """Without `url` there is no page for it, or none any more."""

    label: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEvent:
    event: Event
    what: str
    about: Sequence[Link]
    who: Link
    data: Mapping[str, Any]


def shown(events: Sequence[Event]) -> list[ShownEvent]:
    """Three queries, however many there are."""
    applications = _existing(Application, {event.application for event in events})
    environments = _existing(Environment, {event.environment for event in events})
    refs = {int(one.actor_ref) for one in events if one.actor_kind == ActorKind.USER and one.actor_ref.isdecimal()}
    people = {str(person.pk): person for person in User.objects.filter(pk__in=refs)} if refs else {}
    return [
        ShownEvent(
            event=event,
            what=words_of(event.kind),
            about=_about(event, applications, environments),
            who=Link(event.actor_label, people[event.actor_ref].get_absolute_url())
            if event.actor_kind == ActorKind.USER and event.actor_ref in people
            else Link(event.actor_label),
            data=without_secrets(event.data),
        )
        for event in events
    ]


def without_secrets(value: Any) -> Any:
    """Events hold no secret; what is called like one is left out all the same."""
    if isinstance(value, Mapping):
        return {name: HIDDEN if _SECRET.search(str(name)) else without_secrets(one) for name, one in value.items()}
    if isinstance(value, list):
        return [without_secrets(one) for one in value]
    return value


def _existing(model: type[Application] | type[Environment], slugs: set[str]) -> Mapping[str, str]:
    wanted = slugs - {""}
    return {one.slug: one.get_absolute_url() for one in model.objects.filter(slug__in=wanted)} if wanted else {}


def _about(event: Event, applications: Mapping[str, str], environments: Mapping[str, str]) -> list[Link]:
    return list(_links(event, applications, environments))


def _links(event: Event, applications: Mapping[str, str], environments: Mapping[str, str]) -> Iterable[Link]:
    if event.application:
        yield Link(event.application, applications.get(event.application, ""))
    if event.environment:
        yield Link(event.environment, environments.get(event.environment, ""))
    if event.promotion_id is not None:
        yield Link(f"Promotion {event.promotion_id}", f"/promotions/{event.promotion_id}/")
    elif event.release_id is not None:
        yield Link(f"Release {event.release_id}", f"/releases/{event.release_id}/")
    kind, _, number = event.subject.partition(":")
    if kind in SUBJECTS and number.isascii() and number.isdecimal() and len(number) < 19:
        label, url = SUBJECTS[kind]
        yield Link(f"{label} {number}", url(int(number)))
