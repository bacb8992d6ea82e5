"""A deploy's end, reported by the outside instead of found by polling."""

from datetime import datetime

from django.utils import timezone

from deployer.integrations.deploy.base import DeployStatus
from deployer.promotions.engine.advance import locked
from deployer.promotions.engine.deploying import from_status
from deployer.promotions.engine.effects import write
from deployer.promotions.models import Step
from deployer.promotions.states import StepState


def call_back(*, step: Step, status: DeployStatus, now: datetime | None = None) -> bool:
    """Take a report for a deploy that is running; False, and nothing, when it has ended already.

    The fencing number grows, so that a poll that was under way meanwhile comes too late.
    """
    now = now or timezone.now()
    with locked(step.promotion_id) as promotion:
        running = Step.objects.filter(pk=step.pk, state=StepState.RUNNING).first()
        if promotion is None or running is None:
            return False
        running.fence += 1
        running.reference = running.reference or running.key
        write(promotion, running, from_status(status, again_in=5), now=now)
    return True
