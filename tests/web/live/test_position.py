"""How far somebody has heard, and what a browser may send of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.web.live.position import GAPS, Mark, Position
from deployer.web.live.topics import About


def test_a_position_goes_to_a_browser_and_back() -> None:
    position = Position(Mark(120, frozenset({118, 111})), Mark(7))

    assert str(position) == "120-118-111.7"
    assert Position.read(str(position)) == position


@pytest.mark.parametrize("text", ["", "1", "1.", ".1", "-1.2", "1.2.3", "a.b", "1 .2", "1.2\n", "٣.1", "9" * 25 + ".1"])
def test_anything_else_is_no_position(text: str) -> None:
    assert Position.read(text) is None


def test_no_number_is_more_than_a_database_takes() -> None:
    assert Position.read(f"{2**63}.1") is None
    assert Position.read(f"{2**63 - 1}.1") is not None


def test_the_longest_position_is_read() -> None:
    mark = Mark(1000).after(frozenset({1000 + GAPS + 1}))

    assert Position.read(str(Position(mark, mark))) == Position(mark, mark)


@given(st.sets(st.integers(1, GAPS), min_size=1), st.sets(st.integers(1, GAPS)))
def test_what_appears_late_was_missing_before(early: set[int], late: set[int]) -> None:
    """Whatever is seen first, each other id is either above the last or among the missing."""
    mark = Mark().after(frozenset(early))

    assert all(one > mark.last or one in mark.gaps for one in late - early)
    assert not mark.gaps & early


def test_a_jump_of_the_ids_is_not_remembered_whole() -> None:
    mark = Mark(1).after(frozenset({1_000_000}))

    assert mark.last == 1_000_000
    assert len(mark.gaps) < GAPS + 1


def test_the_topics_of_a_change() -> None:
    assert About("publisher", "production", "slot:7", 12, 3).topics() == {
        "application:publisher",
        "environment:production",
        "slot:7",
        "promotion:12",
        "release:3",
    }
    assert About("", "", "", None).topics() == set()
