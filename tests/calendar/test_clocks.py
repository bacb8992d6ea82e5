"""When a zone's clocks change next."""

from datetime import UTC, datetime, timedelta

import pytest

from deployer.calendar.clocks import next_clock_change
from deployer.calendar.walltime import UnknownZoneError


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "now", "change", "before", "after"),
    [
        ("Europe/London", "2026-03-03 12:00", "2026-03-29 01:00", "01:00", "02:00"),
        ("Europe/London", "2026-03-29 00:59:59.999999", "2026-03-29 01:00", "01:00", "02:00"),
        ("Europe/London", "2026-03-29 01:00", "2026-10-25 01:00", "02:00", "01:00"),
        ("America/New_York", "2026-03-03 12:00:00.5", "2026-03-08 07:00", "02:00", "03:00"),
        ("Australia/Lord_Howe", "2026-03-03 12:00", "2026-04-04 15:00", "02:00", "01:30"),
        ("Africa/Casablanca", "2026-03-29 01:00", "2027-02-07 02:00", "03:00", "02:00"),
    ],
)
def test_the_next_change_is_found_to_the_second(zone: str, now: str, change: str, before: str, after: str) -> None:
    found = next_clock_change(zone, at(now))

    assert found is not None
    assert found.at == at(change)
    assert (f"{found.wall_before:%H:%M}", f"{found.wall_after:%H:%M}") == (before, after)
    assert found.is_forward is (before < after)


@pytest.mark.parametrize("second", range(0, 86_400, 4_999))
def test_it_does_not_matter_at_what_time_of_the_day_one_asks(second: int) -> None:
    asked = at("2026-10-24 06:30:00.25") + timedelta(seconds=second)

    found = next_clock_change("Europe/London", asked)

    assert found is not None
    assert found.at == (at("2026-10-25 01:00") if asked < at("2026-10-25 01:00") else at("2027-03-28 01:00"))


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "UTC", "Pacific/Apia"])
def test_clocks_that_do_not_change(zone: str) -> None:
    assert next_clock_change(zone, at("2026-03-03 12:00")) is None


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(UnknownZoneError, match="Europe/London"):
        next_clock_change("London", at("2026-03-03 12:00"))
