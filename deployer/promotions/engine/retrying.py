"""Trying one step of a stopped promotion again, in a promotion of its own.

What had passed is not repeated. Of a deploy whose outcome is unknown the new promotion takes over the key, so that the
outside is first asked what became of it, and nothing is started twice for one attempt.
"""

from collections.abc import Sequence
from datetime import datetime

from deployer.promotions.models import Promotion, Step, StepKind
from deployer.promotions.models.step import new_key
from deployer.promotions.states import StepState


def stopped_at(stopped: Promotion) -> Step | None:
    """The step at which a promotion failed or errored."""
    return stopped.steps.filter(state__in=[StepState.FAILED, StepState.ERRORED]).first()


def looks_up(retry: Promotion) -> bool:
    """Whether it begins by asking what became of a deploy that may have happened, and may be running still."""
    if retry.retry_of is None or retry.retry_from is None:
        return False
    left = retry.retry_of.steps.filter(position=retry.retry_from, kind=StepKind.DEPLOY, intended_at__isnull=False)
    return left.exists()


def void(retry: Promotion) -> str:
    """Why a waiting promotion can no longer try its step again; empty when it can, and of one that tries none."""
    if retry.retry_of is None or retry.retry_from is None:
        return ""
    return obstacle(retry.retry_of)


def obstacle(stopped: Promotion) -> str:
    """What has come to the target since the promotion stopped, as a sentence; empty when nothing has, so that its last
    step can be tried again there."""
    if stopped.started_at is None:  # a rollback that has left its hold and waits still
        return ""
    brought = stopped.brought
    if brought is not None and brought.withdrawn_at is not None:
        return f"{stopped.release.version} was rolled back in {stopped.environment} since."
    later = Promotion.objects.filter(
        target=stopped.target_id, started_at__gt=stopped.started_at, steps__intended_at__isnull=False
    )
    since = later.exclude(pk=stopped.pk).select_related("release").order_by("-started_at").first()
    return f"A deploy of {since.release.version} to {stopped.environment} was started since." if since else ""


def carry_over(retry: Promotion, planned: Sequence[Step], now: datetime) -> None:
    """Mark what had passed in the promotion that is tried again, and take over a deploy whose outcome is unknown.

    `planned` are the new steps, not yet written. A check that is new since then is made. The caller holds the lock of
    the environment.
    """
    stopped = retry.retry_of
    if stopped is None or retry.retry_from is None:
        return
    done = {(step.kind, step.name): step for step in stopped.steps.filter(position__lt=retry.retry_from)}
    for step in planned:
        before = done.get((step.kind, step.name))
        if before is not None:
            step.state, step.finished_at, step.sentence = StepState.SKIPPED, now, _passed_in(before)
    left = stopped.steps.filter(position=retry.retry_from).first()
    deploy = planned[0]
    if left is not None and left.is_deploy and left.intended_at is not None:
        _take_over(deploy, left)


def _passed_in(before: Step) -> str:
    """Of a step that was skipped as well, what that said."""
    if before.state == StepState.SKIPPED:
        return before.sentence
    return f"It passed in promotion {before.promotion_id}."


def _take_over(deploy: Step, left: Step) -> None:
    """Only where it was started is its key known, so that part of the configuration is kept too."""
    deploy.key, deploy.intended_at, deploy.reference, deploy.fence = (
        left.key,
        left.intended_at,
        left.reference,
        left.fence,
    )
    deploy.spec = deploy.spec | {"kind": left.spec["kind"], "config": left.spec["config"]}
    left.key, left.intended_at, left.reference = new_key(), None, ""
    left.save(update_fields=["key", "intended_at", "reference"])
