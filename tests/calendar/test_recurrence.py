"""Recurring times by the wall clock of a zone."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import takewhile

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from deployer.calendar.recurrence import Recurrence, RecurrenceError, wall_time
from deployer.calendar.spans import Span
from deployer.calendar.walltime import UnknownZoneError, end_instant, start_instant, zone_named
from tests.calendar.strategies import DAY, MINUTE, instants, utc, wall, zones_and_changes

YEAR = 366 * DAY
CHRISTMAS = Recurrence(
    rule="FREQ=YEARLY", zone="Europe/London", starts=wall("2025-12-22 00:00"), ends=wall("2026-01-04 00:00")
)
FRIDAYS = Recurrence(
    rule="FREQ=WEEKLY;BYDAY=FR", zone="Europe/London", starts=wall("2026-03-06 16:00"), ends=wall("2026-03-07 00:00")
)


def daily(starts: str, ends: str, rule: str = "FREQ=DAILY", zone: str = "Europe/London") -> Recurrence:
    return Recurrence(rule=rule, zone=zone, starts=wall(starts), ends=wall(ends))


def times(recurrence: Recurrence, start: str, end: str) -> list[tuple[str, str]]:
    return [
        (f"{span.start:%Y-%m-%d %H:%M}", f"{span.end:%Y-%m-%d %H:%M}")
        for span in recurrence.between(utc(start), utc(end))
    ]


def test_a_freeze_from_22_december_to_4_january_recurs_each_year() -> None:
    CHRISTMAS.check()

    assert times(CHRISTMAS, "2026-01-03 23:59", "2027-12-22 00:01") == [
        ("2025-12-22 00:00", "2026-01-04 00:00"),
        ("2026-12-22 00:00", "2027-01-04 00:00"),
        ("2027-12-22 00:00", "2028-01-04 00:00"),
    ]
    assert times(CHRISTMAS, "2026-01-04 00:00", "2026-12-22 00:00") == []


def test_every_friday_from_16_to_midnight_keeps_to_the_wall_clock_across_the_change() -> None:
    FRIDAYS.check()

    assert times(FRIDAYS, "2026-03-21 00:00", "2026-04-04 00:00") == [
        ("2026-03-27 16:00", "2026-03-28 00:00"),
        ("2026-04-03 15:00", "2026-04-03 23:00"),
    ]


def test_a_rule_goes_on_unchanged_for_a_century() -> None:
    (span,) = FRIDAYS.between(utc("2126-03-21 00:00"), utc("2126-03-28 00:00"))

    assert span == Span(utc("2126-03-22 16:00"), utc("2126-03-23 00:00"))


def test_the_first_occurrence_is_not_before_its_start() -> None:
    assert times(FRIDAYS, "2026-01-01 00:00", "2026-03-14 00:00") == [
        ("2026-03-06 16:00", "2026-03-07 00:00"),
        ("2026-03-13 16:00", "2026-03-14 00:00"),
    ]


@pytest.mark.parametrize(
    ("starts", "ends", "day", "expected"),
    [
        ("01:30", "03:00", "2026-03-29", [("2026-03-29 01:00", "2026-03-29 02:00")]),
        ("00:30", "01:30", "2026-03-29", [("2026-03-29 00:30", "2026-03-29 01:00")]),
        ("01:15", "01:45", "2026-03-29", []),
        ("01:15", "01:45", "2026-10-25", [("2026-10-25 00:15", "2026-10-25 01:45")]),
    ],
)
def test_an_occurrence_in_the_night_of_a_clock_change(
    starts: str, ends: str, day: str, expected: list[tuple[str, str]]
) -> None:
    """What is skipped moves to after the gap, and takes no place when all of it is; what occurs twice lasts longer."""
    recurrence = daily(f"2026-03-20 {starts}", f"2026-03-20 {ends}")

    assert times(recurrence, f"{day} 00:00", f"{day} 12:00") == expected


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("20260310", "2026-03-10 16:00"),
        ("20260310T160000", "2026-03-10 16:00"),
        ("20260310T155959", "2026-03-09 16:00"),
        ("20260310T160000Z", "2026-03-10 16:00"),
        ("20260310T155959Z", "2026-03-09 16:00"),
        ("20260401T150000Z", "2026-04-01 15:00"),
        ("20260401T145959Z", "2026-03-31 15:00"),
        ("20260401T160000", "2026-04-01 15:00"),
        ("20260401T155959", "2026-03-31 15:00"),
    ],
)
def test_until_is_a_whole_day_a_time_of_the_wall_clock_or_an_instant(until: str, last: str) -> None:
    recurrence = daily("2026-03-06 16:00", "2026-03-06 17:00", f"FREQ=DAILY;UNTIL={until}")
    recurrence.check()

    assert times(recurrence, "2026-03-01 00:00", "2026-05-01 00:00")[-1][0] == last


def test_until_in_utc_is_that_instant_in_the_hour_that_occurs_twice() -> None:
    """01:10 GMT on 25 October shows as 01:10 for the second time; 01:30 has begun by then, for the first time."""
    recurrence = daily("2026-10-20 01:30", "2026-10-20 02:00", "FREQ=DAILY;UNTIL=20261025T011000Z")

    assert times(recurrence, "2026-10-24 12:00", "2026-10-30 00:00") == [("2026-10-25 00:30", "2026-10-25 02:00")]


FROM_4_PM = ("2026-03-06 16:00", "2026-03-06 17:00")
SHORTER = "Some begin before the one before has ended: make each shorter."


@pytest.mark.parametrize(
    ("recurrence", "problem"),
    [
        (daily("2026-03-06 16:00", "2026-03-06 16:00"), "The end must be after the start."),
        (daily("2026-03-06 16:00", "2026-03-06 15:00"), "The end must be after the start."),
        (daily("0001-01-01 16:00", "0001-01-01 17:00"), "The first time must be from 1970 to 2200."),
        (daily("1969-12-31 16:00", "1969-12-31 17:00"), "The first time must be from 1970 to 2200."),
        (daily("9998-01-01 16:00", "9998-01-01 17:00"), "The first time must be from 1970 to 2200."),
        (
            daily(*FROM_4_PM, "FREQ=DAILY;UNTIL=20260305"),
            "This rule never happens: look at its UNTIL and at the days that it names.",
        ),
        (
            daily(*FROM_4_PM, "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"),
            "This rule never happens: look at its UNTIL and at the days that it names.",
        ),
        (
            daily(*FROM_4_PM, "FREQ=WEEKLY;BYDAY=MO"),
            (
                "The first time, Friday 6 March 2026 at 16:00, is none of the rule's: "
                "begin with Monday 9 March 2026 at 16:00."
            ),
        ),
        (
            daily(*FROM_4_PM, "FREQ=DAILY;INTERVAL=0"),
            (
                "This is no RFC 5545 rule such as FREQ=WEEKLY;BYDAY=FR: "
                "INTERVAL must be a whole number from 1 to 1000, not '0'."
            ),
        ),
        (daily("2026-03-06 16:00", "2026-03-07 16:01"), SHORTER),
        (daily("2026-03-02 00:00", "2026-03-04 00:01", "FREQ=WEEKLY;BYDAY=MO,WE"), SHORTER),
        (daily("2026-01-01 00:00", "2026-01-29 00:01", "FREQ=MONTHLY"), SHORTER),
        (daily("2026-03-06 09:00", "2026-03-06 11:01", "FREQ=DAILY;BYHOUR=9,11"), SHORTER),
    ],
)
def test_what_can_not_be_used_is_refused_with_what_to_do(recurrence: Recurrence, problem: str) -> None:
    with pytest.raises(RecurrenceError) as refused:
        recurrence.check()

    assert str(refused.value) == problem


@pytest.mark.parametrize(
    "recurrence",
    [
        daily("2026-01-01 00:00", "2026-01-29 00:00", "FREQ=MONTHLY"),
        daily("2026-03-06 16:00", "2027-03-06 16:00", "FREQ=YEARLY"),
        daily("2026-03-06 16:00", "2026-03-07 16:00"),
        daily("2026-03-06 09:00", "2026-03-06 11:00", "FREQ=DAILY;BYHOUR=9,11"),
        daily(*FROM_4_PM, "FREQ=DAILY;COUNT=1"),
    ],
)
def test_what_just_does_not_overlap_itself_can_be_used(recurrence: Recurrence) -> None:
    recurrence.check()


def test_an_overlap_is_found_that_comes_only_after_years() -> None:
    """The 29th and the 1st are a day apart in a leap year's February only: after some seventy occurrences here."""
    rule = "FREQ=MONTHLY;BYMONTHDAY=1,29"

    with pytest.raises(RecurrenceError, match=SHORTER):
        daily("2025-03-01 00:00", "2025-03-02 00:01", rule).check()
    daily("2025-03-01 00:00", "2025-03-02 00:00", rule).check()


