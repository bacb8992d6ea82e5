"""What a target needs to be automatic, as a table: all facts but one are well, and just that need is missing."""

from datetime import UTC, datetime
from typing import Any

import pytest

from apps_registry.readiness import CheckFacts, IssueFacts, Item, Need, ReadinessFacts, missing, readiness

AT = datetime(2026, 3, 3, 12, tzinfo=UTC)
HTTP = CheckFacts(name="Health", kind="http")
COMPARING = CheckFacts(name="Version", kind="http", names_release=True)
TEST = CheckFacts(name="Smokey", kind="command")
ISSUE = IssueFacts(pk=7, reason="Its tests are flaky.", opened_at=AT, opened_by="Alex Doe")


def facts(**changed: Any) -> ReadinessFacts:
    well: dict[str, Any] = {
        "application": "frontend",
        "environment": "staging",
        "owner": "Web",
        "watchers": ["#web"],
        "checks": [TEST, HTTP],
        "rolled_back_at": AT,
        "before": "integration",
    }
    return ReadinessFacts(**well | changed)


def item(need: Need, **changed: Any) -> Item:
    return next(one for one in readiness(facts(**changed)) if one.need == need)


def test_nothing_is_missing_where_all_is_well() -> None:
    items = readiness(facts())

    assert [one.need for one in items] == list(Need)
    assert not missing(items)
    assert not any(one.fix or one.link for one in items)


@pytest.mark.parametrize(
    ("need", "changed"),
    [
        (Need.DEPLOYER, {"has_deployer": False}),
        (Need.OWNER, {"owner_reachable": False}),
        (Need.WATCHER, {"watchers": []}),
        (Need.WATCHER, {"watchers": [], "mute_watchers": ["jo"]}),
        (Need.SMOKE, {"checks": [HTTP]}),
        (Need.HEALTH, {"checks": [TEST]}),
        (Need.ROLLBACK, {"rolled_back_at": None}),
        (Need.TRUST, {"trust_issues": [ISSUE]}),
        (Need.SLOTS, {"slots_required": True}),
        (Need.BEFORE, {"before_automatic": False}),
    ],
)
def test_each_need_is_missing_by_itself_and_says_how_it_is_mended(need: Need, changed: dict[str, Any]) -> None:
    [found] = missing(readiness(facts(**changed)))

    assert found.need == need
    assert found.sentence.endswith(".")
    assert found.fix.endswith(".")
    assert found.link.startswith("/")


@pytest.mark.parametrize("need", Need)
def test_only_the_lack_of_a_deployer_a_watcher_or_an_owner_who_can_be_told_is_beyond_overriding(need: Need) -> None:
    assert item(need).overridable == (need not in (Need.DEPLOYER, Need.OWNER, Need.WATCHER))


@pytest.mark.parametrize(
    ("checks", "lacking"),
    [
        ([], {Need.SMOKE, Need.HEALTH}),
        ([HTTP], {Need.SMOKE}),
        ([TEST], {Need.HEALTH}),
        ([COMPARING], set()),
        ([TEST, HTTP], set()),
        ([CheckFacts(name="Alerts", kind="prometheus"), TEST], set()),
        ([CheckFacts(name="Workflow", kind="github_workflow")], {Need.HEALTH}),
    ],
)
def test_what_counts_as_a_smoke_check_and_what_as_a_health_check(checks: list[CheckFacts], lacking: set[Need]) -> None:
    assert {one.need for one in missing(readiness(facts(checks=checks)))} == lacking


@pytest.mark.parametrize(
    ("need", "changed", "sentence"),
    [
        (Need.WATCHER, {"watchers": list("abcde")}, "Watched by a, b, c and 2 more."),
        (Need.WATCHER, {"watchers": [], "mute_watchers": ["jo"]}, "Who watches it can't be told: jo."),
        (Need.ROLLBACK, {}, "A rollback here succeeded on 3 March 2026."),
        (
            Need.TRUST,
            {"trust_issues": [ISSUE, ISSUE]},
            "It isn't trusted to deploy automatically: Its tests are flaky. And 1 more.",
        ),
        (Need.BEFORE, {"before": ""}, "It is the first environment on the way."),
        (Need.BEFORE, {"before_automatic": False}, "It is manual in integration, so nothing arrives here by itself."),
    ],
)
def test_what_the_sentences_say(need: Need, changed: dict[str, Any], sentence: str) -> None:
    assert item(need, **changed).sentence == sentence


def test_an_open_trust_issue_leads_to_where_it_is_resolved() -> None:
    assert item(Need.TRUST, trust_issues=[ISSUE]).link == "/trust-issues/7/resolve/"
