"""The states of promotions and steps, and the only ways from one to another.

The diagram in docs/states.md is generated from these tables (`manage.py statechart`), and a test holds
every pair of states against them.
"""

from django.db import models


class PromotionState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    DEPLOYING = "deploying", "Deploying"
    VERIFYING = "verifying", "Verifying"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    ERRORED = "errored", "Errored"
    ABORTED = "aborted", "Aborted"
    SUPERSEDED = "superseded", "Superseded"


class StepState(models.TextChoices):
    PENDING = "pending", "Pending"
    RUNNING = "running", "Running"
    PASSED = "passed", "Passed"
    FAILED = "failed", "Failed"
    ERRORED = "errored", "Errored"
    SKIPPED = "skipped", "Skipped"


_P = PromotionState
_S = StepState

PROMOTION_TRANSITIONS: dict[PromotionState, frozenset[PromotionState]] = {
    _P.WAITING: frozenset({_P.DEPLOYING, _P.SUPERSEDED, _P.ABORTED}),
    _P.DEPLOYING: frozenset({_P.VERIFYING, _P.FAILED, _P.ERRORED, _P.ABORTED}),
    _P.VERIFYING: frozenset({_P.SUCCEEDED, _P.FAILED, _P.ERRORED, _P.ABORTED}),
    _P.SUCCEEDED: frozenset(),
    _P.FAILED: frozenset(),
    _P.ERRORED: frozenset(),
    _P.ABORTED: frozenset(),
    _P.SUPERSEDED: frozenset(),
}

STEP_TRANSITIONS: dict[StepState, frozenset[StepState]] = {
    _S.PENDING: frozenset({_S.RUNNING, _S.SKIPPED}),
    _S.RUNNING: frozenset({_S.PASSED, _S.FAILED, _S.ERRORED, _S.SKIPPED}),
    _S.PASSED: frozenset(),
    _S.FAILED: frozenset(),
    _S.ERRORED: frozenset(),
    _S.SKIPPED: frozenset(),
}

ACTIVE = frozenset({_P.DEPLOYING, _P.VERIFYING})
"""Occupies its target and a place in its environment."""
FINISHED = frozenset(state for state, ways in PROMOTION_TRANSITIONS.items() if not ways)
OPEN = frozenset(PROMOTION_TRANSITIONS) - FINISHED
STOPPED = frozenset({_P.FAILED, _P.ERRORED})
"""Stops the line: leaves a hold."""
STEP_FINISHED = frozenset(state for state, ways in STEP_TRANSITIONS.items() if not ways)


class TransitionError(Exception):
    """This state can't become that one, or the state had changed meanwhile."""


def check_transition(old: PromotionState, new: PromotionState) -> None:
    """Raises TransitionError unless the table allows it."""
    if new not in PROMOTION_TRANSITIONS[old]:
        raise TransitionError(f"A promotion that is {old.label.lower()} can't become {new.label.lower()}.")


def check_step_transition(old: StepState, new: StepState) -> None:
    """Raises TransitionError unless the table allows it."""
    if new not in STEP_TRANSITIONS[old]:
        raise TransitionError(f"A step that is {old.label.lower()} can't become {new.label.lower()}.")