def test_a_rule_that_never_happens_gives_no_times() -> None:
    never = daily("2026-03-06 16:00", "2026-03-06 17:00", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")

    assert times(never, "2026-01-01 00:00", "2126-01-01 00:00") == []


def test_a_rule_that_is_none_and_an_unknown_zone_are_refused_when_asked_for_times_too() -> None:
    with pytest.raises(RecurrenceError):
        times(replace(FRIDAYS, rule="FREQ=SOMETIMES"), "2026-03-01 00:00", "2026-04-01 00:00")
    with pytest.raises(UnknownZoneError):
        times(replace(FRIDAYS, zone="Europe/Londres"), "2026-03-01 00:00", "2026-04-01 00:00")
    with pytest.raises(UnknownZoneError):
        replace(FRIDAYS, zone="Europe/Londres").check()


def test_only_what_overlaps_the_asked_time_is_given_and_whole() -> None:
    recurrence = daily("2026-03-06 10:00", "2026-03-06 12:00")

    assert times(recurrence, "2026-03-10 11:59", "2026-03-11 10:00") == [("2026-03-10 10:00", "2026-03-10 12:00")]
    assert times(recurrence, "2026-03-10 12:00", "2026-03-11 10:01") == [("2026-03-11 10:00", "2026-03-11 12:00")]
    assert times(recurrence, "2026-03-10 12:00", "2026-03-11 10:00") == []


def test_the_wall_time_of_an_instant_has_no_zone() -> None:
    shown = wall_time(utc("2026-10-25 01:30"), "Europe/London")

    assert (shown, shown.tzinfo, shown.fold) == (wall("2026-10-25 01:30"), None, 0)
    assert wall_time(utc("2026-07-01 12:00"), "Europe/London") == wall("2026-07-01 13:00")


RULES = [
    "FREQ=DAILY",
    "FREQ=DAILY;INTERVAL=3",
    "FREQ=WEEKLY;BYDAY=MO,WE,SU",
    "FREQ=WEEKLY;INTERVAL=2",
    "FREQ=MONTHLY;BYDAY=-1SU",
    "FREQ=MONTHLY;BYMONTHDAY=29,-1",
    "FREQ=DAILY;COUNT=5",
    "FREQ=YEARLY",
]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_its_times_are_those_of_dateutil_put_on_the_zones_clock(data: st.DataObject) -> None:
    zone, change = data.draw(zones_and_changes)
    rule = data.draw(st.sampled_from(RULES))
    starts = wall_time(data.draw(instants(change, days=4)), zone)
    length = data.draw(st.integers(1, 36 * 60)) * MINUTE
    start = data.draw(instants(change, days=4))
    end = start + data.draw(st.integers(1, 5 * 24 * 60)) * MINUTE

    def span(at: datetime) -> Span:
        tz, until = zone_named(zone), at + length
        return Span(start_instant(at.date(), at.time(), tz), end_instant(until.date(), until.time(), tz))

    walls = takewhile(lambda at: at <= starts + YEAR, rrulestr(rule, dtstart=starts))
    expected = [one for one in map(span, walls) if max(one.start, start) < min(one.end, end)]

    recurrence = Recurrence(rule=rule, zone=zone, starts=starts, ends=starts + length)
    assert list(recurrence.between(start, end)) == expected
    assert list(recurrence.between(end, end + timedelta(0))) == []
