"""Stopping one promotion."""

from datetime import datetime

from django.utils import timezone

from deployer.audit.actor import Actor
from deployer.promotions import holds
from deployer.promotions.engine import queue, wakeups
from deployer.promotions.engine.advance import locked, settle
from deployer.promotions.lines import record_event
from deployer.promotions.models import Promotion, StepKind
from deployer.promotions.states import PromotionState, StepState
from deployer.refusal import RefusedError


def abort(
    *,
    promotion: Promotion,
    by: Actor,
    reason: str,
    seen: PromotionState | None = None,
    now: datetime | None = None,
) -> Promotion:
    """Stop it: at once while it waits or checks; a deploy that has begun is asked to stop and waited for.

    `seen` is the state in which whoever asks saw it, where they did. Raises RefusedError without a reason, when it has
    ended meanwhile or is no longer as it was seen: an abort does another thing in each state.
    """
    now = now or timezone.now()
    if not reason.strip():
        raise RefusedError("Say why: an abort needs a reason.")
    with locked(promotion.pk) as found:
        if found is None:
            promotion.refresh_from_db()
            raise RefusedError(f"{promotion} has {promotion.get_state_display().lower()} meanwhile.")
        if seen is not None and found.state != seen:
            promotion.state = found.state
            raise RefusedError(
                f"Nothing was aborted: {found} was {seen.label.lower()} when you looked, and is "
                f"{found.get_state_display().lower()} now."
            )
        if found.state == PromotionState.WAITING:
            found.move(PromotionState.ABORTED, now=now, outcome=f"Aborted by {by}: {reason}")
            record_event(found, "aborted", f"{found} was aborted by {by}.", by=by, now=now, reason=reason)
            holds.hold_again(found, now)
            wakeups.wake_after_end(found, now=now)
            return found
        request_abort(found, by=by, reason=reason, now=now)
        settle(found, now)
        return found


def request_abort(active: Promotion, *, by: Actor, reason: str, now: datetime) -> None:
    """Note that an active promotion is to end, and have it looked at. The caller holds its environment's row lock."""
    active.abort_requested_by, active.abort_reason, active.due_at = by.label, reason, now
    active.save(update_fields=["abort_requested_by", "abort_reason", "due_at"])
    record_event(active, "abort_requested", f"{by} asked to abort {active}.", by=by, now=now, reason=reason)
    for step in active.steps.filter(state=StepState.RUNNING, kind=StepKind.DEPLOY):
        queue.run_effect(step.pk)
    queue.wake(active.pk)
