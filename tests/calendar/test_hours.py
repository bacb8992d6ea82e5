"""Weekly hours and closed days as real time."""

from datetime import date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployer.calendar.hours import Hours, WeeklyHours
from deployer.calendar.spans import Span
from deployer.calendar.walltime import UnknownZoneError, zone_named
from tests.calendar.strategies import DAY, MINUTE, hours, instants, utc, zones_and_changes

MONDAY, TUESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = 0, 1, 3, 4, 5, 6
NO_TIME = timedelta(0)
HALF_HOUR = timedelta(minutes=30)
GOVUK = Hours(
    zone="Europe/London",
    weekly=tuple(WeeklyHours(day, time(9, 30), time(16) if day == FRIDAY else time(17)) for day in range(5)),
)
NIGHTS = Hours(zone="Europe/London", weekly=(WeeklyHours(MONDAY, time(22), time(4)),))


def opened(hours: Hours, start: str, end: str) -> list[tuple[str, str]]:
    return [
        (f"{span.start:%Y-%m-%d %H:%M}", f"{span.end:%Y-%m-%d %H:%M}")
        for span in hours.open_between(utc(start), utc(end))
    ]


def nightly(opens: time, closes: time) -> Hours:
    """Every day from one to the other, in London."""
    return Hours(zone="Europe/London", weekly=tuple(WeeklyHours(day, opens, closes) for day in range(7)))


def test_the_hours_of_a_week_are_real_time_on_both_sides_of_the_clock_change() -> None:
    assert opened(GOVUK, "2026-03-26 00:00", "2026-03-31 00:00") == [
        ("2026-03-26 09:30", "2026-03-26 17:00"),
        ("2026-03-27 09:30", "2026-03-27 16:00"),
        ("2026-03-30 08:30", "2026-03-30 16:00"),
    ]


@pytest.mark.parametrize(
    ("opens", "closes", "night", "expected"),
    [
        (time(0, 30), time(3), "2026-03-29", ("2026-03-29 00:30", "2026-03-29 02:00")),
        (time(1, 30), time(3), "2026-03-29", ("2026-03-29 01:00", "2026-03-29 02:00")),
        (time(0, 30), time(1, 30), "2026-03-29", ("2026-03-29 00:30", "2026-03-29 01:00")),
        (time(0, 30), time(1, 30), "2026-10-25", ("2026-10-24 23:30", "2026-10-25 01:30")),
        (time(1, 30), time(3), "2026-10-25", ("2026-10-25 00:30", "2026-10-25 03:00")),
        (time(22), time(1, 30), "2026-10-24", ("2026-10-24 21:00", "2026-10-25 01:30")),
    ],
)
def test_hours_in_the_night_of_a_clock_change(opens: time, closes: time, night: str, expected: tuple[str, str]) -> None:
    """A start that is skipped moves to after the gap; one that occurs twice is the first, an end the last."""
    day = date.fromisoformat(night)

    span = WeeklyHours(day.weekday(), opens, closes).span_on(day, "Europe/London")

    assert (f"{span.start:%Y-%m-%d %H:%M}", f"{span.end:%Y-%m-%d %H:%M}") == expected


def test_hours_that_are_skipped_whole_do_not_open() -> None:
    hours = nightly(time(1, 15), time(1, 45))

    assert opened(hours, "2026-03-29 00:00", "2026-03-30 00:00") == []
    assert hours.next_opening(utc("2026-03-28 02:00"), NO_TIME) == utc("2026-03-30 00:15")


def test_hours_that_close_when_they_open_last_a_day_and_touching_ones_are_one() -> None:
    always = nightly(time(0), time(0))

    (span,) = always.open_between(utc("2026-03-28 12:00"), utc("2026-03-30 12:00"))

    assert span.start <= utc("2026-03-27 12:00")
    assert utc("2026-04-01 12:00") <= span.end


def test_without_weekly_hours_every_day_but_the_closed_ones_is_open() -> None:
    hours = Hours(zone="Europe/London", closed={date(2026, 7, 3): "the Budget"})

    assert hours.closed_between(utc("2026-07-01 00:00"), utc("2026-07-06 00:00")) == [
        Span(utc("2026-07-02 23:00"), utc("2026-07-03 23:00"))
    ]


