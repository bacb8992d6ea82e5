"""Booking, changing, cancelling and overriding slots: each under the lock of the environment's row."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from apps_registry.locks import lock_environments
from apps_registry.models import Application, Environment
from apps_registry.rights import Rights
from deployer.audit.actions import record
from deployer.audit.actor import Actor
from deployer.calendar.actions.overrides import NewOverride, check_override
from deployer.calendar.booking import booking_blockers
from deployer.calendar.closing import calendar_of
from deployer.calendar.facts import Wanted, booking_facts, next_slot
from deployer.calendar.models import Slot, SlotApplication, SlotOverride, SlotSeries
from deployer.calendar.signals import calendar_changed
from deployer.calendar.spans import Span
from deployer.calendar.states import SlotState
from deployer.calendar.words import stretch
from deployer.gates import Blocker
from deployer.refusal import BlockedError, NotAllowedError, RefusedError
from deployer.releases.models import Release

MOST_APPLICATIONS = 50


class SlotRefusedError(BlockedError):
    """It can't be booked then: every reason, and the next time at which one as long can be, or None."""

    def __init__(self, blockers: Sequence[Blocker], next_free: Span | None) -> None:
        super().__init__(blockers)
        self.next_free = next_free


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSlot:
    """What is to be booked, times in UTC. `releases` maps the ids of applications to the release that is promoted when
    the slot starts; `watched_by` names who will watch it."""

    environment: Environment
    applications: Sequence[Application]
    starts_at: datetime
    ends_at: datetime
    releases: Mapping[int, Release] = field(default_factory=dict)
    exclusive: bool = False
    notes: str = ""
    watched_by: str = ""


@transaction.atomic
def book(
    *,
    new: NewSlot,
    rights: Rights,
    overrides: Sequence[NewOverride] = (),
    series: SlotSeries | None = None,
    now: datetime | None = None,
) -> Slot:
    """Book a slot. Raises SlotRefusedError with every reason at once and the next free slot, RefusedError for what
    makes no sense, NotAllowedError for an override by who may not."""
    now = now or timezone.now()
    _check_applications(new)
    lock_environments([new.environment.pk])
    wanted = Wanted(
        environment=new.environment,
        applications=new.applications,
        span=Span(new.starts_at, new.ends_at),
        exclusive=new.exclusive,
        overridden=frozenset(one.blocker for one in overrides),
    )
    sentences = _check_overrides(overrides, wanted, rights, now)
    _check_free(wanted, rights, now, offers=series is None)
    slot = Slot.objects.create(
        environment=new.environment,
        series=series,
        starts_at=new.starts_at,
        ends_at=new.ends_at,
        exclusive=new.exclusive,
        notes=new.notes,
        watched_by=new.watched_by,
        booker=rights.user,
        booked_by=rights.actor.label,
        booked_at=now,
        due_at=new.starts_at,
    )
    SlotApplication.objects.bulk_create(
        SlotApplication(slot=slot, application=one, release=new.releases.get(one.pk)) for one in new.applications
    )
    record_slot(slot, "booked", f"booked {_what(slot)}.", by=rights.actor, now=now)
    for one, sentence in zip(overrides, sentences, strict=True):
        _add_override(slot, one, sentence, rights, now)
    _tell_the_rest(slot, now)
    return slot


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotChange:
    """A slot as it is to become. `sequence` is the one that whoever changes it has seen."""

    starts_at: datetime
    ends_at: datetime
    exclusive: bool
    notes: str
    watched_by: str
    releases: Mapping[int, Release] | None = None
    sequence: int | None = None


