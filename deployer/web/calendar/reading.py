"""The calendar of a stretch of time, with a lane for each environment: what the page and the API show of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum, auto
from itertools import islice

from django.db.models import Count, Exists, OuterRef, Q
from django.db.models.functions import TruncDate

from apps_registry.models import Application, Environment, Team
from apps_registry.rights import Rights
from deployer.calendar.actions.slots import may_change
from deployer.calendar.closing import hours_of
from deployer.calendar.hours import ClosedDay, Hours
from deployer.calendar.models import EnvironmentCalendar, Freeze, Slot, SlotApplication
from deployer.calendar.rules import FreezeFacts
from deployer.calendar.sentences import listed
from deployer.calendar.spans import Span
from deployer.calendar.states import SlotState
from deployer.calendar.walltime import zone_named
from deployer.promotions.models import Promotion, PromotionOverride
from deployer.promotions.models.promotion import PromotionQuerySet
from deployer.promotions.states import ACTIVE, STOPPED, PromotionState
from deployer.releases.models import Release
from deployer.web.templatetags.deployer import short

MOST_DAYS = 42
"""A month in whole weeks; with a clock change it takes an hour or so more."""
LONGEST = timedelta(days=MOST_DAYS, hours=3)
MOST = 2000
"""So many slots, and so many promotions, are shown of one stretch."""
MOST_FREEZE_TIMES = 500
LOOK_BACK = timedelta(days=3)
"""A finished promotion that began longer before the stretch is not looked for; running ones always are."""


LOUD = ACTIVE | STOPPED
"""The states of promotions that are to be seen at once."""


class Listed(Enum):
    """Which promotions are listed. The notable ones run, have stopped, or somebody let them pass what blocked them."""

    ALL = auto()
    NOTABLE = auto()
    NONE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What is asked for; what names nothing leaves everything. A team's are the applications that it owns; where teams
    and applications are named, those applications of those teams."""

    teams: Sequence[Team] = ()
    applications: Sequence[Application] = ()
    environments: Sequence[Environment] = ()

    @property
    def names_applications(self) -> bool:
        return bool(self.teams or self.applications)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSlot:
    """`slot` is None where the reader may know no more than that the time is booked. `bookings` are those that they may
    see; `others` counts the rest."""

    span: Span
    slot: Slot | None = None
    bookings: Sequence[SlotApplication] = ()
    others: int = 0
    may_move: bool = False
    may_extend: bool = False

    @property
    def title(self) -> str:
        """Such as "frontend v12, router"."""
        if self.slot is None:
            return "Booked"
        names = ", ".join(_named(one.application, one.release) for one in self.bookings)
        return f"{names} and {self.others} more" if self.others else names

    @property
    def state(self) -> SlotState:
        return SlotState(self.slot.state) if self.slot else SlotState.BOOKED

    @property
    def overridden_by(self) -> str:
        """Who let what is promoted in it pass what blocks it; empty when nobody did."""
        return _names(one.given_by for one in self.slot.overrides.all()) if self.slot else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPromotion:
    """From its start to its end, or to now while it runs. `promotion` is None where the reader may know no more than
    that something is deployed."""

    span: Span
    promotion: Promotion | None = None

    @property
    def title(self) -> str:
        """Such as "frontend v12"."""
        return _named(self.promotion.application, self.promotion.release) if self.promotion else "A promotion"

    @property
    def overridden_by(self) -> str:
        return _names(one.given_by for one in self.promotion.overrides.all()) if self.promotion else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFreeze:
    """One time of a freeze in a lane. `names` are the teams and applications that it is for; none means all."""

    facts: FreezeFacts
    names: Sequence[str] = ()

    @property
    def title(self) -> str:
        """Such as "Christmas", or "frontend, Web: Christmas" when it is for these only."""
        return f"{', '.join(self.names)}: {self.facts.reason}" if self.names else self.facts.reason


