"""The watchdog's rules: what stalls and what does not, from when on, whose move it is, and when it is told again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.gates import Blocker, BlockerKind
from deployer.promotions.watchdog import (
    ENGINES,
    LIMITS,
    Concern,
    HoldWatch,
    Mover,
    PromotionWatch,
    RunningStep,
    Stall,
    StallKind,
    again_at,
    hold_concern,
    length_in_words,
    promotion_concern,
    stall,
)

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
"""A Tuesday."""
FRIDAY, SATURDAY, SUNDAY, MONDAY = (NOON + timedelta(days=days) for days in (3, 4, 5, 6))
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MOMENT = timedelta(microseconds=1)


def blocker(kind: str, **fields: object) -> Blocker:
    return Blocker(kind=BlockerKind(kind), sentence=f"{kind}.", who="Web can change it", **fields)  # type: ignore[arg-type]


def waiting(*blockers: Blocker, since: datetime = NOON, **fields: object) -> PromotionWatch:
    """It is looked at again before long, so that its timer is no news."""
    values: dict[str, object] = {"due_at": NOON + timedelta(days=90), "waits_since": since, "blockers": blockers}
    return PromotionWatch(title="frontend v1 to staging", team="Web", **values | fields)  # type: ignore[arg-type]


def running(kind: str, *, limit: float, needs: float = 0, **fields: object) -> PromotionWatch:
    step = RunningStep(kind=kind, name="Smoke test", started_at=NOON, limit=limit, needs=needs)
    return waiting(step=replace(step, **fields))  # type: ignore[arg-type]


def held(**fields: object) -> HoldWatch:
    values: dict[str, object] = {"placed_at": NOON, "by_engine": True, "reason": "It failed."}
    return HoldWatch(title="frontend in staging", team="Web", **values | fields)  # type: ignore[arg-type]


def stalls(facts: PromotionWatch | HoldWatch, now: datetime) -> Stall | None:
    concern = hold_concern(facts, now) if isinstance(facts, HoldWatch) else promotion_concern(facts, now)
    return stall(concern, now)


def check_limit(facts: PromotionWatch | HoldWatch, after: timedelta) -> Stall:
    """It stalls so long after noon, and not a moment before."""
    assert stalls(facts, NOON + after - MOMENT) is None
    found = stalls(facts, NOON + after)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("kind", "after", "whose"),
    [
        ("not_configured", DAY, "an admin"),
        ("veto", DAY, "Web"),
        ("pin", DAY, "Web"),
        ("trust_issue", DAY, "Web"),
        ("approval", 4 * HOUR, "Web"),
        ("manual", DAY, "Web"),
        ("no_slot", DAY, "Web"),
        ("not_verified", 4 * HOUR, "Web"),
        ("queue", 4 * HOUR, "Web"),
        ("busy", 4 * HOUR, "Web"),
        ("exclusion", 4 * HOUR, "release managers"),
        ("capacity", 4 * HOUR, "release managers"),
        ("freeze", DAY, "release managers"),
        ("window", DAY, "release managers"),
        ("backwards", DAY, "Web"),
        ("something_of_another_version", DAY, "Web"),
    ],
)
def test_what_waits_stalls_at_the_limit_of_its_reason(kind: str, after: timedelta, whose: str) -> None:
    found = check_limit(waiting(blocker(kind)), after)

    assert found.whose == whose
    assert found.since == NOON


def test_every_reason_that_can_last_has_a_limit_or_is_shown_by_itself() -> None:
    for kind in set(BlockerKind) - {BlockerKind.HOLD}:
        assert stalls(waiting(blocker(kind)), NOON + 10 * DAY) is not None, kind


def test_a_stall_says_what_has_waited_for_what_how_long_and_whose_move_it_is() -> None:
    found = stalls(waiting(blocker("manual")), NOON + 2 * DAY)

    assert found is not None
    assert found.sentence == (
        "frontend v1 to staging has waited for 2 days for somebody to start it. It is Web's move."
    )


def test_a_hold_explains_what_waits_behind_it() -> None:
    assert stalls(waiting(blocker("hold"), blocker("manual")), NOON + 30 * DAY) is None


def test_what_waits_for_a_reason_that_ends_by_itself_does_not_stall() -> None:
    night = blocker("window", until=NOON + 20 * DAY)

    assert stalls(waiting(night), NOON + 19 * DAY) is None


def test_what_a_person_could_start_is_not_told_of_while_something_else_ends_by_itself() -> None:
    frozen = waiting(blocker("manual"), blocker("freeze", until=NOON + 7 * DAY))

    assert stalls(frozen, NOON + 6 * DAY) is None
    assert stalls(frozen, NOON + 7 * DAY) is not None


def test_an_approval_that_is_asked_for_until_a_moment_is_still_waited_for() -> None:
    check_limit(waiting(blocker("approval", until=NOON + DAY)), 4 * HOUR)


def test_of_several_reasons_the_one_that_a_person_must_end_counts() -> None:
    found = stalls(waiting(blocker("capacity"), blocker("manual")), NOON + DAY)

    assert found is not None
    assert found.kind is StallKind.MANUAL


def test_a_reason_that_the_watchdog_has_noted_counts_from_then_whatever_came_and_went_beside_it() -> None:
    facts = waiting(blocker("manual"), since=NOON + 20 * HOUR, noted={"manual": NOON})

    check_limit(facts, DAY)


def test_what_runs_before_it_on_a_target_where_releases_soak_long_may_take_as_much_longer() -> None:
    check_limit(waiting(blocker("busy"), soak=86400), DAY + 4 * HOUR)


@pytest.mark.parametrize(("timeout", "after"), [(1800, 15 * MINUTE), (7200, HOUR), (60, 10 * MINUTE)])
def test_a_deploy_stalls_at_half_of_its_time_limit_and_not_within_ten_minutes(timeout: int, after: timedelta) -> None:
    found = check_limit(running("deploy", limit=timeout), after)

    assert found.whose == "Web"


def test_a_check_stalls_at_half_of_its_time_limit() -> None:
    check_limit(running("check", limit=3600), HOUR / 2)


def test_a_check_that_needs_long_by_itself_has_ten_minutes_more_than_that() -> None:
    check_limit(running("check", limit=3600, needs=3000), timedelta(seconds=3600))


def test_a_soak_stalls_a_little_past_its_end_and_that_is_deployers_own() -> None:
    found = check_limit(running("soak", limit=600), 15 * MINUTE)

    assert found.whose == "Deployer's operators"


@pytest.mark.parametrize("facts", [waiting(due_at=NOON), running("deploy", limit=86400, due_at=NOON)])
def test_a_timer_on_which_nobody_acts_is_deployers_own_stall(facts: PromotionWatch) -> None:
    found = check_limit(facts, 5 * MINUTE)

    assert found.kind is StallKind.OVERDUE
    assert found.sentence.endswith("It is Deployer's operators' move.")


def test_what_has_no_timer_at_all_is_never_looked_at_so_it_stalls_too() -> None:
    check_limit(waiting(due_at=None), 5 * MINUTE)


@pytest.mark.parametrize(
    ("facts", "after", "kind"),
    [
        (held(), HOUR, StallKind.STOPPED),
        (held(by_engine=False), DAY, StallKind.HELD),
        (held(ends_at=NOON + DAY), DAY + 5 * MINUTE, StallKind.HOLD_END),
        (held(fix_forward_at=NOON), 4 * HOUR, StallKind.FIX_FORWARD),
    ],
)
def test_a_hold_that_nobody_lifts_stalls(facts: HoldWatch, after: timedelta, kind: StallKind) -> None:
    assert check_limit(facts, after).kind is kind


def test_a_fix_forward_whose_newer_release_is_on_its_way_does_not_stall() -> None:
    assert stalls(held(fix_forward_at=NOON, newer_moves=True), NOON + 30 * DAY) is None


@pytest.mark.parametrize(
    ("since", "stalls_at"),
    [
        (FRIDAY, MONDAY),
        (SATURDAY, MONDAY.replace(hour=0) + DAY),
        (SUNDAY + 11 * HOUR, MONDAY.replace(hour=0) + DAY),
        (MONDAY, MONDAY + DAY),
    ],
)
def test_a_working_day_has_no_weekend_in_it(since: datetime, stalls_at: datetime) -> None:
    facts = waiting(blocker("manual"), since=since)

    assert stalls(facts, stalls_at - MOMENT) is None
    assert stalls(facts, stalls_at) is not None


def test_the_weekend_is_that_of_deployers_own_zone() -> None:
    sydney = ZoneInfo("Australia/Sydney")
    facts = waiting(blocker("manual"), since=datetime(2026, 3, 6, 14, tzinfo=UTC))

    concern = promotion_concern(facts, NOON + 3 * DAY, sydney)

    assert concern is not None
    assert concern.limit_at == datetime(2026, 3, 10, 0, tzinfo=sydney)


def told_after(kind: StallKind, times: int, now: datetime = NOON) -> list[timedelta]:
    """The pauses between so many tellings."""
    pauses = []
    for told in range(1, times):
        again = again_at(LIMITS[kind], told, now)
        pauses.append(again - now)
        now = again
    return pauses


def test_what_is_hurried_is_told_again_after_pauses_that_grow_to_a_day() -> None:
    assert told_after(StallKind.STOPPED, 8) == [HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, DAY, DAY, DAY]


def test_what_can_wait_is_told_again_by_the_day_then_by_the_week_and_not_at_a_weekend() -> None:
    assert told_after(StallKind.MANUAL, 7) == [DAY, 2 * DAY, 4 * DAY, 7 * DAY, 7 * DAY, 7 * DAY]
    assert told_after(StallKind.MANUAL, 2, FRIDAY) == [3 * DAY]


def test_every_kind_has_its_limit_and_only_deployers_own_are_its_operators() -> None:
    assert set(LIMITS) == set(StallKind)
    assert {kind for kind, limit in LIMITS.items() if limit.mover is Mover.OPERATORS} == ENGINES


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=59), "less than a minute"),
        (MINUTE, "1 minute"),
        (119 * MINUTE, "1 hour"),
        (47 * HOUR, "1 day"),
        (50 * HOUR, "2 days"),
    ],
)
def test_a_length_is_said_in_its_largest_unit(length: timedelta, words: str) -> None:
    assert length_in_words(length) == words


blockers = st.builds(
    Blocker,
    kind=st.sampled_from(BlockerKind),
    sentence=st.just("It waits."),
    who=st.just("Web can change it"),
    until=st.none() | st.integers(-48, 48).map(lambda hours: NOON + hours * HOUR),
)


@given(st.lists(blockers, max_size=4), st.integers(0, 400))
def test_what_stalls_goes_on_to_stall_until_something_changes(reasons: list[Blocker], hours: int) -> None:
    facts, now = waiting(*reasons), NOON + hours * HOUR
    if stalls(facts, now) is not None:
        assert stalls(facts, now + HOUR) is not None


@given(st.lists(blockers, max_size=4))
def test_nothing_waits_for_ever_without_stalling_but_behind_a_hold_or_what_ends(reasons: list[Blocker]) -> None:
    concern: Concern | None = promotion_concern(waiting(*reasons), NOON)

    explained = any(one.kind is BlockerKind.HOLD for one in reasons)
    ends = all(one.until is not None and one.kind is not BlockerKind.APPROVAL for one in reasons)
    assert (concern is None) == (explained or ends)
    if concern is not None:
        assert stall(concern, concern.told_at) is not None
        assert concern.told_at <= NOON + 4 * DAY
