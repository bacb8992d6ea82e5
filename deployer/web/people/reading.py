"""What the page of a person shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps_registry.models import Team
from deployer.access.models import User
from deployer.audit.actor import ActorKind
from deployer.audit.models import Event
from deployer.calendar.models import Slot
from deployer.calendar.models.slot import LONGEST
from deployer.calendar.states import KEPT
from deployer.web.people.releases import Followed, releases_of
from deployer.web.people.roles import Standing, standing_of

EVENTS_SHOWN = 20
SLOTS_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """`slots` are those that they booked and that are to come, or under way."""

    person: User
    teams: Sequence[Team]
    standing: Standing
    slots: Sequence[Slot]
    releases: Sequence[Followed]
    events: Sequence[Event]


def read_person(person: User, now: datetime) -> About:
    """Seventeen queries at most."""
    teams = list(Team.objects.filter(memberships__user=person))
    return About(
        person=person,
        teams=teams,
        standing=standing_of(person, teams),
        slots=slots_ahead(person, now),
        releases=releases_of(person),
        events=events_of(person),
    )


def events_of(person: User, most: int = EVENTS_SHOWN) -> list[Event]:
    """What they did, the newest first. One query."""
    done = Event.objects.filter(actor_kind=ActorKind.USER, actor_ref=str(person.pk))
    return list(done.order_by("-id")[:most])


def slots_ahead(person: User, now: datetime) -> list[Slot]:
    """Those that they booked, the next first."""
    booked = Slot.objects.kept().filter(booker=person, starts_at__gt=now - 2 * LONGEST)
    return list(booked.with_names().order_by("starts_at", "id")[:SLOTS_SHOWN])


def slots_past(person: User, most: int = 5) -> list[Slot]:
    """Those that have ended, the newest first."""
    ended = Slot.objects.filter(booker=person).exclude(state__in=KEPT)
    return list(ended.with_names().order_by("-starts_at", "-id")[:most])
