"""Staying on a release, and no longer doing so."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps_registry.locks import lock_environments
from apps_registry.models import Target
from apps_registry.rights import Rights
from deployer.audit.actions import record
from deployer.promotions.engine import wakeups
from deployer.promotions.models import Pin, Promotion, PromotionKind, Veto
from deployer.refusal import RefusedError
from deployer.releases.models import Release


@transaction.atomic
def pin(*, target: Target, release: Release, rights: Rights, reason: str, now: datetime | None = None) -> Pin:
    """Let nothing but this release come to the target, neither a promotion nor a rollback.

    It deploys nothing: a release that isn't live there is brought by promoting it or rolling back to it. What is being
    deployed goes on to its end. Raises NotAllowedError for who may not work on the application, RefusedError without a
    reason, when the target is pinned already, the release is another application's or vetoed, or a rollback to another
    one is under way.
    """
    now = now or timezone.now()
    rights.need_work_on(target.application, to="pin it to a release")
    if not reason.strip():
        raise RefusedError("Say why: a pin needs a reason.")
    if release.application_id != target.application_id:
        raise RefusedError(f"{release} is not a release of {target.application}.")
    lock_environments()
    _check(target, release)
    made = Pin.objects.create(
        target=target, release=release, reason=reason.strip(), placed_by=rights.actor.label, placed_at=now
    )
    sentence = f"{rights.actor} pinned {target} to {release.version}: {made.reason}"
    _record(made, "placed", sentence, rights=rights, reason=made.reason, now=now)
    return made


@transaction.atomic
def unpin(*, pin: Pin, rights: Rights, reason: str, now: datetime | None = None) -> Pin:
    """Let other releases come there again; what waits for it goes on at once.

    Raises NotAllowedError for who may not work on the application, RefusedError without a reason or when it has been
    removed already.
    """
    now = now or timezone.now()
    rights.need_work_on(pin.target.application, to="remove this pin")
    if not reason.strip():
        raise RefusedError("Say why: removing a pin needs a reason.")
    lock_environments([pin.target.environment_id])
    names = ("target__application__owner", "target__environment", "release")
    found = Pin.objects.select_for_update(of=("self",)).select_related(*names).get(pk=pin.pk)
    if found.removed_at is not None:
        raise RefusedError(f"The pin of {found.target} has been removed already, by {found.removed_by}.")
    found.removed_at, found.removed_by, found.removed_reason = now, rights.actor.label, reason.strip()
    found.save(update_fields=["removed_at", "removed_by", "removed_reason"])
    sentence = f"{rights.actor} removed the pin of {found.target} to {found.release.version}: {found.removed_reason}"
    _record(found, "removed", sentence, rights=rights, reason=found.removed_reason, now=now)
    return found


def _check(target: Target, release: Release) -> None:
    """The caller holds every environment's lock, as a veto of the release does."""
    standing = Pin.objects.standing().filter(target=target).select_related("release").first()
    if standing is not None:
        raise RefusedError(
            f"{target} is pinned already, to {standing.release.version} by {standing.placed_by}: remove that pin first."
        )
    veto = Veto.objects.standing().filter(release=release).first()
    if veto is not None:
        raise RefusedError(f"{release} was vetoed by {veto.placed_by}, so nothing can stay on it: {veto.reason}")
    rollbacks = Promotion.objects.open().filter(target=target, kind=PromotionKind.ROLLBACK).exclude(release=release)
    rollback = rollbacks.select_related("release").first()
    if rollback is not None:
        raise RefusedError(
            f"A rollback to {rollback.release.version} is under way there: abort it first, or pin to that release."
        )


def _record(pin: Pin, what: str, sentence: str, *, rights: Rights, reason: str, now: datetime) -> None:
    """The event; and what waits to go there is looked at again."""
    target = pin.target
    data: dict[str, Any] = {
        "title": f"{target} on {pin.release.version}",
        "state": "pinned" if what == "placed" else "no longer pinned",
        "url": settings.BASE_URL + target.application.get_absolute_url(),
        "pin": pin.pk,
    }
    record(
        f"pin.{what}",
        sentence,
        by=rights.actor,
        application=target.application.slug,
        environment=target.environment.slug,
        release_id=pin.release_id,
        reason=reason,
        data=data,
        now=now,
    )
    wakeups.wake_application(application_id=target.application_id, environment_id=target.environment_id, now=now)
