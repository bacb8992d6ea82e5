"""Promotions and rollbacks that a person asks for."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from apps_registry.locks import lock_environments
from apps_registry.models import Target
from deployer.audit.actor import Actor
from deployer.promotions.actions.abort import request_abort
from deployer.promotions.engine import queue
from deployer.promotions.engine.advance import locked, settle
from deployer.promotions.engine.facts import gate_facts
from deployer.promotions.engine.verdicts import forbidden
from deployer.promotions.lines import create_promotion, record_event
from deployer.promotions.models import Hold, Promotion, PromotionKind
from deployer.promotions.models.hold import HoldKind
from deployer.promotions.presence import last_good, newest_there
from deployer.promotions.rules import NEVER_BY_WAITING, gate
from deployer.promotions.states import ACTIVE
from deployer.refusal import BlockedError, RefusedError
from deployer.releases.models import Deployment, Release


@transaction.atomic
def promote(*, release: Release, target: Target, by: Actor, reason: str = "", now: datetime | None = None) -> Promotion:
    """Ask for a promotion by hand; one that waits already becomes a person's, which passes the manual policy.

    Every gate is asked at once: what is returned has started, or waits for the blockers that it shows. Raises
    BlockedError for what no waiting would change, RefusedError when it is running already.
    """
    now = now or timezone.now()
    lock_environments([target.environment_id])
    blockers = gate(gate_facts(release, target, now=now, by_hand=True), now)
    lasting = [blocker for blocker in blockers if blocker.kind in NEVER_BY_WAITING]
    if lasting:
        raise BlockedError(lasting)
    existing = (
        Promotion.objects.with_names().open().filter(release=release, target=target, kind=PromotionKind.FORWARD).first()
    )
    if existing is None:
        made = create_promotion(release, target, by=by, now=now, requested_by=by.label, reason=reason)
        return looked_at(made, now)
    if existing.state in ACTIVE:
        raise RefusedError(f"{existing} is running already: {existing.full_url()}")
    existing.requested_by, existing.reason, existing.due_at = by.label, reason or existing.reason, now
    existing.save(update_fields=["requested_by", "reason", "due_at"])
    record_event(existing, "requested", f"{by} asked for {existing} by hand.", by=by, now=now)
    queue.wake(existing.pk)
    return looked_at(existing, now)


def looked_at(promotion: Promotion, now: datetime) -> Promotion:
    """The promotion, taken as far as it goes now: who asked is told at once whether it waits, and for what."""
    with locked(promotion.pk) as found:
        if found is not None:
            settle(found, now)
        return found or promotion


@transaction.atomic
def roll_back(
    *,
    target: Target,
    by: Actor,
    reason: str,
    to: Release | None = None,
    seen: str = "",
    now: datetime | None = None,
) -> Promotion:
    """Bring the target back to the last release that was verified there, or to the one given; leaves a hold.

    What it leaves is withdrawn, so that it goes no further from here; what is on its way here is aborted first. The
    hold keeps the line from putting the newer release there again. `seen` is the version that whoever asks saw as the
    one to be left, where they saw any. Raises RefusedError without a reason, when there is nothing to go back to, or
    another than the `seen` one would be left; BlockedError when what it would go to is vetoed, or the target pinned to
    another.
    """
    now = now or timezone.now()
    if not reason.strip():
        raise RefusedError("Say why: a rollback needs a reason.")
    lock_environments([target.environment_id])
    if Promotion.objects.open().filter(target=target, kind=PromotionKind.ROLLBACK).exists():
        raise RefusedError(f"A rollback of {target} is under way already.")
    active = Promotion.objects.active().with_names().filter(target=target).first()
    leaving = newest_there(target, active)
    if leaving is None:
        raise RefusedError(f"Nothing is live on {target}, so there is nothing to roll back.")
    if seen not in ("", leaving.version):
        raise RefusedError(
            f"Nothing was rolled back: you wanted to leave {seen}, and {leaving.version} has come to {target} since."
        )
    release = _to_go_back_to(target, leaving, to)
    if against := forbidden(release, target):
        raise BlockedError(against)
    if active is not None:
        request_abort(active, by=by, reason=reason, now=now)
    Deployment.objects.filter(target=target, release=leaving, withdrawn_at=None).update(withdrawn_at=now)
    promotion = create_promotion(
        release, target, by=by, now=now, kind=PromotionKind.ROLLBACK, requested_by=by.label, reason=reason
    )
    _hold_after(promotion, leaving, by=by, now=now)
    return promotion


def _to_go_back_to(target: Target, leaving: Release, to: Release | None) -> Release:
    if to is None:
        good = last_good(target.pk, before=leaving.order)
        if good is None:
            raise RefusedError(
                f"No release older than {leaving.version} was ever verified on {target}, or none that isn't vetoed."
            )
        return good.release
    if to.order >= leaving.order:
        raise RefusedError(f"{to.version} is not older than {leaving.version}: promote it instead.")
    if not Deployment.objects.good().filter(target=target, release=to).exists():
        raise RefusedError(
            f"{to.version} was never verified on {target}, or was rolled back: a rollback goes to what was."
        )
    return to


def _hold_after(rollback: Promotion, leaving: Release, *, by: Actor, now: datetime) -> None:
    hold = Hold.objects.create(
        application=rollback.application,
        environment=rollback.environment,
        kind=HoldKind.ROLLBACK,
        reason=f"Rolled back from {leaving.version} to {rollback.release.version}: {rollback.reason}",
        promotion=rollback,
        stopped=leaving,
        placed_by=by.label,
        placed_at=now,
    )
    record_event(rollback, "held", f"{hold.scope} is on hold after the rollback.", by=by, now=now)
