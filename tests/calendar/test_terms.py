"""What a freeze says by itself: what it covers, what it lets through, when it holds."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from deployer.calendar.terms import FrozenTime, Terms, scope_in_words

MINE, OTHER = 1, 2
"""Ids of applications, of the teams that own them, and of environments."""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def terms(**fields: object) -> Terms:
    """Friday 6 March 2026, 16:00 to midnight."""
    values: dict[str, object] = {
        "starts_at": at("2026-03-06 16:00"),
        "ends_at": at("2026-03-07 00:00"),
        "zone": "Europe/London",
    }
    return Terms(**values | fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("environments", "teams", "applications", "covered"),
    [
        ((), (), (), True),
        ((MINE,), (), (), True),
        ((OTHER,), (), (), False),
        ((), (MINE,), (), True),
        ((), (OTHER,), (), False),
        ((), (), (MINE,), True),
        ((), (), (OTHER,), False),
        ((), (MINE,), (OTHER,), True),
        ((), (OTHER,), (MINE,), True),
        ((), (OTHER,), (OTHER,), False),
        ((MINE,), (MINE,), (), True),
        ((OTHER,), (MINE,), (MINE,), False),
        ((OTHER, MINE), (OTHER,), (MINE,), True),
    ],
)
def test_what_is_named_adds_up_and_what_is_not_named_is_everything(
    environments: tuple[int, ...], teams: tuple[int, ...], applications: tuple[int, ...], covered: bool
) -> None:
    scope = terms(environments=frozenset(environments), teams=frozenset(teams), applications=frozenset(applications))

    assert scope.covers(application=MINE, owner=MINE, environment=MINE) is covered


@pytest.mark.parametrize("rollbacks", [True, False])
@pytest.mark.parametrize("by_hand", [True, False])
def test_it_lets_through_what_it_says(rollbacks: bool, by_hand: bool) -> None:
    said = terms(allows_rollbacks=rollbacks, allows_by_hand=by_hand)

    assert said.lets_through(is_rollback=True, by_hand=False) is rollbacks
    assert said.lets_through(is_rollback=False, by_hand=True) is by_hand
    assert said.lets_through(is_rollback=True, by_hand=True) is (rollbacks or by_hand)
    assert not said.lets_through(is_rollback=False, by_hand=False)


def test_one_that_is_never_lifted_has_a_time_without_an_end() -> None:
    said = terms(ends_at=None)

    assert list(said.coming(at("2030-01-01"))) == [FrozenTime(said.starts_at, None)]
    assert not said.is_over(at("2030-01-01"))


@pytest.mark.parametrize(
    ("now", "over"),
    [("2026-03-06 23:59:59.999999", False), ("2026-03-07 00:00", True), ("2020-01-01", False)],
)
def test_once_is_over_at_its_end_and_not_before_however_far_ahead_it_is(now: str, over: bool) -> None:
    assert terms().is_over(at(now)) is over


def test_times_that_come_rarely_are_found_however_far_ahead_they_are() -> None:
    leap = terms(
        starts_at=at("2028-02-29 10:00"),
        ends_at=at("2028-02-29 12:00"),
        recurrence="FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
    )

    found = islice(leap.coming(at("2028-03-01")), 2)

    assert [time.first.year for time in found] == [2032, 2036]
    assert not leap.is_over(at("2028-03-01"))


@pytest.mark.parametrize("rule", ["FREQ=WEEKLY;COUNT=2", "FREQ=WEEKLY;UNTIL=20260314"])
def test_a_rule_that_ends_is_over_after_its_last_time(rule: str) -> None:
    said = terms(recurrence=rule)

    assert not said.is_over(at("2026-03-13 23:59"))
    assert said.is_over(at("2026-03-14 00:00"))


def test_a_time_that_was_lifted_while_it_held_ends_then_and_one_that_was_lifted_before_is_left_out() -> None:
    first, second, third = (at(f"2026-03-{day:02} 16:00") for day in (6, 13, 20))
    said = terms(
        recurrence="FREQ=WEEKLY",
        lifts={first: first + timedelta(hours=1), second: first + timedelta(hours=1)},
    )

    found = list(said.times(at("2026-03-01"), at("2026-03-21")))

    assert found == [
        FrozenTime(first, first + timedelta(hours=1)),
        FrozenTime(third, at("2026-03-21")),
    ]
    assert next(said.coming(first + timedelta(hours=2))).first == third


def test_what_was_lifted_for_good_has_no_further_time() -> None:
    said = terms(recurrence="FREQ=DAILY", lifted_at=at("2026-03-08 17:00"))

    found = said.times(at("2026-03-01"), at("2026-04-01"))

    assert [time.until for time in found] == [at("2026-03-07"), at("2026-03-08"), at("2026-03-08 17:00")]
    assert said.is_over(at("2026-03-08 17:00"))


@pytest.mark.parametrize(
    ("first", "now", "there"),
    [
        ("2026-03-13 16:00", "2026-03-06 12:00", True),
        ("2026-03-13 16:00", "2026-03-13 23:59", True),
        ("2026-03-13 16:00", "2026-03-14 00:00", False),
        ("2026-03-13 16:01", "2026-03-06 12:00", False),
        ("2026-02-27 16:00", "2026-02-01 12:00", False),
        ("2031-03-07 16:00", "2026-03-06 12:00", True),
    ],
)
def test_a_time_is_found_by_its_start_until_it_has_ended(first: str, now: str, there: bool) -> None:
    found = terms(recurrence="FREQ=WEEKLY").time_to_come(at(first), at(now))

    assert (found is not None) is there
    assert found is None or found.first == at(first)


@pytest.mark.parametrize(
    ("named", "environments", "words"),
    [
        ([], [], "Everything"),
        ([], ["production"], "Everything in production"),
        (["Web", "router"], [], "Web, router in every environment"),
        (["router"], ["staging", "production"], "router in staging, production"),
    ],
)
def test_a_scope_in_words(named: list[str], environments: list[str], words: str) -> None:
    assert scope_in_words(named, environments) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [(3, "a, b, c in staging"), (4, "a, b and 2 more in staging"), (5, "a, b and 3 more in staging")],
)
def test_many_names_become_the_first_and_how_many_more(number: int, words: str) -> None:
    assert scope_in_words("abcde"[:number], ["staging"], most=3) == words
