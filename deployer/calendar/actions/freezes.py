"""Declaring, extending and lifting freezes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from apps_registry.locks import lock_environments
from apps_registry.models import Application, Environment, Team
from apps_registry.rights import Rights
from deployer.audit.actions import record
from deployer.audit.actor import Actor
from deployer.calendar.actions.slots import record_slot
from deployer.calendar.models import Freeze, FreezeLift, Slot
from deployer.calendar.recurrence import RecurrenceError
from deployer.calendar.signals import calendar_changed, freeze_declared
from deployer.calendar.spans import Span
from deployer.calendar.terms import Terms, amid, scope_in_words
from deployer.calendar.walltime import UnknownZoneError, zone_named
from deployer.calendar.words import moment, recurring, stretch
from deployer.refusal import NotAllowedError, RefusedError

NOT_THEIRS = "A release manager, or whoever's applications it freezes, can change this freeze."
LOOK = timedelta(days=400)
"""How far ahead the slots are looked for that a freeze catches: further than any can be booked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFreeze:
    """What is to be frozen, and when (UTC); without `ends_at` until it is lifted. See Freeze for the scope."""

    starts_at: datetime
    ends_at: datetime | None
    reason: str
    environments: Sequence[Environment] = ()
    teams: Sequence[Team] = ()
    applications: Sequence[Application] = ()
    recurrence: str = ""
    zone: str = "Europe/London"
    contact: str = ""
    allows_rollbacks: bool = True
    allows_by_hand: bool = False

    @property
    def scope(self) -> str:
        """What is to be frozen, in words."""
        return scope_in_words((*self.teams, *self.applications), self.environments)

    @property
    def terms(self) -> Terms:
        return Terms(
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            zone=self.zone,
            recurrence=self.recurrence,
            environments=frozenset(one.pk for one in self.environments),
            teams=frozenset(one.pk for one in self.teams),
            applications=frozenset(one.pk for one in self.applications),
            allows_rollbacks=self.allows_rollbacks,
            allows_by_hand=self.allows_by_hand,
        )


class FreezeRefusedError(RefusedError):
    """It makes no sense; `field` names the one of NewFreeze to mend."""

    def __init__(self, sentence: str, *, field: str) -> None:
        super().__init__(sentence)
        self.field = field


def check_freeze(new: NewFreeze, rights: Rights, now: datetime) -> None:
    """Raises NotAllowedError when its scope is not theirs, FreezeRefusedError when it makes no sense."""
    if not rights.may_work_on_all(applications=new.applications, teams=new.teams):
        raise NotAllowedError(
            "You can freeze your own teams' applications: name those. Anything else is a release manager's to freeze."
        )
    if not new.reason.strip():
        raise FreezeRefusedError("Say why: a freeze needs a reason.", field="reason")
    if new.ends_at is not None and new.ends_at <= new.starts_at:
        raise FreezeRefusedError("It must end after it starts: choose a later end.", field="ends_at")
    try:
        zone_named(new.zone)
    except UnknownZoneError as error:
        raise FreezeRefusedError(str(error), field="zone") from error
    if new.recurrence:
        _check_recurrence(new)
    elif new.ends_at is not None and new.ends_at <= now:
        raise FreezeRefusedError("It has ended already: choose a later end.", field="ends_at")


def _check_recurrence(new: NewFreeze) -> None:
    rule = new.terms.rule
    if rule is None:
        raise FreezeRefusedError("A freeze that recurs needs an end: how long each one lasts.", field="ends_at")
    try:
        rule.check()
    except RecurrenceError as error:
        raise FreezeRefusedError(f"How it recurs: {error}", field="recurrence") from error


@transaction.atomic
def declare(*, new: NewFreeze, rights: Rights, now: datetime | None = None) -> Freeze:
    """Freeze its scope; when this returns nothing more is admitted into it. What runs finishes where it is.

    Tells who has booked a slot in it, and who waits. Raises as `check_freeze` does.
    """
    now = now or timezone.now()
    check_freeze(new, rights, now)
    lock_environments([one.pk for one in new.environments] or None)
    freeze = Freeze.objects.create(
        starts_at=new.starts_at,
        ends_at=new.ends_at,
        recurrence=new.recurrence,
        zone=new.zone,
        reason=new.reason.strip(),
        contact=new.contact.strip(),
        allows_rollbacks=new.allows_rollbacks,
        allows_by_hand=new.allows_by_hand,
        declared_by=rights.actor.label,
        declared_at=now,
    )
    freeze.environments.set(new.environments)
    freeze.teams.set(new.teams)
    freeze.applications.set(new.applications)
    freeze = _current(freeze)
    record_freeze(freeze, "declared", f"froze {amid(freeze.scope)}, {when(freeze)}.", by=rights.actor, now=now)
    for slot in caught_slots(freeze, now):
        did = (
            f"froze {amid(freeze.scope)}, which catches the slot of {slot.names} in {slot.environment}: {freeze.reason}"
        )
        record_slot(slot, "frozen", did, by=rights.actor, now=now, reason=freeze.reason)
    freeze_declared.send(sender=Freeze, freeze=freeze, by=rights.actor, now=now)
    _tell_the_rest(freeze, now)
    return freeze


@transaction.atomic
def extend(*, freeze: Freeze, ends_at: datetime | None, rights: Rights, now: datetime | None = None) -> Freeze:
    """Let it last longer, or shorter, or until lifted. Raises RefusedError when it is over or recurs."""
    now = now or timezone.now()
    found = _locked(freeze, rights)
    check_extendable(found, now)
    if ends_at is not None and ends_at <= max(now, found.starts_at):
        raise FreezeRefusedError(
            "It must end later than now and than its start: lift it to end it at once.", field="ends_at"
        )
    found.ends_at, found.sequence = ends_at, found.sequence + 1
    found.save(update_fields=["ends_at", "sequence"])
    record_freeze(
        found, "extended", f"changed the freeze of {amid(found.scope)}: {when(found)}.", by=rights.actor, now=now
    )
    freeze_declared.send(sender=Freeze, freeze=found, by=rights.actor, now=now)
    _tell_the_rest(found, now)
    return found


