"""What the calendar says to a deploy: each rule by itself, its sentence, and what passes it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployer.calendar.hours import Hours, WeeklyHours
from deployer.calendar.rules import (
    RULES,
    CalendarFacts,
    FreezeFacts,
    SlotFacts,
    SlotPolicy,
    alone_in_its_slot,
    blockers,
    earliest_start,
    reserved,
)
from deployer.calendar.spans import Span
from deployer.gates import Blocker, BlockerKind
from tests.calendar.strategies import MINUTE, calendar_facts, instants, utc, zones_and_changes

NOW = utc("2026-03-02 10:00")
"""A Monday."""
HALF_HOUR = timedelta(minutes=30)
FREE = CalendarFacts(application="frontend", environment="production", version="v5", lasts=HALF_HOUR, capacity=2)
GOVUK = Hours(
    zone="Europe/London", weekly=tuple(WeeklyHours(day, time(9, 30), time(16 if day == 4 else 17)) for day in range(5))
)
IN_WORDS = "Monday to Thursday 09:30 to 17:00, Friday 09:30 to 16:00 (Europe/London)"
FREEZE = FreezeFacts(
    id=7,
    scope="Everything in production",
    reason="The Budget.",
    declared_by="Alex Jones",
    starts_at=NOW - HALF_HOUR,
    ends_at=NOW + HALF_HOUR,
)


def minutes(start: int, end: int) -> Span:
    """From and to so many minutes after NOW."""
    return Span(NOW + start * MINUTE, NOW + end * MINUTE)


def slot(span: Span, *slugs: str, number: int = 5, booked_by: str = "Ben Smith", **fields: object) -> SlotFacts:
    values: dict[str, object] = {"id": number, "releases": dict.fromkeys(slugs, ""), "span": span}
    return SlotFacts(**values | {"booked_by": booked_by} | fields)  # type: ignore[arg-type]


def given_slots(*slots: SlotFacts, **fields: object) -> CalendarFacts:
    return replace(FREE, slots=slots, **fields)  # type: ignore[arg-type]


def names(facts: CalendarFacts, at: datetime = NOW) -> list[str]:
    return [blocker.name for blocker in blockers(facts, at)]


def the_one(facts: CalendarFacts, at: datetime = NOW) -> Blocker:
    (blocker,) = blockers(facts, at)
    return blocker


def sentence(facts: CalendarFacts, at: datetime = NOW) -> str:
    return the_one(facts, at).sentence


def test_nothing_stands_in_the_way_of_a_free_calendar() -> None:
    assert blockers(FREE, NOW) == []
    assert blockers(replace(FREE, hours=GOVUK), NOW) == []


class TestFreezes:
    def test_a_freeze_blocks_from_its_start_up_to_its_end(self) -> None:
        facts = replace(FREE, freezes=[FREEZE])

        moments = [NOW + number * MINUTE for number in (-31, -30, 0, 29, 30)]
        assert [names(facts, at) for at in moments] == [[], ["freeze:7"], ["freeze:7"], ["freeze:7"], []]

    def test_it_says_what_is_frozen_by_whom_why_and_until_when(self) -> None:
        blocker = the_one(replace(FREE, freezes=[replace(FREEZE, contact="the web team, #web.")]))

        assert blocker.sentence == (
            "Everything in production is frozen by Alex Jones: The Budget. Contact: the web team, #web."
        )
        assert blocker.who == "Alex Jones or a release manager can lift it"
        assert (blocker.link, blocker.until, blocker.overridable) == ("/freezes/7/", FREEZE.ends_at, True)

    def test_one_without_an_end_blocks_until_it_is_lifted(self) -> None:
        facts = replace(FREE, freezes=[replace(FREEZE, ends_at=None)])

        assert the_one(facts, NOW + timedelta(days=4000)).until is None

    @pytest.mark.parametrize(
        ("freeze", "facts", "passes"),
        [
            ({}, {}, False),
            ({}, {"is_rollback": True}, True),
            ({"allows_rollbacks": False}, {"is_rollback": True}, False),
            ({}, {"by_hand": True}, False),
            ({"allows_by_hand": True}, {"by_hand": True}, True),
            ({"allows_by_hand": True}, {}, False),
            ({"allows_rollbacks": False, "allows_by_hand": True}, {"is_rollback": True}, False),
            ({"allows_rollbacks": False, "allows_by_hand": True}, {"is_rollback": True, "by_hand": True}, True),
        ],
    )
    def test_it_lets_through_what_it_allows_only(
        self, freeze: dict[str, bool], facts: dict[str, bool], passes: bool
    ) -> None:
        frozen = replace(FREE, freezes=[replace(FREEZE, **freeze)], **facts)  # type: ignore[arg-type]

        assert (names(frozen) == []) is passes

    def test_one_that_begins_while_the_promotion_runs_does_not_block_its_start(self) -> None:
        assert names(replace(FREE, freezes=[replace(FREEZE, starts_at=NOW + MINUTE)])) == []

    def test_each_freeze_is_named(self) -> None:
        assert names(replace(FREE, freezes=[FREEZE, replace(FREEZE, id=8)])) == ["freeze:7", "freeze:8"]


class TestHours:
    @pytest.mark.parametrize(
        ("at", "opening"),
        [
            ("2026-03-02 09:29", "2026-03-02 09:30"),
            ("2026-03-02 16:31", "2026-03-03 09:30"),
            ("2026-03-06 15:31", "2026-03-09 09:30"),
            ("2026-03-28 12:00", "2026-03-30 08:30"),
            ("2026-10-23 15:00", "2026-10-26 09:30"),
        ],
    )
    def test_outside_it_waits_for_the_next_opening(self, at: str, opening: str) -> None:
        blocker = the_one(replace(FREE, hours=GOVUK), utc(at))

        assert (blocker.name, blocker.until, blocker.overridable) == ("window", utc(opening), True)
        assert blocker.link == "/calendar/hours/"

    @pytest.mark.parametrize("at", ["2026-03-02 09:30", "2026-03-02 16:30", "2026-03-06 15:30", "2026-03-30 08:30"])
    def test_within_it_starts_so_that_it_can_finish_inside(self, at: str) -> None:
        assert names(replace(FREE, hours=GOVUK), utc(at)) == []

    @pytest.mark.parametrize(
        ("at", "lasts", "why"),
        [
            ("2026-03-02 08:00", 30, "; it is closed then."),
            ("2026-03-02 17:00", 30, "; it is closed then."),
            (
                "2026-03-02 16:45",
                30,
                "; a promotion may take 30 minutes, and must be able to finish before it closes.",
            ),
            ("2026-03-02 10:00", 600, ", and is never open for the 600 minutes that a promotion may take."),
        ],
    )
    def test_it_says_the_hours_and_what_is_wrong_with_the_time(self, at: str, lasts: int, why: str) -> None:
        facts = replace(FREE, hours=GOVUK, lasts=lasts * MINUTE)

        assert sentence(facts, utc(at)) == f"production takes deploys {IN_WORDS}{why}"

    def test_what_never_fits_waits_for_nothing(self) -> None:
        assert the_one(replace(FREE, hours=GOVUK, lasts=timedelta(hours=10))).until is None

    def test_a_rollback_passes(self) -> None:
        closed = Hours(zone="Europe/London", weekly=GOVUK.weekly, closed={date(2026, 3, 7): "a Saturday"})

        assert names(replace(FREE, hours=closed, is_rollback=True), utc("2026-03-07 23:00")) == []

    def test_in_its_own_slot_it_may_start_until_the_slot_ends(self) -> None:
        facts = given_slots(slot(Span(utc("2026-03-02 16:30"), utc("2026-03-02 17:15")), "frontend"), hours=GOVUK)

        moments = ("2026-03-02 16:45", "2026-03-02 16:59", "2026-03-02 17:00", "2026-03-02 17:15")
        assert [names(facts, utc(at)) for at in moments] == [[], [], ["window"], ["window"]]


CHRISTMAS = replace(
    FREE,
    hours=Hours(
        zone="Europe/London",
        weekly=tuple(WeeklyHours(day, time(22), time(4)) for day in range(7)),
        closed={date(2026, 12, 25): "Christmas Day", date(2026, 12, 26): "Boxing Day"},
    ),
)


class TestClosedDays:
    def test_a_holiday_is_named_and_ends_at_its_midnight(self) -> None:
        blocker = the_one(CHRISTMAS, utc("2026-12-25 23:00"))

        assert blocker.sentence == "production takes no deploys on 25 December 2026 (Christmas Day)."
        assert (blocker.name, blocker.until) == ("holiday:2026-12-25", utc("2026-12-26 00:00"))
        assert (blocker.who, blocker.overridable) == ("A release manager can override it", True)

    def test_one_into_which_a_promotion_would_run_blocks_too_and_says_so(self) -> None:
        assert names(CHRISTMAS, utc("2026-12-24 23:30")) == []
        assert sentence(CHRISTMAS, utc("2026-12-24 23:31")) == (
            "production takes no deploys on 25 December 2026 (Christmas Day). "
            "A promotion may take 30 minutes and would run into that."
        )

    def test_hours_that_began_the_evening_before_end_at_the_closed_days_midnight(self) -> None:
        moments = ("2026-12-24 23:00", "2026-12-25 01:00", "2026-12-27 01:00", "2026-12-27 03:30")

        assert [names(CHRISTMAS, utc(at)) for at in moments] == [[], ["holiday:2026-12-25"], [], []]

    def test_the_closed_day_and_the_weekly_hours_are_two_reasons(self) -> None:
        assert names(CHRISTMAS, utc("2026-12-25 12:00")) == ["holiday:2026-12-25", "window"]
        assert names(CHRISTMAS, utc("2026-12-25 23:45")) == ["holiday:2026-12-25", "holiday:2026-12-26"]

    def test_in_its_own_slot_only_the_start_must_not_be_on_one(self) -> None:
        facts = replace(CHRISTMAS, slots=[slot(Span(utc("2026-12-24 23:00"), utc("2026-12-25 00:30")), "frontend")])

        assert names(facts, utc("2026-12-24 23:59")) == []
        assert names(facts, utc("2026-12-25 00:00")) == ["holiday:2026-12-25"]


class TestNeedsSlot:
    REQUIRED = replace(FREE, slot_policy=SlotPolicy.REQUIRED)

    def test_without_one_it_says_where_to_book(self) -> None:
        blocker = the_one(self.REQUIRED)

        assert blocker.sentence == (
            "frontend is deployed to production in a booked slot only, and none is booked for it."
        )
        assert blocker.link == "/slots/new/?application=frontend&environment=production"
        assert (blocker.name, blocker.until, blocker.who) == ("no_slot", None, "Anyone of its team can book one")

    def test_it_waits_for_its_next_one(self) -> None:
        slots = [slot(minutes(-30, -10), "frontend"), slot(minutes(40, 60), "frontend", number=6)]
        blocker = the_one(replace(self.REQUIRED, slots=[*slots, slot(minutes(90, 99), "frontend", number=9)]))

        assert blocker.sentence == (
            "frontend is deployed to production in a booked slot only, "
            "and its next one, booked by Ben Smith, has not begun."
        )
        assert (blocker.until, blocker.link) == (NOW + 40 * MINUTE, "/slots/6/")

    def test_it_starts_from_its_slots_start_up_to_its_end(self) -> None:
        facts = replace(self.REQUIRED, slots=[slot(minutes(0, 30), "frontend", "router")])

        moments = [NOW + number * MINUTE for number in (-1, 0, 29, 30)]
        assert [names(facts, at) for at in moments] == [["no_slot"], [], [], ["no_slot"]]

    @pytest.mark.parametrize(("version", "passes"), [("", True), ("v5", True), ("v4", False)])
    def test_a_slot_for_a_release_is_there_for_that_one_only(self, version: str, passes: bool) -> None:
        own = slot(minutes(0, 30), releases={"frontend": version})

        assert (names(replace(self.REQUIRED, slots=[own])) == []) is passes

    def test_a_slot_of_another_application_does_not_help(self) -> None:
        assert names(replace(self.REQUIRED, slots=[slot(minutes(0, 30), "router")])) == ["no_slot"]

    @pytest.mark.parametrize(
        "change",
        [{"is_rollback": True}, {"slot_policy": SlotPolicy.OPTIONAL}, {"slot_policy": SlotPolicy.NOT_USED}],
    )
    def test_a_rollback_passes_and_so_does_what_needs_none(self, change: dict[str, object]) -> None:
        assert names(replace(self.REQUIRED, **change)) == []  # type: ignore[arg-type]

    def test_asking_by_hand_is_no_way_past(self) -> None:
        assert names(replace(self.REQUIRED, by_hand=True)) == ["no_slot"]


class TestWaitsForItsSlot:
    BOOKED = replace(FREE, slots=[slot(minutes(40, 60), releases={"frontend": "v5"}, number=6)])

    def test_a_release_that_is_booked_goes_in_its_slot_and_not_before(self) -> None:
        blocker = the_one(self.BOOKED)

        assert blocker.sentence == "Ben Smith has booked a slot for frontend v5, in which it goes."
        assert (blocker.name, blocker.until, blocker.link) == ("no_slot", NOW + 40 * MINUTE, "/slots/6/")
        assert blocker.overridable
        moments = [NOW + number * MINUTE for number in (39, 40, 59, 60)]
        assert [names(self.BOOKED, at) for at in moments] == [["no_slot"], [], [], []]
        assert earliest_start(self.BOOKED, NOW) == NOW + 40 * MINUTE

    @pytest.mark.parametrize("change", [{"version": "v6"}, {"by_hand": True}, {"is_rollback": True}])
    def test_another_release_and_who_asks_by_hand_do_not_wait(self, change: dict[str, object]) -> None:
        assert names(replace(self.BOOKED, **change)) == []  # type: ignore[arg-type]

    @pytest.mark.parametrize("releases", [{"frontend": ""}, {"frontend": "v4"}, {"router": "v5"}])
    def test_a_slot_for_any_release_or_for_another_holds_nothing_back(self, releases: dict[str, str]) -> None:
        assert names(given_slots(slot(minutes(40, 60), releases=releases))) == []


class TestKeptFree:
    EXCLUSIVE = slot(minutes(0, 60), "router", alone="the slot is exclusive.")

    def test_an_exclusive_slot_keeps_everything_else_out_until_it_ends(self) -> None:
        blocker = the_one(given_slots(self.EXCLUSIVE))

        assert blocker.sentence == (
            "Ben Smith has booked production for router, and nothing else goes there meanwhile (the slot is exclusive)."
        )
        assert (blocker.name, blocker.until, blocker.link) == ("slot:5", NOW + 60 * MINUTE, "/slots/5/")
        assert (blocker.who, blocker.overridable) == ("Ben Smith can move the slot", True)

    def test_what_would_run_into_it_is_kept_out_before_it_begins(self) -> None:
        facts = given_slots(self.EXCLUSIVE)

        assert names(facts, NOW - HALF_HOUR) == []
        assert sentence(facts, NOW - 29 * MINUTE).endswith(" A promotion may take 30 minutes and would run into that.")

    @pytest.mark.parametrize(
        ("facts", "reason"),
        [
            ({"alone": "It is big."}, "frontend deploys alone (It is big)"),
            (
                {"exclusions": {"router": "They share a schema."}},
                "frontend and router must not be deployed together (They share a schema)",
            ),
            (
                {"exclusions": {"router": "A.", "whitehall": "B."}, "alone": "C."},
                (
                    "frontend deploys alone (C); frontend and router must not be deployed together (A); "
                    "frontend and whitehall must not be deployed together (B)"
                ),
            ),
        ],
    )
    def test_what_must_not_be_beside_it_is_kept_out_with_every_reason(
        self, facts: dict[str, object], reason: str
    ) -> None:
        shared = given_slots(slot(minutes(0, 60), "router", "whitehall"), capacity=9, **facts)

        assert sentence(shared) == f"Ben Smith has booked production for router, whitehall, and {reason}."

    def test_what_may_be_beside_it_is_not(self) -> None:
        assert (
            names(given_slots(slot(minutes(0, 60), "router"), exclusions={"whitehall": "They share a schema."})) == []
        )

    def test_its_own_slot_a_rollback_and_its_own_application_pass(self) -> None:
        own = slot(minutes(0, 10), "frontend", number=6)
        mine = slot(minutes(0, 60), "frontend", alone="the slot is exclusive.")

        assert names(given_slots(self.EXCLUSIVE, own)) == []
        assert names(given_slots(self.EXCLUSIVE, own), NOW + 10 * MINUTE) == ["slot:5"]
        assert names(given_slots(self.EXCLUSIVE, is_rollback=True)) == []
        assert names(given_slots(replace(mine, releases={"frontend": "v4"}))) == []


class TestReserved:
    def test_slots_that_take_every_place_keep_out_until_the_first_of_them_ends(self) -> None:
        facts = given_slots(
            slot(minutes(0, 60), "router"), slot(minutes(-10, 20), "whitehall", number=6, booked_by="Cleo May")
        )
        blocker = the_one(facts)

        assert blocker.sentence == (
            "production takes 2 at once, and its places are taken: "
            "router (booked by Ben Smith), whitehall (booked by Cleo May)."
        )
        assert (blocker.name, blocker.until, blocker.link) == ("slot:places", NOW + 20 * MINUTE, "/slots/6/")
        assert (blocker.who, blocker.overridable) == ("Cleo May can move the slot", True)
        assert names(facts, NOW + 20 * MINUTE) == []

    def test_a_third_application_may_not_take_the_place_of_a_slot_that_begins_while_it_runs(self) -> None:
        """Two places: publisher runs, and router's slot begins in 20 minutes: whoever starts now for half an hour
        leaves router without a place."""
        facts = given_slots(slot(minutes(20, 50), "router"), running=["publisher"])

        assert the_one(facts).until == NOW + 50 * MINUTE
        assert sentence(facts) == (
            "production takes 2 at once, and its places are taken: router (booked by Ben Smith), publisher (running). "
            "A promotion may take 30 minutes and would run into that."
        )
        assert names(facts, NOW - 11 * MINUTE) == []
        assert names(replace(facts, lasts=20 * MINUTE)) == []
        assert names(replace(facts, capacity=3)) == []
        assert names(replace(facts, running=[])) == []

    def test_an_application_that_runs_in_its_slot_takes_one_place(self) -> None:
        assert names(given_slots(slot(minutes(0, 60), "router"), running=["router"])) == []

    def test_slots_that_do_not_meet_take_one_place_between_them(self) -> None:
        facts = given_slots(slot(minutes(-10, 10), "router"), slot(minutes(10, 40), "whitehall", number=6))

        assert names(facts) == []
        assert names(replace(facts, capacity=1)) == ["slot:places"]

    def test_two_slots_of_one_application_take_one_place(self) -> None:
        assert names(given_slots(slot(minutes(0, 20), "router"), slot(minutes(10, 40), "router", number=6))) == []

    def test_without_a_slot_capacity_is_the_engines_to_keep(self) -> None:
        assert names(replace(FREE, running=["router", "whitehall"])) == []
        assert names(given_slots(slot(minutes(30, 60), "router"), running=["router", "whitehall"])) == []
        assert names(given_slots(slot(minutes(29, 60), "publisher"), running=["router", "whitehall"])) == [
            "slot:places"
        ]

    def test_only_who_takes_part_in_the_crowding_is_named(self) -> None:
        facts = given_slots(
            slot(minutes(-60, 5), "publisher", number=4),
            slot(minutes(10, 60), "router"),
            slot(minutes(20, 50), "whitehall", number=6),
        )

        assert "publisher" not in sentence(facts)
        assert the_one(facts).until == NOW + 50 * MINUTE

    def test_its_own_slot_and_a_rollback_pass(self) -> None:
        full = given_slots(slot(minutes(0, 60), "router", "whitehall"))

        assert names(replace(full, slots=[*full.slots, slot(minutes(0, 10), "frontend", number=6)])) == []
        assert names(replace(full, is_rollback=True)) == []
        assert names(full) == ["slot:places"]

    def test_a_slot_for_another_version_of_it_still_keeps_a_place_for_those_beside_it(self) -> None:
        shared = slot(minutes(0, 60), releases={"frontend": "v4", "router": ""})

        assert names(given_slots(shared)) == []
        assert names(given_slots(shared, capacity=1)) == ["slot:places"]
        assert "router (booked by Ben Smith)." in sentence(given_slots(shared, capacity=1))


class TestAloneInItsSlot:
    OWN = slot(minutes(0, 30), "frontend", alone="the slot is exclusive.", exclusive=True)

    def test_a_promotion_in_its_exclusive_slot_waits_for_what_still_runs(self) -> None:
        blocker = the_one(given_slots(self.OWN, running=["router"]))

        assert blocker.sentence == (
            "Ben Smith has booked production for frontend alone, and router is still being deployed there."
        )
        assert (blocker.kind, blocker.until, blocker.overridable) == (BlockerKind.EXCLUSION, None, False)
        assert (blocker.who, blocker.link) == ("It goes on when that one ends", "/slots/5/")

    def test_all_that_still_run_are_named(self) -> None:
        blocker = the_one(given_slots(self.OWN, running=["whitehall", "publisher", "router"], capacity=9))

        assert "publisher, router and whitehall are still being deployed there." in blocker.sentence
        assert blocker.who == "It goes on when they have ended"

    @pytest.mark.parametrize(
        ("own", "facts"),
        [
            ({}, {}),
            ({"exclusive": False}, {"running": ["router"]}),
            ({}, {"running": ["router"], "is_rollback": True}),
            ({"releases": {"frontend": "", "router": ""}}, {"running": ["router"]}),
            ({"span": minutes(1, 30)}, {"running": ["router"]}),
            ({"releases": {"frontend": "v4"}}, {"running": ["router"]}),
        ],
    )
    def test_nothing_else_waits(self, own: dict[str, object], facts: dict[str, object]) -> None:
        asked = given_slots(replace(self.OWN, **own), **facts)  # type: ignore[arg-type]

        assert list(alone_in_its_slot(asked, NOW)) == []

    def test_it_can_not_be_overridden(self) -> None:
        own = replace(self.OWN, overridden=frozenset({"exclusion:5"}))

        assert names(given_slots(own, running=["router"])) == ["exclusion:5"]


class TestOverrides:
    def test_an_override_counts_in_its_slot_from_its_start_to_its_end(self) -> None:
        frozen = replace(FREEZE, ends_at=None)
        own = slot(minutes(0, 10), "frontend", overridden=frozenset({"freeze:7"}))

        moments = [NOW + number * MINUTE for number in (-1, 0, 9, 10)]
        assert [names(given_slots(own, freezes=[frozen]), at) for at in moments] == [
            ["freeze:7"],
            [],
            [],
            ["freeze:7"],
        ]

    def test_it_is_for_the_named_blocker_only(self) -> None:
        own = slot(minutes(0, 10), "frontend", overridden=frozenset({"freeze:7", "freeze"}))

        assert names(given_slots(own, freezes=[replace(FREEZE, id=8), FREEZE])) == ["freeze:8"]

    def test_one_of_the_closed_day_does_not_open_the_hours_nor_the_next_day(self) -> None:
        span = Span(utc("2026-12-25 20:00"), utc("2026-12-26 01:00"))
        facts = replace(CHRISTMAS, slots=[slot(span, "frontend", overridden=frozenset({"holiday:2026-12-25"}))])

        moments = ("2026-12-25 21:00", "2026-12-25 22:00", "2026-12-26 00:00")
        assert [names(facts, utc(at)) for at in moments] == [["window"], [], ["holiday:2026-12-26"]]

    def test_one_of_anothers_slot_or_of_a_slot_for_another_version_does_not_count(self) -> None:
        passes = frozenset({"freeze:7"})
        others = slot(minutes(0, 10), "router", overridden=passes)
        older = slot(minutes(0, 10), releases={"frontend": "v4"}, overridden=passes)

        assert names(given_slots(others, older, freezes=[FREEZE])) == ["freeze:7"]

    def test_a_promotions_own_counts_until_its_moment_and_for_what_can_be_overridden_only(self) -> None:
        leave = {"freeze:7": NOW + 10 * MINUTE, "exclusion:5": NOW + 10 * MINUTE}
        own = slot(minutes(0, 30), "frontend", exclusive=True)
        facts = given_slots(own, freezes=[FREEZE], passed=leave, running=["router"])

        assert names(facts, NOW + 9 * MINUTE) == ["exclusion:5"]
        assert names(facts, NOW + 10 * MINUTE) == ["freeze:7", "exclusion:5"]

    def test_those_of_two_slots_at_once_add_up(self) -> None:
        one = slot(minutes(0, 10), "frontend", overridden=frozenset({"freeze:7"}))
        other = slot(minutes(5, 10), "frontend", number=6, overridden=frozenset({"freeze:8"}))
        facts = given_slots(one, other, freezes=[FREEZE, replace(FREEZE, id=8)])

        assert [names(facts, NOW + number * MINUTE) for number in (4, 5)] == [["freeze:8"], []]


def test_every_reason_is_given_at_once_and_survives_the_database() -> None:
    facts = replace(
        FREE,
        hours=Hours(
            zone="Europe/London", weekly=(WeeklyHours(1, time(9), time(17)),), closed={NOW.date(): "a holiday"}
        ),
        freezes=[FREEZE],
        slot_policy=SlotPolicy.REQUIRED,
        slots=[slot(minutes(0, 60), "router", "whitehall", alone="the slot is exclusive.")],
    )

    found = blockers(facts, NOW)

    assert [blocker.name for blocker in found] == [
        "freeze:7",
        "holiday:2026-03-02",
        "window",
        "no_slot",
        "slot:5",
        "slot:places",
    ]
    for blocker in found:
        assert blocker.sentence.endswith(".")
        assert ".." not in blocker.sentence
        assert blocker.who
        assert not blocker.who.endswith(".")
        assert Blocker.from_json(blocker.to_json()) == blocker


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_places_are_counted_minute_by_minute(data: st.DataObject) -> None:
    zone, change = data.draw(zones_and_changes)
    facts = data.draw(calendar_facts(zone, change))
    at = data.draw(instants(change, days=1))
    period = [at + number * MINUTE for number in range(max(facts.lasts // MINUTE, 1))]

    def taken(moment: datetime) -> int:
        booked = {slug for one in facts.slots if one.span.holds(moment) for slug in one.releases}
        return len((booked | set(facts.running)) - {facts.application})

    touched = any(one.span.holds(moment) for moment in period for one in facts.slots if set(one.releases) - {"a"})
    full = touched and any(taken(moment) >= facts.capacity for moment in period)
    passes = facts.is_rollback or facts.own_slot(at) is not None

    assert (list(reserved(facts, at)) != []) is (full and not passes)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@settings(max_examples=40, deadline=None)
@given(st.data())
def test_what_a_rule_says_until_when_is_not_later_than_it_blocks(
    rule: Callable[[CalendarFacts, datetime], Iterator[Blocker]], data: st.DataObject
) -> None:
    """The contract on which the search for the earliest start rests, whoever holds which slot and whatever runs: each
    blocker is there until then, or until a slot of its own begins."""
    zone, change = data.draw(zones_and_changes)
    facts = data.draw(calendar_facts(zone, change))
    at = data.draw(instants(change, days=1))
    own_starts = [one.span.start for one in facts.own_slots() if one.span.start > at]

    for blocker in rule(facts, at):
        assert blocker.until is None or blocker.until > at
        end = min([*([blocker.until] if blocker.until else []), *own_starts, at + timedelta(hours=30)])
        if rule is alone_in_its_slot:
            end = min([one.span.end for one in facts.own_slots() if one.span.holds(at)])
        step = 3 * MINUTE
        for moment in [at + number * step for number in range((end - at) // step + 1)] + [end - MINUTE]:
            if at <= moment < end:
                assert blocker.name in [other.name for other in rule(facts, moment)], moment
