"""Vetoes, pins and approvals as the gate and the decision see them."""

import dataclasses
from datetime import datetime, timedelta

import pytest

from deployer.calendar.rules import CalendarFacts
from deployer.gates import Blocker, BlockerKind
from deployer.promotions.decide import Decision, PromotionFacts, decide
from deployer.promotions.rules import (
    NEVER_BY_WAITING,
    ApprovalFacts,
    GateFacts,
    HoldFacts,
    PinFacts,
    VetoFacts,
    gate,
)
from deployer.promotions.states import PromotionState

NOW = datetime.fromisoformat("2026-03-03T12:00:00+00:00")
SOON, LATE = NOW + timedelta(hours=1), NOW - timedelta(seconds=1)
FREE = GateFacts(application="frontend", environment="staging", owner="Web", version="v5", order=5, capacity=2)
VETO = VetoFacts(reason="It loses mail.", placed_by="Kim Doe", link="/applications/frontend/")
TO_V4 = PinFacts(version="v4", order=4, reason="The audit.", placed_by="Kim Doe", link="/applications/frontend/")
TO_V5 = dataclasses.replace(TO_V4, version="v5", order=5)
TWO = ApprovalFacts(needed=2, link="/promotions/7/approve/")


def blocked(**facts: object) -> list[Blocker]:
    return gate(dataclasses.replace(FREE, **facts), NOW)  # type: ignore[arg-type]


def decided(**facts: object) -> Decision:
    gate_facts = dataclasses.replace(FREE, **facts)  # type: ignore[arg-type]
    waiting = PromotionFacts(state=PromotionState.WAITING, gate=gate_facts)
    return decide(waiting, NOW, recheck=timedelta(minutes=1))


@pytest.mark.parametrize(
    ("facts", "kinds"),
    [
        ({"veto": VETO}, [BlockerKind.VETO]),
        ({"veto": VETO, "is_rollback": True}, [BlockerKind.VETO]),
        ({"veto": VETO, "by_hand": True}, [BlockerKind.VETO]),
        ({"pin": TO_V4}, [BlockerKind.PIN]),
        ({"pin": TO_V4, "by_hand": True}, [BlockerKind.PIN]),
        ({"pin": TO_V4, "is_rollback": True}, [BlockerKind.PIN]),
        ({"pin": TO_V5}, []),
        ({"pin": TO_V5, "is_rollback": True}, []),
        ({"approval": TWO}, [BlockerKind.APPROVAL]),
        ({"approval": TWO, "by_hand": True}, [BlockerKind.APPROVAL]),
        ({"approval": TWO, "is_rollback": True}, []),
        ({"approval": dataclasses.replace(TWO, given=("Kim Doe",))}, [BlockerKind.APPROVAL]),
        ({"approval": dataclasses.replace(TWO, given=("Kim Doe", "Jo Doe"))}, []),
        ({"approval": dataclasses.replace(TWO, given=("Kim Doe", "Jo Doe", "Sam Doe"))}, []),
        ({"approval": TWO, "overridden": frozenset({"approval"})}, []),
        ({"veto": VETO, "pin": TO_V4, "overridden": frozenset({"veto", "pin"})}, [BlockerKind.VETO, BlockerKind.PIN]),
    ],
)
def test_what_people_said_blocks_and_what_they_let_pass_does_not(
    facts: dict[str, object], kinds: list[BlockerKind]
) -> None:
    assert [blocker.kind for blocker in blocked(**facts)] == kinds


@pytest.mark.parametrize(
    ("facts", "sentence", "who"),
    [
        ({"veto": VETO}, "v5 was vetoed by Kim Doe: It loses mail.", "Web can withdraw the veto"),
        (
            {"pin": TO_V4},
            "frontend stays on v4 in staging, pinned by Kim Doe: The audit.",
            "Web can remove the pin",
        ),
        (
            {"approval": TWO},
            "It needs 2 approvals and has none yet.",
            "Web and release managers can approve it",
        ),
        (
            {"approval": ApprovalFacts(needed=1)},
            "It needs 1 approval and has none yet.",
            "Web and release managers can approve it",
        ),
        (
            {"approval": ApprovalFacts(needed=3, given=("Kim Doe", "Jo Doe"))},
            "It needs 3 approvals and has 2, by Kim Doe and Jo Doe.",
            "Web and release managers can approve it",
        ),
    ],
)
def test_each_says_why_and_who_can_change_it(facts: dict[str, object], sentence: str, who: str) -> None:
    blocker = blocked(**facts)[0]

    assert (blocker.sentence, blocker.who) == (sentence, who)
    assert Blocker.from_json(blocker.to_json()) == blocker


