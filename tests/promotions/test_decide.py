"""The pure decision: what happens next to a promotion."""

import dataclasses
from datetime import datetime, timedelta

import pytest

from deployer.gates import BlockerKind
from deployer.promotions.decide import Decision, PromotionFacts, StepFacts, decide, verdict
from deployer.promotions.rules import GateFacts
from deployer.promotions.states import PromotionState, StepState

NOW = datetime.fromisoformat("2026-03-03T12:00:00+00:00")
RECHECK = timedelta(seconds=60)
FREE = GateFacts(application="frontend", environment="staging", owner="Web", version="v5", order=5, capacity=2)
P, S = PromotionState, StepState


def decided(facts: PromotionFacts, now: datetime = NOW) -> Decision:
    return decide(facts, now, recheck=RECHECK)


def deploy(state: StepState, **fields: object) -> StepFacts:
    return StepFacts(position=0, name="Deploy", state=state, is_deploy=True, **fields)  # type: ignore[arg-type]


def check(state: StepState, **fields: object) -> StepFacts:
    return StepFacts(position=1, name="Smoke test", state=state, **fields)  # type: ignore[arg-type]


def running(state: PromotionState, *steps: StepFacts, abort: str = "") -> PromotionFacts:
    return PromotionFacts(state=state, steps=steps, abort_requested_by=abort)


def test_a_free_promotion_is_admitted() -> None:
    assert decided(PromotionFacts(state=P.WAITING, gate=FREE)).state is P.DEPLOYING


def test_a_blocked_one_waits_and_looks_again_in_a_minute() -> None:
    blocked = dataclasses.replace(FREE, automatic=False)

    decision = decided(PromotionFacts(state=P.WAITING, gate=blocked))

    assert decision.state is None
    assert [blocker.kind for blocker in decision.blockers] == [BlockerKind.MANUAL]
    assert decision.due_at == NOW + RECHECK


def test_a_superseded_one_does_not_even_ask_the_gate() -> None:
    decision = decided(PromotionFacts(state=P.WAITING, superseded_by=7))

    assert (decision.state, decision.superseded_by) == (P.SUPERSEDED, 7)


def test_one_whose_step_can_not_be_tried_again_any_more_ends() -> None:
    decision = decided(PromotionFacts(state=P.WAITING, gate=FREE, retry_void="v2 was rolled back since."))

    assert (decision.state, decision.outcome) == (P.ABORTED, "v2 was rolled back since.")


def test_a_waiting_one_without_facts_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="gate's facts"):
        decided(PromotionFacts(state=P.WAITING))


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        (running(P.DEPLOYING, deploy(S.RUNNING)), None),
        (running(P.DEPLOYING, deploy(S.PASSED), check(S.PENDING)), P.VERIFYING),
        (running(P.DEPLOYING, deploy(S.PASSED)), P.VERIFYING),
        (running(P.DEPLOYING, deploy(S.FAILED), check(S.PENDING)), P.FAILED),
        (running(P.DEPLOYING, deploy(S.ERRORED), check(S.PENDING)), P.ERRORED),
        (running(P.VERIFYING, deploy(S.PASSED), check(S.RUNNING)), None),
        (running(P.VERIFYING, deploy(S.PASSED), check(S.FAILED)), P.FAILED),
        (running(P.VERIFYING, deploy(S.PASSED), check(S.ERRORED)), P.ERRORED),
        (running(P.VERIFYING, deploy(S.PASSED), check(S.PASSED)), P.SUCCEEDED),
        (running(P.VERIFYING, deploy(S.PASSED)), P.SUCCEEDED),
        (running(P.DEPLOYING, deploy(S.RUNNING), abort="Alex"), None),
        (running(P.DEPLOYING, deploy(S.SKIPPED), check(S.PENDING), abort="Alex"), P.ABORTED),
        (running(P.DEPLOYING, deploy(S.FAILED), check(S.PENDING), abort="Alex"), P.ABORTED),
        (running(P.DEPLOYING, deploy(S.PASSED), check(S.PENDING), abort="Alex"), P.ABORTED),
        (running(P.VERIFYING, deploy(S.PASSED), check(S.RUNNING), abort="Alex"), P.ABORTED),
    ],
)
def test_the_steps_decide_the_state(facts: PromotionFacts, state: PromotionState | None) -> None:
    assert decided(facts).state is state


def test_a_pending_step_is_started() -> None:
    decision = decided(running(P.VERIFYING, deploy(S.PASSED), check(S.PENDING)))

    assert (decision.step, decision.step_state) == (1, S.RUNNING)


def test_what_has_passed_its_deadline_is_errored_never_failed() -> None:
    facts = running(P.DEPLOYING, deploy(S.RUNNING, deadline_at=NOW, late_claims=3))

    assert decided(facts, NOW - timedelta(seconds=1)).due_at == NOW
    assert decided(facts).step_state is S.ERRORED


def test_past_a_deadline_the_outside_is_asked_before_it_is_given_up() -> None:
    decision = decided(running(P.DEPLOYING, deploy(S.RUNNING, deadline_at=NOW, late_claims=2)))

    assert decision.step_state is None
    assert decision.due_at == NOW + RECHECK


def test_what_waits_for_an_application_that_was_archived_ends() -> None:
    archived = dataclasses.replace(FREE, archived=True)

    decision = decided(PromotionFacts(state=P.WAITING, gate=archived))

    assert (decision.state, decision.outcome) == (P.ABORTED, "frontend is archived.")


def test_a_soak_passes_when_its_time_is_over() -> None:
    soak = StepFacts(position=2, name="Soak", state=S.RUNNING, soak_until=NOW)
    facts = running(P.VERIFYING, deploy(S.PASSED), check(S.PASSED), soak)

    assert decided(facts, NOW - timedelta(seconds=1)).due_at == NOW
    assert decided(facts).step_state is S.PASSED


SPEC = {"samples": 3, "failure_limit": 2, "error_limit": 4}


@pytest.mark.parametrize(
    ("passed", "failed", "errors", "state"),
    [
        (0, 0, 0, None),
        (2, 0, 0, None),
        (3, 0, 0, S.PASSED),
        (2, 1, 0, None),
        (3, 1, 0, S.PASSED),
        (3, 2, 0, S.FAILED),
        (0, 0, 3, None),
        (0, 0, 4, S.ERRORED),
        (0, 2, 4, S.FAILED),
    ],
)
def test_measurements_add_up_to_a_verdict(passed: int, failed: int, errors: int, state: StepState | None) -> None:
    assert verdict(SPEC, passed=passed, failed=failed, errors_in_a_row=errors) is state
