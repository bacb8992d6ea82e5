"""Every pair of states against the tables, and the diagram against both."""

import itertools

import pytest
from django.conf import settings
from django.db import IntegrityError

from deployer.promotions import statechart
from deployer.promotions.models import Promotion
from deployer.promotions.states import (
    ACTIVE,
    FINISHED,
    OPEN,
    PROMOTION_TRANSITIONS,
    STEP_TRANSITIONS,
    STOPPED,
    PromotionState,
    StepState,
    TransitionError,
    check_step_transition,
    check_transition,
)
from tests.scene import Scene

P, S = PromotionState, StepState
ALLOWED = {
    (P.WAITING, P.DEPLOYING),
    (P.WAITING, P.SUPERSEDED),
    (P.WAITING, P.ABORTED),
    (P.DEPLOYING, P.VERIFYING),
    (P.DEPLOYING, P.FAILED),
    (P.DEPLOYING, P.ERRORED),
    (P.DEPLOYING, P.ABORTED),
    (P.VERIFYING, P.SUCCEEDED),
    (P.VERIFYING, P.FAILED),
    (P.VERIFYING, P.ERRORED),
    (P.VERIFYING, P.ABORTED),
}
STEPS_ALLOWED = {(S.PENDING, S.RUNNING), (S.PENDING, S.SKIPPED)} | {
    (S.RUNNING, end) for end in (S.PASSED, S.FAILED, S.ERRORED, S.SKIPPED)
}


@pytest.mark.parametrize(("old", "new"), list(itertools.product(P, P)))
def test_a_promotion_changes_only_as_the_table_says(scene: Scene, old: PromotionState, new: PromotionState) -> None:
    application = scene.application(environments=1)
    promotion = scene.promotion(scene.register(application), "integration")
    fields = {"state": old, "due_at": None, "finished_at": scene.now if old in FINISHED else None}
    Promotion.objects.filter(pk=promotion.pk).update(**fields)
    promotion.refresh_from_db()

    if (old, new) in ALLOWED:
        promotion.move(new, now=scene.now)
        assert Promotion.objects.get(pk=promotion.pk).state == new
    else:
        with pytest.raises(TransitionError):
            promotion.move(new, now=scene.now)
        assert Promotion.objects.get(pk=promotion.pk).state == old


@pytest.mark.parametrize(("old", "new"), list(itertools.product(S, S)))
def test_a_step_changes_only_as_the_table_says(old: StepState, new: StepState) -> None:
    if (old, new) in STEPS_ALLOWED:
        check_step_transition(old, new)
    else:
        with pytest.raises(TransitionError):
            check_step_transition(old, new)


def test_the_tables_know_every_state() -> None:
    assert set(PROMOTION_TRANSITIONS) == set(P)
    assert set(STEP_TRANSITIONS) == set(S)
    assert set(P) == OPEN | FINISHED
    assert ACTIVE < OPEN
    assert STOPPED < FINISHED


def test_a_state_that_changed_meanwhile_is_not_overwritten(scene: Scene) -> None:
    application = scene.application(environments=1)
    promotion = scene.promotion(scene.register(application), "integration")
    stale = Promotion.objects.get(pk=promotion.pk)
    promotion.move(P.ABORTED, now=scene.now)

    with pytest.raises(TransitionError, match="no longer waiting"):
        stale.move(P.DEPLOYING, now=scene.now)


def test_two_active_promotions_of_a_target_can_not_be_written(scene: Scene) -> None:
    application = scene.application(environments=1)
    for version in ("v1", "v2"):
        scene.register(application, version)

    with pytest.raises(IntegrityError):
        Promotion.objects.update(state=P.DEPLOYING)


def test_an_unknown_transition_names_both_states() -> None:
    with pytest.raises(TransitionError, match="succeeded can't become waiting"):
        check_transition(P.SUCCEEDED, P.WAITING)


def test_the_diagram_is_drawn_from_the_tables() -> None:
    assert (settings.BASE_DIR / "docs" / "states.md").read_text() == statechart.page()
