"""Every pair of a slot's states against the table."""

import itertools

import pytest

from deployer.calendar.states import KEPT, TRANSITIONS, SlotState, SlotTransitionError, check_slot_transition

S = SlotState
ALLOWED = {
    (S.BOOKED, S.OPEN),
    (S.BOOKED, S.MISSED),
    (S.BOOKED, S.CANCELLED),
    (S.OPEN, S.FINISHED),
    (S.OPEN, S.MISSED),
    (S.OPEN, S.CANCELLED),
}


@pytest.mark.parametrize(("old", "new"), list(itertools.product(S, S)))
def test_a_slot_changes_only_as_the_table_says(old: SlotState, new: SlotState) -> None:
    if (old, new) in ALLOWED:
        check_slot_transition(old, new)
    else:
        with pytest.raises(SlotTransitionError):
            check_slot_transition(old, new)


def test_the_table_knows_every_state_and_what_has_ended_stays_so() -> None:
    assert set(TRANSITIONS) == set(S)
    assert {state for state in S if TRANSITIONS[state]} == KEPT


def test_a_transition_that_is_refused_names_both_states() -> None:
    with pytest.raises(SlotTransitionError, match="A slot that is under way can't become booked"):
        check_slot_transition(S.OPEN, S.BOOKED)
