"""The gate: each rule by itself, and all of them together."""

import dataclasses
from datetime import UTC, datetime

import pytest

from deployer.gates import Blocker, BlockerKind
from deployer.promotions.rules import (
    GateFacts,
    HoldFacts,
    LiveFacts,
    RunningFacts,
    UpstreamFacts,
    gate,
)

FREE = GateFacts(application="frontend", environment="staging", owner="Web", version="v5", order=5, capacity=2)
NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
OTHER = RunningFacts(application="router", version="v9", link="/promotions/9/")


def kinds(facts: GateFacts) -> list[BlockerKind]:
    return [blocker.kind for blocker in gate(facts, NOW)]


def test_nothing_stands_in_the_way_of_a_free_promotion() -> None:
    assert gate(FREE, NOW) == []


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"archived": True}, BlockerKind.ARCHIVED),
        ({"has_deployer": False}, BlockerKind.NOT_CONFIGURED),
        ({"floor": 6, "floor_version": "v6"}, BlockerKind.BACKWARDS),
        ({"live": LiveFacts(version="v5", order=5, verified=True), "floor": 5}, BlockerKind.ALREADY_LIVE),
        ({"holds": (HoldFacts(scope="frontend", reason="Stop.", placed_by="Alex"),)}, BlockerKind.HOLD),
        ({"trust_issues": ("Its tests are flaky.",)}, BlockerKind.TRUST_ISSUE),
        ({"automatic": False}, BlockerKind.MANUAL),
        ({"upstream": UpstreamFacts(environment="integration", verified=False)}, BlockerKind.NOT_VERIFIED),
        ({"ahead": ("v4",)}, BlockerKind.QUEUE),
        ({"busy": OTHER}, BlockerKind.BUSY),
        ({"running": (OTHER,), "exclusions": {"router": "They share a cache."}}, BlockerKind.EXCLUSION),
        ({"running": (dataclasses.replace(OTHER, deploys_alone=True),)}, BlockerKind.EXCLUSION),
        ({"running": (OTHER,), "deploys_alone": True, "deploys_alone_reason": "Big."}, BlockerKind.EXCLUSION),
        ({"running": (OTHER, OTHER)}, BlockerKind.CAPACITY),
    ],
)
def test_each_rule_blocks_for_its_own_reason(change: dict[str, object], kind: BlockerKind) -> None:
    assert kinds(dataclasses.replace(FREE, **change)) == [kind]  # type: ignore[arg-type]


HELD = HoldFacts(scope="frontend", reason="Stop.", placed_by="Alex")


@pytest.mark.parametrize(
    ("terms", "passes"),
    [
        ({"safe": 5, "safe_version": "v5"}, True),
        ({"safe": 4, "safe_version": "v4"}, False),
        ({"fix_past": 4, "fix_past_version": "v4"}, True),
        ({"fix_past": 5, "fix_past_version": "v5"}, False),
        ({"fix_past": 6, "safe": 4}, False),
    ],
)
def test_a_hold_lets_pass_what_is_safe_and_what_is_newer_than_what_is_mended(
    terms: dict[str, object], passes: bool
) -> None:
    hold = dataclasses.replace(HELD, **terms)  # type: ignore[arg-type]

    assert (kinds(dataclasses.replace(FREE, holds=(hold,))) == []) is passes


def test_a_hold_says_what_passes_it_until_when_and_whom_to_ask() -> None:
    hold = dataclasses.replace(HELD, safe=4, safe_version="v4", until=NOW, contact="Sam", link="/holds/1/")

    blocker = gate(dataclasses.replace(FREE, holds=(hold,)), NOW)[0]

    assert blocker.sentence == "frontend is on hold, placed by Alex: Stop. Releases up to v4 pass it. Ask Sam."
    assert (blocker.who, blocker.until, blocker.link) == ("Web can lift the hold", NOW, "/holds/1/")


@pytest.mark.parametrize(
    "change",
    [
        {"floor": 5, "floor_version": "v5"},
        {"live": LiveFacts(version="v5", order=5, verified=False), "floor": 5},
        {"upstream": UpstreamFacts(environment="integration", verified=True)},
        {"running": (OTHER,)},
        {"running": (OTHER,), "exclusions": {"whitehall": "They share a schema."}},
    ],
)
def test_what_only_looks_alike_does_not_block(change: dict[str, object]) -> None:
    assert kinds(dataclasses.replace(FREE, **change)) == []  # type: ignore[arg-type]


EVERYTHING = dataclasses.replace(
    FREE,
    archived=True,
    has_deployer=False,
    floor=6,
    floor_version="v6",
    holds=(HoldFacts(scope="frontend", reason="Stop.", placed_by="Alex"),),
    trust_issues=("Its tests are flaky.",),
    automatic=False,
    upstream=UpstreamFacts(environment="integration", verified=False),
    ahead=("v4",),
    busy=OTHER,
    running=(OTHER,),
    exclusions={"router": "They share a cache."},
)


def test_all_reasons_are_given_at_once() -> None:
    assert len(kinds(EVERYTHING)) == 11


def test_a_person_passes_only_what_keeps_the_engine_from_starting_by_itself() -> None:
    passed = set(kinds(EVERYTHING)) - set(kinds(dataclasses.replace(EVERYTHING, by_hand=True)))

    assert passed == {BlockerKind.MANUAL, BlockerKind.TRUST_ISSUE}


def test_a_rollback_still_keeps_to_capacity_and_exclusions() -> None:
    left = kinds(dataclasses.replace(EVERYTHING, is_rollback=True))

    assert left == [
        BlockerKind.ARCHIVED,
        BlockerKind.NOT_CONFIGURED,
        BlockerKind.BUSY,
        BlockerKind.EXCLUSION,
        BlockerKind.CAPACITY,
    ]


def test_every_blocker_says_why_and_who_and_survives_the_database() -> None:
    for blocker in gate(EVERYTHING, NOW):
        assert blocker.sentence
        assert blocker.who
        assert Blocker.from_json(blocker.to_json()) == blocker
