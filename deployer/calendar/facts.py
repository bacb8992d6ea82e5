"""Gathers what the calendar's pure rules look at.

Under the lock of the environment's row the answer holds until the transaction ends: bookings, freezes and admissions
all take it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from apps_registry.models import Application, Environment, Target
from apps_registry.models.exclusion import exclusions_of
from apps_registry.rights import Rights
from deployer.calendar.booking import BookedApplication, BookingFacts, next_free
from deployer.calendar.closing import calendar_of, hours_of
from deployer.calendar.models import Freeze, Slot
from deployer.calendar.rules import HORIZON, CalendarFacts, FreezeFacts, SlotFacts, SlotPolicy, earliest_start
from deployer.calendar.spans import Span

MOMENT = timedelta(microseconds=1)
LOOKS = (timedelta(days=2), timedelta(days=14), timedelta(days=90), HORIZON)
"""How far ahead a free time is looked for, look by look: most are found nearby, and little is read for them."""
COMING = 20
"""So many of an application's own coming slots are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of the calendar: a release (by its version; empty for any) to a target. `running` are the slugs of
    the other applications whose promotions run in the environment now; `passed` is as in CalendarFacts."""

    target: Target
    version: str = ""
    is_rollback: bool = False
    by_hand: bool = False
    running: Sequence[str] = ()
    passed: Mapping[str, datetime] = field(default_factory=dict)


def calendar_facts(asked: Asked, now: datetime, *, until: datetime | None = None) -> CalendarFacts:
    """What the rules need to judge a start now, or with `until` any start before then."""
    target = asked.target
    calendar = calendar_of(target.environment)
    end = max(until or now, now) + max(calendar.lasts, MOMENT)
    slots = _slots(target, now, end)
    return CalendarFacts(
        application=target.application.slug,
        environment=target.environment.slug,
        version=asked.version,
        is_rollback=asked.is_rollback,
        by_hand=asked.by_hand,
        slot_policy=SlotPolicy(target.slot_policy),
        hours=hours_of(calendar, now, until),
        lasts=calendar.lasts,
        freezes=freeze_facts(target.application, target.environment, now, end),
        slots=slots,
        running=asked.running,
        capacity=target.environment.capacity,
        exclusions=exclusions_of(target.application) if slots else {},
        alone=target.application.deploys_alone_reason if target.application.deploys_alone else "",
        passed=asked.passed,
    )


def earliest(asked: Asked, now: datetime) -> datetime | None:
    """The first moment from now on at which nothing time-based blocks; None when no waiting gets there."""
    lasts = calendar_of(asked.target.environment).lasts

    def look(until: datetime) -> datetime | None:
        return earliest_start(calendar_facts(asked, now, until=until), now)

    return _first_found(look, now, lasts)


def _first_found(look: Callable[[datetime], datetime | None], now: datetime, length: timedelta) -> datetime | None:
    """What a look finds whose facts reach past it; what only the last one finds is taken as it is."""
    found = None
    for ahead in LOOKS:
        found = look(now + ahead)
        if found is not None and found + length <= now + ahead:
            return found
    return found


def freeze_facts(
    application: Application, environment: Environment, start: datetime, end: datetime
) -> list[FreezeFacts]:
    """The times of [start, end) at which the application is frozen in the environment, by their start."""
    freezes = Freeze.objects.touching(start, end).with_scope()
    covering = [freeze for freeze in freezes if freeze.covers(application, environment.pk)]
    return sorted((one for freeze in covering for one in freeze.facts(start, end)), key=lambda one: one.starts_at)


def _slots(target: Target, now: datetime, end: datetime) -> list[SlotFacts]:
    """The environment's slots of [now, end), and of those after that the application's own."""
    here = Slot.objects.kept().in_environment(target.environment_id).with_names()
    found = {slot.pk: slot for slot in here.overlapping(now, end)}
    own = here.filter(bookings__application=target.application_id, starts_at__gte=end).order_by("starts_at")[:COMING]
    found |= {slot.pk: slot for slot in own}
    return [slot.facts(now) for slot in sorted(found.values(), key=lambda slot: (slot.starts_at, slot.pk))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A slot that somebody wants. `changing` is the one that is to be moved or extended, for which it is; `overridden`
    names the blockers that it may pass."""

    environment: Environment
    applications: Sequence[Application]
    span: Span
    exclusive: bool = False
    changing: Slot | None = None
    begun: bool = False
    overridden: frozenset[str] = frozenset()


def booking_facts(wanted: Wanted, rights: Rights, now: datetime, *, until: datetime | None = None) -> BookingFacts:
    """What the booking's rules need to judge the wanted time, or with `until` any other one before then."""
    environment, calendar = wanted.environment, calendar_of(wanted.environment)
    start, end = wanted.span.start, max(until or wanted.span.end, wanted.span.end, wanted.span.start + MOMENT)
    targets = {
        target.application_id: target
        for target in Target.objects.filter(environment=environment, application__in=wanted.applications)
    }
    others = Slot.objects.kept().in_environment(environment.pk).with_names().overlapping(start, end)
    if wanted.changing is not None:
        others = others.exclude(pk=wanted.changing.pk)
    return BookingFacts(
        environment=environment.slug,
        applications=[_booked(one, targets.get(one.pk), rights) for one in wanted.applications],
        span=wanted.span,
        exclusive=wanted.exclusive,
        begun=wanted.begun,
        limits=calendar.limits,
        hours=hours_of(calendar, start, end),
        freezes=_freezes_of(wanted.applications, environment, start, end),
        slots=[slot.facts(now) for slot in others],
        capacity=environment.capacity,
        overridden=wanted.overridden,
    )


def next_slot(wanted: Wanted, rights: Rights, now: datetime) -> Span | None:
    """The next free slot as long as the wanted one, from its start on; None when none can be booked."""
    start = max(wanted.span.start, now)
    length = wanted.span.end - wanted.span.start
    wanted = replace(wanted, span=Span(start, start + length))

    def look(until: datetime) -> datetime | None:
        return next_free(booking_facts(wanted, rights, now, until=until), now)

    found = _first_found(look, start, length)
    return Span(found, found + length) if found else None


def _booked(application: Application, target: Target | None, rights: Rights) -> BookedApplication:
    return BookedApplication(
        slug=application.slug,
        owner=application.owner.name,
        mine=rights.may_work_on(application),
        archived=application.is_archived,
        has_target=target is not None,
        slot_policy=SlotPolicy(target.slot_policy) if target else SlotPolicy.OPTIONAL,
        alone=application.deploys_alone_reason if application.deploys_alone else "",
        exclusions=exclusions_of(application),
    )


def _freezes_of(
    applications: Iterable[Application], environment: Environment, start: datetime, end: datetime
) -> list[FreezeFacts]:
    """Those that touch any of the applications, each once."""
    found = (one for each in applications for one in freeze_facts(each, environment, start, end))
    return sorted({(one.id, one.starts_at): one for one in found}.values(), key=lambda one: one.starts_at)
