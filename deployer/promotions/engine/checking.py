"""The check step's effects: measure, keep the measurement, and judge what there is so far."""

import time
from dataclasses import replace
from datetime import datetime

from django.db.models import Count, Q

from deployer.integrations.checks.base import CheckContext, Outcome, Reading
from deployer.integrations.config import ConfigError
from deployer.integrations.registry import build_check
from deployer.promotions.decide import verdict
from deployer.promotions.engine.advance import locked
from deployer.promotions.engine.effects import Claim, Report, write
from deployer.promotions.models import Promotion, Step
from deployer.promotions.states import StepState

GRACE_SECONDS = 1.0
"""What a measurement may take beyond its own limit: starting it, and a machine that is busy."""


def run(claimed: Claim) -> tuple[Reading, int]:
    """Measure once: the reading and how long it took, in milliseconds.

    One that failed after longer than the check can take was stopped by a halt of this host, such as a paused virtual
    machine, in which every time-out passes: it says nothing of the release.
    """
    begun = time.monotonic()
    try:
        check = build_check(claimed.step.spec["kind"], claimed.step.spec["config"])
        reading = check.measure(_context(claimed), claimed.step.baseline)
    except ConfigError as error:
        sentence = f"The check is not configured right: {error}"
        return Reading(outcome=Outcome.ERRORED, sentence=sentence), _milliseconds(begun)
    duration_ms = _milliseconds(begun)
    if reading.outcome is Outcome.FAILED and duration_ms > (check.longest_seconds + GRACE_SECONDS) * 1000:
        sentence = f"Deployer's host stood still while it measured, so this is no verdict: {reading.sentence}"
        reading = replace(reading, outcome=Outcome.ERRORED, sentence=sentence)
    return reading, duration_ms


def _milliseconds(begun: float) -> int:
    return int((time.monotonic() - begun) * 1000)


def report(claimed: Claim, reading: Reading, duration_ms: int, *, now: datetime) -> bool:
    """Keep the measurement and go on or end the step. False when the claim had been lost: then nothing."""
    with locked(claimed.promotion.pk) as promotion:
        step = Step.objects.filter(pk=claimed.step.pk, fence=claimed.fence, state=StepState.RUNNING).first()
        if promotion is None or step is None:
            return False
        step.measurements.create(
            at=now,
            outcome=reading.outcome,
            sentence=reading.sentence,
            evidence=dict(reading.evidence),
            duration_ms=duration_ms,
        )
        write(promotion, step, _judge(step, reading), now=now)
    return True


def _judge(step: Step, reading: Reading) -> Report:
    errored = reading.outcome is Outcome.ERRORED
    tally = step.measurements.aggregate(
        passed=Count("pk", filter=Q(outcome=Outcome.PASSED)), failed=Count("pk", filter=Q(outcome=Outcome.FAILED))
    )
    errors = step.errors_in_a_row + 1 if errored else 0
    state = verdict(step.spec, passed=tally["passed"], failed=tally["failed"], errors_in_a_row=errors)
    return Report(state=state, sentence=reading.sentence, error=errored, again_in=step.spec["interval"])


def _context(claimed: Claim) -> CheckContext:
    promotion: Promotion = claimed.promotion
    deployment = promotion.brought
    if deployment is None:
        raise ValueError("Checks are made after the deploy.")
    return CheckContext(
        key=claimed.step.key,
        application=promotion.application.slug,
        environment=promotion.environment.slug,
        version=promotion.release.version,
        commit=promotion.release.commit,
        target_url=promotion.target.url,
        promotion_url=promotion.full_url(),
        deployed_at=deployment.at,
    )
