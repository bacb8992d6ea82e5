"""The diagram of the states, drawn from the tables that the engine obeys."""

from collections.abc import Mapping
from typing import TypeVar

from django.db.models import TextChoices

from deployer.promotions.states import PROMOTION_TRANSITIONS, STEP_TRANSITIONS

State = TypeVar("State", bound=TextChoices)

PAGE = """# States

Drawn by `manage.py statechart` from the tables in `deployer/promotions/states.py`; `make check` fails when the two
differ, so change the tables and not this page.

## Promotion

{promotion}

## Step

{step}
"""


def page() -> str:
    """The text of docs/states.md."""
    return PAGE.format(promotion=_diagram(PROMOTION_TRANSITIONS), step=_diagram(STEP_TRANSITIONS))


def _diagram(table: Mapping[State, frozenset[State]]) -> str:
    states = list(table)
    lines = [f"    [*] --> {states[0].value}"]
    for state, ways in table.items():
        lines += [f"    {state.value} --> {way.value}" for way in sorted(ways, key=states.index)]
        if not ways:
            lines.append(f"    {state.value} --> [*]")
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```"])
