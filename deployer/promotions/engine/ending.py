"""How promotions end, and what follows: the next environment, a hold, a rollback, those that waited."""

from datetime import datetime

from apps_registry.models.target import RollbackPolicy
from deployer.audit.actor import ENGINE
from deployer.calendar.models import Slot
from deployer.promotions import holds
from deployer.promotions.engine import wakeups
from deployer.promotions.engine.stopping import tell_stop
from deployer.promotions.engine.verdicts import forbidden
from deployer.promotions.lines import continue_line, create_promotion, record_event
from deployer.promotions.models import Hold, Promotion, PromotionKind
from deployer.promotions.models.hold import HoldKind
from deployer.promotions.presence import last_good, newest_there
from deployer.promotions.states import STEP_FINISHED, STOPPED, PromotionState, StepState
from deployer.releases.models import Deployment, Release


def end(promotion: Promotion, state: PromotionState, outcome: str, now: datetime) -> None:
    """Write the end of an active promotion and all that follows from it, in the caller's transaction."""
    for step in promotion.steps.exclude(state__in=STEP_FINISHED):
        step.move(StepState.SKIPPED, now=now)
    if state is PromotionState.SUCCEEDED:
        outcome = f"{promotion.release.version} is live and verified in {promotion.environment}."
    promotion.move(state, now=now, outcome=outcome)
    if state is PromotionState.SUCCEEDED:
        _go_on(promotion, now)
    elif state in STOPPED:
        _stop_the_line(promotion, now)
    else:
        sentence = f"{promotion} was {state.label.lower()}. {outcome}"
        record_event(promotion, state.value, sentence, by=ENGINE, now=now, reason=promotion.abort_reason)
    wakeups.wake_after_end(promotion, now=now)
    _look_at_slots(promotion, now)


def _look_at_slots(promotion: Promotion, now: datetime) -> None:
    """A slot that is under way for it may be over as well, and its place free again."""
    if promotion.state == PromotionState.SUCCEEDED:
        Slot.objects.under_way_for(promotion.target.application_id, promotion.target.environment_id).update(due_at=now)


def supersede(promotion: Promotion, by_id: int, now: datetime) -> None:
    """A newer release goes instead of this waiting one."""
    newer = Promotion.objects.with_names().get(pk=by_id)
    same = newer.release_id == promotion.release_id
    outcome = f"{newer.release.version} {'is there already' if same else 'goes instead'}."
    promotion.move(PromotionState.SUPERSEDED, now=now, outcome=outcome, superseded_by=newer)
    record_event(promotion, "superseded", f"{promotion} was superseded: {outcome}", by=ENGINE, now=now)


def _go_on(promotion: Promotion, now: datetime) -> None:
    if promotion.brought is not None:
        Deployment.objects.filter(pk=promotion.brought.pk).update(verified_at=now)
    record_event(promotion, "succeeded", f"{promotion} succeeded.", by=ENGINE, now=now)
    holds.fixed_forward(promotion, now)
    if not promotion.is_rollback:
        continue_line(promotion.release, after=promotion.target, by=ENGINE, now=now)


def _stop_the_line(promotion: Promotion, now: datetime) -> None:
    """Place the hold, say who must move, and roll back where the policy says so."""
    holds.fix_failed(promotion, now)
    hold = Hold.objects.create(
        application=promotion.application,
        environment=promotion.environment,
        kind=HoldKind.FAILURE,
        reason=f"{promotion.get_kind_display()} of {promotion.release.version} {promotion.state}. {promotion.outcome}",
        promotion=promotion,
        stopped=_stopped_release(promotion),
        placed_by=ENGINE.label,
        placed_at=now,
    )
    older = _back_to_by_policy(promotion)
    tell_stop(hold, promotion, now=now, rolls_back_to=older.version if older else "")
    if older is not None:
        create_promotion(
            older,
            promotion.target,
            by=ENGINE,
            now=now,
            kind=PromotionKind.ROLLBACK,
            reason=f"The policy rolls back when a check fails: {promotion.outcome}",
        )


def _stopped_release(promotion: Promotion) -> Release:
    """Which release goes no further: of a rollback that stopped, what it was to leave."""
    if not promotion.is_rollback:
        return promotion.release
    left = Hold.objects.open().filter(promotion__target=promotion.target_id, stopped__isnull=False)
    there = newest_there(promotion.target, None)
    found = [promotion.release, *(hold.stopped for hold in left.select_related("stopped")), there]
    return max((release for release in found if release), key=lambda release: release.order)


def _back_to_by_policy(promotion: Promotion) -> Release | None:
    """Only on a definite no, only when the new release became live, and never a rollback of a rollback; to none that is
    vetoed, nor past a pin."""
    asked = promotion.state == PromotionState.FAILED and promotion.target.rollback == RollbackPolicy.ON_FAILED
    if not asked or promotion.is_rollback or promotion.brought is None:
        return None
    if Promotion.objects.open().filter(target=promotion.target_id, kind=PromotionKind.ROLLBACK).exists():
        return None
    older = last_good(promotion.target_id, before=promotion.release.order)
    return older.release if older is not None and not forbidden(older.release, promotion.target) else None
