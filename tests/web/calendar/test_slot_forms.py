"""What is typed as a slot's time, in any zone and in the nights in which the clocks change."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.http import QueryDict

from apps_registry.models import Application, Environment
from deployer.calendar.forms import read_instant
from deployer.calendar.models import EnvironmentCalendar
from deployer.calendar.spans import Span
from deployer.web.calendar.slots.booking_form import BookForm, with_time
from deployer.web.calendar.slots.places import in_common, length_labels, places
from deployer.web.calendar.slots.reader import Reader
from deployer.web.calendar.slots.times import filled_in, read_span, span_text
from tests.calendar.bookings import at
from tests.scene import Scene

NOON = at("2026-03-03 12:00")


def reader(scene: Scene, *, zone: str = "Europe/London", now: datetime = NOON) -> Reader:
    return Reader(rights=scene.person(), zone=zone, now=now)


def sent(**fields: str) -> QueryDict:
    data = QueryDict(mutable=True)
    values = {"application": "frontend", "environment": "integration", "length": "usual", "repeat": "never"}
    data.update(values | fields)
    return data


def form(scene: Scene, data: QueryDict, **of_reader: Any) -> BookForm:
    made = BookForm(reader=reader(scene, **of_reader), places=places(), data=data)
    made.is_valid()
    return made


@pytest.fixture
def frontend(scene: Scene) -> Application:
    return scene.application("frontend")


def calendar(environment: Environment, **fields: object) -> EnvironmentCalendar:
    return EnvironmentCalendar.objects.create(environment=environment, **fields)


@pytest.mark.parametrize("day", ["2026-03-04", "4/3/2026", "4/3/26", "04.03.2026", "4 March 2026", "4 Mar 2026"])
@pytest.mark.parametrize("clock", ["14:30", "14.30", "1430", "2:30pm", "2.30 PM"])
def test_days_and_times_are_read_in_any_usual_way(scene: Scene, frontend: Application, day: str, clock: str) -> None:
    found = form(scene, sent(date=day, start=clock))

    assert found.span == Span(at("2026-03-04 14:30"), at("2026-03-04 15:00"))


def test_times_are_those_of_the_readers_clock(scene: Scene, frontend: Application) -> None:
    found = form(scene, sent(date="2026-03-04", start="18:30"), zone="Asia/Tokyo")

    assert found.span == Span(at("2026-03-04 09:30"), at("2026-03-04 10:00"))


def test_a_start_that_the_clocks_leave_out_moves_to_the_first_instant_after_it_and_that_is_said(
    scene: Scene, frontend: Application
) -> None:
    found = form(scene, sent(date="2026-03-29", start="01:30"))

    assert found.span == Span(at("2026-03-29 01:00"), at("2026-03-29 01:30"))
    assert found.note() == "01:30 does not exist on that day, as the clocks go forward: it starts at 02:00."


def test_of_a_time_that_occurs_twice_a_start_means_the_first_and_an_end_the_last(
    scene: Scene, frontend: Application
) -> None:
    calendar(scene.environments[0], longest_slot_minutes=180)
    data = sent(date="2026-10-25", start="01:15", length="until", end="01:45")

    found = form(scene, data, now=at("2026-10-20 12:00"))

    assert found.span == Span(at("2026-10-25 00:15"), at("2026-10-25 01:45"))
    assert found.note() == "01:15 occurs twice on that day, as the clocks go back: it starts at 01:15 BST."


def test_on_any_other_day_nothing_is_said_about_the_clocks(scene: Scene, frontend: Application) -> None:
    assert form(scene, sent(date="2026-03-04", start="01:30")).note() == ""


def test_an_offered_time_is_kept_to_the_instant_where_the_wall_clock_can_not_tell_it(
    scene: Scene, frontend: Application
) -> None:
    second = Span(at("2026-10-25 01:15"), at("2026-10-25 01:45"))
    offered = with_time(sent(length="until"), second, "Europe/London")

    found = form(scene, offered, now=at("2026-10-20 12:00"))

    assert (offered["start"], offered["end"]) == ("01:15", "01:45")
    assert found.span == second


def test_what_is_typed_over_an_offered_time_counts(scene: Scene, frontend: Application) -> None:
    data = with_time(sent(), Span(at("2026-03-04 10:00"), at("2026-03-04 10:30")), "Europe/London")
    data["start"] = "11:00"

    assert form(scene, data).span == Span(at("2026-03-04 11:00"), at("2026-03-04 11:30"))


def test_the_lengths_are_the_environments(scene: Scene, frontend: Application) -> None:
    calendar(scene.environments[0], slot_minutes=20, longest_slot_minutes=90)
    data = sent(date="2026-03-04", start="10:00")

    usual, longest = form(scene, data), form(scene, sent(date="2026-03-04", start="10:00", length="longest"))

    assert usual.span == Span(at("2026-03-04 10:00"), at("2026-03-04 10:20"))
    assert longest.span == Span(at("2026-03-04 10:00"), at("2026-03-04 11:30"))
    assert usual.lengths["usual"] == (
        "The usual length: 20 minutes in integration, 30 minutes in staging, 30 minutes in production"
    )


def test_an_end_before_the_start_is_the_next_days_where_a_slot_may_be_that_long(
    scene: Scene, frontend: Application
) -> None:
    night = form(scene, sent(date="2026-03-04", start="23:45", length="until", end="00:15"))
    day = form(scene, sent(date="2026-03-04", start="12:00", length="until", end="11:00"))

    assert night.span == Span(at("2026-03-04 23:45"), at("2026-03-05 00:15"))
    assert day.errors["end"] == ["It must end after it starts, at 12:00: enter a later time"]


def test_environments_that_are_alike_have_their_lengths_said_once(scene: Scene) -> None:
    assert length_labels(places()) == {"usual": "30 minutes", "longest": "60 minutes"}


def test_what_is_so_everywhere_is_said_once_and_the_rest_with_each(scene: Scene) -> None:
    for environment in scene.environments[:2]:
        scene.hours(environment)
    found = places()

    words = found[0].said("Asia/Tokyo", NOON)

    hours = "Takes deploys Monday to Thursday 09:30 to 17:00, Friday 09:30 to 16:00 (Europe/London)"
    assert words == [
        f"{hours}, not on public holidays",
        "The clock of Europe/London is 9 hours behind yours",
        "Slots of 30 minutes, 60 minutes at most, booked up to 90 days ahead",
        "Room for 5 applications at once",
    ]
    assert in_common(found, "Asia/Tokyo", NOON) == words[2:]
    assert in_common(found[:2], "Asia/Tokyo", NOON) == words
    assert found[2].said("Asia/Tokyo", NOON)[0] == "Takes deploys at any time"


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("Europe/London", ""),
        ("Africa/Abidjan", ""),
        ("Asia/Kathmandu", "The clock of Europe/London is 5 hours 45 minutes behind yours"),
        ("Atlantic/Azores", "The clock of Europe/London is 1 hour ahead of yours"),
    ],
)
def test_a_clock_that_differs_from_the_readers_is_said(scene: Scene, zone: str, said: str) -> None:
    scene.hours(scene.environments[0])

    assert places()[0].clock_differs(zone, NOON) == said


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-03-04T10:00:00Z", "2026-03-04 10:00"),
        ("2026-03-04T10:00:00+01:00", "2026-03-04 09:00"),
        ("2026-03-04T10:00:00 01:00", "2026-03-04 09:00"),
        ("2026-07-04T10:00", "2026-07-04 09:00"),
        ("2026-07-04 10:00", "2026-07-04 09:00"),
    ],
)
def test_a_time_in_an_address_is_read(text: str, instant: str) -> None:
    assert read_instant(text, "Europe/London") == at(instant)


@pytest.mark.parametrize("text", ["", "tomorrow", "0001-01-01T00:00+14:00", "9999-12-31T23:59Z", "\0", "1" * 500])
def test_what_is_no_time_in_an_address_is_none(text: str) -> None:
    assert read_instant(text, "Europe/London") is None


def test_a_span_is_carried_by_a_button_and_read_again() -> None:
    span = Span(at("2026-10-25 01:15"), at("2026-10-25 01:45"))

    assert read_span(span_text(span), "Europe/London") == span
    assert filled_in(span, "Europe/London") == {
        "date": "2026-10-25",
        "start": "01:15",
        "end": "01:45",
        "exact": span_text(span),
    }


@pytest.mark.parametrize("text", ["", "/", "2026-10-25T01:45Z/2026-10-25T01:15Z", "2026-10-25T01:45Z", "a/b/c"])
def test_what_is_no_span_is_none(text: str) -> None:
    assert read_span(text, "Europe/London") is None


def test_a_slot_begun_at_an_odd_second_keeps_it_unless_typed_anew(scene: Scene, frontend: Application) -> None:
    span = Span(NOON + timedelta(days=1, seconds=7), NOON + timedelta(days=1, minutes=30, seconds=7))

    assert form(scene, with_time(sent(length="until"), span, "Europe/London")).span == span
