"""How promotions end, and what follows: the next environment, a hold, a rollback, those that waited."""

from datetime import datetime
from textwrap import shorten

from apps_registry.models.target import RollbackPolicy
from deployer.audit.actor import ENGINE
from deployer.calendar.models import Slot
from deployer.promotions import log_text
from deployer.promotions.engine import wakeups
from deployer.promotions.lines import continue_line, create_promotion, record_event
from deployer.promotions.models import Hold, Promotion, PromotionKind, Step
from deployer.promotions.models.hold import HoldKind
from deployer.promotions.states import STEP_FINISHED, STOPPED, PromotionState, StepState
from deployer.releases.models import Deployment

EVIDENCE_WIDTH = 300
"""Characters of a line that go into a message."""


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
    Deployment.objects.filter(promotion=promotion).update(verified_at=now)
    record_event(promotion, "succeeded", f"{promotion} succeeded.", by=ENGINE, now=now)
    if not promotion.is_rollback:
        continue_line(promotion.release, after=promotion.target, by=ENGINE, now=now)


def _stop_the_line(promotion: Promotion, now: datetime) -> None:
    """Place the hold, say who must move, and roll back where the policy says so."""
    hold = Hold.objects.create(
        application=promotion.application,
        environment=promotion.environment,
        kind=HoldKind.FAILURE,
        reason=f"{promotion.get_kind_display()} of {promotion.release.version} {promotion.state}. {promotion.outcome}",
        promotion=promotion,
        placed_by=ENGINE.label,
        placed_at=now,
    )
    live = Deployment.objects.live_on(promotion.target_id)
    record_event(
        promotion,
        promotion.state,
        f"{promotion} {promotion.state}: {promotion.outcome}",
        by=ENGINE,
        now=now,
        live=live.release.version if live else "",
        evidence=_evidence(promotion),
        ways_out=hold.ways_out(),
        url=promotion.full_url(),
    )
    if promotion.state == PromotionState.FAILED:
        _roll_back_by_policy(promotion, now)


def _evidence(promotion: Promotion) -> list[str]:
    """The last things the failed step observed or printed, at most five lines."""
    step: Step | None = promotion.steps.filter(state__in=[StepState.FAILED, StepState.ERRORED]).first()
    if step is None:
        return []
    observed = [measurement.sentence for measurement in step.measurements.order_by("-id")[:5]][::-1]
    printed = log_text.plain("".join(chunk.text for chunk in step.log.order_by("-id")[:3][::-1])).splitlines()
    return [shorten(line, EVIDENCE_WIDTH, placeholder="…") for line in (observed + printed)[-5:]]


def _roll_back_by_policy(promotion: Promotion, now: datetime) -> None:
    """Only on a definite no, only when the new release became live, and never a rollback of a rollback."""
    if promotion.target.rollback != RollbackPolicy.ON_FAILED or promotion.is_rollback or not promotion.deployment_id:
        return
    if Promotion.objects.open().filter(target=promotion.target_id, kind=PromotionKind.ROLLBACK).exists():
        return
    older = Deployment.objects.last_verified(promotion.target_id, before=promotion.release.order)
    if older is not None:
        create_promotion(
            older.release,
            promotion.target,
            by=ENGINE,
            now=now,
            kind=PromotionKind.ROLLBACK,
            reason=f"The policy rolls back when a check fails: {promotion.outcome}",
        )
