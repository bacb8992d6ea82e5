"""Slots that recur: booked as far ahead as the environment allows, each by the rules of any slot."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from django.db import transaction
from django.utils import timezone

from apps_registry.rights import Rights, rights_of_user
from deployer.audit.actions import record
from deployer.audit.actor import ENGINE, Actor
from deployer.calendar.actions.slots import NewSlot, SlotRefusedError, book, cancel
from deployer.calendar.closing import calendar_of
from deployer.calendar.models import Slot, SlotSeries
from deployer.calendar.recurrence import Recurrence, RecurrenceError, wall_time
from deployer.calendar.spans import Span
from deployer.calendar.states import SlotState
from deployer.calendar.words import recurring, stretch
from deployer.gates import Blocker
from deployer.refusal import NotAllowedError, RefusedError

EXTENDED_EVERY = timedelta(days=1)
MOST_AT_ONCE = 400
"""So many are booked in one go, since nothing else goes in the environment meanwhile: every day for over a year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """What came of a series: the slots that were booked, and the times that could not be, each with its reasons."""

    series: SlotSeries
    slots: Sequence[Slot]
    refused: Sequence[tuple[Span, Sequence[Blocker]]]


@transaction.atomic
def book_series(*, first: NewSlot, rule: str, zone: str, rights: Rights, now: datetime | None = None) -> Booked:
    """Book a slot again and again, by an RFC 5545 rule on the wall clock of the zone; `first` is the first one.

    Times that can't be booked are left out and said. Raises SlotRefusedError when none can be, RefusedError for a rule
    that makes no sense, NotAllowedError to a token: a series is booked in somebody's name as long as it goes on.
    """
    now = now or timezone.now()
    if rights.user is None:
        raise NotAllowedError("Recurring slots are booked by a person, in their name: sign in to book them.")
    if first.releases:
        raise RefusedError("Recurring slots are for whatever is to be deployed then: leave the release out.")
    recurrence = _checked(first, rule, zone)
    series = SlotSeries.objects.create(
        environment=first.environment,
        rule=rule,
        zone=zone,
        starts=recurrence.starts.isoformat(),
        ends=recurrence.ends.isoformat(),
        exclusive=first.exclusive,
        notes=first.notes,
        watched_by=first.watched_by,
        booker=rights.user,
        booked_by=rights.actor.label,
        booked_at=now,
        booked_until=min(now, first.starts_at),
    )
    series.applications.set(first.applications)
    _check_number(series, now)
    booked = _book_ahead(series, rights, now, by=rights.actor)
    if not booked.slots:
        blockers = booked.refused[0][1] if booked.refused else []
        raise SlotRefusedError(blockers, None) if blockers else RefusedError("None of its times can be booked yet.")
    did = f"booked recurring slots in {series.environment}, {recurring(rule)}: {len(booked.slots)} so far."
    _record(series, "booked", f"{rights.actor} {did}", by=rights.actor, now=now)
    return booked


def _checked(first: NewSlot, rule: str, zone: str) -> Recurrence:
    recurrence = Recurrence(
        rule=rule, zone=zone, starts=wall_time(first.starts_at, zone), ends=wall_time(first.ends_at, zone)
    )
    try:
        recurrence.check()
    except RecurrenceError as error:
        raise RefusedError(f"How it recurs: {error}") from error
    return recurrence


def _check_number(series: SlotSeries, now: datetime) -> None:
    ahead = calendar_of(series.environment).limits.ahead
    if len(list(islice(_times(series, series.booked_until, now + ahead), MOST_AT_ONCE + 1))) > MOST_AT_ONCE:
        raise RefusedError(
            f"That is more than {MOST_AT_ONCE} slots in the {ahead.days} days that may be booked ahead: choose a rule "
            "that recurs less often."
        )


