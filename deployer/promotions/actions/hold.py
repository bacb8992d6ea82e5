"""Stopping the line by hand, and letting it go on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from apps_registry.locks import lock_environments
from apps_registry.models import Application, Environment
from apps_registry.rights import Rights
from deployer.audit.actor import ENGINE
from deployer.promotions import holds
from deployer.promotions.models import Hold
from deployer.promotions.models.hold import HoldKind, WayOut
from deployer.refusal import RefusedError
from deployer.releases.models import Release

LONGEST_CONTACT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class NewHold:
    """What a person says of a hold. `contact` is whom to ask about it; at `ends_at` (UTC) it lifts itself; releases up
    to `newest_safe`, of the same application, pass it."""

    reason: str
    contact: str
    ends_at: datetime | None = None
    newest_safe: Release | None = None


@transaction.atomic
def place_hold(
    *,
    application: Application,
    environment: Environment | None,
    new: NewHold,
    rights: Rights,
    now: datetime | None = None,
) -> Hold:
    """Stop the application's line in one environment, or in all. When this returns nothing more is admitted, but for
    what is safe.

    What runs already goes on to its end. Raises NotAllowedError for who may not work on the application, RefusedError
    without a reason or a contact, for an end that is past, and for another application's release.
    """
    now = now or timezone.now()
    rights.need_work_on(application, to="put it on hold")
    _check(new, application, now)
    lock_environments([environment.pk] if environment else None)
    hold = Hold.objects.create(
        application=application,
        environment=environment,
        kind=HoldKind.MANUAL,
        reason=new.reason.strip(),
        placed_by=rights.actor.label,
        placed_at=now,
        contact=new.contact.strip(),
        ends_at=new.ends_at,
        newest_safe=new.newest_safe,
    )
    holds.record_hold(
        hold,
        "placed",
        f"{rights.actor} put {hold.scope} on hold: {hold.reason}",
        by=rights.actor,
        now=now,
        reason=hold.reason,
        contact=hold.contact,
        ends_at=hold.ends_at.isoformat() if hold.ends_at else None,
        newest_safe=hold.newest_safe.version if hold.newest_safe else None,
    )
    holds.wake(hold, now)
    return hold


def _check(new: NewHold, application: Application, now: datetime) -> None:
    if not new.reason.strip():
        raise RefusedError("Say why: a hold needs a reason.")
    if not new.contact.strip():
        raise RefusedError("Say whom to ask about it: a hold needs a contact.")
    if len(new.contact.strip()) > LONGEST_CONTACT:
        raise RefusedError(f"A contact has at most {LONGEST_CONTACT} characters: a name and where to find them.")
    if new.ends_at is not None and new.ends_at <= now:
        raise RefusedError("The end of a hold must be in the future.")
    if new.newest_safe is not None and new.newest_safe.application_id != application.pk:
        raise RefusedError(f"{new.newest_safe} is another application's: name a release of {application}.")


@transaction.atomic
def lift_hold(*, hold: Hold, rights: Rights, resolution: str, now: datetime | None = None) -> Hold:
    """Lift one hold, saying what was done about it; what waits goes on.

    Raises NotAllowedError for who may not work on the application, RefusedError without a resolution or when it has
    been lifted meanwhile.
    """
    now = now or timezone.now()
    rights.need_work_on(hold.application, to="lift this hold")
    _need_resolution(resolution)
    found = open_hold(hold)
    _lift(found, rights, resolution, now)
    return found


@transaction.atomic
def lift_holds(
    *,
    application: Application,
    environment: Environment | None,
    rights: Rights,
    resolution: str,
    now: datetime | None = None,
) -> list[Hold]:
    """Lift every open hold of exactly this scope, saying what was done about it.

    Raises as `lift_hold` does, and RefusedError when nothing is on hold there.
    """
    now = now or timezone.now()
    rights.need_work_on(application, to="lift its holds")
    _need_resolution(resolution)
    lock_environments([environment.pk] if environment else None)
    found = Hold.objects.open().with_names().filter(application=application, environment=environment)
    lifted = list(found.order_by("id"))
    if not lifted:
        raise RefusedError(_nothing_to_lift(application, environment))
    for hold in lifted:
        _lift(hold, rights, resolution, now)
    return lifted


@transaction.atomic
def end_hold(hold_id: int, *, now: datetime | None = None) -> None:
    """Lift a hold whose end has come. An id that is unknown, lifted or not due is nothing."""
    now = now or timezone.now()
    due = Hold.objects.over(now).filter(pk=hold_id)
    scope: Sequence[int | None] = list(due.values_list("environment", flat=True))
    if not scope:
        return
    lock_environments(None if scope[0] is None else [scope[0]])
    hold = due.with_names().first()
    if hold is None:
        return
    sentence = f"The hold on {hold.scope} was lifted: its end came."
    holds.lift(hold, WayOut.END, by=ENGINE, resolution="Its end came.", sentence=sentence, reason=hold.reason, now=now)


def open_hold(hold: Hold) -> Hold:
    """The hold as it is now, under the lock of its environments. Raises RefusedError when it has been lifted."""
    lock_environments([hold.environment_id] if hold.environment_id else None)
    found = Hold.objects.with_names().get(pk=hold.pk)
    if not found.is_open:
        raise RefusedError(f"{found.lifted_by} has lifted this hold meanwhile: {found.resolution}")
    return found


def _lift(hold: Hold, rights: Rights, resolution: str, now: datetime) -> None:
    said = resolution.strip()
    sentence = f"{rights.actor} lifted the hold on {hold.scope}: {said}"
    holds.lift(hold, WayOut.LIFT, by=rights.actor, resolution=said, sentence=sentence, reason=said, now=now)


def _need_resolution(resolution: str) -> None:
    if not resolution.strip():
        raise RefusedError("Say what was done: lifting a hold needs a resolution.")


def _nothing_to_lift(application: Application, environment: Environment | None) -> str:
    scopes = [hold.scope for hold in Hold.objects.open().filter(application=application)]
    asked = f"{application} in {environment or 'every environment'}"
    return f"{asked} is not on hold." + (f" On hold: {', '.join(scopes)}." if scopes else "")
