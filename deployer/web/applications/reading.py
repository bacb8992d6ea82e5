"""What the page of an application shows: how it stands everywhere, what keeps it from moving, and who is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from django.urls import reverse

from apps_registry.models import Application, Target, TrustIssue
from apps_registry.models.target import Policy
from apps_registry.readiness import Item, missing
from apps_registry.rights import Rights
from deployer.audit.models import Event
from deployer.notifications.routes import Route, routes_of
from deployer.promotions.models import Hold, Pin, Veto
from deployer.promotions.readiness_facts import readiness_of
from deployer.promotions.standing import Standing, standings
from deployer.web.board import Cell, Condition, condition_of

EVENTS_SHOWN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A target, and what it lacks to be automatic."""

    cell: Cell
    target: Target
    lacking: Sequence[Item]
    pin: Pin | None

    @property
    def is_automatic(self) -> bool:
        return self.target.policy == Policy.AUTOMATIC


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Something that may be done, and where."""

    label: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything of one application. `holds` are all that are open, `issues` all that are."""

    application: Application
    condition: Condition
    places: Sequence[Place]
    holds: Sequence[Hold]
    vetoes: Sequence[Veto]
    issues: Sequence[TrustIssue]
    routes: Sequence[Route]
    events: Sequence[Event]

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


def report_on(application: Application) -> Report:
    """As it is now. The application's owner is loaded; the queries are as many for any number of environments."""
    standing = standings([application])[0]
    targets = [one.target for one in standing.targets]
    issues = TrustIssue.objects.open().filter(application=application).select_related("environment", "opened_by")
    vetoes = Veto.objects.standing().filter(release__application=application)
    return Report(
        application=application,
        condition=condition_of(standing),
        places=_places(standing, readiness_of(targets)),
        holds=_holds(standing),
        vetoes=list(vetoes.select_related("release__application")),
        issues=list(issues.order_by("opened_at")),
        routes=routes_of(application),
        events=list(Event.objects.filter(application=application.slug).order_by("-id")[:EVENTS_SHOWN]),
    )


def _places(standing: Standing, items: Mapping[int, Sequence[Item]]) -> list[Place]:
    return [
        Place(
            cell=Cell(environment=one.environment, standing=one),
            target=one.target,
            lacking=missing(items[one.target.pk]),
            pin=one.pin,
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
