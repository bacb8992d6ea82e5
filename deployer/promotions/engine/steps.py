"""Makes, starts and finishes the steps of a promotion. The caller holds the locks of `advance.locked`."""

from collections.abc import Sequence
from datetime import datetime

from apps_registry.models import TargetCheck
from deployer.audit.actions import touch
from deployer.audit.actor import ENGINE
from deployer.promotions.engine import queue, retrying, wakeups
from deployer.promotions.lines import record_event
from deployer.promotions.models import Promotion, Step, StepKind
from deployer.promotions.states import PromotionState, StepState
from deployer.releases.models import Deployment

SILENT = frozenset({StepState.SKIPPED})


def admit(promotion: Promotion, now: datetime, *, previous: str) -> None:
    """Enter `deploying`: write the steps with today's configuration and start the first. `previous` is the version
    that is live."""
    target = promotion.target
    deploy = Step(
        kind=StepKind.DEPLOY,
        name="Deploy",
        spec={"kind": target.deployer, "config": target.deployer_config, "timeout": target.deploy_timeout},
    )
    planned = [deploy, *(_check_step(check) for check in target.checks.all())]
    if target.soak and not promotion.is_rollback:
        planned.append(Step(kind=StepKind.SOAK, name="Soak", spec={"seconds": target.soak}))
    retrying.carry_over(promotion, planned, now)
    for position, step in enumerate(planned):
        step.promotion, step.position = promotion, position
    Step.objects.bulk_create(planned)
    promotion.move(PromotionState.DEPLOYING, now=now, started_at=now, due_at=None)
    record_event(
        promotion,
        "started",
        _beginning(promotion, planned),
        by=ENGINE,
        now=now,
        previous=previous,
    )
    if deploy.state == StepState.PENDING:
        start(deploy, now)


def _beginning(promotion: Promotion, planned: Sequence[Step]) -> str:
    if promotion.retry_from is None:
        return f"{promotion} started."
    first = next((step.name for step in planned if step.state == StepState.PENDING), "nothing that is left to do")
    return f"{promotion} started again with {first}: it tries promotion {promotion.retry_of_id} again from there."


def _check_step(check: TargetCheck) -> Step:
    return Step(
        kind=StepKind.CHECK,
        name=check.name,
        spec={
            "kind": check.kind,
            "config": check.config,
            "interval": check.interval,
            "samples": check.samples,
            "failure_limit": check.failure_limit,
            "error_limit": check.error_limit,
            "timeout": check.timeout,
        },
    )


def start(step: Step, now: datetime) -> None:
    """Begin a step; for what happens outside, make it due and ask a runner. Its deadline runs from the first claim."""
    if step.kind != StepKind.SOAK:
        step.due_at = now
        queue.run_effect(step.pk)
    step.move(StepState.RUNNING, now=now)
    touch(promotion_id=step.promotion_id)


def finish(promotion: Promotion, step: Step, state: StepState, sentence: str, *, now: datetime) -> None:
    """End a step with its event; a deploy that passed makes the release live on the target."""
    step.move(state, now=now, sentence=sentence)
    if step.is_deploy and state is StepState.PASSED:
        promotion.deployment = Deployment.objects.create(target=promotion.target, release=promotion.release, at=now)
        promotion.save(update_fields=["deployment"])
        wakeups.wake_older(promotion, now=now)
    if state not in SILENT:
        record_event(
            promotion,
            "step_" + state.value,
            f"{promotion}: {step.name} {state.label.lower()}. {step.sentence}".strip(),
            by=ENGINE,
            now=now,
            step=step.position,
        )
    else:
        touch(promotion_id=promotion.pk)