@transaction.atomic
def change(*, slot: Slot, to: SlotChange, rights: Rights, now: datetime | None = None) -> Slot:
    """Move, extend or edit a slot; one that is under way keeps its start.

    Raises as `book` does, and RefusedError when it has ended or somebody else has changed it meanwhile.
    """
    now = now or timezone.now()
    found = _locked(slot, rights, now)
    if to.sequence is not None and to.sequence != found.sequence:
        raise RefusedError("Somebody else has changed this slot meanwhile: look at it again and repeat your change.")
    begun = found.state == SlotState.OPEN
    if begun and to.starts_at != found.starts_at:
        raise RefusedError("It is under way, so its start stays: change its end, or cancel it and book another.")
    before = found.span
    wanted = Wanted(
        environment=found.environment,
        applications=[one.application for one in found.bookings.all()],
        span=Span(to.starts_at, to.ends_at),
        exclusive=to.exclusive,
        changing=found,
        begun=begun,
        overridden=found.facts(now).overridden,
    )
    if (wanted.span, to.exclusive) != (before, found.exclusive):
        _check_free(wanted, rights, now)
        if begun and to.ends_at <= now:
            raise RefusedError("It would have ended already: choose a later end, or cancel it.")
    if to.releases is not None:
        _set_releases(found, to.releases)
    found.starts_at, found.ends_at, found.exclusive = to.starts_at, to.ends_at, to.exclusive
    found.notes, found.watched_by = to.notes, to.watched_by
    found.due_at = found.ends_at if begun else found.starts_at
    found.sequence += 1
    found.save()
    moved = "" if found.span == before else f" from {stretch(before, zone_of(found))}"
    record_slot(found, "moved" if moved else "changed", f"changed {_what(found)}{moved}.", by=rights.actor, now=now)
    _tell_the_rest(found, now)
    return found


@transaction.atomic
def cancel(*, slot: Slot, rights: Rights, reason: str = "", now: datetime | None = None) -> Slot:
    """Give the time back. What was promoted in it already goes on. Raises RefusedError when it has ended."""
    now = now or timezone.now()
    found = _locked(slot, rights, now)
    found.move(SlotState.CANCELLED, outcome=f"Cancelled by {rights.actor}.{f' {reason}' if reason else ''}")
    Slot.objects.filter(pk=found.pk).update(sequence=found.sequence + 1)
    record_slot(found, "cancelled", f"cancelled {_what(found)}.", by=rights.actor, now=now, reason=reason)
    _tell_the_rest(found, now)
    return found


@transaction.atomic
def override_slot(*, slot: Slot, new: NewOverride, rights: Rights, now: datetime | None = None) -> SlotOverride:
    """Let what is promoted in this slot pass one named blocker. Raises as `check_override` does."""
    now = now or timezone.now()
    lock_environments([slot.environment_id])
    found = _current(slot)
    applications = [one.application for one in found.bookings.all()]
    wanted = Wanted(
        environment=found.environment, applications=applications, span=found.span, changing=found, begun=True
    )
    blockers = booking_blockers(booking_facts(wanted, rights, now), now)
    latest = found.ends_at
    sentence = check_override(new, among=blockers, rights=rights, now=now, latest=latest)
    override = _add_override(found, new, sentence, rights, now)
    _tell_the_rest(found, now)
    return override


def record_slot(slot: Slot, what: str, did: str, *, by: Actor, now: datetime, reason: str = "") -> None:
    """Write the event `slot.<what>`, once for each of its applications, so that each one's history has it."""
    for booking in slot.bookings.select_related("application"):
        record(
            f"slot.{what}",
            f"{by} {did}",
            by=by,
            application=booking.application.slug,
            environment=slot.environment.slug,
            subject=subject_of(slot),
            release_id=booking.release_id,
            reason=reason,
            data={"slot": slot.pk, "people": [slot.booker_id] if slot.booker_id else [], "url": slot.full_url()},
            now=now,
        )


def subject_of(slot: Slot) -> str:
    """What names the slot in events."""
    return f"slot:{slot.pk}"


def zone_of(slot: Slot) -> str:
    return calendar_of(slot.environment).zone


