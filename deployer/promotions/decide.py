"""What happens next to a promotion, decided from facts and the time alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from deployer.gates import Blocker, BlockerKind
from deployer.promotions.rules import ApprovalFacts, GateFacts, gate
from deployer.promotions.states import STEP_FINISHED, PromotionState, StepState

ENDS_WAITING = frozenset({BlockerKind.ARCHIVED, BlockerKind.VETO})
"""Blockers for which what waits is aborted: it is never to go, even when they end."""
LATE_CLAIMS = 3
"""So often the outside is asked past a deadline: after an outage of our own it may long have ended well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFacts:
    """A step as it stands. `soak_until` is set for a running soak, `deadline_at` for what runs outside; `late_claims`
    counts how often it was looked at past its deadline without an answer."""

    position: int
    name: str
    state: StepState
    sentence: str = ""
    is_deploy: bool = False
    soak_until: datetime | None = None
    deadline_at: datetime | None = None
    late_claims: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionFacts:
    """A promotion as it stands. Looked at while it waits: `gate`, `superseded_by` (an id), and `retry_void`: why the
    step that it is to try again can't be tried any more."""

    state: PromotionState
    steps: tuple[StepFacts, ...] = ()
    gate: GateFacts | None = None
    superseded_by: int | None = None
    retry_void: str = ""
    abort_requested_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to write: at most one new state and one step's new state, or that people are asked to approve, else why and
    until when it stays. `is_unapproved` says that it ends because they had their time.

    `due_at` is when to look again without being woken; None when the outside's answer will wake it.
    """

    state: PromotionState | None = None
    outcome: str = ""
    superseded_by: int | None = None
    step: int | None = None
    step_state: StepState | None = None
    step_sentence: str = ""
    blockers: tuple[Blocker, ...] = ()
    asks_for_approval: bool = False
    is_unapproved: bool = False
    due_at: datetime | None = None

    @property
    def changes_something(self) -> bool:
        return self.state is not None or self.step_state is not None or self.asks_for_approval


def decide(facts: PromotionFacts, now: datetime, *, recheck: timedelta) -> Decision:
    """The next move of an unfinished promotion.

    While it waits it is looked at again when the first blocker ends, and in any case after `recheck`, so that a
    wake-up that got lost costs time and nothing else.
    """
    if facts.state is PromotionState.WAITING:
        return _waiting(facts, now, recheck)
    return _running(facts, now, recheck)


def _waiting(facts: PromotionFacts, now: datetime, recheck: timedelta) -> Decision:
    if facts.superseded_by is not None:
        return Decision(state=PromotionState.SUPERSEDED, superseded_by=facts.superseded_by)
    if facts.retry_void:
        return Decision(state=PromotionState.ABORTED, outcome=facts.retry_void)
    if facts.gate is None:
        raise ValueError("A waiting promotion is decided by its gate's facts.")
    blockers = tuple(gate(facts.gate, now))
    if not blockers:
        return Decision(state=PromotionState.DEPLOYING)
    final = next((blocker for blocker in blockers if blocker.kind in ENDS_WAITING), None)
    if final is not None:
        return Decision(state=PromotionState.ABORTED, outcome=final.sentence)
    if facts.gate.approval and all(blocker.kind is BlockerKind.APPROVAL for blocker in blockers):
        asking = _asking(facts.gate.approval, now)
        if asking is not None:
            return asking
    ends = [blocker.until for blocker in blockers if blocker.until and blocker.until > now]
    return Decision(blockers=blockers, due_at=min([*ends, now + recheck]))


def _asking(approval: ApprovalFacts, now: datetime) -> Decision | None:
    """What there is to do about one that needs nothing but approvals: ask people, or give up when they had their time;
    None while that lasts. When that ran out with something else in its way as well, they are asked again."""
    until = approval.asked_until
    if until is None or (until <= now and approval.had_others):
        return Decision(asks_for_approval=True)
    if until <= now:
        return Decision(state=PromotionState.ABORTED, outcome=not_approved_in_time(approval), is_unapproved=True)
    return None


def not_approved_in_time(approval: ApprovalFacts) -> str:
    """The sentence for one whose asking is over."""
    if not approval.given:
        return f"Nobody approved it in time: it needed {approval.needed}."
    return f"Too few approved it in time: {' and '.join(approval.given)} of the {approval.needed} that it needed."


def _running(facts: PromotionFacts, now: datetime, recheck: timedelta) -> Decision:
    bad = next((step for step in facts.steps if step.state in (StepState.FAILED, StepState.ERRORED)), None)
    current = next((step for step in facts.steps if step.state not in STEP_FINISHED), None)
    if facts.abort_requested_by and (bad or current is None or not _is_outside(current)):
        return Decision(state=PromotionState.ABORTED, outcome=f"Aborted by {facts.abort_requested_by}.")
    if bad is not None:
        state = PromotionState.FAILED if bad.state is StepState.FAILED else PromotionState.ERRORED
        return Decision(state=state, outcome=f"{bad.name}: {bad.sentence}")
    if facts.state is PromotionState.DEPLOYING and (current is None or not current.is_deploy):
        return Decision(state=PromotionState.VERIFYING)
    if current is None:
        return Decision(state=PromotionState.SUCCEEDED)
    return _step(current, now, recheck)


def _is_outside(step: StepFacts) -> bool:
    """Whether stopping must wait for the outside: a deploy that has begun."""
    return step.is_deploy and step.state is StepState.RUNNING


def _step(step: StepFacts, now: datetime, recheck: timedelta) -> Decision:
    if step.state is StepState.PENDING:
        return Decision(step=step.position, step_state=StepState.RUNNING)
    if step.soak_until is not None:
        if now < step.soak_until:
            return Decision(due_at=step.soak_until)
        return Decision(step=step.position, step_state=StepState.PASSED, step_sentence="Nothing stopped it meanwhile.")
    if step.deadline_at is None or now < step.deadline_at:
        return Decision(due_at=step.deadline_at)
    if step.late_claims < LATE_CLAIMS:
        return Decision(due_at=now + recheck)
    return Decision(step=step.position, step_state=StepState.ERRORED, step_sentence=did_not_end_in_time(step.sentence))


def did_not_end_in_time(last_heard: str) -> str:
    """The sentence for what is past its deadline."""
    heard = f" The last that was heard: {last_heard}" if last_heard else ""
    return f"It did not end in time, so its outcome is unknown.{heard}"


def verdict(spec: Mapping[str, Any], *, passed: int, failed: int, errors_in_a_row: int) -> StepState | None:
    """What a check's measurements so far add up to; None while more are needed. No data is never a pass."""
    if failed >= spec["failure_limit"]:
        return StepState.FAILED
    if errors_in_a_row >= spec["error_limit"]:
        return StepState.ERRORED
    if passed >= spec["samples"]:
        return StepState.PASSED
    return None
