"""What the page of an environment shows: what uses it, what waits for it, what is stopped in it, and what is live."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Q, Subquery
from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode

from apps_registry.models import Environment, Target, Team
from deployer.calendar.models import Freeze, Slot
from deployer.calendar.models.slot import LONGEST
from deployer.promotions.models import Promotion, Step
from deployer.promotions.states import ACTIVE, PromotionState, StepState
from deployer.releases.models import Deployment
from deployer.web.calendar.freezes.standing import Phase, ShownFreeze, shown, soonest_first
from deployer.web.calendar.hours import ShownHours
from deployer.web.calendar.slots.places import Place
from deployer.web.calendar.slots.reader import Reader
from deployer.web.environments.listing import shown_hours
from deployer.web.paging import asked_page, rows_of_page
from deployer.web.stopped.listing import Listing, Wanted, read_stopped
from deployer.web.stopped.rows import Row

QUEUE_SHOWN = 30
STOPS_SHOWN = 20
SLOTS_SHOWN = 10
LATELY_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A promotion that uses the environment. `step` is where it is, empty between two."""

    promotion: Promotion
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """An application that runs here, and what is live of it; None before anything was deployed."""

    target: Target
    live: Deployment | None

    @property
    def live_through(self) -> Promotion | None:
        return getattr(self.live, "promotion", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Applications:
    """One page of those that match `q`."""

    q: str
    rows: Sequence[Here]
    page: int
    has_more: bool

    @property
    def previous(self) -> str:
        return self._query(self.page - 1) if self.page > 1 else ""

    @property
    def next(self) -> str:
        return self._query(self.page + 1) if self.has_more else ""

    def _query(self, page: int) -> str:
        return urlencode(({"q": self.q} if self.q else {}) | {"page": str(page)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Something that may be done; `is_grave` where it stops others."""

    label: str
    address: str
    is_grave: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`queue` is what waits, the longest first, as far as it is shown; `waiting` counts all of it."""

    environment: Environment
    running: Sequence[Running]
    queue: Sequence[Promotion]
    waiting: int
    stops: Listing
    freezes: Sequence[ShownFreeze]
    hours: ShownHours
    slots: Sequence[Slot]
    lately: Sequence[Here]
    applications: Applications
    total: int

    @property
    def frozen(self) -> list[ShownFreeze]:
        return [one for one in self.freezes if one.phase is Phase.FROZEN]

    @property
    def coming(self) -> list[ShownFreeze]:
        return [one for one in self.freezes if one.phase is Phase.COMING]

    @property
    def free(self) -> int:
        return max(self.environment.capacity - len(self.running), 0)

    @property
    def stopped(self) -> list[Row]:
        """What is stopped or stalled here, the worst first, without the freezes, which have a part of their own."""
        return [row for row in self.stops.rows if row.freeze is None]

    @property
    def stops_shown(self) -> list[Row]:
        return self.stopped[:STOPS_SHOWN]

    @property
    def holds(self) -> int:
        return sum(row.hold is not None for row in self.stopped)

    @property
    def queue_left_out(self) -> int:
        return self.waiting - len(self.queue)

    @property
    def state(self) -> str:
        """The worst that is so here, as the tab shows it."""
        if self.holds:
            return "stopped"
        if self.running:
            return "moving"
        return "waiting" if self.waiting else "ok"


def read_environment(environment: Environment, place: Place, reader: Reader, query: QueryDict) -> Report:
    """Some thirty-five queries, however many applications it has."""
    opened = Promotion.objects.open().in_environment(environment.pk)
    running = list(opened.filter(state__in=ACTIVE).with_names().order_by("started_at", "id"))
    waiting = opened.filter(state=PromotionState.WAITING)
    freezes = [
        shown(one, reader.now) for one in Freeze.objects.touching(reader.now).with_scope() if _covers(one, environment)
    ]
    return Report(
        environment=environment,
        running=_running(running),
        queue=list(waiting.with_names().order_by("created_at", "id")[:QUEUE_SHOWN]),
        waiting=waiting.count(),
        stops=read_stopped(reader.rights, reader.now, Wanted(environment=environment.slug)),
        freezes=soonest_first(one for one in freezes if not one.phase.is_over),
        hours=shown_hours(place, reader),
        slots=_slots(environment, reader),
        lately=_lately(environment),
        applications=_applications(environment, query),
        total=_targets(environment).count(),
    )


def choices(environment: Environment, reader: Reader) -> list[Choice]:
    """What who reads may do with all of it."""
    found: list[Choice] = []
    address = f"{reverse('freeze-new')}?{urlencode({'environment': environment.slug})}"
    if not reader.why_no_booking:
        booking = f"{reverse('slot-new')}?{urlencode({'environment': environment.slug})}"
        found.append(Choice(label="Book a slot here", address=booking))
    if reader.rights.manages:
        found.append(Choice(label=f"Freeze {environment.name.lower()}", address=address, is_grave=True))
    elif reader.rights.teams:
        slugs = Team.objects.filter(pk__in=reader.rights.teams).values_list("slug", flat=True)
        own = "".join(f"&{urlencode({'team': slug})}" for slug in slugs)
        found.append(Choice(label="Freeze applications of my teams here", address=address + own))
    return found


def why_not_all(environment: Environment, reader: Reader) -> str:
    """Why who reads can't stop everything here; empty when they can."""
    if reader.rights.manages:
        return ""
    return f"Only release managers may freeze everything in {environment.name.lower()}, or stop everything."


def _covers(freeze: Freeze, environment: Environment) -> bool:
    return freeze.covers_environment(environment.pk)


def _running(promotions: Sequence[Promotion]) -> list[Running]:
    steps = Step.objects.filter(promotion__in=[one.pk for one in promotions], state=StepState.RUNNING)
    names = dict(steps.order_by("-position").values_list("promotion", "name"))
    return [Running(promotion=one, step=names.get(one.pk, "")) for one in promotions]


def _slots(environment: Environment, reader: Reader) -> list[Slot]:
    ahead = Slot.objects.kept().filter(environment=environment, starts_at__gt=reader.now - 2 * LONGEST)
    return list(ahead.with_names().order_by("starts_at", "id")[:SLOTS_SHOWN])


def _targets(environment: Environment) -> Any:
    return Target.objects.filter(environment=environment, application__archived_at=None)


def _with_newest(targets: Any) -> Any:
    """Each with the id of what is live: looked up by the index, target by target."""
    newest = Deployment.objects.filter(target=OuterRef("pk")).order_by("-id").values("id")
    return targets.annotate(live_id=Subquery(newest[:1]))


def _lately(environment: Environment) -> list[Here]:
    """What is live, that which went live last first."""
    rows = _with_newest(_targets(environment)).filter(live_id__isnull=False).order_by("-live_id")
    return _here(rows.select_related("application__owner")[:LATELY_SHOWN])


def _applications(environment: Environment, query: QueryDict) -> Applications:
    q, page = query.get("q", "").replace("\0", "").strip()[:200], asked_page(query)
    rows = _with_newest(_targets(environment)).select_related("application__owner").order_by("application__slug")
    for word in q.split():
        named = Q(application__slug__icontains=word) | Q(application__name__icontains=word)
        rows = rows.filter(named | Q(application__owner__name__icontains=word))
    found, has_more = rows_of_page(rows, page)
    return Applications(q=q, rows=_here(found), page=page, has_more=has_more)


def _here(targets: Any) -> list[Here]:
    found = list(targets)
    ids = [one.live_id for one in found if one.live_id]
    live = {one.target_id: one for one in Deployment.objects.filter(pk__in=ids).select_related("release", "promotion")}
    return [Here(target=one, live=live.get(one.pk)) for one in found]