@pytest.mark.parametrize(
    ("closed", "expected"),
    [
        (date(2026, 3, 2), [("2026-03-03 00:00", "2026-03-03 04:00")]),
        (date(2026, 3, 3), [("2026-03-02 22:00", "2026-03-03 00:00")]),
        (date(2026, 3, 4), [("2026-03-02 22:00", "2026-03-03 04:00")]),
    ],
)
def test_a_closed_day_is_closed_from_midnight_to_midnight_whichever_day_the_hours_began_on(
    closed: date, expected: list[tuple[str, str]]
) -> None:
    hours = Hours(zone="Europe/London", weekly=NIGHTS.weekly, closed={closed: "a holiday"})

    assert opened(hours, "2026-03-02 00:00", "2026-03-05 00:00") == expected


def test_a_closed_day_within_hours_leaves_both_ends() -> None:
    days = Hours(zone="Europe/London", closed={date(2026, 10, 25): "a Sunday of 25 hours"})

    assert days.closed_between(utc("2026-10-24 00:00"), utc("2026-10-27 00:00")) == [
        Span(utc("2026-10-24 23:00"), utc("2026-10-26 00:00"))
    ]


@pytest.mark.parametrize(
    ("at", "need", "expected"),
    [
        ("2026-03-02 09:29", NO_TIME, "2026-03-02 09:30"),
        ("2026-03-02 09:30", NO_TIME, "2026-03-02 09:30"),
        ("2026-03-02 16:30", HALF_HOUR, "2026-03-02 16:30"),
        ("2026-03-02 16:31", HALF_HOUR, "2026-03-03 09:30"),
        ("2026-03-02 16:59", NO_TIME, "2026-03-02 16:59"),
        ("2026-03-02 17:00", NO_TIME, "2026-03-03 09:30"),
        ("2026-03-06 15:31", HALF_HOUR, "2026-03-09 09:30"),
        ("2026-03-27 16:00", HALF_HOUR, "2026-03-30 08:30"),
        ("2026-10-23 15:00", HALF_HOUR, "2026-10-26 09:30"),
        ("2026-03-06 09:30", timedelta(hours=7), "2026-03-09 09:30"),
        ("2026-03-06 09:30", timedelta(hours=7, minutes=30), "2026-03-09 09:30"),
    ],
)
def test_the_next_opening_leaves_the_time_that_is_needed(at: str, need: timedelta, expected: str) -> None:
    assert GOVUK.next_opening(utc(at), need) == utc(expected)


def test_no_opening_is_long_enough_for_what_takes_longer_than_the_hours() -> None:
    assert GOVUK.next_opening(utc("2026-03-02 09:30"), timedelta(hours=7, minutes=31)) is None


def test_what_fits_on_the_longest_night_only_waits_for_it() -> None:
    """01:00 to 02:30 lasts an hour and a half, and an hour more when the clocks go back."""
    nights = nightly(time(1), time(2, 30))

    assert nights.next_opening(utc("2026-01-01 00:00"), timedelta(hours=2)) == utc("2026-10-25 00:00")


def test_a_long_closure_is_passed_up_to_its_limit() -> None:
    def closed_for(days: int) -> Hours:
        return Hours(zone="UTC", closed={date(2026, 1, 1) + number * DAY: "closed" for number in range(days)})

    assert closed_for(399).next_opening(utc("2026-01-01 00:00"), HALF_HOUR) == utc("2026-01-01 00:00") + 399 * DAY
    assert closed_for(500).next_opening(utc("2026-01-01 00:00"), HALF_HOUR) is None


def test_an_opening_may_last_longer_than_a_week() -> None:
    always = Hours(zone="UTC", closed={date(2026, 1, 1): "New Year"})

    assert always.next_opening(utc("2026-01-01 00:00"), 30 * DAY) == utc("2026-01-02 00:00")


def test_a_closed_day_is_named_from_its_midnight_to_the_next() -> None:
    hours = Hours(zone="Europe/London", weekly=GOVUK.weekly, closed={date(2026, 8, 31): "Summer Bank Holiday"})

    moments = ("2026-08-30 22:59", "2026-08-30 23:00", "2026-08-31 22:59", "2026-08-31 23:00")
    assert [hours.holiday_at(utc(at)) for at in moments] == ["", "Summer Bank Holiday", "Summer Bank Holiday", ""]


def test_the_closed_days_that_a_time_touches_are_given_with_their_own_time() -> None:
    hours = Hours(zone="Europe/London", closed={date(2026, 12, 25): "Christmas Day", date(2026, 12, 26): "Boxing Day"})

    touched = hours.closed_days(utc("2026-12-24 12:00"), utc("2026-12-26 00:01"))
    assert [(closed.name, closed.span.start, closed.span.end) for closed in touched] == [
        ("Christmas Day", utc("2026-12-25 00:00"), utc("2026-12-26 00:00")),
        ("Boxing Day", utc("2026-12-26 00:00"), utc("2026-12-27 00:00")),
    ]
    assert hours.closed_days(utc("2026-12-24 12:00"), utc("2026-12-25 00:00")) == []
    assert hours.closed_days(utc("2026-12-27 00:00"), utc("2026-12-28 00:00")) == []


