"""A deploy's end, reported by the outside instead of found by polling."""

from dataclasses import replace
from datetime import datetime

from django.utils import timezone

from deployer.integrations.deploy.base import DeployState
from deployer.integrations.deploy.webhook import parse_report
from deployer.promotions.engine.advance import locked
from deployer.promotions.engine.deploying import from_status
from deployer.promotions.engine.effects import write
from deployer.promotions.models import Step
from deployer.promotions.states import StepState


def call_back(*, step: Step, body: bytes, now: datetime | None = None) -> bool:
    """Take a report, whose signature has been checked, for a deploy that is running; False when that has ended.

    An end raises the fencing number, so that a poll that was under way meanwhile comes too late. A report that it
    still runs leaves claim and timer as they are. Raises integrations.errors.Unavailable when it makes no sense.
    """
    now = now or timezone.now()
    with locked(step.promotion_id) as promotion:
        running = Step.objects.filter(pk=step.pk, state=StepState.RUNNING).first()
        if promotion is None or running is None:
            parse_report(body, key=step.key)
            return False
        status = parse_report(body, key=step.key, log_offset=running.log_offset)
        if status.state is not DeployState.RUNNING:
            running.fence += 1
        write(promotion, running, replace(from_status(status), settle_lease=True), now=now)
    return True
