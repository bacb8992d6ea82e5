"""What the page of a team shows: who is in it, how it is told, and how its applications are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from django.urls import reverse

from apps_registry.models import Application, Environment, Target, Team, TrustIssue
from apps_registry.models.target import Policy
from apps_registry.rights import Rights
from deployer.access.models import User
from deployer.audit.models import Event
from deployer.calendar.models import Freeze, Slot, SlotApplication
from deployer.calendar.models.slot import LONGEST
from deployer.notifications.models import Channel
from deployer.notifications.routing import chat
from deployer.web.board.index import Entry, read_index
from deployer.web.board.rows import Row, read_rows
from deployer.web.board.wanted import Wanted
from deployer.web.calendar.freezes.standing import Phase, ShownFreeze, shown, soonest_first
from deployer.web.stopped.listing import Listing, read_stopped
from deployer.web.stopped.listing import Wanted as WantedStops
from deployer.web.teams.lately import newest_events

SHOWN = 50
"""Applications: the worst first. A board of the team has all."""
SLOTS_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class RollOut:
    """By which policy an application is promoted in each environment, None where it does not run, and why it isn't
    trusted."""

    application: Application
    targets: Sequence[Target | None]
    issues: Sequence[TrustIssue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Something that may be done."""

    label: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`entries` are all of its applications, `rows` those that are shown. `gone` counts members who may not sign in."""

    team: Team
    environments: Sequence[Environment]
    members: Sequence[User]
    entries: Sequence[Entry]
    rows: Sequence[Row]
    stops: Listing
    slots: Sequence[Slot]
    freezes: Sequence[ShownFreeze]
    roll_out: Sequence[RollOut]
    events: Sequence[Event]
    only_in_log: bool

    @property
    def active(self) -> list[User]:
        return [one for one in self.members if one.is_active]

    @property
    def gone(self) -> list[User]:
        return [one for one in self.members if not one.is_active]

    @property
    def board(self) -> str:
        return Wanted(team=self.team.slug).address()

    @property
    def source(self) -> str:
        return Wanted(team=self.team.slug).source

    @property
    def state(self) -> str:
        """The worst that is so of its applications, as the tab shows it."""
        worst = min(self.entries, key=lambda one: one.rank, default=None)
        return worst.group.replace("quiet", "ok") if worst else ""

    @property
    def stopped(self) -> int:
        return sum(one.group == "stopped" for one in self.entries)

    @property
    def frozen(self) -> list[ShownFreeze]:
        return [one for one in self.freezes if one.phase is Phase.FROZEN]

    @property
    def coming(self) -> list[ShownFreeze]:
        return [one for one in self.freezes if one.phase is Phase.COMING]

    @property
    def automatic(self) -> int:
        """How many of the shown targets go by themselves."""
        return sum(
            target is not None and target.policy == Policy.AUTOMATIC for one in self.roll_out for target in one.targets
        )

    @property
    def targets(self) -> int:
        return sum(target is not None for one in self.roll_out for target in one.targets)


def read_team(team: Team, rights: Rights, now: datetime) -> Report:
    """Some forty queries, however many applications it has."""
    environments = list(Environment.objects.all())
    entries = sorted((one for one in read_index() if one.owner == team.pk), key=lambda one: (one.rank, one.slug))
    rows = read_rows(entries[:SHOWN], environments)
    return Report(
        team=team,
        environments=environments,
        members=list(User.objects.filter(memberships__team=team).order_by("first_name", "last_name", "username")),
        entries=entries,
        rows=rows,
        stops=read_stopped(rights, now, WantedStops(team=team.slug)),
        slots=_slots(team, now),
        freezes=_freezes(team, entries, now),
        roll_out=_roll_out(rows),
        events=newest_events([row.application for row in rows]),
        only_in_log=chat() is Channel.LOG,
    )


def choices(team: Team, rights: Rights) -> list[Choice]:
    """What who reads may do for all of it; nothing when it isn't theirs."""
    if not (rights.manages or team.pk in rights.teams):
        return []
    query = f"?team={quote(team.slug)}"
    return [
        Choice(label="Book a slot", address=reverse("slot-new")),
        Choice(label="Declare a freeze", address=reverse("freeze-new") + query),
    ]


def why_nothing(team: Team, rights: Rights) -> str:
    """Why who reads may do nothing here; empty when they may."""
    if choices(team, rights):
        return ""
    return (
        f"Developers of {team.name} and release managers book, freeze, promote and roll back its applications. "
        "You can look at everything."
    )


def _slots(team: Team, now: datetime) -> list[Slot]:
    booked = SlotApplication.objects.filter(application__owner=team).values("slot")
    ahead = Slot.objects.kept().filter(starts_at__gt=now - 2 * LONGEST, pk__in=booked)
    return list(ahead.with_names().order_by("starts_at", "id")[:SLOTS_SHOWN])


def _freezes(team: Team, entries: Sequence[Entry], now: datetime) -> list[ShownFreeze]:
    """Those that hold or come, and that one of its applications is in the scope of."""
    own = {one.pk for one in entries}
    found = Freeze.objects.touching(now).with_scope()
    standing = [shown(one, now) for one in found if _touches(one, team, own)]
    return soonest_first(one for one in standing if not one.phase.is_over)


def _touches(freeze: Freeze, team: Team, own: set[int]) -> bool:
    terms = freeze.terms
    return not (terms.teams or terms.applications) or team.pk in terms.teams or bool(own & terms.applications)


def _roll_out(rows: Sequence[Row]) -> list[RollOut]:
    issues = TrustIssue.objects.open().filter(application__in=[row.application.pk for row in rows])
    found = list(issues.select_related("environment").order_by("opened_at"))
    return [
        RollOut(
            application=row.application,
            targets=[cell.standing.target if cell.standing else None for cell in row.cells],
            issues=[one for one in found if one.application_id == row.application.pk],
        )
        for row in rows
    ]
