"""Spans, held against sets of minutes."""

from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployer.calendar.spans import Span, levels, merge, subtract
from tests.calendar.strategies import MINUTE, utc

START = utc("2026-03-02 10:00")
LENGTH = 20

drawn_spans = st.lists(
    st.tuples(st.integers(-3, LENGTH + 3), st.integers(0, 8)).map(
        lambda drawn: Span(START + drawn[0] * MINUTE, START + (drawn[0] + drawn[1]) * MINUTE)
    ),
    max_size=6,
)


def at(minute: int) -> datetime:
    return START + minute * MINUTE


def span(start: int, end: int) -> Span:
    return Span(at(start), at(end))


def minutes_of(spans: list[Span]) -> set[int]:
    return {minute for minute in range(-5, LENGTH + 15) if any(one.start <= at(minute) < one.end for one in spans)}


@settings(max_examples=200, deadline=None)
@given(drawn_spans)
def test_merged_spans_are_the_same_time_apart_and_in_order(spans: list[Span]) -> None:
    merged = merge(spans)

    assert minutes_of(merged) == minutes_of(spans)
    assert all(one.start < one.end for one in merged)
    assert all(one.end < other.start for one, other in pairwise(merged))


@settings(max_examples=200, deadline=None)
@given(drawn_spans, drawn_spans)
def test_subtracting_takes_the_holes_and_nothing_else(spans: list[Span], holes: list[Span]) -> None:
    assert minutes_of(subtract(spans, holes)) == minutes_of(spans) - minutes_of(holes)


@settings(max_examples=100, deadline=None)
@given(st.lists(drawn_spans, max_size=4))
def test_levels_count_the_groups_at_every_moment(groups: list[list[Span]]) -> None:
    found = levels(groups, at(0), at(LENGTH))

    assert found[0][0].start == at(0)
    assert found[-1][0].end == at(LENGTH)
    assert all(one.end == other.start for (one, _), (other, _) in pairwise(found))
    for minute in range(LENGTH):
        level = next(level for part, level in found if part.holds(at(minute)))
        assert level == sum(minute in minutes_of(group) for group in groups)


@pytest.mark.parametrize(
    ("one", "start", "end", "expected"),
    [
        (span(0, 10), 10, 20, False),
        (span(0, 10), -5, 0, False),
        (span(0, 10), 9, 10, True),
        (span(0, 10), -5, 1, True),
        (span(0, 10), -5, 15, True),
        (span(5, 5), 0, 10, False),
        (span(0, 10), 5, 5, False),
    ],
)
def test_only_those_that_share_time_overlap(one: Span, start: int, end: int, expected: bool) -> None:
    assert one.overlaps(at(start), at(end)) is expected


def test_a_span_holds_its_start_and_not_its_end() -> None:
    assert [span(0, 10).holds(at(minute)) for minute in (-1, 0, 9, 10)] == [False, True, True, False]


def test_spans_that_touch_become_one() -> None:
    assert merge([span(5, 8), span(0, 5), span(9, 10), span(7, 7)]) == [span(0, 8), span(9, 10)]


def test_two_spans_of_one_group_count_once() -> None:
    found = levels([[span(0, 6), span(4, 8)], [span(4, 5)]], at(0), at(10))

    assert [(part, level) for part, level in found if level == 2] == [(span(4, 5), 2)]
    assert max(level for _, level in found) == 2
