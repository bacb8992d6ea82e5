"""The fault test's own eyes: each thing that may go wrong is seen."""

from dataclasses import replace

import pytest

from tests.faults.verdict import Ending, Expected, Outside, Place, problems

EXPECTED = Expected(applications=["app"], versions=["v1", "v2"], environments=["staging"])
ENDINGS = [
    Ending(
        application="app", version=version, environment="staging", state="succeeded", outcome="", key=f"key-{version}"
    )
    for version in EXPECTED.versions
]
LIVE: dict[Place, str] = {("app", "staging"): "v2"}
OUTSIDE = Outside(
    starts={"key-v1": 1, "key-v2": 1}, started=[("app", "v1", "staging"), ("app", "v2", "staging")], live=LIVE
)


def test_when_all_is_well_there_is_no_problem() -> None:
    assert problems(EXPECTED, ENDINGS, LIVE, OUTSIDE) == []


def test_a_lost_promotion_is_seen() -> None:
    assert problems(EXPECTED, ENDINGS[:1], LIVE, replace(OUTSIDE, starts={"key-v1": 1})) == [
        "app v2 to staging has 0 promotions instead of one."
    ]


@pytest.mark.parametrize("state", ["waiting", "failed", "errored"])
def test_a_promotion_that_did_not_succeed_is_seen(state: str) -> None:
    endings = [ENDINGS[0], replace(ENDINGS[1], state=state, outcome="Deploy: no.")]

    assert problems(EXPECTED, endings, LIVE, OUTSIDE) == [f"app v2 to staging is {state}: Deploy: no."]


def test_a_promotion_that_nobody_asked_for_is_seen() -> None:
    stray = replace(ENDINGS[0], version="v9", key="key-v9")

    assert problems(EXPECTED, [*ENDINGS, stray], LIVE, replace(OUTSIDE, starts={**OUTSIDE.starts, "key-v9": 1})) == [
        "app v9 staging has a promotion that nobody asked for."
    ]


def test_a_key_that_was_started_twice_is_seen() -> None:
    twice = replace(OUTSIDE, starts={"key-v1": 1, "key-v2": 2})

    assert problems(EXPECTED, ENDINGS, LIVE, twice) == ["The key key-v2 was started 2 times."]


def test_a_success_that_the_backend_knows_nothing_of_is_seen() -> None:
    assert problems(EXPECTED, ENDINGS, LIVE, replace(OUTSIDE, starts={"key-v1": 1})) == [
        "app v2 to staging succeeded, but the backend never saw its key key-v2."
    ]


def test_a_start_that_no_promotion_stands_behind_is_seen() -> None:
    stray = replace(OUTSIDE, starts={**OUTSIDE.starts, "key-v9": 1})

    assert problems(EXPECTED, ENDINGS, LIVE, stray) == ["The backend was given the key key-v9, which no promotion has."]


def test_a_step_backwards_is_seen_even_when_the_newest_is_live_at_the_end() -> None:
    order = [("app", "v1", "staging"), ("app", "v2", "staging"), ("app", "v1", "staging"), ("app", "v2", "staging")]

    assert problems(EXPECTED, ENDINGS, LIVE, replace(OUTSIDE, started=order)) == [
        "app in staging went backwards from v2 to v1."
    ]


def test_an_old_version_that_is_live_at_the_end_is_seen_on_either_side() -> None:
    old: dict[Place, str] = {("app", "staging"): "v1"}

    assert problems(EXPECTED, ENDINGS, old, OUTSIDE) == ["By Deployer, v1 is live of app in staging."]
    assert problems(EXPECTED, ENDINGS, LIVE, replace(OUTSIDE, live=old)) == [
        "By the backend, v1 is live of app in staging."
    ]
