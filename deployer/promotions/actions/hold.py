"""Stopping the line by hand, and letting it go on."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from apps_registry.locks import lock_environments
from apps_registry.models import Application, Environment
from deployer.audit.actions import record
from deployer.audit.actor import Actor
from deployer.promotions.engine import wakeups
from deployer.promotions.models import Hold
from deployer.promotions.models.hold import HoldKind
from deployer.refusal import RefusedError


@transaction.atomic
def place_hold(
    *, application: Application, environment: Environment | None, by: Actor, reason: str, now: datetime | None = None
) -> Hold:
    """Stop the application's line in one environment, or in all. When this returns nothing more is admitted.

    What runs already goes on to its end. Raises RefusedError without a reason.
    """
    now = now or timezone.now()
    if not reason.strip():
        raise RefusedError("Say why: a hold needs a reason.")
    lock_environments([environment.pk] if environment else None)
    hold = Hold.objects.create(
        application=application,
        environment=environment,
        kind=HoldKind.MANUAL,
        reason=reason,
        placed_by=by.label,
        placed_at=now,
    )
    record(
        "hold.placed",
        f"{by} put {hold.scope} on hold: {reason}",
        by=by,
        application=application.slug,
        environment=environment.slug if environment else "",
        reason=reason,
        now=now,
    )
    wakeups.wake_application(
        application_id=application.pk, environment_id=environment.pk if environment else None, now=now
    )
    return hold


@transaction.atomic
def lift_holds(
    *,
    application: Application,
    environment: Environment | None,
    by: Actor,
    resolution: str,
    now: datetime | None = None,
) -> list[Hold]:
    """Lift every open hold of exactly this scope, saying what was done about it.

    Raises RefusedError without a resolution, or when nothing is on hold there.
    """
    now = now or timezone.now()
    if not resolution.strip():
        raise RefusedError("Say what was done: lifting a hold needs a resolution.")
    lock_environments([environment.pk] if environment else None)
    holds = list(Hold.objects.open().filter(application=application, environment=environment).order_by("id"))
    if not holds:
        raise RefusedError(_nothing_to_lift(application, environment))
    for hold in holds:
        hold.lifted_at, hold.lifted_by, hold.resolution = now, by.label, resolution
        hold.save(update_fields=["lifted_at", "lifted_by", "resolution"])
        record(
            "hold.lifted",
            f"{by} lifted the hold on {hold.scope}: {resolution}",
            by=by,
            application=application.slug,
            environment=environment.slug if environment else "",
            promotion_id=hold.promotion_id,
            reason=resolution,
            now=now,
        )
    wakeups.wake_application(
        application_id=application.pk, environment_id=environment.pk if environment else None, now=now
    )
    return holds


def _nothing_to_lift(application: Application, environment: Environment | None) -> str:
    scopes = [hold.scope for hold in Hold.objects.open().filter(application=application)]
    asked = f"{application} in {environment or 'every environment'}"
    return f"{asked} is not on hold." + (f" On hold: {', '.join(scopes)}." if scopes else "")