Counts = Mapping[date, Mapping[PromotionState, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """An environment in the stretch. Without `hours` it is always open.

    `closed` are the spans outside of its hours, holidays included; `closed_days` name those. `freezes` are the times of
    freezes that touch what is asked for here. `counts` are all promotions by the day on which they started and their
    state, where they were counted.
    """

    environment: Environment
    hours: Hours | None
    closed: Sequence[Span]
    closed_days: Sequence[ClosedDay]
    freezes: Sequence[ShownFreeze]
    slots: Sequence[ShownSlot]
    promotions: Sequence[ShownPromotion]
    counts: Counts = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """[start, end), UTC, as it is at `now`. `notices` say what is left out because there is too much."""

    start: datetime
    end: datetime
    now: datetime
    lanes: Sequence[Lane]
    notices: Sequence[str]

    @property
    def has_slots(self) -> bool:
        return any(lane.slots for lane in self.lanes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """`applications` are those that freezes are looked at for, and `wanted` the ids of those whose slots and promotions
    are shown; None is all. `seen` are the ids of those whose details the reader may see."""

    start: datetime
    end: datetime
    now: datetime
    rights: Rights
    environments: Sequence[Environment]
    applications: Sequence[Application] | None
    wanted: frozenset[int] | None
    seen: frozenset[int] | None

    def sees(self, application_id: int) -> bool:
        return self.seen is None or application_id in self.seen


def read_calendar(
    start: datetime,
    end: datetime,
    filters: Filters,
    rights: Rights,
    now: datetime,
    *,
    promotions: Listed = Listed.ALL,
    count_in: str = "",
) -> Calendar:
    """What there is in [start, end), UTC, of at most LONGEST. Cancelled slots are left out.

    With `count_in`, a zone, promotions are counted by the zone's days. The number of queries does not depend on how
    much there is: eighteen at most, and one for each environment.
    """
    asked = _asked(start, end, filters, rights, now)
    slots = _slots(asked)
    promoted = _promotions(asked, promotions)
    counts = _counts(asked, count_in) if count_in else {}
    freezes = _freezes(asked)
    lanes = [
        _lane(
            asked,
            environment,
            freezes=[
                shown
                for freeze, shown in freezes[:MOST_FREEZE_TIMES]
                if _touches(freeze, asked.applications, environment)
            ],
            slots=[one for one in slots[:MOST] if one.environment_id == environment.pk],
            promotions=[one for one in promoted[:MOST] if one.target.environment_id == environment.pk],
            counts=counts.get(environment.pk, {}),
        )
        for environment in asked.environments
    ]
    notices = [*_notice(slots, MOST, "slots"), *_notice(promoted, MOST, "promotions")]
    notices += _notice(freezes, MOST_FREEZE_TIMES, "times of freezes")
    return Calendar(start=start, end=end, now=now, lanes=lanes, notices=notices)


def sees_all(rights: Rights) -> bool:
    """Whether they may see the details of every application: people may, and tokens that aren't limited."""
    return rights.user is not None or rights.manages


def _asked(start: datetime, end: datetime, filters: Filters, rights: Rights, now: datetime) -> _Asked:
    environments = Environment.objects.select_related("calendar").prefetch_related("calendar__open_hours")
    if filters.environments:
        environments = environments.filter(pk__in=[one.pk for one in filters.environments])
    applications = _applications(filters, rights)
    wanted = None
    if applications is not None and filters.names_applications:
        wanted = frozenset(one.pk for one in applications)
    return _Asked(
        start=start,
        end=end,
        now=now,
        rights=rights,
        environments=list(environments),
        applications=applications,
        wanted=wanted,
        seen=None if sees_all(rights) else rights.applications,
    )


def _applications(filters: Filters, rights: Rights) -> list[Application] | None:
    """Those that are asked for, of those that may be seen; None for all."""
    if sees_all(rights) and not filters.names_applications:
        return None
    found = Application.objects.all()
    if filters.teams:
        found = found.filter(owner__in=filters.teams)
    if filters.applications:
        found = found.filter(pk__in=[one.pk for one in filters.applications])
    if not sees_all(rights):
        found = found.filter(pk__in=rights.applications)
    return list(found)


def _slots(asked: _Asked) -> list[Slot]:
    """One more than are shown, when there are more."""
    found = Slot.objects.overlapping(asked.start, asked.end).exclude(state=SlotState.CANCELLED).with_names()
    found = found.filter(environment__in=[one.pk for one in asked.environments])
    if asked.wanted is not None:
        theirs = SlotApplication.objects.filter(slot=OuterRef("pk"), application__in=asked.wanted)
        found = found.filter(Exists(theirs))
    return list(found.order_by("starts_at", "id")[: MOST + 1])


def _started(asked: _Asked) -> PromotionQuerySet:
    found = Promotion.objects.filter(
        started_at__lt=asked.end, target__environment__in=[one.pk for one in asked.environments]
    )
    return found if asked.wanted is None else found.filter(target__application__in=asked.wanted)


def _promotions(asked: _Asked, which: Listed) -> list[Promotion]:
    """One more than are shown, when there are more. Two looks, so that each has an index of its own."""
    if which is Listed.NONE:
        return []
    started = _started(asked).with_names().prefetch_related("overrides").order_by("started_at", "id")
    if which is Listed.NOTABLE:
        started = started.filter(Q(state__in=LOUD) | Exists(PromotionOverride.objects.filter(promotion=OuterRef("pk"))))
    ended = started.filter(started_at__gt=asked.start - LOOK_BACK, finished_at__gt=asked.start)
    running = started.active() if asked.now > asked.start else started.none()
    found = [*ended[: MOST + 1], *running[: MOST + 1]]
    return sorted(found, key=lambda one: (one.started_at or asked.start, one.pk))


def _counts(asked: _Asked, zone: str) -> dict[int, dict[date, dict[PromotionState, int]]]:
    """By environment, day and state."""
    day = TruncDate("started_at", tzinfo=zone_named(zone))
    rows = (
        _started(asked)
        .filter(started_at__gte=asked.start)
        .order_by()
        .values_list("target__environment", day, "state")
        .annotate(number=Count("pk"))
    )
    found: dict[int, dict[date, dict[PromotionState, int]]] = {}
    for environment, on, state, number in rows:
        found.setdefault(environment, {}).setdefault(on, {})[PromotionState(state)] = number
    return found


def _freezes(asked: _Asked) -> list[tuple[Freeze, ShownFreeze]]:
    """Each time at which a freeze holds, by their start; one more than are shown, when there are more."""
    freezes = Freeze.objects.touching(asked.start, asked.end).with_scope()
    times = (
        (
            freeze,
            ShownFreeze(facts=facts, names=[str(one) for one in (*freeze.teams.all(), *freeze.applications.all())]),
        )
        for freeze in freezes
        for facts in freeze.facts(asked.start, asked.end)
    )
    return sorted(islice(times, MOST_FREEZE_TIMES + 1), key=lambda found: found[1].facts.starts_at)


def _touches(freeze: Freeze, applications: Sequence[Application] | None, environment: Environment) -> bool:
    if applications is None:
        return freeze.covers_environment(environment.pk)
    return any(freeze.covers(application, environment.pk) for application in applications)


def _lane(
    asked: _Asked,
    environment: Environment,
    *,
    freezes: Sequence[ShownFreeze],
    slots: Sequence[Slot],
    promotions: Sequence[Promotion],
    counts: Counts,
) -> Lane:
    stored: EnvironmentCalendar | None = getattr(environment, "calendar", None)
    hours = hours_of(stored or EnvironmentCalendar(environment=environment), asked.start, asked.end)
    return Lane(
        environment=environment,
        hours=hours,
        closed=hours.closed_between(asked.start, asked.end) if hours else (),
        closed_days=hours.closed_days(asked.start, asked.end) if hours else (),
        freezes=freezes,
        slots=[_shown_slot(asked, slot) for slot in slots],
        promotions=[_shown_promotion(asked, promotion) for promotion in promotions],
        counts=counts,
    )


def _shown_slot(asked: _Asked, slot: Slot) -> ShownSlot:
    bookings = list(slot.bookings.all())
    seen = [one for one in bookings if asked.sees(one.application_id)]
    if not seen:
        return ShownSlot(span=slot.span)
    theirs = slot.is_kept and asked.now < slot.ends_at and may_change(slot, asked.rights)
    return ShownSlot(
        span=slot.span,
        slot=slot,
        bookings=seen,
        others=len(bookings) - len(seen),
        may_move=theirs and slot.state == SlotState.BOOKED,
        may_extend=theirs,
    )


def _shown_promotion(asked: _Asked, promotion: Promotion) -> ShownPromotion:
    start = promotion.started_at or asked.start
    span = Span(start, max(start, promotion.finished_at or asked.now))
    seen = asked.sees(promotion.target.application_id)
    return ShownPromotion(span=span, promotion=promotion if seen else None)


def _notice(found: Sequence[object], most: int, what: str) -> list[str]:
    if len(found) <= most:
        return []
    return [f"Only the first {most:,} {what} are shown: choose a shorter time, or filter, to see the rest."]


def _named(application: Application, release: Release | None) -> str:
    return f"{application} {short(release.version)}" if release else str(application)


def _names(names: Iterable[str]) -> str:
    found = sorted(set(names))
    return listed(found) if found else ""
