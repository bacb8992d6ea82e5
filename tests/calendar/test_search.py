"""The search for the first clear moment, and the look-up that it uses."""

from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployer.calendar.search import first_clear, nearby
from deployer.calendar.spans import Span
from deployer.gates import Blocker, BlockerKind
from tests.calendar.strategies import DAY, MINUTE, utc

NOW = utc("2026-03-02 10:00")
HORIZON = NOW + DAY


def until(at: datetime | None) -> Blocker:
    return Blocker(kind=BlockerKind.FREEZE, sentence="Frozen.", who="Alex", until=at)


def test_it_goes_from_the_last_end_to_the_next() -> None:
    asked = []

    def blockers_at(at: datetime) -> list[Blocker]:
        asked.append(at)
        ends = [NOW + number * MINUTE for number in (5, 7, 30)]
        return [until(end) for end in ends[:2] if at < end] or [until(end) for end in ends[2:] if at < end]

    assert first_clear(blockers_at, NOW, HORIZON) == NOW + 30 * MINUTE
    assert asked == [NOW, NOW + 7 * MINUTE, NOW + 30 * MINUTE]


def test_a_blocker_without_an_end_ends_the_search() -> None:
    assert first_clear(lambda _: [until(None), until(NOW + MINUTE)], NOW, HORIZON) is None


def test_moments_that_may_be_clear_before_an_end_are_looked_at() -> None:
    clear = NOW + 3 * MINUTE
    also = [NOW - MINUTE, NOW, NOW + MINUTE, clear, NOW + 9 * MINUTE]

    def blocks_until(end: datetime | None) -> Callable[[datetime], list[Blocker]]:
        return lambda at: [until(end)] if at != clear else []

    for end in (None, NOW + 8 * MINUTE):
        assert first_clear(blocks_until(end), NOW, HORIZON, also=also) == clear


def test_the_horizon_is_the_last_moment_that_is_looked_at() -> None:
    def blocks_until(end: datetime) -> Callable[[datetime], list[Blocker]]:
        return lambda at: [until(end)] if at < end else []

    for end, found in ((HORIZON, HORIZON), (HORIZON + MINUTE, None)):
        assert first_clear(blocks_until(end), NOW, HORIZON) == found


def test_a_rule_whose_end_has_passed_is_a_mistake_and_not_an_endless_search() -> None:
    with pytest.raises(RuntimeError, match="says that it has ended"):
        first_clear(lambda _: [until(NOW)], NOW, HORIZON)


spans = st.tuples(st.integers(0, 60), st.integers(1, 30)).map(
    lambda drawn: Span(NOW + drawn[0] * MINUTE, NOW + (drawn[0] + drawn[1]) * MINUTE)
)


@settings(max_examples=100, deadline=None)
@given(st.lists(spans, max_size=8), spans)
def test_what_is_near_holds_all_that_overlap_in_their_order(items: list[Span], asked: Span) -> None:
    found = nearby(items, lambda span: span)(*asked)

    assert [span for span in found if span.overlaps(*asked)] == sorted(
        (span for span in items if span.overlaps(*asked)), key=lambda span: span.start
    )


def test_what_is_far_is_not_looked_at() -> None:
    items = [Span(NOW + number * MINUTE, NOW + (number + 1) * MINUTE) for number in range(1000)]

    assert len(nearby(items, lambda span: span)(NOW + 500 * MINUTE, NOW + 501 * MINUTE)) == 1
