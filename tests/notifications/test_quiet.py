"""Quiet hours: when what isn't urgent may be sent, at every hour, in every zone and across clock changes."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.notifications.quiet import QuietHours, quiet_hours, release_at


@dataclass(frozen=True)
class Somebody:
    quiet: QuietHours | None = None
    urgent: bool = False


def at(text: str, zone: str = "Europe/London", fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def night(zone: str = "Europe/London", start: str = "22:00", end: str = "07:00") -> Somebody:
    return Somebody(QuietHours(time.fromisoformat(start), time.fromisoformat(end), zone))


@pytest.mark.parametrize(
    ("happened", "sent"),
    [
        ("2026-03-03T12:00", "2026-03-03T12:00"),
        ("2026-03-03T21:59:59", "2026-03-03T21:59:59"),
        ("2026-03-03T22:00", "2026-03-04T07:00"),
        ("2026-03-03T23:30", "2026-03-04T07:00"),
        ("2026-03-04T00:00", "2026-03-04T07:00"),
        ("2026-03-04T06:59:59", "2026-03-04T07:00"),
        ("2026-03-04T07:00", "2026-03-04T07:00"),
    ],
)
def test_over_midnight_it_waits_until_the_morning(happened: str, sent: str) -> None:
    assert release_at(night(), at(happened)) == at(sent)


def test_within_one_day() -> None:
    lunch = night(start="12:00", end="13:00")

    assert release_at(lunch, at("2026-03-03T12:30")) == at("2026-03-03T13:00")
    assert release_at(lunch, at("2026-03-03T11:59")) == at("2026-03-03T11:59")
    assert release_at(lunch, at("2026-03-03T13:00")) == at("2026-03-03T13:00")


def test_what_is_urgent_never_waits() -> None:
    hours = QuietHours(time(0), time(23, 59), "UTC")

    assert release_at(Somebody(hours, urgent=True), at("2026-03-03T03:00")) == at("2026-03-03T03:00")


def test_it_goes_by_the_receiver_s_own_clock() -> None:
    noon = datetime(2026, 3, 3, 12, tzinfo=UTC)

    assert release_at(night("Asia/Tokyo", start="20:00"), noon) == at("2026-03-04T07:00", "Asia/Tokyo")
    assert release_at(night("America/New_York"), noon) == noon  # 07:00 there


@pytest.mark.parametrize(("start", "end"), [(None, None), (time(22), None), (None, time(7)), (time(7), time(7))])
def test_without_a_beginning_and_another_end_there_are_none(start: time | None, end: time | None) -> None:
    assert quiet_hours(start, end, "UTC") is None


def test_the_night_in_which_the_clocks_go_forward_is_an_hour_shorter() -> None:
    happened = at("2026-03-28T23:00")

    sent = release_at(night(), happened)

    assert sent == at("2026-03-29T07:00")
    assert sent - happened.astimezone(UTC) == timedelta(hours=7)


def test_the_night_in_which_the_clocks_go_back_is_an_hour_longer() -> None:
    happened = at("2026-10-24T23:00")

    sent = release_at(night(), happened)

    assert sent == at("2026-10-25T07:00")
    assert sent - happened.astimezone(UTC) == timedelta(hours=9)


def test_an_end_that_the_clocks_skip_is_as_much_after_the_skip() -> None:
    assert release_at(night(end="01:30"), at("2026-03-29T00:15")) == at("2026-03-29T02:30")


def test_an_end_that_occurs_twice_is_the_second() -> None:
    first = at("2026-10-25T01:10", fold=0)

    assert release_at(night(end="01:30"), first) == at("2026-10-25T01:30", fold=1).astimezone(UTC)


def test_a_beginning_that_occurs_twice_is_the_first() -> None:
    between = at("2026-10-25T01:10", fold=1)

    assert release_at(night(start="01:30", end="05:00"), between) == at("2026-10-25T05:00")


TIMES = st.times(min_value=time(0), max_value=time(23, 59)).map(lambda one: one.replace(second=0, microsecond=0))
ZONES = st.sampled_from(["UTC", "Europe/London", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"])
INSTANTS = st.integers(0, 4 * 365 * 86400).map(lambda seconds: datetime.fromtimestamp(1_704_067_200 + seconds, UTC))


@given(start=TIMES, end=TIMES, zone=ZONES, happened=INSTANTS)
def test_it_is_never_sent_early_nor_within_quiet_hours(start: time, end: time, zone: str, happened: datetime) -> None:
    somebody = Somebody(quiet_hours(start, end, zone))

    sent = release_at(somebody, happened)

    assert sent >= happened
    assert release_at(somebody, sent) == sent
    assert sent - happened <= timedelta(hours=49)


@given(start=TIMES, end=TIMES, happened=INSTANTS)
def test_where_clocks_never_change_it_is_the_first_minute_that_is_not_quiet(
    start: time, end: time, happened: datetime
) -> None:
    happened = happened.replace(second=0, microsecond=0)

    expected = happened
    while start != end and _is_quiet(expected.time(), start, end):
        expected += timedelta(minutes=1)

    assert release_at(Somebody(quiet_hours(start, end, "UTC")), happened) == expected


def _is_quiet(clock: time, start: time, end: time) -> bool:
    return start <= clock < end if start < end else clock >= start or clock < end
