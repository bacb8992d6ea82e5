"""The page of the hours: whether an environment is open, until when, its week, its closed days, its slots."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.asserts import assertRedirects

from apps_registry.models import Environment
from deployer.calendar.clocks import next_clock_change
from deployer.calendar.closing import hours_of
from deployer.calendar.hours import Hours, WeeklyHours
from deployer.calendar.models import ClosedDay, EnvironmentCalendar, OpenHours
from deployer.web.calendar.hours import ShownHours
from deployer.web.calendar.slots.places import Place
from tests.apps_registry.factories import make_environment, make_user
from tests.web.pages import text_of

GOVUK = tuple(WeeklyHours(day, time(9, 30), time(16 if day == 4 else 17)) for day in range(5))


def shown(
    now: str,
    *,
    weekly: tuple[WeeklyHours, ...] = GOVUK,
    zone: str = "Europe/London",
    reader: str = "Europe/London",
    closed: dict[date, str] | None = None,
    minutes: int = 30,
) -> ShownHours:
    """These hours as a reader sees them at this time, UTC."""
    environment = Environment(slug="production", name="Production", position=1, capacity=3)
    calendar = EnvironmentCalendar(environment=environment, zone=zone, promotion_minutes=minutes)
    return ShownHours(
        place=Place(environment=environment, calendar=calendar),
        hours=Hours(zone=zone, weekly=weekly, closed=closed or {}),
        own=(),
        zone=reader,
        now=at(now),
    )


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def words(one: ShownHours) -> str:
    """The part of the page that tells of it."""
    context = {"shown": one, "environment": one.place.environment, "calendar": one.place.calendar}
    with timezone.override(one.zone):
        page = render_to_string("web/calendar/_hours.html", context | {"now": one.now, "zone": one.zone})
        return text_of(page.replace("<wbr>", ""))


@pytest.mark.parametrize(
    ("now", "sentence"),
    [
        ("2026-03-03 12:00", "Open until today at 17:00 GMT; the last promotion starts by today at 16:30 GMT."),
        ("2026-03-03 16:30", "Open until today at 17:00 GMT; the last promotion starts by today at 16:30 GMT."),
        ("2026-03-03 16:31", "Open until today at 17:00 GMT; no promotion starts any more, as it could not finish."),
        ("2026-03-03 17:00", "Closed until tomorrow at 09:30 GMT."),
        ("2026-03-06 16:00", "Closed until Monday 9 March at 09:30 GMT."),
        ("2026-03-27 17:00", "Closed until Monday 30 March at 09:30 BST."),
    ],
)
def test_it_says_whether_it_is_open_and_until_when(now: str, sentence: str) -> None:
    one = shown(now)

    assert f"Production {'Open' if 'Open' in sentence else 'Closed'} now {sentence}" in words(one)


def test_a_holiday_closes_it_until_the_day_after(db: None) -> None:
    one = shown("2026-04-02 17:30", closed={date(2026, 4, 3): "Good Friday", date(2026, 4, 6): "Easter Monday"})

    assert "Closed until Tuesday 7 April at 09:30 BST." in words(one)


@pytest.mark.parametrize(
    ("weekly", "sentence"),
    [
        ((), "Open, and it does not close within a year."),
        (tuple(WeeklyHours(day, time(0), time(0)) for day in range(7)), "Open, and it does not close within a year."),
    ],
)
def test_what_is_open_all_the_time(weekly: tuple[WeeklyHours, ...], sentence: str) -> None:
    assert sentence in words(shown("2026-03-03 12:00", weekly=weekly))


def test_what_is_closed_for_longer_than_a_year() -> None:
    every_day = {date(2026, 1, 1) + timedelta(days=number): "Closed" for number in range(600)}

    assert "Closed, and it does not open within a year." in words(shown("2026-03-03 12:00", closed=every_day))


def test_the_week_is_in_words_and_as_a_table() -> None:
    text = words(shown("2026-03-03 12:00"))

    assert "Takes deploys Monday to Thursday 09:30 to 17:00, Friday 09:30 to 16:00 (Europe/London)." in text
    assert "Monday 09:30 to 17:00 Tuesday" in text
    assert "Friday 09:30 to 16:00 Saturday Closed Sunday Closed" in text
    assert "By your clock" not in text


@pytest.mark.parametrize(
    ("reader", "row"),
    [
        ("Asia/Kolkata", "Monday 09:30 to 17:00 15:00 to 22:30"),
        ("America/New_York", "Monday 09:30 to 17:00 05:30 to 13:00 Tuesday 09:30 to 17:00 04:30 to 12:00"),
        ("Pacific/Auckland", "Monday 09:30 to 17:00 Monday 22:30 to Tuesday 06:00"),
    ],
)
def test_the_week_is_by_the_reader_s_clock_too_where_that_differs_on_the_coming_days(reader: str, row: str) -> None:
    text = words(shown("2026-03-03 12:00", reader=reader))

    assert f"By your clock, {reader}, in the next 7 days" in text
    assert row in text


def test_a_zone_with_the_same_clock_shows_no_second_column() -> None:
    assert "By your clock" not in words(shown("2026-03-03 12:00", reader="Europe/Lisbon"))


def test_hours_across_midnight_are_shown_with_the_day_on_which_they_end() -> None:
    night = (WeeklyHours(0, time(22), time(4)),)

    text = words(shown("2026-03-03 12:00", weekly=night, reader="Europe/Paris"))

    assert "Monday 22:00 to 04:00 the next day Monday 23:00 to Tuesday 05:00" in text


def test_the_slots_and_the_capacity_are_said() -> None:
    text = words(shown("2026-03-03 12:00", minutes=1))

    assert "At once 3 promotions A promotion takes Up to 1 minute Slots 30 minutes, 60 at most" in text
    assert "Booked ahead Up to 90 days" in text


@pytest.mark.django_db
def test_the_closed_days_of_the_next_twelve_months_say_which_are_holidays() -> None:
    environment = make_environment(slug="production")
    calendar = EnvironmentCalendar.objects.create(environment=environment)
    for day, where in ((date(2026, 11, 26), None), (date(2027, 3, 2), environment), (date(2027, 3, 3), environment)):
        ClosedDay.objects.create(day=day, environment=where, name=f"Own {day.day}")
    now = at("2026-03-03 12:00")
    own = {date(2026, 11, 26), date(2027, 3, 2)}
    place = Place(environment=environment, calendar=calendar)

    one = ShownHours(place=place, hours=hours_of(calendar, now), own=own, zone="Europe/London", now=now)

    text = words(one)
    assert "11 closed days in the next 12 months, the next 3 April" in text
    assert "Friday 3 April 2026: Good Friday public holiday" in text
    assert "Monday 28 December 2026: Boxing Day" in text
    assert "Thursday 26 November 2026: Own 26 closing day" in text
    assert "Own 2 closing day" in text
    assert "Own 3" not in text


@pytest.mark.django_db
def test_without_environments_it_says_who_can_add_one(reader: Client) -> None:
    text = text_of(reader.get("/calendar/hours/"))

    assert "No environment is registered yet. An admin can add one." in text


@pytest.mark.django_db
def test_an_environment_without_hours_is_always_open_and_an_admin_can_set_them(reader: Client) -> None:
    environment = make_environment(slug="staging")

    page = reader.get("/calendar/hours/")

    assert "Staging Open now No hours are set: it takes deploys at any time, on every day." in text_of(page)
    assert "An admin can set them." in text_of(page)
    assert "/admin/" not in page.content.decode()
    link = f"/admin/calendar/environmentcalendar/add/?environment={environment.pk}"
    assert link in admin().get("/calendar/hours/").content.decode()


@pytest.mark.django_db
def test_an_admin_is_led_to_the_hours_and_nobody_else(reader: Client) -> None:
    calendar = EnvironmentCalendar.objects.create(environment=make_environment(slug="staging"))
    link = f"/admin/calendar/environmentcalendar/{calendar.pk}/change/"

    assert link in admin().get("/calendar/hours/").content.decode()
    assert link not in reader.get("/calendar/hours/").content.decode()


@pytest.mark.django_db
def test_the_rule_for_clock_changes_is_said_and_the_next_one_of_each_zone(reader: Client) -> None:
    for slug, zone in (("staging", "Europe/London"), ("production", "Asia/Kolkata")):
        EnvironmentCalendar.objects.create(environment=make_environment(slug=slug), zone=zone)
    change = next_clock_change("Europe/London", timezone.now())
    assert change is not None

    text = text_of(reader.get("/calendar/hours/"))

    assert (
        "A time that does not exist, because the clocks go forward, is the first instant after the gap; one that "
        "occurs twice, because they go back, is the first of the two for a start and the last for an end."
    ) in text
    assert f"In Europe/London the clocks change next on Sunday {change.wall_before.day} " in text
    assert "In Asia/Kolkata the clocks do not change." in text


@pytest.mark.django_db
@pytest.mark.parametrize("days", [0, 40])
def test_it_takes_one_query_for_each_environment_besides_a_handful(reader: Client, days: int) -> None:
    for number in range(4):
        calendar = EnvironmentCalendar.objects.create(environment=make_environment(slug=f"env-{number}"))
        for weekday in range(5):
            OpenHours.objects.create(calendar=calendar, weekday=weekday)
        for day in range(days):
            closed = timezone.now().date() + timedelta(days=day)
            ClosedDay.objects.create(environment=calendar.environment, day=closed, name="Closed")

    with CaptureQueriesContext(connection) as captured:
        reader.get("/calendar/hours/")

    assert len(captured) == 8 + 4


def test_someone_who_is_not_signed_in_is_sent_to_sign_in(client: Client, db: None) -> None:
    assertRedirects(client.get("/calendar/hours/"), "/sign-in/?next=/calendar/hours/")


def admin() -> Client:
    client = Client()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client
