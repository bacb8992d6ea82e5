"""Promotions and rollbacks that a person asks for."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from apps_registry.models import Target
from deployer.audit.actor import Actor
from deployer.promotions.actions.refusal import BlockedError, RefusedError
from deployer.promotions.engine import queue
from deployer.promotions.engine.advance import lock_environments
from deployer.promotions.engine.facts import gate_facts
from deployer.promotions.lines import create_promotion, record_event
from deployer.promotions.models import Hold, Promotion, PromotionKind
from deployer.promotions.models.hold import HoldKind
from deployer.promotions.rules import NEVER_BY_WAITING, gate
from deployer.releases.models import Deployment, Release


@transaction.atomic
def promote(*, release: Release, target: Target, by: Actor, reason: str = "", now: datetime | None = None) -> Promotion:
    """Ask for a promotion by hand; one that waits already becomes a person's, which passes the manual policy.

    Raises BlockedError for what no waiting would change, RefusedError when it is running already.
    """
    now = now or timezone.now()
    lock_environments([target.environment_id])
    lasting = [
        blocker for blocker in gate(gate_facts(release, target, by_hand=True)) if blocker.kind in NEVER_BY_WAITING
    ]
    if lasting:
        raise BlockedError(lasting)
    existing = (
        Promotion.objects.with_names().open().filter(release=release, target=target, kind=PromotionKind.FORWARD).first()
    )
    if existing is None:
        return create_promotion(release, target, by=by, now=now, requested_by=by.label, reason=reason)
    if existing.state in ("deploying", "verifying"):
        raise RefusedError(f"{existing} is running already: {existing.full_url()}")
    existing.requested_by, existing.reason, existing.due_at = by.label, reason or existing.reason, now
    existing.save(update_fields=["requested_by", "reason", "due_at"])
    record_event(existing, "requested", f"{by} asked for {existing} by hand.", by=by, now=now)
    queue.wake(existing.pk)
    return existing


@transaction.atomic
def roll_back(
    *, target: Target, by: Actor, reason: str, to: Release | None = None, now: datetime | None = None
) -> Promotion:
    """Bring the target back to the last release that was verified there, or to the one given; leaves a hold.

    The hold keeps the line from putting the newer release there again. Raises RefusedError without a reason,
    or when there is nothing to go back to.
    """
    now = now or timezone.now()
    if not reason.strip():
        raise RefusedError("Say why: a rollback needs a reason.")
    lock_environments([target.environment_id])
    live = Deployment.objects.live_on(target.pk)
    if live is None:
        raise RefusedError(f"Nothing is live on {target}, so there is nothing to roll back.")
    release = to or _last_good(target, live)
    _check_was_verified(target, release)
    if Promotion.objects.open().filter(target=target, kind=PromotionKind.ROLLBACK).exists():
        raise RefusedError(f"A rollback of {target} is under way already.")
    promotion = create_promotion(
        release, target, by=by, now=now, kind=PromotionKind.ROLLBACK, requested_by=by.label, reason=reason
    )
    hold = Hold.objects.create(
        application=target.application,
        environment=target.environment,
        kind=HoldKind.ROLLBACK,
        reason=f"Rolled back from {live.release.version} to {release.version}: {reason}",
        promotion=promotion,
        placed_by=by.label,
        placed_at=now,
    )
    record_event(promotion, "held", f"{hold.scope} is on hold after the rollback.", by=by, now=now, reason=reason)
    return promotion


def _last_good(target: Target, live: Deployment) -> Release:
    found = Deployment.objects.last_verified(target.pk, before=live.release.number)
    if found is None:
        raise RefusedError(f"No release older than {live.release.version} was ever verified on {target}.")
    return found.release


def _check_was_verified(target: Target, release: Release) -> None:
    if not Deployment.objects.filter(target=target, release=release, verified_at__isnull=False).exists():
        raise RefusedError(f"{release.version} was never verified on {target}: a rollback goes to what was.")
