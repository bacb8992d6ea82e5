"""Who is told of an event, where, and why."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Prefetch

from apps_registry.models import Application, Team, Watcher
from apps_registry.models.watcher import WatcherKind
from deployer.access.models import User
from deployer.audit.actor import ActorKind
from deployer.audit.models import Event
from deployer.notifications.models import Channel

STOPS = frozenset({"promotion.failed", "promotion.errored"})
"""The line has stopped: the owning team must move, so it is told, and everyone who watches."""
CAUGHT = frozenset({"promotion.frozen", "slot.frozen", "slot.missed", "slot.not_promoted"})
"""What was planned does not happen: the owning team plans anew."""
BOOKED = frozenset(
    {"slot.frozen", "slot.missed", "slot.not_promoted", "slot.overridden", "slot.cancelled", "slot.moved"}
)
RECURRING = frozenset({"slot_series.skipped", "slot_series.ended"})
PERSONAL = BOOKED | RECURRING
"""Told to whoever booked it."""
WATCHED = (
    STOPS
    | CAUGHT
    | BOOKED
    | {"promotion.succeeded", "promotion.aborted", "promotion.overridden", "hold.placed", "hold.lifted"}
)
TOLD = WATCHED | PERSONAL


@dataclass(frozen=True, slots=True)
class Receiver:
    channel: Channel
    address: str
    name: str
    why: str


def receivers(event: Event) -> list[Receiver]:
    """Each address once, for its first reason: who booked it, the owning team, then the watchers in their order."""
    return receivers_of([event])


def receivers_of(events: Iterable[Event]) -> list[Receiver]:
    """Of several events, stored or only thought of: each address once, for its first reason. Three queries at most."""
    told = [event for event in events if event.kind in TOLD and event.application]
    if not told:
        return []
    applications, people = _applications(told), _people(told)
    found = [
        receiver
        for event in told
        if event.application in applications
        for receiver in _receivers(event, applications[event.application], people)
    ]
    return list({(one.channel, one.address): one for one in reversed(found)}.values())[::-1]


def _applications(events: Iterable[Event]) -> dict[str, Application]:
    """By slug, with their owners and watchers."""
    watchers = Watcher.objects.select_related("environment", "user", "team")
    found = Application.objects.filter(slug__in={event.application for event in events})
    return {one.slug: one for one in found.select_related("owner").prefetch_related(Prefetch("watchers", watchers))}


def _people(events: Iterable[Event]) -> dict[int, User]:
    """Those whose plans they touch and who can be told, by id."""
    ids = {pk for event in events if event.kind in PERSONAL for pk in event.data.get("people", [])}
    return User.objects.filter(is_active=True).exclude(email="").in_bulk(ids) if ids else {}


def _receivers(event: Event, application: Application, people: Mapping[int, User]) -> list[Receiver]:
    found = [*_bookers(event, people), *_owner(event, application), *_watchers(event, application)]
    if event.kind in STOPS and not any(one.channel is Channel.EMAIL for one in found):
        found.append(_fallback(application))
    return found


def _bookers(event: Event, people: Mapping[int, User]) -> Iterator[Receiver]:
    """Those whose plan it is, unless they did it themselves."""
    if event.kind not in PERSONAL:
        return
    for person in (people[pk] for pk in event.data.get("people", []) if pk in people):
        label = person.as_actor().label
        if (event.actor_kind, event.actor_ref) != (ActorKind.USER, str(person.pk)):
            yield Receiver(Channel.EMAIL, person.email, label, f"{label} booked it.")


def _owner(event: Event, application: Application) -> Iterator[Receiver]:
    if event.kind in STOPS | CAUGHT:
        yield from _team(application.owner, f"{application.owner} owns {application}.")


def _fallback(application: Application) -> Receiver:
    """Whoever runs Deployer, when nobody of the application's can be reached: a stop is never silent (promise 3)."""
    why = (
        f"Neither {application.owner} nor a watcher of {application} has an e-mail address: set the team's in the "
        "admin, or DEPLOYER_FALLBACK_EMAIL."
    )
    if settings.FALLBACK_EMAIL:
        return Receiver(Channel.EMAIL, settings.FALLBACK_EMAIL, "Deployer's operators", why)
    return Receiver(Channel.LOG, "anybody", "Nobody", why)


def _watchers(event: Event, application: Application) -> Iterator[Receiver]:
    if event.kind not in WATCHED:
        return
    for watcher in application.watchers.all():
        if watcher.environment and watcher.environment.slug != event.environment:
            continue
        why = f"{watcher} watches {application}."
        if watcher.kind == WatcherKind.TEAM and watcher.team:
            yield from _team(watcher.team, why)
        elif watcher.kind == WatcherKind.USER and watcher.user and watcher.user.email:
            yield Receiver(Channel.EMAIL, watcher.user.email, str(watcher), why)
        elif watcher.kind == WatcherKind.EMAIL:
            yield Receiver(Channel.EMAIL, watcher.address, watcher.address, why)
        elif watcher.kind == WatcherKind.SLACK:
            yield Receiver(Channel.LOG, watcher.address, watcher.address, why)


def _team(team: Team, why: str) -> Iterator[Receiver]:
    if team.email:
        yield Receiver(Channel.EMAIL, team.email, team.name, why)
    if team.stop_channel():
        yield Receiver(Channel.LOG, team.stop_channel(), team.name, why)