def test_each_links_to_where_it_can_be_changed() -> None:
    links = [blocker.link for blocker in blocked(veto=VETO, pin=TO_V4, approval=TWO)]

    assert links == ["/applications/frontend/", "/applications/frontend/", "/promotions/7/approve/"]


def test_the_approval_comes_last_of_all_and_says_until_when() -> None:
    found = blocked(
        approval=dataclasses.replace(TWO, asked_until=SOON),
        holds=(HoldFacts(scope="frontend", reason="Stop.", placed_by="Alex"),),
        calendar=CalendarFacts(application="frontend", environment="staging"),
    )

    assert [blocker.kind for blocker in found] == [BlockerKind.HOLD, BlockerKind.APPROVAL]
    assert found[-1].until == SOON


def test_a_release_manager_may_override_an_approval_but_neither_a_veto_nor_a_pin() -> None:
    found = {blocker.kind: blocker.overridable for blocker in blocked(veto=VETO, pin=TO_V4, approval=TWO)}

    assert found == {BlockerKind.VETO: False, BlockerKind.PIN: False, BlockerKind.APPROVAL: True}


def test_who_asks_for_what_is_vetoed_is_refused_at_once_and_the_others_wait() -> None:
    assert BlockerKind.VETO in NEVER_BY_WAITING
    assert not NEVER_BY_WAITING & {BlockerKind.PIN, BlockerKind.APPROVAL}


@pytest.mark.parametrize("is_rollback", [True, False])
def test_what_waits_is_aborted_by_a_veto_whatever_else_blocks_it(is_rollback: bool) -> None:
    decision = decided(veto=VETO, is_rollback=is_rollback, has_deployer=False, pin=TO_V4)

    assert decision.state is PromotionState.ABORTED
    assert decision.outcome == "v5 was vetoed by Kim Doe: It loses mail."


def test_what_waits_for_a_pin_keeps_waiting() -> None:
    decision = decided(pin=TO_V4)

    assert decision.state is None
    assert [blocker.kind for blocker in decision.blockers] == [BlockerKind.PIN]


@pytest.mark.parametrize(
    ("facts", "asks", "state"),
    [
        ({"approval": TWO}, True, None),
        ({"approval": TWO, "pin": TO_V4}, False, None),
        ({"approval": TWO, "automatic": False}, False, None),
        ({"approval": dataclasses.replace(TWO, asked_until=SOON)}, False, None),
        ({"approval": dataclasses.replace(TWO, asked_until=NOW)}, False, PromotionState.ABORTED),
        ({"approval": dataclasses.replace(TWO, asked_until=LATE)}, False, PromotionState.ABORTED),
        ({"approval": dataclasses.replace(TWO, asked_until=LATE), "pin": TO_V4}, False, None),
        ({"approval": dataclasses.replace(TWO, asked_until=LATE, had_others=True)}, True, None),
        ({"approval": dataclasses.replace(TWO, asked_until=SOON, had_others=True)}, False, None),
        ({"approval": TWO, "overridden": frozenset({"approval"})}, False, PromotionState.DEPLOYING),
        ({"approval": dataclasses.replace(TWO, given=("A", "B"), asked_until=LATE)}, False, PromotionState.DEPLOYING),
    ],
)
def test_people_are_asked_when_nothing_else_is_in_its_way_and_have_their_time(
    facts: dict[str, object], asks: bool, state: PromotionState | None
) -> None:
    decision = decided(**facts)

    assert (decision.asks_for_approval, decision.state) == (asks, state)


def test_it_is_looked_at_when_the_time_to_approve_is_over() -> None:
    soon = NOW + timedelta(seconds=20)

    assert decided(approval=dataclasses.replace(TWO, asked_until=soon)).due_at == soon


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        ((), "Nobody approved it in time: it needed 2."),
        (("Kim Doe",), "Too few approved it in time: Kim Doe of the 2 that it needed."),
    ],
)
def test_one_that_too_few_approved_says_how_many_did(given: tuple[str, ...], outcome: str) -> None:
    decision = decided(approval=dataclasses.replace(TWO, given=given, asked_until=LATE))

    assert (decision.outcome, decision.is_unapproved) == (outcome, True)