def test_a_closed_day_that_the_zone_left_out_closes_nothing() -> None:
    hours = Hours(zone="Pacific/Apia", closed={date(2011, 12, 30): "the day that was not"})

    assert hours.closed_between(utc("2011-12-29 00:00"), utc("2012-01-01 00:00")) == []
    assert hours.closed_days(utc("2011-12-29 00:00"), utc("2012-01-01 00:00")) == []


@pytest.mark.parametrize(
    ("weekly", "words"),
    [
        (GOVUK.weekly, "Monday to Thursday 09:30 to 17:00, Friday 09:30 to 16:00 (Europe/London)"),
        ((), "every day (Europe/London)"),
        (NIGHTS.weekly, "Monday 22:00 to 04:00 the next day (Europe/London)"),
        (
            (WeeklyHours(SATURDAY, time(0), time(0)), WeeklyHours(SUNDAY, time(0), time(0))),
            "Saturday to Sunday all day (Europe/London)",
        ),
        (
            (WeeklyHours(TUESDAY, time(12), time(0)), WeeklyHours(THURSDAY, time(12), time(0))),
            "Tuesday 12:00 to midnight, Thursday 12:00 to midnight (Europe/London)",
        ),
        (
            tuple(WeeklyHours(day, *times) for day in (0, 1) for times in ((time(13), time(17)), (time(9), time(12)))),
            "Monday to Tuesday 09:00 to 12:00 and 13:00 to 17:00 (Europe/London)",
        ),
    ],
)
def test_hours_say_themselves_in_words(weekly: tuple[WeeklyHours, ...], words: str) -> None:
    assert Hours(zone="Europe/London", weekly=weekly).in_words() == words


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(UnknownZoneError):
        Hours(zone="Europe/Londres").open_between(utc("2026-03-02 00:00"), utc("2026-03-03 00:00"))


def is_open(hours: Hours, at: datetime) -> bool:
    """By the clock on the wall alone: right wherever the clock shows each time once."""
    wall = at.astimezone(zone_named(hours.zone)).replace(tzinfo=None)
    if wall.date() in hours.closed:
        return False
    for one in hours.weekly:
        for day in (wall.date() - DAY, wall.date()):
            opens = datetime.combine(day, one.opens)
            closes = datetime.combine(day if one.closes > one.opens else day + DAY, one.closes)
            if day.weekday() == one.weekday and opens <= wall < closes:
                return True
    return not hours.weekly


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_it_is_open_when_the_clock_on_the_wall_says_so(data: st.DataObject) -> None:
    zone, change = data.draw(zones_and_changes)
    asked = data.draw(hours(zone, change))
    start = data.draw(instants(change))
    spans = asked.open_between(start, start + DAY)

    for number in range(0, 24 * 60, 7):
        at = start + number * MINUTE
        if abs(at - change) > timedelta(hours=1):
            assert any(span.holds(at) for span in spans) is is_open(asked, at), at


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_next_opening_is_the_first_minute_that_stays_open_long_enough(data: st.DataObject) -> None:
    zone, change = data.draw(zones_and_changes)
    asked = data.draw(hours(zone, change))
    start, need = data.draw(instants(change)), data.draw(st.integers(0, 600))
    looked_at = 2 * 24 * 60

    opening = asked.next_opening(start, need * MINUTE)

    spans = asked.open_between(start, start + looked_at * MINUTE + need * MINUTE)
    open_minutes = [any(span.holds(start + number * MINUTE) for span in spans) for number in range(looked_at + need)]
    first = next((n for n in range(looked_at) if open_minutes[n] and all(open_minutes[n : n + need])), None)
    if first is None:
        assert opening is None or opening >= start + looked_at * MINUTE
    else:
        assert opening == start + first * MINUTE


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_what_is_open_and_what_is_closed_make_up_all_time_once(data: st.DataObject) -> None:
    zone, change = data.draw(zones_and_changes)
    asked = data.draw(hours(zone, change))
    start = data.draw(instants(change))
    end = start + data.draw(st.integers(1, 3000)) * MINUTE

    opens = [Span(max(span.start, start), min(span.end, end)) for span in asked.open_between(start, end)]
    parts = sorted(opens + asked.closed_between(start, end))

    assert parts[0].start == start
    assert parts[-1].end == end
    assert all(one.end == other.start for one, other in pairwise(parts))
