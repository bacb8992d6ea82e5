"""The earliest start, held against a search that tries every minute."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployer.calendar.hours import Hours, WeeklyHours
from deployer.calendar.recurrence import Recurrence
from deployer.calendar.rules import HORIZON, CalendarFacts, FreezeFacts, SlotFacts, SlotPolicy, blockers, earliest_start
from deployer.calendar.spans import Span
from tests.calendar.strategies import DAY, MINUTE, calendar_facts, instants, utc, wall, zones_and_changes

NOW = utc("2026-03-06 15:00")
"""A Friday."""
GOVUK = Hours(
    zone="Europe/London", weekly=tuple(WeeklyHours(day, time(9, 30), time(16 if day == 4 else 17)) for day in range(5))
)
FREE = CalendarFacts(
    application="frontend", environment="production", version="v5", lasts=30 * MINUTE, hours=GOVUK, capacity=2
)


def freeze(start: str, end: str | None, number: int = 1, **fields: bool) -> FreezeFacts:
    return FreezeFacts(
        id=number,
        scope="Everything",
        reason="The Budget.",
        declared_by="Alex",
        starts_at=utc(start),
        ends_at=utc(end) if end else None,
        **fields,  # type: ignore[arg-type]  # its only flags
    )


def slot(start: str, end: str, *slugs: str, number: int = 1, **fields: object) -> SlotFacts:
    values: dict[str, object] = {
        "id": number,
        "releases": dict.fromkeys(slugs, ""),
        "span": Span(utc(start), utc(end)),
        "booked_by": "Ben",
    }
    return SlotFacts(**values | fields)  # type: ignore[arg-type]


def earliest(now: datetime = NOW, **fields: object) -> str | None:
    found = earliest_start(replace(FREE, **fields), now)  # type: ignore[arg-type]
    return f"{found:%Y-%m-%d %H:%M}" if found else None


def test_what_nothing_blocks_starts_now_to_the_microsecond() -> None:
    now = NOW + timedelta(seconds=7, microseconds=9)

    assert earliest_start(FREE, now) == now


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-06 15:30", "2026-03-06 15:30"),
        ("2026-03-06 15:31", "2026-03-09 09:30"),
        ("2026-03-27 16:00", "2026-03-30 08:30"),
        ("2026-10-23 15:00", "2026-10-26 09:30"),
    ],
)
def test_it_is_when_the_hours_next_leave_room_on_either_side_of_a_clock_change(now: str, expected: str) -> None:
    assert earliest(utc(now)) == expected


def test_it_is_after_a_freeze_a_weekend_and_a_bank_holiday() -> None:
    easter = replace(GOVUK, closed={date(2026, 4, 3): "Good Friday", date(2026, 4, 6): "Easter Monday"})

    assert earliest(
        utc("2026-04-02 12:00"), hours=easter, freezes=[freeze("2026-04-02 10:00", "2026-04-03 10:00")]
    ) == ("2026-04-07 08:30")


def test_it_is_after_each_of_a_recurring_freezes_times() -> None:
    fridays = Recurrence(
        rule="FREQ=WEEKLY;BYDAY=FR,MO",
        zone="Europe/London",
        starts=wall("2026-03-06 00:00"),
        ends=wall("2026-03-07 00:00"),
    )
    times = [
        FreezeFacts(id=1, scope="Everything", reason="No.", declared_by="Alex", starts_at=span.start, ends_at=span.end)
        for span in fridays.between(NOW, NOW + 60 * DAY)
    ]

    assert earliest(freezes=times) == "2026-03-10 09:30"


def test_a_freeze_without_an_end_has_no_start_after_it_but_one_before() -> None:
    assert earliest(freezes=[freeze("2026-03-06 12:00", None)]) is None
    assert earliest(freezes=[freeze("2026-03-06 15:20", None)]) == "2026-03-06 15:00"
    assert earliest(utc("2026-03-06 15:31"), freezes=[freeze("2026-03-07 12:00", None)]) is None


def test_what_a_freeze_lets_through_does_not_wait_for_it() -> None:
    frozen = freeze("2026-03-06 12:00", None, allows_by_hand=True)

    assert earliest(freezes=[frozen], by_hand=True) == "2026-03-06 15:00"
    assert earliest(freezes=[frozen], is_rollback=True) == "2026-03-06 15:00"
    assert earliest(freezes=[frozen]) is None


def test_a_rollback_waits_for_no_hours_and_no_slots() -> None:
    kept = slot("2026-03-07 02:00", "2026-03-07 04:00", "router", alone="the slot is exclusive.")

    assert earliest(utc("2026-03-07 03:00"), slots=[kept], is_rollback=True) == "2026-03-07 03:00"


def test_a_promotion_that_lasts_longer_than_any_window_never_starts() -> None:
    assert earliest(lasts=timedelta(hours=8)) is None
    assert earliest(lasts=timedelta(hours=7, minutes=30)) == "2026-03-09 09:30"


def test_its_own_slot_opens_what_is_too_late_or_too_short_for_it_otherwise() -> None:
    own = slot("2026-03-09 16:45", "2026-03-09 17:00", "frontend")

    assert earliest(lasts=timedelta(hours=8), slots=[own]) == "2026-03-09 16:45"
    assert earliest(utc("2026-03-09 16:50"), slots=[own]) == "2026-03-09 16:50"
    assert earliest(utc("2026-03-09 17:00"), slots=[own]) == "2026-03-10 09:30"


@pytest.mark.parametrize(
    ("overridden", "expected"),
    [({"freeze:1"}, "2026-03-09 10:00"), ({"freeze:2"}, None), ({"window"}, None), (set(), None)],
)
def test_an_overridden_freeze_is_passed_from_the_slots_start(overridden: set[str], expected: str | None) -> None:
    own = slot("2026-03-09 10:00", "2026-03-09 10:30", "frontend", overridden=frozenset(overridden))

    assert earliest(freezes=[freeze("2026-03-01 00:00", None)], slots=[own]) == expected


def test_overridden_hours_are_passed_in_the_slot_only() -> None:
    own = slot("2026-03-07 20:00", "2026-03-07 21:00", "frontend", overridden=frozenset({"window"}))

    assert earliest(utc("2026-03-06 16:00"), slots=[own]) == "2026-03-07 20:00"
    assert earliest(utc("2026-03-07 21:00"), slots=[own]) == "2026-03-09 09:30"


def test_what_a_person_lets_it_pass_is_passed_until_the_leave_ends() -> None:
    frozen = freeze("2026-03-06 16:30", "2026-03-09 12:00")
    leave = {"window": utc("2026-03-06 16:10"), "freeze:1": utc("2026-03-09 11:00")}

    assert earliest(utc("2026-03-06 16:09"), freezes=[frozen], passed=leave) == "2026-03-06 16:09"
    assert earliest(utc("2026-03-06 16:10"), freezes=[frozen], passed=leave) == "2026-03-09 09:30"
    assert earliest(utc("2026-03-09 11:00"), freezes=[frozen], passed=leave) == "2026-03-09 12:00"


def test_a_freeze_that_ends_within_an_overridden_slot_is_waited_for_when_it_is_not_overridden() -> None:
    own = slot("2026-03-07 20:00", "2026-03-07 21:00", "frontend", overridden=frozenset({"window"}))

    assert earliest(freezes=[freeze("2026-03-06 10:00", "2026-03-07 20:17")], slots=[own]) == "2026-03-07 20:17"


def test_required_it_is_the_start_of_the_slot_that_is_there_for_the_release() -> None:
    slots = [
        slot("2026-03-09 10:00", "2026-03-09 10:30", releases={"frontend": "v4"}),
        slot("2026-03-09 11:00", "2026-03-09 11:30", "router"),
        slot("2026-03-09 12:00", "2026-03-09 12:30", "frontend", "router"),
        slot("2026-03-09 13:00", "2026-03-09 13:30", releases={"frontend": "v5"}),
    ]

    assert earliest(slots=slots, slot_policy=SlotPolicy.REQUIRED) == "2026-03-09 12:00"
    assert earliest(slots=slots, slot_policy=SlotPolicy.REQUIRED, version="v4") == "2026-03-09 10:00"
    assert earliest(slots=slots[:2], slot_policy=SlotPolicy.REQUIRED) is None
    assert earliest(slots=slots[:3], slot_policy=SlotPolicy.OPTIONAL) == "2026-03-06 15:00"
    assert earliest(slots=slots, slot_policy=SlotPolicy.OPTIONAL) == "2026-03-09 12:00", "v5 is booked, and waits"


def test_it_is_when_the_first_of_the_slots_that_take_every_place_has_ended() -> None:
    slots = [
        slot("2026-03-06 14:00", "2026-03-06 15:05", "router"),
        slot("2026-03-06 15:05", "2026-03-06 15:10", "router", number=2),
        slot("2026-03-06 14:30", "2026-03-06 15:20", "whitehall", number=3),
    ]

    assert earliest(slots=slots) == "2026-03-06 15:10"
    assert earliest(slots=slots, capacity=1) == "2026-03-06 15:20"


def test_what_runs_now_is_not_waited_for_as_nobody_knows_when_it_ends() -> None:
    own = slot("2026-03-06 15:00", "2026-03-06 15:30", "frontend", exclusive=True)

    assert earliest(slots=[own], running=["router", "whitehall"]) == "2026-03-06 15:00"
    assert earliest(slots=[slot("2026-03-06 15:10", "2026-03-06 15:30", "router")], running=["whitehall"]) == (
        "2026-03-06 15:00"
    )


def test_no_start_is_promised_beyond_the_horizon() -> None:
    day = f"{NOW + HORIZON:%Y-%m-%d}"

    assert earliest(hours=None, freezes=[freeze("2026-03-01 00:00", f"{day} 15:00")]) == f"{day} 15:00"
    assert earliest(hours=None, freezes=[freeze("2026-03-01 00:00", f"{day} 15:01")]) is None


def by_the_minute(facts: CalendarFacts, now: datetime, length: timedelta) -> Iterator[datetime]:
    """Every minute of the time from now on at which the calendar lets it start."""
    for number in range(length // MINUTE):
        if not blockers(facts, now + number * MINUTE):
            yield now + number * MINUTE


LOOKED_AT = timedelta(days=2)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_it_is_what_a_search_of_every_minute_finds(data: st.DataObject) -> None:
    zone, change = data.draw(zones_and_changes)
    facts = data.draw(calendar_facts(zone, change))
    now = data.draw(instants(change))

    found = earliest_start(facts, now)

    searched = next(by_the_minute(replace(facts, running=()), now, LOOKED_AT), None)
    if searched is None:
        assert found is None or found >= now + LOOKED_AT
    else:
        assert found == searched
    if found is not None:
        assert blockers(replace(facts, running=()), found) == []
