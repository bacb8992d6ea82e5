"""How many were automatic when, worked out from how things are now and what has changed."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from deployer.web.rollout.trend import Happened, Past, counts_at

NOW = datetime(2026, 3, 20, tzinfo=UTC)
MARCH, FEBRUARY, JANUARY = (datetime(2026, month, 1, tzinfo=UTC) for month in (3, 2, 1))
MOMENTS = [NOW, MARCH, FEBRUARY, JANUARY]
HERE = ("frontend", "staging")


def happened(kind: str, at: datetime, **data: Any) -> Happened:
    return Happened(at=at, kind=kind, application=HERE[0], environment=HERE[1], data=data)


def changed(at: datetime, old: str, new: str) -> Happened:
    return happened("target.policy_changed", at, old=old, new=new)


def series(*events: Happened, automatic: bool = True, archived: bool = False) -> list[int]:
    """How many were automatic in staging at each of MOMENTS, whatever else was."""
    past = Past([HERE] if automatic else [], [HERE[0]] if archived else [])
    return [found["staging"] for found in counts_at(MOMENTS, past, events)]


def test_what_nothing_tells_of_was_so_all_along() -> None:
    assert series() == [1, 1, 1, 1]
    assert series(automatic=False) == [0, 0, 0, 0]


@pytest.mark.parametrize(
    "event",
    [
        changed(datetime(2026, 2, 10, tzinfo=UTC), "manual", "automatic"),
        happened("registry.target.changed", datetime(2026, 2, 10, tzinfo=UTC), policy=["manual", "automatic"]),
        happened("registry.target.created", datetime(2026, 2, 10, tzinfo=UTC), policy=[None, "automatic"]),
        happened("registry.application.unarchived", datetime(2026, 2, 10, tzinfo=UTC)),
    ],
    ids=lambda event: event.kind,
)
def test_what_became_automatic_in_february_was_not_before(event: Happened) -> None:
    assert series(event) == [1, 1, 0, 0]


@pytest.mark.parametrize(
    ("event", "now"),
    [
        (changed(datetime(2026, 2, 10, tzinfo=UTC), "automatic", "manual"), {"automatic": False}),
        (
            happened("registry.target.deleted", datetime(2026, 2, 10, tzinfo=UTC), policy=["automatic", None]),
            {"automatic": False},
        ),
        (happened("registry.application.archived", datetime(2026, 2, 10, tzinfo=UTC)), {"archived": True}),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_what_ceased_to_be_in_february_was_before(event: Happened, now: dict[str, bool]) -> None:
    assert series(event, **now) == [0, 0, 1, 1]


def test_changes_back_and_forth_are_undone_in_their_order() -> None:
    assert series(
        changed(datetime(2026, 3, 5, tzinfo=UTC), "manual", "automatic"),
        changed(datetime(2026, 2, 5, tzinfo=UTC), "automatic", "manual"),
        changed(datetime(2026, 1, 5, tzinfo=UTC), "manual", "automatic"),
    ) == [1, 0, 1, 0]


def test_a_change_at_the_very_start_of_a_month_is_that_month_s() -> None:
    assert series(changed(MARCH, "manual", "automatic")) == [1, 0, 0, 0]


def test_a_change_of_something_else_changes_nothing() -> None:
    assert series(happened("registry.target.changed", FEBRUARY, soak=[0, 600])) == [1, 1, 1, 1]


def test_each_environment_is_counted_by_itself() -> None:
    past = Past([HERE, ("frontend", "production"), ("router", "staging")], [])

    assert counts_at([NOW], past, []) == [Counter(staging=2, production=1)]
