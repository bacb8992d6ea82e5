"""The states of a slot and its one table of transitions. Pure."""

from collections.abc import Mapping

from django.db.models import TextChoices


class SlotState(TextChoices):
    BOOKED = "booked", "Booked"
    OPEN = "open", "Under way"
    FINISHED = "finished", "Finished"
    MISSED = "missed", "Missed"
    CANCELLED = "cancelled", "Cancelled"


class SlotTransitionError(Exception):
    """The slot's state does not allow that, or another change came first."""


TRANSITIONS: Mapping[SlotState, frozenset[SlotState]] = {
    SlotState.BOOKED: frozenset({SlotState.OPEN, SlotState.MISSED, SlotState.CANCELLED}),
    SlotState.OPEN: frozenset({SlotState.FINISHED, SlotState.MISSED, SlotState.CANCELLED}),
    SlotState.FINISHED: frozenset(),
    SlotState.MISSED: frozenset(),
    SlotState.CANCELLED: frozenset(),
}
KEPT = frozenset({SlotState.BOOKED, SlotState.OPEN})
"""The slots that keep their time free; of the others the time has passed or been given back."""


def check_slot_transition(old: SlotState, new: SlotState) -> None:
    """Raises SlotTransitionError when the table forbids it."""
    if new not in TRANSITIONS[old]:
        raise SlotTransitionError(f"A slot that is {old.label.lower()} can't become {new.label.lower()}.")
