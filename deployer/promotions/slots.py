"""What a slot does by itself: promotes its releases when it starts, and ends as finished or missed."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from apps_registry.locks import lock_environments
from apps_registry.models import Target
from deployer.audit.actor import ENGINE
from deployer.calendar.actions.slots import record_slot
from deployer.calendar.models import Slot, SlotApplication
from deployer.calendar.states import SlotState
from deployer.promotions.actions.promote import promote
from deployer.promotions.models import Promotion
from deployer.refusal import RefusedError
from deployer.releases.models import Deployment, Release


@transaction.atomic
def keep_slot(slot_id: int, *, now: datetime | None = None) -> None:
    """Do what is due for a slot: start it, or end it. An id that is unknown, ended or not due is nothing."""
    now = now or timezone.now()
    environment = Slot.objects.filter(pk=slot_id).due(now).values_list("environment", flat=True).first()
    if environment is None:
        return
    lock_environments([environment])
    slot = Slot.objects.with_names().due(now).select_for_update(of=("self",)).filter(pk=slot_id).first()
    if slot is None:
        return
    if slot.state == SlotState.BOOKED and now < slot.ends_at:
        _start(slot, now)
    elif now >= slot.ends_at:
        _end(slot, now)
    else:
        _end_early(slot, now)


def _start(slot: Slot, now: datetime) -> None:
    slot.move(SlotState.OPEN, due_at=slot.ends_at)
    record_slot(slot, "started", f"started the slot {slot.names} in {slot.environment}.", by=ENGINE, now=now)
    for booking in slot.bookings.all():
        if booking.release is not None:
            _promote(slot, booking, booking.release, now)


def _promote(slot: Slot, booking: SlotApplication, release: Release, now: datetime) -> None:
    """In the booker's name. What no waiting would change is said to them; what only waits shows why on its page."""
    targets = Target.objects.select_related("application__owner", "environment")
    target = targets.filter(application=booking.application_id, environment=slot.environment_id).first()
    if target is None:
        _say(slot, release, f"{booking.application} has no target in {slot.environment} any more.", now)
        return
    reason = f"In the slot that {slot.booked_by} booked."
    try:
        promote(release=release, target=target, by=slot.as_actor(), reason=reason, now=now)
    except RefusedError as error:
        if not _is_live(target, release):
            _say(slot, release, str(error), now)


def _say(slot: Slot, release: Release, why: str, now: datetime) -> None:
    did = f"could not promote {release} in the slot that {slot.booked_by} booked: {why}"
    record_slot(slot, "not_promoted", did, by=ENGINE, now=now)


def _is_live(target: Target | None, release: Release) -> bool:
    live = target and Deployment.objects.live_on(target.pk)
    return bool(live and live.release_id == release.pk and live.verified_at)


def _end(slot: Slot, now: datetime) -> None:
    used = _promoted_in(slot)
    outcome = " ".join(f"{one.release} {one.get_state_display().lower()}." for one in used)
    if used or _all_live(slot):
        if slot.state == SlotState.BOOKED:
            slot.move(SlotState.OPEN, due_at=slot.ends_at)
        _finish(slot, outcome or "Its releases are live.", now)
        return
    late = "" if slot.state == SlotState.OPEN else " Deployer was down when it should have started."
    slot.move(SlotState.MISSED, outcome=f"Nothing was promoted in it.{late}")
    record_slot(
        slot, "missed", f"ended the slot of {slot.names} in {slot.environment}: {slot.outcome}", by=ENGINE, now=now
    )


def _end_early(slot: Slot, now: datetime) -> None:
    """Once every release that it was booked for is live and verified its place is free again."""
    if _all_live(slot):
        _finish(slot, "Every release that it was booked for is live and verified.", now)
    else:
        Slot.objects.filter(pk=slot.pk, state=SlotState.OPEN).update(due_at=slot.ends_at)


def _finish(slot: Slot, outcome: str, now: datetime) -> None:
    slot.move(SlotState.FINISHED, outcome=outcome)
    record_slot(
        slot, "finished", f"ended the slot of {slot.names} in {slot.environment}: {outcome}", by=ENGINE, now=now
    )


def _promoted_in(slot: Slot) -> list[Promotion]:
    """What was started for its applications within it."""
    applications = [booking.application_id for booking in slot.bookings.all()]
    started = Promotion.objects.filter(
        target__environment=slot.environment_id,
        target__application__in=applications,
        started_at__gte=slot.starts_at,
        started_at__lt=slot.ends_at,
    )
    return list(started.select_related("release__application").order_by("started_at"))


def _all_live(slot: Slot) -> bool:
    bookings = list(slot.bookings.all())
    targets = {
        target.application_id: target
        for target in Target.objects.filter(
            environment=slot.environment_id, application__in=[one.application_id for one in bookings]
        )
    }
    return all(
        booking.release is not None and _is_live(targets.get(booking.application_id), booking.release)
        for booking in bookings
    )
