"""The stretches that the calendar's page shows, and how it says times."""

from collections import Counter
from datetime import date, timedelta

import pytest

from deployer.calendar.spans import Span
from deployer.calendar.walltime import MIDNIGHT, start_instant, zone_named
from deployer.promotions.states import PromotionState
from deployer.web.calendar.listing import clocks, counted
from deployer.web.calendar.periods import Period, View
from deployer.web.calendar.reading import LONGEST
from tests.calendar.bookings import at

LONDON = "Europe/London"


def period(view: str, day: str) -> Period:
    return Period(view=View(view), day=date.fromisoformat(day))


@pytest.mark.parametrize(
    ("view", "day", "first", "end", "title"),
    [
        ("day", "2026-03-03", "2026-03-03", "2026-03-04", "Tuesday 3 March 2026"),
        ("week", "2026-03-08", "2026-03-02", "2026-03-09", "2 to 8 March 2026"),
        ("week", "2026-03-30", "2026-03-30", "2026-04-06", "30 March to 5 April 2026"),
        ("week", "2026-01-01", "2025-12-29", "2026-01-05", "29 December 2025 to 4 January 2026"),
        ("month", "2026-02-28", "2026-02-01", "2026-03-01", "February 2026"),
        ("month", "2026-12-31", "2026-12-01", "2027-01-01", "December 2026"),
    ],
)
def test_a_period_holds_its_day_and_says_what_it_is(view: str, day: str, first: str, end: str, title: str) -> None:
    found = period(view, day)

    assert (found.first.isoformat(), found.end.isoformat(), found.title) == (first, end, title)
    assert found.first <= found.day < found.end


@pytest.mark.parametrize("view", View)
def test_the_periods_before_and_after_leave_no_day_out(view: View) -> None:
    day = date(2026, 1, 1)
    for _ in range(800):
        found = Period(view=view, day=day)
        assert Period(view=view, day=found.previous).end == found.first
        assert Period(view=view, day=found.next).first == found.end
        assert found.days[0] == found.first
        assert found.days[-1] == found.end - timedelta(days=1)
        day += timedelta(days=1)


@pytest.mark.parametrize("month", range(1, 13))
def test_a_month_is_drawn_in_whole_weeks_of_which_there_are_at_most_six(month: int) -> None:
    for year in range(2020, 2040):
        first, end = Period(view=View.MONTH, day=date(year, month, 15)).weeks
        assert (first.weekday(), end.weekday()) == (0, 0)
        assert first <= date(year, month, 1)
        assert (end - first).days in (28, 35, 42)


def test_a_period_begins_and_ends_with_the_days_of_the_zone() -> None:
    assert period("day", "2026-03-29").instants(LONDON) == (at("2026-03-29 00:00"), at("2026-03-29 23:00"))
    assert period("week", "2026-10-25").instants(LONDON) == (at("2026-10-18 23:00"), at("2026-10-26 00:00"))


def test_a_month_in_whole_weeks_with_a_clock_change_can_be_read_at_once() -> None:
    for year in range(2020, 2040):
        for month in (3, 10):
            first, end = Period(view=View.MONTH, day=date(year, month, 1)).weeks
            start, stop = (start_instant(day, MIDNIGHT, zone_named(LONDON)) for day in (first, end))
            assert stop - start <= LONGEST


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2026-03-03 10:00", "2026-03-03 10:30", "10:00 to 10:30"),
        ("2026-03-03 10:00:10", "2026-03-03 10:00:50", "10:00"),
        ("2026-03-03 23:30", "2026-03-04 00:00", "23:30 to midnight"),
        ("2026-03-03 23:30", "2026-03-04 00:30", "from 23:30"),
        ("2026-03-02 23:30", "2026-03-03 00:30", "until 00:30"),
        ("2026-03-03 00:00", "2026-03-04 00:00", "all day"),
        ("2026-03-01 12:00", "2026-03-05 12:00", "all day"),
        ("2026-03-03 00:00", "2026-03-03 10:00", "00:00 to 10:00"),
    ],
)
def test_times_are_said_as_they_concern_the_day(start: str, end: str, said: str) -> None:
    assert clocks(Span(at(start), at(end)), date(2026, 3, 3), LONDON) == said


def test_what_runs_has_no_end_and_says_its_day_when_that_is_another() -> None:
    span = Span(at("2026-03-02 10:00"), at("2026-03-03 11:00"))

    assert clocks(span, date(2026, 3, 2), LONDON, runs=True) == "since 10:00"
    assert clocks(span, date(2026, 3, 3), LONDON, runs=True) == "since 2 March, 10:00"


def test_on_the_day_of_a_clock_change_each_time_is_said_with_its_zone() -> None:
    twice = Span(at("2026-10-25 00:45"), at("2026-10-25 01:15"))

    assert clocks(twice, date(2026, 10, 25), LONDON) == "01:45 BST to 01:15 GMT"
    assert clocks(twice, date(2026, 10, 25), "UTC") == "00:45 to 01:15"


def test_promotions_are_counted_in_words() -> None:
    succeeded, failed = PromotionState.SUCCEEDED, PromotionState.FAILED

    assert counted({}) == ""
    assert counted(Counter({succeeded: 1})) == "1 promotion: 1 succeeded"
    assert counted(Counter({succeeded: 12})) == "12 promotions: all succeeded"
    assert counted(Counter({failed: 1, succeeded: 1011})) == "1,012 promotions: 1,011 succeeded, 1 failed"
