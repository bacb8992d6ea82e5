"""What wall clocks mean, on both clock changes and wherever zones are odd."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployer.calendar.walltime import UnknownZoneError, day_span, end_instant, local_day, start_instant, zone_named
from tests.calendar.strategies import CHANGES, MINUTE, instants, utc, zones_and_changes


@pytest.mark.parametrize(
    ("zone", "wall", "instant"),
    [
        ("Europe/London", "2026-03-29 00:59", "2026-03-29 00:59"),
        ("Europe/London", "2026-03-29 02:00", "2026-03-29 01:00"),
        ("Europe/London", "2026-07-01 09:30", "2026-07-01 08:30"),
        ("America/New_York", "2026-12-24 17:00", "2026-12-24 22:00"),
        ("Asia/Kathmandu", "2026-05-01 00:00", "2026-04-30 18:15"),
    ],
)
def test_a_time_that_occurs_once_is_one_instant_for_starts_and_ends(zone: str, wall: str, instant: str) -> None:
    at = datetime.fromisoformat(wall)

    assert start_instant(at.date(), at.time(), zone_named(zone)) == utc(instant)
    assert end_instant(at.date(), at.time(), zone_named(zone)) == utc(instant)


@pytest.mark.parametrize(
    ("zone", "wall", "instant"),
    [
        ("Europe/London", "2026-03-29 01:00", "2026-03-29 01:00"),
        ("Europe/London", "2026-03-29 01:30", "2026-03-29 01:00"),
        ("Europe/London", "2026-03-29 01:59:59.999999", "2026-03-29 01:00"),
        ("America/New_York", "2026-03-08 02:30", "2026-03-08 07:00"),
        ("Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-03 15:30"),
        ("America/Havana", "2026-03-08 00:00", "2026-03-08 05:00"),
        ("Asia/Beirut", "2026-03-29 00:30", "2026-03-28 22:00"),
        ("Africa/Cairo", "2026-04-24 00:00", "2026-04-23 22:00"),
        ("Pacific/Apia", "2011-12-30 12:00", "2011-12-30 10:00"),
    ],
)
def test_a_time_that_does_not_exist_moves_to_the_first_instant_after_the_gap(
    zone: str, wall: str, instant: str
) -> None:
    at = datetime.fromisoformat(wall)

    assert start_instant(at.date(), at.time(), zone_named(zone)) == utc(instant)
    assert end_instant(at.date(), at.time(), zone_named(zone)) == utc(instant)


@pytest.mark.parametrize(
    ("zone", "wall", "first", "last"),
    [
        ("Europe/London", "2026-10-25 01:00", "2026-10-25 00:00", "2026-10-25 01:00"),
        ("Europe/London", "2026-10-25 01:30", "2026-10-25 00:30", "2026-10-25 01:30"),
        ("America/New_York", "2026-11-01 01:30", "2026-11-01 05:30", "2026-11-01 06:30"),
        ("Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04 14:45", "2026-04-04 15:15"),
        ("America/Havana", "2026-11-01 00:00", "2026-11-01 04:00", "2026-11-01 05:00"),
        ("Asia/Beirut", "2026-10-24 23:30", "2026-10-24 20:30", "2026-10-24 21:30"),
        ("Africa/Cairo", "2026-10-29 23:00", "2026-10-29 20:00", "2026-10-29 21:00"),
    ],
)
def test_a_time_that_occurs_twice_is_the_first_for_a_start_and_the_last_for_an_end(
    zone: str, wall: str, first: str, last: str
) -> None:
    at = datetime.fromisoformat(wall)

    assert start_instant(at.date(), at.time(), zone_named(zone)) == utc(first)
    assert end_instant(at.date(), at.time(), zone_named(zone)) == utc(last)


@pytest.mark.parametrize(
    ("zone", "day", "start", "hours"),
    [
        ("Europe/London", date(2026, 3, 29), "2026-03-29 00:00", 23),
        ("Europe/London", date(2026, 10, 25), "2026-10-24 23:00", 25),
        ("Australia/Lord_Howe", date(2026, 4, 5), "2026-04-04 13:00", 24.5),
        ("America/Havana", date(2026, 3, 8), "2026-03-08 05:00", 23),
        ("America/Havana", date(2026, 11, 1), "2026-11-01 04:00", 25),
        ("Asia/Beirut", date(2026, 3, 29), "2026-03-28 22:00", 23),
        ("Asia/Beirut", date(2026, 10, 24), "2026-10-23 21:00", 25),
        ("Pacific/Apia", date(2011, 12, 30), "2011-12-30 10:00", 0),
        ("Pacific/Apia", date(2011, 12, 31), "2011-12-30 10:00", 24),
    ],
)
def test_a_day_lasts_from_its_midnight_to_the_next(zone: str, day: date, start: str, hours: float) -> None:
    first, last = day_span(day, zone_named(zone))

    assert first == utc(start)
    assert last - first == timedelta(hours=hours)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_the_day_of_an_instant_holds_it(data: st.DataObject) -> None:
    zone_name, change = data.draw(zones_and_changes)
    zone, at = zone_named(zone_name), data.draw(instants(change))

    start, end = day_span(local_day(at, zone), zone)

    assert start <= at < end


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_what_the_clock_shows_is_found_again_and_later_times_are_never_earlier(data: st.DataObject) -> None:
    zone_name, change = data.draw(zones_and_changes)
    zone, at = zone_named(zone_name), data.draw(instants(change))
    wall = at.astimezone(zone).replace(tzinfo=None)

    start, end = start_instant(wall.date(), wall.time(), zone), end_instant(wall.date(), wall.time(), zone)

    assert at in (start, end)
    assert start <= end
    later = wall + data.draw(st.integers(1, 200)) * MINUTE
    assert start <= start_instant(later.date(), later.time(), zone)
    assert end <= end_instant(later.date(), later.time(), zone)


@pytest.mark.parametrize("zone", CHANGES)
def test_a_zone_is_known_by_its_iana_name(zone: str) -> None:
    assert str(zone_named(zone)) == zone


@pytest.mark.parametrize(
    "name", ["", "London", "europe/london", "GMT+1", "../../etc/passwd", "Europe/London ", "Mars/Base"]
)
def test_an_unknown_zone_is_refused_with_what_to_write(name: str) -> None:
    with pytest.raises(UnknownZoneError, match="use an IANA name such as Europe/London") as refused:
        zone_named(name)

    assert repr(name) in str(refused.value)


def test_midnight_is_the_days_first_moment_where_it_occurs_twice() -> None:
    """Havana's clocks go back from 01:00 to 00:00: the first hour of 1 November 2026 occurs twice, and is of that day
    both times."""
    zone = zone_named("America/Havana")

    assert [local_day(utc(at), zone) for at in ("2026-11-01 03:59", "2026-11-01 04:00", "2026-11-01 05:00")] == [
        date(2026, 10, 31),
        date(2026, 11, 1),
        date(2026, 11, 1),
    ]
    assert start_instant(date(2026, 11, 1), time(0), zone) == utc("2026-11-01 04:00")