@transaction.atomic
def extend_series(series_id: int, *, now: datetime | None = None) -> None:
    """Book what has come within reach since the last time. An id that is unknown, ended or not due is nothing.

    In the booker's name and by their rights of today: the series ends when they have left.
    """
    now = now or timezone.now()
    due = SlotSeries.objects.select_related("environment", "booker").filter(due_at__lte=now, pk=series_id)
    series = due.select_for_update(of=("self",)).first()
    if series is None:
        return
    if series.booker is None or not series.booker.is_active:
        _end(series, by_label=ENGINE.label, now=now)
        sentence = f"Recurring slots in {series.environment} end: {series.booked_by} has left."
        _record(series, "ended", sentence, by=ENGINE, now=now)
        return
    _book_ahead(series, rights_of_user(series.booker), now, by=ENGINE)


def _book_ahead(series: SlotSeries, rights: Rights, now: datetime, *, by: Actor) -> Booked:
    """Every time within reach; those that can't be booked are told of in events."""
    until = now + calendar_of(series.environment).limits.ahead
    new = NewSlot(
        environment=series.environment,
        applications=list(series.applications.select_related("owner")),
        starts_at=now,
        ends_at=now,
        exclusive=series.exclusive,
        notes=series.notes,
        watched_by=series.watched_by,
    )
    slots: list[Slot] = []
    refused: list[tuple[Span, Sequence[Blocker]]] = []
    for span in _times(series, series.booked_until, until):
        try:
            wanted = replace(new, starts_at=span.start, ends_at=span.end)
            slots.append(book(new=wanted, rights=rights, series=series, now=now))
        except SlotRefusedError as error:
            refused.append((span, error.blockers))
            sentence = (
                f"The recurring slot of {stretch(span, series.zone)} in {series.environment} was not booked: {error}"
            )
            _record(series, "skipped", sentence, by=by, now=now)
    series.booked_until, series.due_at = until, now + EXTENDED_EVERY
    series.save(update_fields=["booked_until", "due_at"])
    return Booked(series=series, slots=slots, refused=refused)


def _times(series: SlotSeries, start: datetime, end: datetime) -> Iterable[Span]:
    """Those that start in [start, end)."""
    recurrence = Recurrence(
        rule=series.rule,
        zone=series.zone,
        starts=datetime.fromisoformat(series.starts),
        ends=datetime.fromisoformat(series.ends),
    )
    return (span for span in recurrence.between(start, end) if start <= span.start < end)


@transaction.atomic
def end_series(*, series: SlotSeries, rights: Rights, reason: str = "", now: datetime | None = None) -> list[Slot]:
    """Book no more of it, and cancel its coming slots, which are returned. Raises RefusedError when it has ended,
    NotAllowedError to whoever may not."""
    now = now or timezone.now()
    found = SlotSeries.objects.select_related("environment").select_for_update(of=("self",)).get(pk=series.pk)
    if not may_end(found, rights):
        raise NotAllowedError(f"{found.booked_by} booked these: they, their teams or a release manager can end them.")
    if found.ended_at is not None:
        raise RefusedError("These recurring slots have ended already.")
    coming = list(Slot.objects.filter(series=found, state=SlotState.BOOKED, starts_at__gt=now).with_names())
    for slot in coming:
        cancel(slot=slot, rights=rights, reason=reason or "The recurring slots end.", now=now)
    _end(found, by_label=rights.actor.label, now=now)
    sentence = f"{rights.actor} ended the recurring slots in {found.environment}."
    _record(found, "ended", sentence, by=rights.actor, now=now, reason=reason)
    return coming


def may_end(series: SlotSeries, rights: Rights) -> bool:
    """Who booked it, a release manager, or whoever may work on all of its applications."""
    mine = rights.user is not None and series.booker_id == rights.user.pk
    return mine or all(map(rights.may_work_on, series.applications.all()))


def _end(series: SlotSeries, *, by_label: str, now: datetime) -> None:
    series.ended_at, series.ended_by, series.due_at = now, by_label, None
    series.save(update_fields=["ended_at", "ended_by", "due_at"])


def _record(series: SlotSeries, what: str, sentence: str, *, by: Actor, now: datetime, reason: str = "") -> None:
    for application in series.applications.all():
        record(
            f"slot_series.{what}",
            sentence,
            by=by,
            application=application.slug,
            environment=series.environment.slug,
            subject=f"slot-series:{series.pk}",
            reason=reason,
            data={"people": [series.booker_id] if series.booker_id else []},
            now=now,
        )
