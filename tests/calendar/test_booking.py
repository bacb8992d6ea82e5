"""Whether a slot may be booked: each reason by itself, all at once, and the next free one."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployer.calendar.booking import BookedApplication, BookingFacts, Limits, booking_blockers, next_free
from deployer.calendar.hours import Hours, WeeklyHours
from deployer.calendar.rules import FreezeFacts, SlotFacts, SlotPolicy
from deployer.calendar.spans import Span
from deployer.gates import Blocker, BlockerKind
from tests.calendar.strategies import (
    DAY,
    MINUTE,
    freezes,
    hours,
    instants,
    names_of_blockers,
    slots,
    utc,
    zones_and_changes,
)

NOW = utc("2026-03-02 09:00")
"""A Monday."""
TEN = NOW + timedelta(hours=1)
FRONTEND = BookedApplication(slug="frontend", owner="Web")
ROUTER = BookedApplication(slug="router", owner="Platform")
GOVUK = Hours(
    zone="Europe/London",
    weekly=tuple(WeeklyHours(day, time(9, 30), time(16 if day == 4 else 17)) for day in range(5)),
    closed={date(2026, 4, 3): "Good Friday", date(2026, 4, 6): "Easter Monday"},
)
IN_WORDS = "Monday to Thursday 09:30 to 17:00, Friday 09:30 to 16:00 (Europe/London)"
FREE = BookingFacts(
    environment="production", applications=[FRONTEND], span=Span(TEN, TEN + 30 * MINUTE), hours=GOVUK, capacity=2
)


def from_ten(start: int, end: int) -> Span:
    """From and to so many minutes after ten."""
    return Span(TEN + start * MINUTE, TEN + end * MINUTE)


def between(start: str, end: str) -> Span:
    return Span(utc(start), utc(end))


def slot(span: Span, *slugs: str, number: int = 5, booked_by: str = "Ben Smith", **fields: object) -> SlotFacts:
    values: dict[str, object] = {"id": number, "releases": dict.fromkeys(slugs, ""), "span": span}
    return SlotFacts(**values | {"booked_by": booked_by} | fields)  # type: ignore[arg-type]


def freeze(span: Span, *, until_lifted: bool = False, allows_by_hand: bool = False) -> FreezeFacts:
    return FreezeFacts(
        id=7,
        scope="Everything in production",
        reason="The Budget.",
        declared_by="Alex Jones",
        starts_at=span.start,
        ends_at=None if until_lifted else span.end,
        allows_by_hand=allows_by_hand,
    )


def asked(**fields: object) -> BookingFacts:
    return replace(FREE, **fields)  # type: ignore[arg-type]


def names(facts: BookingFacts, now: datetime = NOW) -> list[str]:
    return [blocker.name for blocker in booking_blockers(facts, now)]


def the_one(facts: BookingFacts, now: datetime = NOW) -> Blocker:
    (blocker,) = booking_blockers(facts, now)
    return blocker


def test_a_free_time_can_be_booked_and_is_the_next_free_one() -> None:
    assert booking_blockers(FREE, NOW) == []
    assert next_free(FREE, NOW) == TEN


class TestWhatIsBooked:
    @pytest.mark.parametrize(
        ("application", "name", "sentence", "who"),
        [
            (
                replace(FRONTEND, archived=True),
                "archived:frontend",
                "frontend is archived.",
                "An admin can unarchive it",
            ),
            (
                replace(FRONTEND, has_target=False),
                "not_configured:frontend",
                "frontend has no target in production.",
                "An admin can add one",
            ),
            (
                replace(FRONTEND, slot_policy=SlotPolicy.NOT_USED),
                "not_configured:frontend",
                "frontend is deployed to production without slots.",
                "An admin can change the target's policy",
            ),
            (
                replace(FRONTEND, mine=False),
                "not_yours:frontend",
                "frontend belongs to Web, and you are not in that team.",
                "Web or a release manager can book it",
            ),
        ],
    )
    def test_what_no_time_would_change_is_said_and_no_next_time_is_offered(
        self, application: BookedApplication, name: str, sentence: str, who: str
    ) -> None:
        facts = asked(applications=[application])
        blocker = the_one(facts)

        assert (blocker.name, blocker.sentence, blocker.who) == (name, sentence, who)
        assert not blocker.overridable
        assert next_free(facts, NOW) is None

    @pytest.mark.parametrize("policy", [SlotPolicy.OPTIONAL, SlotPolicy.REQUIRED])
    def test_slots_are_for_targets_that_may_or_must_have_one(self, policy: SlotPolicy) -> None:
        assert names(asked(applications=[replace(FRONTEND, slot_policy=policy)])) == []

    @pytest.mark.parametrize(
        "pair",
        [
            (replace(FRONTEND, exclusions={"router": "They share a cache."}), ROUTER),
            (FRONTEND, replace(ROUTER, exclusions={"frontend": "They share a cache."})),
            (ROUTER, replace(FRONTEND, exclusions={"router": "They share a cache"})),
            (replace(ROUTER, exclusions={"frontend": "They share a cache"}), FRONTEND),
        ],
    )
    def test_two_that_exclude_each_other_can_not_share_a_slot(
        self, pair: tuple[BookedApplication, BookedApplication]
    ) -> None:
        blocker = the_one(asked(applications=pair))

        assert blocker.sentence == "frontend and router must not be deployed together: They share a cache."
        assert (blocker.name, blocker.who) == ("exclusion:frontend+router", "You can book a slot for each")

    def test_one_that_deploys_alone_can_not_share_a_slot_but_have_one(self) -> None:
        alone = replace(FRONTEND, alone="It is big.")

        assert the_one(asked(applications=[alone, ROUTER])).sentence == "frontend deploys alone: It is big."
        assert names(asked(applications=[alone])) == []

    def test_more_applications_than_places_need_several_slots(self) -> None:
        facts = asked(applications=[FRONTEND, ROUTER], capacity=1)

        assert the_one(facts).sentence == "production takes 1 at once, and this slot has 2 applications."
        assert the_one(facts).name == "capacity:size"
        assert next_free(facts, NOW) is None
        assert names(asked(applications=[FRONTEND, FRONTEND], capacity=1)) == []


class TestWhen:
    @pytest.mark.parametrize(
        ("span", "now", "name", "sentence"),
        [
            (from_ten(0, 30), TEN + MINUTE, "time:past", "It starts in the past: choose a later start."),
            (
                between("2026-06-01 09:00", "2026-06-01 09:30"),
                NOW,
                "time:ahead",
                "Slots in production are booked at most 90 days ahead.",
            ),
            (from_ten(0, 61), NOW, "time:length", "A slot in production is at most 60 minutes long."),
            (from_ten(0, 0), NOW, "time:order", "It must end after it starts: choose a later end."),
            (from_ten(0, -30), NOW, "time:order", "It must end after it starts: choose a later end."),
            (
                Span(TEN + timedelta(seconds=1), TEN + 30 * MINUTE),
                NOW,
                "time:minutes",
                "Slots start and end at whole minutes.",
            ),
            (
                Span(TEN, TEN + timedelta(minutes=30, microseconds=1)),
                NOW,
                "time:minutes",
                "Slots start and end at whole minutes.",
            ),
        ],
    )
    def test_a_time_that_makes_no_slot_is_refused_with_what_to_choose(
        self, span: Span, now: datetime, name: str, sentence: str
    ) -> None:
        blocker = the_one(asked(span=span), now)

        assert (blocker.name, blocker.sentence, blocker.who) == (name, sentence, "You can choose another time")
        assert not blocker.overridable

    def test_the_limits_themselves_can_be_booked(self) -> None:
        assert names(asked(span=from_ten(0, 60))) == []
        assert names(FREE, TEN) == []
        assert names(asked(span=from_ten(0, 1))) == []
        assert names(asked(limits=Limits(ahead=timedelta(hours=1)))) == []
        assert names(asked(limits=Limits(ahead=timedelta(minutes=59)))) == ["time:ahead"]

    def test_one_that_is_under_way_keeps_its_start_and_may_not_have_ended(self) -> None:
        begun = asked(begun=True, limits=Limits(ahead=timedelta(0)))

        assert names(begun, TEN + 10 * MINUTE) == []
        assert the_one(begun, TEN + 30 * MINUTE).sentence == "It would have ended already: choose a later end."
        assert names(replace(begun, span=from_ten(0, 61)), TEN + 10 * MINUTE) == ["time:length"]

    def test_one_that_is_under_way_is_asked_for_what_is_to_come_only(self) -> None:
        before = freeze(from_ten(-60, 10))
        facts = asked(begun=True, freezes=[before], slots=[slot(from_ten(0, 10), "router", "whitehall")])

        assert names(facts, TEN + 10 * MINUTE) == []
        assert names(facts, TEN + 9 * MINUTE) == ["freeze:7", "capacity"]


class TestHours:
    @pytest.mark.parametrize(
        ("span", "until"),
        [
            (between("2026-03-02 16:45", "2026-03-02 17:01"), "2026-03-03 09:30"),
            (between("2026-03-03 09:29", "2026-03-03 09:59"), "2026-03-03 09:30"),
            (between("2026-03-06 15:45", "2026-03-06 16:15"), "2026-03-09 09:30"),
            (between("2026-03-28 12:00", "2026-03-28 12:30"), "2026-03-30 08:30"),
        ],
    )
    def test_a_slot_lies_within_the_hours_from_its_start_to_its_end(self, span: Span, until: str) -> None:
        blocker = the_one(asked(span=span))

        assert blocker.sentence == f"production takes deploys {IN_WORDS}, and a slot lies within these hours."
        assert (blocker.name, blocker.until, blocker.overridable) == ("window", utc(until), True)

    def test_one_that_ends_when_they_end_can_be_booked(self) -> None:
        assert names(asked(span=between("2026-03-02 16:30", "2026-03-02 17:00"))) == []

    def test_one_longer_than_any_opening_is_told_so(self) -> None:
        facts = asked(span=Span(TEN, TEN + timedelta(hours=9)), limits=Limits(longest=DAY))

        assert the_one(facts).sentence.endswith(", and is never open for 540 minutes.")
        assert next_free(facts, NOW) is None

    def test_a_holiday_is_named_and_the_next_open_day_is_offered(self) -> None:
        facts = asked(span=between("2026-04-03 10:00", "2026-04-03 10:30"))
        blocker = the_one(facts)

        assert blocker.sentence == "production takes no deploys on 3 April 2026 (Good Friday)."
        assert (blocker.name, blocker.overridable) == ("holiday:2026-04-03", True)
        assert next_free(facts, NOW) == utc("2026-04-07 08:30")

    def test_each_closed_day_that_it_touches_is_named_and_the_hours_too(self) -> None:
        nights = Hours(
            zone="UTC",
            weekly=tuple(WeeklyHours(day, time(22), time(0, 15)) for day in range(7)),
            closed={date(2026, 12, 25): "Christmas Day", date(2026, 12, 26): "Boxing Day"},
        )
        facts = asked(
            span=between("2026-12-25 23:50", "2026-12-26 00:20"), hours=nights, limits=Limits(ahead=400 * DAY)
        )

        assert names(facts) == ["holiday:2026-12-25", "holiday:2026-12-26", "window"]


class TestFreezes:
    @pytest.mark.parametrize(
        ("span", "blocked"),
        [
            (from_ten(-60, 0), False),
            (from_ten(-60, 1), True),
            (from_ten(29, 90), True),
            (from_ten(30, 90), False),
            (from_ten(10, 20), True),
        ],
    )
    def test_a_freeze_blocks_what_it_overlaps(self, span: Span, blocked: bool) -> None:
        assert (names(asked(freezes=[freeze(span)])) == ["freeze:7"]) is blocked

    def test_it_says_what_why_and_by_whom(self) -> None:
        blocker = the_one(asked(freezes=[freeze(from_ten(0, 60))]))

        assert blocker.sentence == "Everything in production is frozen by Alex Jones: The Budget."
        assert blocker.who == "Alex Jones or a release manager can lift it"
        assert (blocker.until, blocker.link) == (TEN + 60 * MINUTE, "/freezes/7/")
        assert next_free(asked(freezes=[freeze(from_ten(0, 58))]), NOW) == TEN + 60 * MINUTE

    def test_one_without_an_end_leaves_no_free_time_after_it(self) -> None:
        assert next_free(asked(freezes=[freeze(from_ten(10, 90), until_lifted=True)]), NOW) is None

    def test_what_may_be_deployed_by_hand_may_be_booked(self) -> None:
        assert names(asked(freezes=[freeze(from_ten(0, 60), allows_by_hand=True)])) == []


class TestOtherSlots:
    def test_an_application_has_one_slot_at_a_time(self) -> None:
        blocker = the_one(asked(slots=[slot(from_ten(20, 50), "frontend", "router")], capacity=3))

        assert blocker.sentence == "frontend has a slot then already, booked by Ben Smith."
        assert (blocker.name, blocker.until, blocker.who) == ("slot:5", TEN + 50 * MINUTE, "Ben Smith can move it")

    @pytest.mark.parametrize(
        ("application", "fields", "reason"),
        [
            (FRONTEND, {"alone": "the slot is exclusive"}, "nothing else goes there meanwhile (the slot is exclusive)"),
            (replace(FRONTEND, alone="It is big."), {}, "frontend deploys alone (It is big)"),
            (
                replace(FRONTEND, exclusions={"router": "They share a cache.", "whitehall": "No."}),
                {},
                "frontend and router must not be deployed together (They share a cache)",
            ),
            (
                replace(FRONTEND, exclusions={"router": "They share a cache."}),
                {"alone": "router deploys alone: It is slow."},
                (
                    "nothing else goes there meanwhile (router deploys alone: It is slow); "
                    "frontend and router must not be deployed together (They share a cache)"
                ),
            ),
        ],
    )
    def test_slots_that_it_must_not_be_beside_are_named_with_every_reason(
        self, application: BookedApplication, fields: dict[str, str], reason: str
    ) -> None:
        taken = slot(from_ten(0, 30), "router", **fields)  # type: ignore[arg-type]  # they go into `fields`
        blocker = the_one(asked(applications=[application], slots=[taken]))

        assert blocker.sentence == f"Ben Smith has booked production for router, and {reason}."
        assert (blocker.name, blocker.until, blocker.link) == ("slot:5", TEN + 30 * MINUTE, "/slots/5/")

    def test_an_exclusive_slot_finds_no_place_beside_any_other(self) -> None:
        facts = asked(exclusive=True, slots=[slot(from_ten(29, 60), "router")])

        assert the_one(facts).sentence == (
            "Ben Smith has booked production for router, "
            "and the wanted slot is exclusive: it keeps everything else out."
        )
        assert names(replace(facts, slots=[slot(from_ten(30, 60), "router")])) == []

    def test_a_full_environment_says_who_holds_it(self) -> None:
        facts = asked(
            slots=[
                slot(from_ten(0, 60), "router"),
                slot(from_ten(-20, 10), "whitehall", number=6, booked_by="Cleo May"),
            ]
        )
        blocker = the_one(facts)

        assert blocker.sentence == (
            "production takes 2 at once and is full then: router (booked by Ben Smith), whitehall (booked by Cleo May)."
        )
        assert (blocker.name, blocker.until, blocker.link) == ("capacity", TEN + 10 * MINUTE, "/slots/6/")
        assert next_free(facts, NOW) == TEN + 10 * MINUTE

    def test_a_slot_takes_a_place_for_each_of_its_applications(self) -> None:
        both = asked(applications=[FRONTEND, ROUTER], slots=[slot(from_ten(0, 60), "whitehall")])

        assert the_one(both).sentence == (
            "production takes 2 at once and has too few places left then for 2: whitehall (booked by Ben Smith)."
        )
        assert names(replace(both, capacity=3)) == []
        assert names(asked(slots=[slot(from_ten(0, 60), "whitehall", "router")])) == ["capacity"]
        assert names(asked(slots=[slot(from_ten(0, 60), "whitehall", "router")], capacity=3)) == []

    def test_slots_that_do_not_meet_leave_a_place(self) -> None:
        assert names(asked(slots=[slot(from_ten(0, 15), "router"), slot(from_ten(15, 30), "whitehall")])) == []
        assert names(asked(slots=[slot(from_ten(0, 16), "router"), slot(from_ten(15, 30), "whitehall")])) == [
            "capacity"
        ]

    def test_only_slots_that_overlap_count(self) -> None:
        around = [slot(from_ten(-30, 0), "frontend"), slot(from_ten(30, 60), "frontend", alone="the slot is exclusive")]

        assert names(asked(slots=around, capacity=1)) == []


class TestOverrides:
    def test_what_can_be_overridden_is_passed_by_its_name(self) -> None:
        facts = asked(span=between("2026-04-03 08:00", "2026-04-03 08:45"), freezes=[freeze(from_ten(0, 90000))])

        assert names(facts) == ["holiday:2026-04-03", "window", "freeze:7"]
        assert names(replace(facts, overridden=frozenset({"window", "freeze:7"}))) == ["holiday:2026-04-03"]
        assert names(replace(facts, overridden=frozenset({"window", "freeze:7", "holiday:2026-04-03"}))) == []

    def test_nothing_else_is(self) -> None:
        facts = asked(
            applications=[replace(FRONTEND, mine=False)],
            slots=[slot(from_ten(0, 60), "router", "whitehall", alone="the slot is exclusive")],
        )
        everything = frozenset(names(facts))

        assert names(replace(facts, overridden=everything)) == ["not_yours:frontend", "slot:5", "capacity"]

    def test_the_next_free_time_passes_them_too(self) -> None:
        frozen = asked(freezes=[freeze(from_ten(-60, 0), until_lifted=True)])

        assert next_free(frozen, NOW) is None
        assert next_free(replace(frozen, overridden=frozenset({"freeze:7"})), NOW) == TEN


def test_every_reason_is_given_at_once_each_in_a_sentence_of_its_own() -> None:
    excluding = replace(FRONTEND, archived=True, mine=False, exclusions={"router": "They share a cache."})
    span = between("2026-04-06 22:00", "2026-04-06 23:30")
    facts = asked(
        applications=[excluding, replace(ROUTER, alone="It is slow.")],
        span=span,
        limits=Limits(ahead=timedelta(days=7)),
        freezes=[freeze(span)],
        slots=[
            slot(span, "router", number=4),
            slot(span, "whitehall", alone="the slot is exclusive"),
        ],
        capacity=1,
    )

    found = booking_blockers(facts, NOW)

    assert [blocker.name for blocker in found] == [
        "archived:frontend",
        "not_yours:frontend",
        "exclusion:frontend+router",
        "exclusion:router",
        "capacity:size",
        "time:ahead",
        "time:length",
        "holiday:2026-04-06",
        "window",
        "freeze:7",
        "slot:4",
        "slot:4",
        "slot:5",
        "capacity",
    ]
    for blocker in found:
        assert blocker.sentence.endswith(".")
        assert ".." not in blocker.sentence
        assert blocker.who
        assert not blocker.who.endswith(".")
        assert Blocker.from_json(blocker.to_json()) == blocker


def test_a_slot_that_ends_before_it_starts_is_told_what_its_start_is_in_too() -> None:
    facts = asked(span=from_ten(0, -30), freezes=[freeze(from_ten(0, 60))], slots=[slot(from_ten(-9, 9), "frontend")])

    assert names(facts) == ["time:order", "freeze:7", "slot:5"]
    assert next_free(facts, NOW) is None


class TestNextFree:
    def test_it_is_at_whole_five_minutes_from_now_on(self) -> None:
        early = asked(span=from_ten(-600, -570), hours=None)

        assert next_free(early, TEN) == TEN
        assert next_free(early, TEN + timedelta(microseconds=1)) == TEN + 5 * MINUTE
        assert next_free(asked(span=from_ten(1, 31)), NOW) == TEN + 5 * MINUTE
        assert next_free(asked(slots=[slot(from_ten(0, 31), "frontend")]), NOW) == TEN + 35 * MINUTE

    def test_it_leaves_room_for_the_whole_slot(self) -> None:
        taken = [slot(from_ten(-30, 10), "frontend"), slot(from_ten(35, 70), "frontend", number=6)]

        assert next_free(asked(slots=taken), NOW) == TEN + 70 * MINUTE
        assert next_free(asked(slots=taken, span=from_ten(0, 25)), NOW) == TEN + 10 * MINUTE

    def test_there_is_none_beyond_what_may_be_booked_ahead(self) -> None:
        taken = slot(from_ten(0, 120), "frontend")

        for minutes, found in ((180, TEN + 120 * MINUTE), (179, None)):
            limits = Limits(ahead=minutes * MINUTE)
            assert next_free(asked(slots=[taken], limits=limits), NOW) == found

    def test_what_could_never_be_booked_has_none(self) -> None:
        assert next_free(asked(span=from_ten(0, 61)), NOW) is None
        assert next_free(asked(span=from_ten(0, 0)), NOW) is None
        assert next_free(asked(span=Span(TEN, TEN + timedelta(seconds=90))), NOW) is None


@st.composite
def booking_facts(draw: st.DrawFn, zone: str, change: datetime) -> BookingFacts:
    """A slot for one or two applications, wanted around a clock change and booked at most two days ahead."""
    applications = [
        BookedApplication(
            slug=slug,
            owner="Web",
            archived=draw(st.integers(0, 30)) == 0,
            alone=draw(st.sampled_from(["", "", "", "It is big."])),
            exclusions=draw(st.sampled_from([{}, {}, {"c": "They share a schema."}])),
        )
        for slug in draw(st.sampled_from(["a", "a", "ab"]))
    ]
    start = draw(instants(change))
    return BookingFacts(
        environment="production",
        applications=applications,
        span=Span(start, start + draw(st.integers(1, 61)) * MINUTE),
        exclusive=draw(st.integers(0, 4)) == 0,
        limits=Limits(ahead=timedelta(days=2)),
        hours=draw(st.one_of(st.none(), hours(zone, change), hours(zone, change))),
        freezes=draw(freezes(change)),
        slots=draw(slots(change, slugs=("a", "b", "c", "d"), versions=("v1",))),
        capacity=draw(st.integers(1, 4)),
        overridden=frozenset(draw(st.sets(st.sampled_from(names_of_blockers(change)), max_size=3))),
    )


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_the_next_free_slot_is_what_a_search_of_every_five_minutes_finds(data: st.DataObject) -> None:
    zone, change = data.draw(zones_and_changes)
    facts, now = data.draw(booking_facts(zone, change)), data.draw(instants(change))

    found = next_free(facts, now)

    at = max(facts.span.start, now)
    while at.minute % 5 or at.second:
        at += MINUTE
    searched = None
    while at <= now + facts.limits.ahead and searched is None:
        if not booking_blockers(replace(facts, span=Span(at, at + facts.length)), now):
            searched = at
        at += 5 * MINUTE
    assert found == searched


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_no_more_are_booked_than_there_are_places_and_none_is_refused_for_nothing(data: st.DataObject) -> None:
    zone, change = data.draw(zones_and_changes)
    facts = data.draw(booking_facts(zone, change))
    moments = [facts.span.start + number * MINUTE for number in range(facts.length // MINUTE)]
    wanted = {application.slug for application in facts.applications}

    def others(moment: datetime) -> set[str]:
        return {slug for one in facts.slots if one.span.holds(moment) for slug in one.releases} - wanted

    too_full = any(others(moment) and len(others(moment) | wanted) > facts.capacity for moment in moments)

    found = booking_blockers(facts, facts.span.start)
    assert any(blocker.kind is BlockerKind.CAPACITY and not blocker.ref for blocker in found) is too_full
