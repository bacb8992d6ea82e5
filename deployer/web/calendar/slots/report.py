"""What the page of a slot tells."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, Q

from apps_registry.rights import Rights
from deployer.audit.models import Event
from deployer.calendar.actions.slots import may_change, subject_of
from deployer.calendar.booking import booking_blockers
from deployer.calendar.facts import Wanted, booking_facts, next_slot
from deployer.calendar.leaves import Leave, leaves
from deployer.calendar.models import Slot, SlotApplication
from deployer.calendar.spans import Span
from deployer.calendar.states import SlotState
from deployer.gates import Blocker
from deployer.notifications.models import Notification
from deployer.promotions.models import Promotion
from deployer.web.calendar.slots.reader import Reader


@dataclass(slots=True, kw_only=True)
class Entry:
    """Something that happened to a slot, once for all of its applications, and who was told."""

    event: Event
    notifications: list[Notification] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An application of a slot with its promotions there, newest first."""

    booking: SlotApplication
    promotions: Sequence[Promotion]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotReport:
    """`blockers` are why it could not be used as things stand now, but for what is overridden; `next_free` is the first
    time from its start on at which nothing would be in its way."""

    slot: Slot
    lines: Sequence[Line]
    blockers: Sequence[Blocker]
    next_free: Span | None
    leaves: Sequence[Leave]
    history: Sequence[Entry]
    why_no_change: str
    why_no_override: str


def report_on(slot: Slot, reader: Reader) -> SlotReport:
    """The slot must have been read `with_names`."""
    found = blockers_of(slot, reader.now) if slot.is_kept else []
    overridden = slot.facts(reader.now).overridden
    left = [one for one in found if one.name not in overridden]
    return SlotReport(
        slot=slot,
        lines=_lines(slot, reader.now),
        blockers=left,
        next_free=_next_free(slot, reader.now) if left else None,
        leaves=leaves(slot.overrides.all(), reader.now),
        history=history(subject_of(slot)),
        why_no_change=why_no_change(slot, reader),
        why_no_override=_why_no_override(reader, found, left),
    )


def blockers_of(slot: Slot, now: datetime) -> list[Blocker]:
    """Why it could not be used as things stand now, in what is left of it; overridden or not."""
    return booking_blockers(booking_facts(_wanted(slot), _for_its_teams(slot), now), now)


def _next_free(slot: Slot, now: datetime) -> Span | None:
    if slot.state == SlotState.OPEN:
        return None
    return next_slot(replace(_wanted(slot), begun=False), _for_its_teams(slot), now)


def _wanted(slot: Slot) -> Wanted:
    return Wanted(
        environment=slot.environment,
        applications=[one.application for one in slot.bookings.all()],
        span=slot.span,
        exclusive=slot.exclusive,
        changing=slot,
        begun=True,
    )


def _for_its_teams(slot: Slot) -> Rights:
    """Whose it is was asked when it was booked; who looks at it does not matter."""
    return Rights(actor=slot.as_actor(), manages=True)


def freeze_context(slot: Slot) -> dict[str, Any]:
    """What the banner of freezes is to look at: those that catch this slot, and none once it has ended."""
    if not slot.is_kept:
        return {"freeze_scope": []}
    scope = [(one.application, slot.environment) for one in slot.bookings.all()]
    return {"freeze_scope": scope, "freeze_span": slot.span}


def why_no_change(slot: Slot, reader: Reader) -> str:
    """Why who reads can neither change nor cancel it; empty when they can."""
    if not slot.is_kept:
        return f"It is {slot.get_state_display().lower()}, so there is nothing left to change."
    if slot.ends_at <= reader.now:
        return "Its time is over, so there is nothing left to change."
    if not may_change(slot, reader.rights):
        return f"{slot.booked_by} booked it: they, its teams or a release manager can change or cancel it."
    return ""


def _why_no_override(reader: Reader, found: Sequence[Blocker], left: Sequence[Blocker]) -> str:
    """Why nothing of it can be overridden by who reads; empty when something can."""
    if not any(blocker.overridable for blocker in left):
        return "Nothing blocks it that could be overridden." if not found else "What could be overridden is."
    if not reader.rights.manages:
        return "A release manager can override what blocks it."
    return ""


def _lines(slot: Slot, now: datetime) -> list[Line]:
    bookings = list(slot.bookings.all())
    inside = Q(started_at__gte=slot.starts_at, started_at__lt=slot.ends_at)
    if slot.state == SlotState.OPEN:
        inside |= Q(started_at=None, finished_at=None)
    promotions = (
        Promotion.objects.with_names()
        .filter(inside, target__environment=slot.environment_id)
        .filter(target__application__in=[one.application_id for one in bookings])
        .order_by("-id")
    )
    return [
        Line(
            booking=booking,
            promotions=[one for one in promotions if _is_of(booking, one)],
        )
        for booking in bookings
    ]


def _is_of(booking: SlotApplication, promotion: Promotion) -> bool:
    """What waits is the slot's only when the slot is there for it."""
    if promotion.target.application_id != booking.application_id:
        return False
    return promotion.started_at is not None or booking.release_id in (None, promotion.release_id)


def history(*subjects: str) -> list[Entry]:
    """What happened, in order. An event that is written once for each application is shown once."""
    events = Event.objects.filter(subject__in=subjects).order_by("id")
    found: dict[tuple[str, datetime, str], Entry] = {}
    for event in events.prefetch_related(Prefetch("notifications")):
        entry = found.setdefault((event.kind, event.at, event.sentence), Entry(event=event))
        entry.notifications += _not_yet_in(entry.notifications, event.notifications.all())
    return list(found.values())


def _not_yet_in(told: Iterable[Notification], more: Iterable[Notification]) -> list[Notification]:
    known = {(one.channel, one.address, one.why) for one in told}
    return [one for one in more if (one.channel, one.address, one.why) not in known]
