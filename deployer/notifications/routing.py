"""Who is told of an event, where, and why."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Prefetch, Q
from django.db.models.functions import Lower

from apps_registry.models import Application, Team, Watcher
from apps_registry.models.watcher import EventGroup, WatcherKind
from deployer.access.models import User
from deployer.audit.actor import ActorKind
from deployer.audit.models import Event
from deployer.notifications.groups import PERSONAL, Telling, hears, telling_of
from deployer.notifications.models import Channel
from deployer.notifications.quiet import QuietHours, quiet_hours

REACHES_PEOPLE = frozenset({Channel.EMAIL, Channel.SLACK})
OWN_STALL = "you run Deployer, and this is about Deployer itself."


def chat() -> Channel:
    """Slack, or the log while Deployer has no token for it."""
    return Channel.SLACK if settings.SLACK_TOKEN else Channel.LOG


@dataclass(frozen=True, slots=True)
class Receiver:
    """One address that is told, for the reason that `why` says in a sentence.

    What isn't `urgent` waits for the end of the `quiet` hours (quiet.release_at). `connection` names the secret that
    signs what is sent to a webhook; `name` and `why` are fit to show, while a webhook's address may not be.
    """

    channel: Channel
    address: str
    name: str
    why: str
    urgent: bool = False
    quiet: QuietHours | None = None
    connection: str = ""

    @property
    def key(self) -> tuple[Channel, str]:
        """The same for two receivers that are one: mail takes no notice of capitals."""
        return self.channel, self.address.casefold() if self.channel is Channel.EMAIL else self.address


@dataclass(frozen=True, slots=True)
class People:
    """Those who may be named by events, are active and have an address."""

    by_id: Mapping[int, User]
    by_email: Mapping[str, User]


def receivers(event: Event) -> list[Receiver]:
    """Each address once, for its first reason: whose plan or release it is, the owning team, then the watchers in
    their order."""
    return receivers_of([event])


def receivers_of(events: Iterable[Event]) -> list[Receiver]:
    """Of several events, stored or only thought of: each address once, for its first reason. Three queries at most."""
    heard = [(event, telling) for event in events if (telling := telling_of(event.kind))]
    told = [(event, telling) for event, telling in heard if event.application]
    if not told:
        return [_operators(OWN_STALL)] if any(telling.group is EventGroup.STOPS for _, telling in heard) else []
    applications, people = _applications([event for event, _ in told]), _people(told)
    found = [
        receiver
        for event, telling in told
        if event.application in applications
        for receiver in _receivers(event, telling, applications[event.application], people)
    ]
    return list({one.key: one for one in reversed(found)}.values())[::-1]


def authors_of(event: Event) -> list[str]:
    """The addresses, in small letters, of those who wrote what the event's release brings."""
    return [author["email"].lower() for author in event.data.get("authors", []) if author.get("email")]


def tells_authors(event: Event, telling: Telling) -> bool:
    """A release that arrives is news to its authors in production; one that stops is so anywhere."""
    return telling.authors and (event.kind != "promotion.succeeded" or bool(event.data.get("production")))


def _applications(events: Iterable[Event]) -> dict[str, Application]:
    """By slug, with their owners and watchers."""
    watchers = Watcher.objects.select_related("environment", "user", "team")
    found = Application.objects.filter(slug__in={event.application for event in events})
    return {one.slug: one for one in found.select_related("owner").prefetch_related(Prefetch("watchers", watchers))}


def _people(told: Sequence[tuple[Event, Telling]]) -> People:
    """Those whose plans and releases they touch and who can be told. One query, and none when nobody is named."""
    ids = {pk for event, _ in told if event.kind in PERSONAL for pk in event.data.get("people", [])}
    emails = {email for event, telling in told if tells_authors(event, telling) for email in authors_of(event)}
    if not ids and not emails:
        return People({}, {})
    active = User.objects.filter(is_active=True).exclude(email="").annotate(small_email=Lower("email"))
    found = list(active.filter(Q(pk__in=ids) | Q(small_email__in=emails)).order_by("-pk"))
    return People(by_id={one.pk: one for one in found}, by_email={one.email.lower(): one for one in found})