def check_extendable(freeze: Freeze, now: datetime) -> None:
    """Raises RefusedError when its end can't be changed, whatever the new one is."""
    if freeze.recurrence:
        raise RefusedError("It recurs: lift one of its times, or lift it and declare another.")
    if freeze.is_over(now):
        raise RefusedError("It is over: declare another.")


@transaction.atomic
def lift(*, freeze: Freeze, reason: str, rights: Rights, now: datetime | None = None) -> Freeze:
    """End it now, for good. Raises RefusedError without a reason or when it is over already."""
    now = now or timezone.now()
    if not reason.strip():
        raise FreezeRefusedError("Say why it can be lifted.", field="reason")
    found = _locked(freeze, rights)
    if found.is_over(now):
        raise RefusedError("It is over already.")
    found.lifted_at, found.lifted_by, found.lift_reason = now, rights.actor.label, reason.strip()
    found.sequence += 1
    found.save(update_fields=["lifted_at", "lifted_by", "lift_reason", "sequence"])
    record_freeze(
        found, "lifted", f"lifted the freeze of {amid(found.scope)}.", by=rights.actor, now=now, reason=reason
    )
    _tell_the_rest(found, now)
    return found


@transaction.atomic
def lift_once(
    *, freeze: Freeze, occurrence: datetime, reason: str, rights: Rights, now: datetime | None = None
) -> FreezeLift:
    """Lift one time of a recurring freeze, from now on or before it begins; `occurrence` is its start, UTC.

    Raises RefusedError when the freeze has no such time, or that is over or lifted already.
    """
    now = now or timezone.now()
    if not reason.strip():
        raise FreezeRefusedError("Say why it can be lifted.", field="reason")
    found = _locked(freeze, rights)
    if not (found.recurrence and found.terms.time_to_come(occurrence, now)):
        raise RefusedError("The freeze has no such time that is still to end: choose one of those that are listed.")
    made = FreezeLift.objects.create(
        freeze=found, occurrence=occurrence, lifted_by=rights.actor.label, lifted_at=now, reason=reason.strip()
    )
    Freeze.objects.filter(pk=found.pk).update(sequence=found.sequence + 1)
    did = f"lifted the freeze of {amid(found.scope)} of {moment(occurrence, found.zone)}."
    record_freeze(found, "lifted_once", did, by=rights.actor, now=now, reason=reason)
    _tell_the_rest(found, now)
    return made


def may_change(freeze: Freeze, rights: Rights) -> bool:
    """Whoever may declare it may extend and lift it."""
    return rights.may_work_on_all(applications=freeze.applications.all(), teams=freeze.teams.all())


def when(freeze: Freeze | NewFreeze, zone: str = "") -> str:
    """When it holds, in words, by the clocks of the zone: its own unless given."""
    zone = zone or freeze.zone
    if freeze.ends_at is None:
        return f"from {moment(freeze.starts_at, zone)} until it is lifted"
    first = stretch(Span(freeze.starts_at, freeze.ends_at), zone)
    return f"{first}, and again {recurring(freeze.recurrence)}" if freeze.recurrence else first


def subject_of(freeze: Freeze) -> str:
    """What names the freeze in events."""
    return f"freeze:{freeze.pk}"


def record_freeze(freeze: Freeze, what: str, did: str, *, by: Actor, now: datetime, reason: str = "") -> None:
    """Write the event `freeze.<what>`."""
    environments = list(freeze.environments.all())
    record(
        f"freeze.{what}",
        f"{by} {did}",
        by=by,
        environment=environments[0].slug if len(environments) == 1 else "",
        subject=subject_of(freeze),
        reason=reason or freeze.reason,
        data={"freeze": freeze.pk, "applications": sorted(str(one) for one in freeze.applications.all())},
        now=now,
    )


def caught_slots(freeze: Freeze | NewFreeze, now: datetime) -> list[Slot]:
    """The slots that can't be used while it holds, or once it does."""
    terms = freeze.terms
    return [slot for slot in _slots_ahead(terms, now) if _catches(terms, slot)]


def _slots_ahead(terms: Terms, now: datetime) -> Iterable[Slot]:
    end = terms.ends_at if terms.ends_at and not terms.recurrence else now + LOOK
    slots = Slot.objects.kept().with_names().overlapping(max(now, terms.starts_at), end)
    return slots.filter(environment__in=terms.environments) if terms.environments else slots


def _catches(terms: Terms, slot: Slot) -> bool:
    if terms.allows_by_hand or not terms.times(*slot.span):
        return False
    return any(
        terms.covers(application=one.application_id, owner=one.application.owner_id, environment=slot.environment_id)
        for one in slot.bookings.all()
    )


def _locked(freeze: Freeze, rights: Rights) -> Freeze:
    lock_environments([one.pk for one in freeze.environments.all()] or None)
    found = _current(freeze)
    if not may_change(found, rights):
        raise NotAllowedError(NOT_THEIRS)
    return found


def _current(freeze: Freeze) -> Freeze:
    return Freeze.objects.with_scope().select_for_update(of=("self",)).get(pk=freeze.pk)


def _tell_the_rest(freeze: Freeze, now: datetime) -> None:
    environments = [one.pk for one in freeze.environments.all()] or None
    calendar_changed.send(sender=Freeze, environments=environments, applications=None, now=now)