def may_change(slot: Slot, rights: Rights) -> bool:
    """Who booked it, a release manager, or whoever may work on all of its applications."""
    mine = rights.user is not None and slot.booker_id == rights.user.pk
    return mine or rights.manages or all(rights.may_work_on(one.application) for one in slot.bookings.all())


def _what(slot: Slot) -> str:
    names = ", ".join(str(one) for one in slot.bookings.select_related("application", "release"))
    return f"{slot.environment} for {names}: {stretch(slot.span, zone_of(slot))}"


def _check_applications(new: NewSlot) -> None:
    if not new.applications:
        raise RefusedError("Say what is to be deployed: a slot has at least one application.")
    twice = sorted(one.slug for one, count in Counter(new.applications).items() if count > 1)
    if twice:
        raise RefusedError(f"{', '.join(twice)} is named twice: name each application once.")
    if len(new.applications) > MOST_APPLICATIONS:
        raise RefusedError(f"A slot has at most {MOST_APPLICATIONS} applications: book several.")
    _check_releases({one.pk: one for one in new.applications}, new.releases)


def _check_releases(applications: Mapping[int, Application], releases: Mapping[int, Release]) -> None:
    for application_id, release in releases.items():
        application = applications.get(application_id)
        if application is None or release.application_id != application_id:
            raise RefusedError(f"{release} is no release of an application in this slot.")


def _set_releases(slot: Slot, releases: Mapping[int, Release]) -> None:
    bookings = list(slot.bookings.all())
    _check_releases({one.application_id: one.application for one in bookings}, releases)
    for booking in bookings:
        booking.release = releases.get(booking.application_id)
        booking.save(update_fields=["release"])


def _check_free(wanted: Wanted, rights: Rights, now: datetime, *, offers: bool = True) -> None:
    """Of a series nothing else is offered for a time that is taken: to look for it would take long, time by time."""
    blockers = booking_blockers(booking_facts(wanted, rights, now), now)
    if blockers:
        raise SlotRefusedError(blockers, next_slot(wanted, rights, now) if offers else None)


def _check_overrides(overrides: Sequence[NewOverride], wanted: Wanted, rights: Rights, now: datetime) -> list[str]:
    if not overrides:
        return []
    unpassed = Wanted(
        environment=wanted.environment,
        applications=wanted.applications,
        span=wanted.span,
        exclusive=wanted.exclusive,
    )
    blockers = booking_blockers(booking_facts(unpassed, rights, now), now)
    latest = wanted.span.end
    return [check_override(one, among=blockers, rights=rights, now=now, latest=latest) for one in overrides]


def _add_override(slot: Slot, new: NewOverride, sentence: str, rights: Rights, now: datetime) -> SlotOverride:
    override = SlotOverride.objects.create(
        slot=slot,
        blocker=new.blocker,
        sentence=sentence,
        reason=new.reason.strip(),
        given_by=rights.actor.label,
        given_at=now,
        expires_at=new.expires_at,
    )
    did = f"let {_what(slot)} pass what blocks it. {sentence}"
    record_slot(slot, "overridden", did, by=rights.actor, now=now, reason=new.reason)
    return override


def _locked(slot: Slot, rights: Rights, now: datetime) -> Slot:
    lock_environments([slot.environment_id])
    found = _current(slot)
    if not may_change(found, rights):
        raise NotAllowedError(
            f"{found.booked_by} booked this slot: they, its teams or a release manager can change it."
        )
    if found.is_kept and found.ends_at <= now:
        raise RefusedError("It has ended: book another.")
    return found


def _current(slot: Slot) -> Slot:
    found = Slot.objects.with_names().select_for_update(of=("self",)).get(pk=slot.pk)
    if not found.is_kept:
        raise RefusedError(f"It is {found.get_state_display().lower()} already: book another.")
    return found


def _tell_the_rest(slot: Slot, now: datetime) -> None:
    calendar_changed.send(sender=Slot, environments=[slot.environment_id], applications=None, now=now)