def _receivers(event: Event, telling: Telling, application: Application, people: People) -> list[Receiver]:
    involved = [*_planners(event, telling, people), *_authors(event, telling, people)]
    responsible = [*_owner(telling, application), *_watchers(event, telling, application)]
    if telling.never_silent and not any(one.channel in REACHES_PEOPLE for one in responsible):
        responsible.append(_fallback(application))
    return [*involved, *responsible]


def _planners(event: Event, telling: Telling, people: People) -> Iterator[Receiver]:
    if event.kind not in PERSONAL:
        return
    did = "may approve it" if event.kind == "approval.asked" else "booked it"
    for person in (people.by_id[pk] for pk in event.data.get("people", []) if pk in people.by_id):
        yield from _person(person, f"{person.as_actor().label} {did}.", event, telling)


def _authors(event: Event, telling: Telling, people: People) -> Iterator[Receiver]:
    """Only those who have an account: a commit may name any address, and strangers are sent nothing."""
    if not tells_authors(event, telling):
        return
    release = event.data.get("release") or "the release that is live"
    for person in (people.by_email[email] for email in authors_of(event) if email in people.by_email):
        yield from _person(person, f"{person.as_actor().label} wrote a change in {release}.", event, telling)


def _owner(telling: Telling, application: Application) -> Iterator[Receiver]:
    if telling.owner:
        yield from _team(application.owner, f"{application.owner} owns {application}.", telling)


def _fallback(application: Application) -> Receiver:
    """Whoever runs Deployer, when nobody of the application's can be reached: a stop is never silent (promise 3)."""
    why = (
        f"Neither {application.owner} nor a watcher of {application} can be reached: set the team's e-mail address "
        "or Slack channel in the admin."
    )
    return _operators(why)


def _operators(why: str) -> Receiver:
    if settings.FALLBACK_EMAIL:
        return Receiver(Channel.EMAIL, settings.FALLBACK_EMAIL, "Deployer's operators", why, urgent=True)
    return Receiver(Channel.LOG, "anybody", "Nobody", why, urgent=True)


def _watchers(event: Event, telling: Telling, application: Application) -> Iterator[Receiver]:
    """What names no environment is about all of them, so those who watch one hear of it too."""
    for watcher in application.watchers.all():
        elsewhere = watcher.environment and event.environment not in ("", watcher.environment.slug)
        if not elsewhere and hears(telling, watcher.events):
            yield from _watcher(watcher, event, telling, application)


def _watcher(watcher: Watcher, event: Event, telling: Telling, application: Application) -> Iterator[Receiver]:
    name, address, urgent = str(watcher), watcher.address, telling.urgent
    why = f"{name} watches {application}."
    if watcher.kind == WatcherKind.TEAM and watcher.team:
        yield from _team(watcher.team, why, telling)
    elif watcher.kind == WatcherKind.USER and watcher.user:
        yield from _person(watcher.user, why, event, telling)
    elif watcher.kind == WatcherKind.EMAIL:
        yield Receiver(Channel.EMAIL, address, name, why, urgent=urgent)
    elif watcher.kind == WatcherKind.SLACK:
        yield Receiver(chat(), address, name, why, urgent=urgent)
    elif watcher.kind == WatcherKind.WEBHOOK:
        yield Receiver(Channel.WEBHOOK, address, name, why, urgent=urgent, connection=watcher.connection)


def _person(person: User, why: str, event: Event, telling: Telling) -> Iterator[Receiver]:
    """Unless they did it themselves, have left or have no address."""
    did_it = (event.actor_kind, event.actor_ref) == (ActorKind.USER, str(person.pk))
    if person.email and person.is_active and not did_it:
        quiet = quiet_hours(person.quiet_from, person.quiet_until, person.time_zone)
        label = person.as_actor().label
        yield Receiver(Channel.EMAIL, person.email, label, why, urgent=telling.urgent, quiet=quiet)


def _team(team: Team, why: str, telling: Telling) -> Iterator[Receiver]:
    quiet = quiet_hours(team.quiet_from, team.quiet_until, settings.TIME_ZONE)
    if team.email:
        yield Receiver(Channel.EMAIL, team.email, team.name, why, urgent=telling.urgent, quiet=quiet)
    channel = team.stop_channel() if telling.urgent else team.slack_channel or team.alerts_channel
    if channel:
        yield Receiver(chat(), channel, team.name, why, urgent=telling.urgent, quiet=quiet)
