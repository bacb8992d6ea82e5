"""Stopping one promotion."""

from datetime import datetime

from django.utils import timezone

from deployer.audit.actor import Actor
from deployer.promotions.actions.refusal import RefusedError
from deployer.promotions.engine import queue
from deployer.promotions.engine.advance import locked, settle
from deployer.promotions.lines import record_event
from deployer.promotions.models import Promotion
from deployer.promotions.states import PromotionState, StepState


def abort(*, promotion: Promotion, by: Actor, reason: str, now: datetime | None = None) -> Promotion:
    """Stop it: at once while it waits or checks; a deploy that has begun is asked to stop and waited for.

    Raises RefusedError without a reason, or when it has ended meanwhile.
    """
    now = now or timezone.now()
    if not reason.strip():
        raise RefusedError("Say why: an abort needs a reason.")
    with locked(promotion.pk) as found:
        if found is None:
            promotion.refresh_from_db()
            raise RefusedError(f"{promotion} has {promotion.get_state_display().lower()} meanwhile.")
        if found.state == PromotionState.WAITING:
            found.move(PromotionState.ABORTED, now=now, outcome=f"Aborted by {by}: {reason}")
            record_event(found, "aborted", f"{found} was aborted by {by}.", by=by, now=now, reason=reason)
            return found
        found.abort_requested_by = by.label
        found.save(update_fields=["abort_requested_by"])
        record_event(found, "abort_requested", f"{by} asked to abort {found}.", by=by, now=now, reason=reason)
        for step in found.steps.filter(state=StepState.RUNNING, kind="deploy"):
            queue.run_effect(step.pk)
        settle(found, now)
        return found
