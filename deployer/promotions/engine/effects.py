"""What a step needs done outside: claimed with a lease and a fencing number, done, and reported.

Nothing here holds a lock while it talks to the outside. A claim commits its intent first; a report that
carries an older fencing number than the step's is dropped.
"""

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings

from deployer.audit.actions import touch
from deployer.integrations.config import ConfigError
from deployer.integrations.registry import build_check
from deployer.promotions.decide import did_not_end_in_time
from deployer.promotions.engine import steps
from deployer.promotions.engine.advance import locked, settle
from deployer.promotions.models import Promotion, Step
from deployer.promotions.states import StepState

logger = logging.getLogger(__name__)


class Action(StrEnum):
    START = "start"
    FIND = "find"
    POLL = "poll"
    CANCEL = "cancel"
    MEASURE = "measure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to do one thing outside for a step, until the lease ends.

    `deadline` is on `time.monotonic`'s scale and lies half a lease ahead: nothing may be started past it, so that
    what was started has arrived before anyone else may claim the step.
    """

    step: Step
    promotion: Promotion
    action: Action
    fence: int
    at: datetime
    deadline: float


def claim(step_id: int, *, now: datetime) -> Claim | None:
    """Claim what is to be done now for a running step, or None when it isn't due, is claimed, or has ended.

    Commits the intent to start before the outside is called: whoever comes after a crash looks it up instead.
    """
    begun = time.monotonic()
    promotion_id = Step.objects.filter(pk=step_id).due(now).values_list("promotion_id", flat=True).first()
    if promotion_id is None:
        return None
    with locked(promotion_id) as promotion:
        step = Step.objects.filter(pk=step_id).due(now).first() if promotion else None
        if promotion is None or step is None:
            return None
        if promotion.abort_requested_by and step.is_deploy and step.intended_at is None:
            steps.finish(promotion, step, StepState.SKIPPED, "Aborted before it started.", now=now)
            settle(promotion, now)
            return None
        action = _next_action(step, promotion)
        if action is Action.START:
            step.intended_at = now
        if step.deadline_at is None:
            step.deadline_at = now + timedelta(seconds=step.spec["timeout"])
        elif step.deadline_at and now >= step.deadline_at:
            step.late_claims += 1
        step.fence += 1
        step.due_at = now + timedelta(seconds=settings.LEASE_SECONDS + _longest(step))
        step.save(update_fields=["fence", "due_at", "intended_at", "deadline_at", "late_claims"])
        return Claim(
            step=step,
            promotion=promotion,
            action=action,
            fence=step.fence,
            at=now,
            deadline=begun + settings.LEASE_SECONDS / 2,
        )


def _longest(step: Step) -> float:
    """How many seconds the outside may keep a claim busy by its own right."""
    if step.is_deploy:
        return 0
    try:
        return build_check(step.spec["kind"], step.spec["config"]).longest_seconds
    except ConfigError:
        return 0


def _next_action(step: Step, promotion: Promotion) -> Action:
    if not step.is_deploy:
        return Action.MEASURE
    if step.reference:
        return Action.CANCEL if promotion.abort_requested_by and not step.cancel_requested else Action.POLL
    return Action.FIND if step.intended_at else Action.START


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of a claim. Without `state` the step goes on, and is looked at again after `again_in` seconds.

    `forget_intent` says that nothing was sent, `settle_lease` that something may arrive late, so that nobody may
    ask before the lease has ended.
    """

    state: StepState | None = None
    sentence: str = ""
    reference: str = ""
    again_in: float = 1.0
    error: bool = False
    forget_intent: bool = False
    settle_lease: bool = False
    cancel_requested: bool = False
    log: str = ""
    log_offset: int | None = None


def report(claimed: Claim, result: Report, *, now: datetime) -> bool:
    """Write what came of a claim and take the promotion on. False when the claim had been lost: then nothing."""
    with locked(claimed.promotion.pk) as promotion:
        step = Step.objects.filter(pk=claimed.step.pk, fence=claimed.fence, state=StepState.RUNNING).first()
        if promotion is None or step is None:
            logger.warning("Dropped a late result for step %s (fence %s).", claimed.step.pk, claimed.fence)
            return False
        write(promotion, step, result, now=now)
    return True


def write(promotion: Promotion, step: Step, result: Report, *, now: datetime) -> None:
    """Write a result to its running step. The caller holds the locks of `advance.locked`."""
    if result.log or result.sentence:
        touch(promotion_id=promotion.pk)
    if result.log:
        step.log.create(text=result.log.replace("\x00", "\N{REPLACEMENT CHARACTER}"), at=now)
    if result.log_offset is not None:
        step.log_offset = result.log_offset
    if result.forget_intent:
        step.intended_at = None
    step.reference = result.reference or step.reference
    step.cancel_requested = step.cancel_requested or result.cancel_requested
    step.errors_in_a_row = step.errors_in_a_row + 1 if result.error else 0
    step.sentence = result.sentence or step.sentence
    if not result.settle_lease:
        step.due_at = now + timedelta(seconds=result.again_in)
    step.save()
    if result.state is not None:
        steps.finish(promotion, step, result.state, result.sentence, now=now)
    elif step.deadline_at is not None and now >= step.deadline_at:
        steps.finish(promotion, step, StepState.ERRORED, did_not_end_in_time(result.sentence), now=now)
    settle(promotion, now)
