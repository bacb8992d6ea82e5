"""When environments take deploys, by the API."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from deployer.calendar.hours import Hours, WeeklyHours
from deployer.calendar.models import ClosedDay, EnvironmentCalendar, OpenHours
from deployer.web.calendar.api.windows import openings
from tests.scene import Scene
from tests.web.calendar.calls import Caller, signed_in, token, token_for_all

WORKING_DAYS = Hours(
    zone="Europe/London",
    weekly=tuple(WeeklyHours(day, time(9, 30), time(16 if day == 4 else 17)) for day in range(5)),
    closed={date(2026, 4, 3): "Good Friday", date(2026, 4, 6): "Easter Monday"},
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def reader(today: Scene) -> Caller:
    return token_for_all("read")


def windows(caller: Caller) -> dict[str, Any]:
    response = caller.get("windows")
    assert response.status_code == 200, response.content
    return {one["environment"]: one for one in response.json()["results"]}


class TestOpenings:
    """Pure: the next opening and the next closing after a moment."""

    @pytest.mark.parametrize(
        ("now", "opening", "closing"),
        [
            pytest.param("2026-03-03 12:00", "2026-03-04 09:30", "2026-03-03 17:00", id="in the middle of a day"),
            pytest.param("2026-03-03 09:30", "2026-03-04 09:30", "2026-03-03 17:00", id="as it opens"),
            pytest.param("2026-03-03 17:00", "2026-03-04 09:30", "2026-03-04 17:00", id="as it closes"),
            pytest.param("2026-03-07 12:00", "2026-03-09 09:30", "2026-03-09 17:00", id="at the weekend"),
            pytest.param("2026-03-27 20:00", "2026-03-30 08:30", "2026-03-30 16:00", id="as the clocks go forward"),
            pytest.param("2026-04-02 20:00", "2026-04-07 08:30", "2026-04-07 16:00", id="over Easter"),
        ],
    )
    def test_they_are_the_next_by_the_hours(self, now: str, opening: str, closing: str) -> None:
        assert openings(WORKING_DAYS, at(now)) == (at(opening), at(closing))

    def test_what_is_open_day_and_night_closes_for_its_next_closed_day(self) -> None:
        hours = Hours(zone="UTC", closed={date(2026, 12, 25): "Christmas Day"})

        assert openings(hours, at("2026-03-03 12:00")) == (at("2026-12-26 00:00"), at("2026-12-25 00:00"))

    def test_what_never_closes_has_neither(self) -> None:
        assert openings(Hours(zone="UTC"), at("2026-03-03 12:00")) == (None, None)

    def test_what_never_opens_has_neither(self) -> None:
        start = date(2026, 3, 1)
        hours = Hours(zone="UTC", closed={start + timedelta(days=number): "Closed" for number in range(500)})

        assert openings(hours, at("2026-03-03 12:00")) == (None, None)


class TestWindows:
    def test_an_environment_without_a_calendar_is_always_open(self, reader: Caller) -> None:
        answer = windows(reader)["integration"]

        assert answer == {
            "environment": "integration",
            "zone": "Europe/London",
            "hours": [],
            "in_words": "at any time",
            "open_now": True,
            "next_opening": None,
            "next_closing": None,
            "closed_days": [],
            "capacity": 5,
            "promotion_minutes": 30,
            "slots": {"minutes": 30, "longest_minutes": 60, "book_ahead_days": 90},
        }

    def test_they_come_in_the_order_of_promotion(self, reader: Caller) -> None:
        assert list(windows(reader)) == ["integration", "staging", "production"]

    def test_the_weekly_hours_and_holidays_are_listed(self, reader: Caller, today: Scene) -> None:
        today.hours(today.environments[2])

        answer = windows(reader)["production"]

        assert answer["hours"][0] == {"weekday": "Monday", "opens": "09:30", "closes": "17:00"}
        assert answer["hours"][4] == {"weekday": "Friday", "opens": "09:30", "closes": "16:00"}
        assert answer["in_words"] == "Monday to Thursday 09:30 to 17:00, Friday 09:30 to 16:00 (Europe/London)"
        assert "Christmas Day" in {one["name"] for one in answer["closed_days"]}
        assert answer["next_opening"] is not None
        assert answer["next_closing"] is not None

    def test_own_closing_days_are_those_of_the_environment_and_of_all(self, reader: Caller, today: Scene) -> None:
        integration, staging, _ = today.environments
        tomorrow = today.now.date() + timedelta(days=1)
        ClosedDay.objects.create(environment=staging, day=tomorrow, name="Stocktaking")
        ClosedDay.objects.create(day=tomorrow + timedelta(days=1), name="The Budget")
        ClosedDay.objects.create(day=tomorrow + timedelta(days=400), name="Far off")

        answer = windows(reader)

        days = {slug: [one["name"] for one in window["closed_days"]] for slug, window in answer.items()}
        assert days == {
            "integration": ["The Budget"],
            "staging": ["Stocktaking", "The Budget"],
            "production": ["The Budget"],
        }
        assert answer[integration.slug]["next_closing"] is not None

    @pytest.mark.parametrize("is_open", [True, False])
    def test_whether_it_is_open_now_goes_by_its_own_clock(self, reader: Caller, today: Scene, is_open: bool) -> None:
        """Open from noon yesterday to noon tomorrow by its clock, or on no day near."""
        calendar = EnvironmentCalendar.objects.create(
            environment=today.environments[0], zone="Pacific/Auckland", holidays_country=""
        )
        weekdays = {(today.now + timedelta(days=number)).weekday() for number in (-1, 0, 1)}
        for weekday in weekdays if is_open else set(range(7)) - weekdays:
            OpenHours.objects.create(calendar=calendar, weekday=weekday, opens=time(0), closes=time(0))

        answer = windows(reader)["integration"]

        assert answer["open_now"] is is_open
        assert (answer["next_closing"] < answer["next_opening"]) is is_open

    def test_the_settings_of_slots_are_the_environments(self, reader: Caller, today: Scene) -> None:
        EnvironmentCalendar.objects.create(
            environment=today.environments[0],
            slot_minutes=20,
            longest_slot_minutes=120,
            book_ahead_days=14,
            promotion_minutes=15,
        )

        answer = windows(reader)["integration"]

        assert answer["slots"] == {"minutes": 20, "longest_minutes": 120, "book_ahead_days": 14}
        assert answer["promotion_minutes"] == 15

    def test_times_are_in_utc_whatever_the_readers_zone(self, today: Scene) -> None:
        today.hours(today.environments[0])
        person = today.person()
        assert person.user is not None
        person.user.time_zone = "Asia/Tokyo"
        person.user.save()

        answer = windows(signed_in(person))["integration"]

        assert answer["next_opening"].endswith("Z")

    def test_whoever_may_read_sees_them(self, today: Scene) -> None:
        assert windows(token(scopes=("read",)))
        assert token(scopes=("slots:write",)).get("windows").status_code == 403
        assert signed_in(today.person()).post("windows", {}).status_code == 405
