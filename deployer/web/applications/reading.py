"""What the page of an application shows: how it stands everywhere, what keeps it from moving, and who is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlsplit

from django.urls import reverse

from apps_registry.models import Application, Target, TrustIssue
from apps_registry.models.exclusion import exclusions_of
from apps_registry.models.target import Policy
from apps_registry.readiness import Item, missing
from apps_registry.rights import Rights
from deployer.audit.models import Event
from deployer.calendar.models import Slot, SlotApplication
from deployer.calendar.models.slot import LONGEST
from deployer.notifications.routes import Route, routes_of
from deployer.promotions.models import Hold, Pin, Promotion, Veto
from deployer.promotions.readiness_facts import readiness_of
from deployer.promotions.standing import Standing, standings
from deployer.web.applications.following import Following, follow
from deployer.web.board import Cell, Condition, condition_of

EVENTS_READ = 60
HAPPENINGS_SHOWN = 12
SLOTS_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A target, and what it lacks to be automatic."""

    cell: Cell
    target: Target
    lacking: Sequence[Item]
    pin: Pin | None
    behind: str
    step: str

    @property
    def is_automatic(self) -> bool:
        return self.target.policy == Policy.AUTOMATIC

    @property
    def state(self) -> str:
        """As its box is marked."""
        one = self.cell.standing
        if one is None or one.holds:
            return "stopped"
        if one.moving:
            return "moving"
        return "waiting" if one.waiting else "ok"

    @property
    def flow(self) -> str:
        """What lets a release in, or keeps it out: the words on the way into it."""
        one = self.cell.standing
        if one and one.holds:
            return "Stopped by a hold"
        if self.pin:
            return f"Pinned to {self.pin.release.version[:12]}"
        return "By itself" if self.is_automatic else "A person starts it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Something that may be done, and where."""

    label: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """What happened of one promotion, the newest event first; or one event that is of none."""

    events: Sequence[Event]
    promotion: Promotion | None

    @property
    def newest(self) -> Event:
        return self.events[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotYours:
    """What who reads can't do, and why."""

    label: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything of one application. `holds` are all that are open, `issues` all that are. `exclusions` are the slugs
    of those that it must not be deployed with, and why."""

    application: Application
    condition: Condition
    places: Sequence[Place]
    holds: Sequence[Hold]
    vetoes: Sequence[Veto]
    issues: Sequence[TrustIssue]
    routes: Sequence[Route]
    happenings: Sequence[Happening]
    following: Following
    slots: Sequence[Slot]
    exclusions: Mapping[str, str]

    @property
    def state(self) -> str:
        """Of the tab."""
        return "ok" if self.condition.is_quiet else str(self.condition)

    @property
    def links(self) -> Sequence[tuple[str, str]]:
        """The pages about it elsewhere, each with its name; only those of the web."""
        one = self.application
        repository = one.repository
        if repository and "://" not in repository:
            repository = f"https://github.com/{repository}"
        named = (
            ("Repository", repository),
            ("Runbook", one.runbook_url),
            ("Dashboard", one.dashboard_url),
            ("Production", one.production_url),
        )
        return [(label, address) for label, address in named if urlsplit(address).scheme in ("http", "https")]

    @property
    def pinned(self) -> Sequence[Place]:
        return [place for place in self.places if place.pin]


def report_on(application: Application, now: datetime) -> Report:
    """As it is now. The application's owner is loaded; the queries are as many for any number of environments."""
    standing = standings([application])[0]
    following = follow(application, standing)
    targets = [one.target for one in standing.targets]
    issues = TrustIssue.objects.open().filter(application=application).select_related("environment", "opened_by")
    vetoes = Veto.objects.standing().filter(release__application=application)
    return Report(
        application=application,
        condition=condition_of(standing),
        places=_places(standing, readiness_of(targets), following),
        holds=_holds(standing),
        vetoes=list(vetoes.select_related("release__application")),
        issues=list(issues.order_by("opened_at")),
        routes=routes_of(application),
        happenings=_happenings(application),
        following=following,
        slots=_slots(application, now),
        exclusions=exclusions_of(application),
    )


def _happenings(application: Application) -> list[Happening]:
    """The newest events, those of a promotion together."""
    groups: dict[object, list[Event]] = {}
    for event in Event.objects.filter(application=application.slug).order_by("-id")[:EVENTS_READ]:
        groups.setdefault(event.promotion_id or f"event {event.pk}", []).append(event)
    shown = list(groups.items())[:HAPPENINGS_SHOWN]
    promotions = Promotion.objects.with_names().in_bulk([key for key, _ in shown if isinstance(key, int)])
    return [
        Happening(events=events, promotion=promotions.get(key) if isinstance(key, int) else None)
        for key, events in shown
    ]


def _slots(application: Application, now: datetime) -> list[Slot]:
    booked = SlotApplication.objects.filter(application=application).values("slot")
    ahead = Slot.objects.kept().filter(starts_at__gt=now - 2 * LONGEST, pk__in=booked)
    return list(ahead.with_names().order_by("starts_at", "id")[:SLOTS_SHOWN])


def _places(standing: Standing, items: Mapping[int, Sequence[Item]], following: Following) -> list[Place]:
    return [
        Place(
            cell=Cell(environment=one.environment, standing=one),
            target=one.target,
            lacking=missing(items[one.target.pk]),
            pin=one.pin,
            behind=following.behind.get(one.target.pk, ""),
            step=following.steps.get(one.target.pk, ""),
        )
        for one in standing.targets
    ]


def _holds(standing: Standing) -> list[Hold]:
    return [*standing.holds, *(hold for one in standing.targets for hold in one.holds)]


def choices(application: Application, rights: Rights) -> list[Choice]:
    """What who reads may do with it as a whole; nothing when it isn't theirs, or archived."""
    if application.is_archived or not rights.may_work_on(application):
        return []
    query = f"?application={quote(application.slug)}"
    return [
        Choice(label="Put it on hold", address=reverse("hold-new") + query),
        Choice(label="Book a slot", address=reverse("slot-new") + query),
        Choice(label="Declare a freeze", address=reverse("freeze-new") + query),
        Choice(label="Open a trust issue", address=reverse("trust-issue-new", args=[application.slug])),
    ]


def not_now(report: Report) -> list[NotYours]:
    """What nobody can do now in some environment, and why."""
    found = []
    for place in report.places:
        name, one = place.cell.environment.name.lower(), place.cell.standing
        if one is None or one.live is None:
            found.append(NotYours(label=f"Roll back or pin in {name}", why="Nothing is live there yet."))
        if not place.is_automatic and place.lacking:
            lacking = ", ".join(item.name.lower() for item in place.lacking)
            found.append(NotYours(label=f"Make it automatic in {name}", why=f"It lacks: {lacking}."))
        if one and not one.waiting and not one.moving and report.following.newest is not None:
            found.append(NotYours(label=f"Promote to {name}", why="No release waits for it there."))
    return found


def why_nothing(application: Application, rights: Rights) -> str:
    """Why who reads may do nothing with it; empty when they may."""
    if application.is_archived:
        return "It is archived: it takes no more releases until an admin unarchives it."
    if not rights.may_work_on(application):
        return (
            f"Only developers of {application.owner} and release managers can hold, promote or change it. "
            "You can look at everything."
        )
    return ""
