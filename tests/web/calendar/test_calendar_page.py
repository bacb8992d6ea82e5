"""The calendar's page without JavaScript: what it shows, and that its address says all of it."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from apps_registry.models import Application
from deployer.calendar.actions.overrides import NewOverride
from deployer.calendar.actions.slots import override_slot
from deployer.calendar.models import ClosedDay
from deployer.web.calendar import reading
from tests.calendar.bookings import at, booked
from tests.scene import Scene
from tests.web.calendar.browser import Browser, Page
from tests.web.calendar.calls import soon
from tests.web.calendar.slot_desk import at_desk
from tests.web.calendar.timetable import frozen, ran
from tests.web.pages import text_of

WEEK = "/calendar/?view=week&date=2026-03-04"
DAY = timedelta(days=1)


@pytest.fixture
def desk(scene: Scene) -> Browser:
    """A release manager's, whose clock is UTC."""
    return at_desk(scene.manager())


def rows_of(page: Page) -> dict[str, list[str]]:
    """The words of each day's cells, by the day."""
    rows = re.findall(r'<tr id="day-([0-9-]+)".*?>(.*?)</tr>', page.source, re.DOTALL)
    return {day: [text_of(cell) for cell in re.findall(r"<td.*?</td>", row, re.DOTALL)] for day, row in rows}


def link(page: Page, words: str) -> str:
    """The address of the link with these words."""
    links: list[tuple[str, str]] = re.findall(r'<a\s[^>]*?href="([^"]*)"[^>]*>(.*?)</a>', page.source, re.DOTALL)
    return next(href for href, inner in links if text_of(inner) == words)


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


# --- What is shown ----------------------------------------------------------------------------------------


def test_a_week_has_a_row_for_each_day_and_a_cell_for_each_environment(scene: Scene, desk: Browser) -> None:
    application = scene.application()
    slot = booked(scene, application, at=at("2026-03-04 10:00"), environment=scene.environments[1])

    page = desk.open(WEEK)

    assert "Calendar: 2 to 8 March 2026" in page.text
    rows = rows_of(page)
    assert list(rows) == [f"2026-03-0{day}" for day in range(2, 9)]
    assert rows["2026-03-04"] == ["Open all day", "Open all day 10:00 to 10:30 frontend Alex Doe", "Open all day"]
    assert link(page, "frontend") == slot.get_absolute_url()


def test_a_day_and_a_month_have_their_days_and_no_others(scene: Scene, desk: Browser) -> None:
    day = desk.open("/calendar/?view=day&date=2026-03-04")
    month = desk.open("/calendar/?view=month&date=2026-03-04")

    assert list(rows_of(day)) == ["2026-03-04"]
    assert "Calendar: Wednesday 4 March 2026" in day.text
    assert list(rows_of(month))[::30] == ["2026-03-01", "2026-03-31"]
    assert "Calendar: March 2026" in month.text


def test_what_is_over_says_how_it_ended(scene: Scene, desk: Browser) -> None:
    slot = booked(scene, scene.application(), at=at("2026-03-03 13:00"))
    scene.run(until=slot.ends_at)

    assert rows_of(desk.open(WEEK))["2026-03-03"][0] == "Open all day 13:00 to 13:30 frontend Alex Doe Missed"


def test_promotions_are_counted_and_those_that_stopped_are_said_at_once(scene: Scene, desk: Browser) -> None:
    application = scene.application()
    ran(application, at("2026-03-02 10:00"))
    failed = ran(application, at("2026-03-02 11:00"), version="v2", state="failed")

    page = desk.open(WEEK)

    assert rows_of(page)["2026-03-02"][0] == (
        "Open all day 11:00 to 11:06 frontend v2 Failed 2 promotions: 1 succeeded, 1 failed"
    )
    assert query_of(link(page, "2 promotions: 1 succeeded, 1 failed"))["view"] == "day"
    assert link(page, "frontend v2") == failed.get_absolute_url()


def test_a_day_lists_its_promotions(scene: Scene, desk: Browser) -> None:
    application = scene.application()
    ran(application, at("2026-03-02 10:00"))
    ran(application, at("2026-03-02 11:00"), version="v2", state="failed")

    page = desk.open("/calendar/?view=day&date=2026-03-02&environment=integration")

    [cell] = rows_of(page)["2026-03-02"]
    assert cell == (
        "Open all day 10:00 to 10:06 frontend v1 Succeeded 11:00 to 11:06 frontend v2 Failed "
        "2 promotions: 1 succeeded, 1 failed"
    )


def test_a_month_counts_promotions_and_leads_to_the_day(scene: Scene, desk: Browser) -> None:
    for hour in (10, 11):
        ran(scene.application(f"app-{hour}"), at(f"2026-03-02 {hour}:00"))

    page = desk.open("/calendar/?view=month&date=2026-03-04&environment=integration")

    assert rows_of(page)["2026-03-02"] == ["Open all day 2 promotions: all succeeded"]
    assert query_of(link(page, "2 promotions: all succeeded")) == {
        "view": "day",
        "date": "2026-03-02",
        "environment": "integration",
    }


def test_hours_freezes_and_holidays_are_said_for_each_day(scene: Scene, desk: Browser) -> None:
    scene.hours(scene.environments[2])
    ClosedDay.objects.create(environment=scene.environments[2], day=at("2026-03-05 00:00").date(), name="The Budget")
    freeze = frozen(
        scene, "2026-03-03 16:00", "2026-03-05 09:00", environments=[scene.environments[2]], reason="Quiet."
    )

    page = desk.open("/calendar/?view=week&date=2026-03-04&environment=production")

    days = {day: cells[0] for day, cells in rows_of(page).items()}
    assert days["2026-03-02"] == "Open 09:30 to 17:00"
    assert days["2026-03-03"] == "Open 09:30 to 17:00 Frozen from 16:00: Quiet. Everything in production"
    assert days["2026-03-04"] == "Open 09:30 to 17:00 Frozen all day: Quiet. Everything in production"
    assert days["2026-03-05"] == "Closed: The Budget Frozen until 09:00: Quiet. Everything in production"
    assert days["2026-03-06"] == "Open 09:30 to 16:00"
    assert days["2026-03-07"] == "Closed"
    assert link(page, "Quiet.") == freeze.get_absolute_url()
    assert "Monday to Thursday 09:30 to 17:00, Friday 09:30 to 16:00 (Europe/London)" in page.text


def test_who_overrode_what_blocks_is_said_with_the_slot(scene: Scene, desk: Browser) -> None:
    slot = booked(scene, scene.application(), at=at("2026-03-03 13:00"))
    freeze = frozen(scene, "2026-03-03 12:30", "2026-03-03 15:00")
    new = NewOverride(blocker=f"freeze:{freeze.pk}", reason="The fix is urgent.", expires_at=slot.ends_at)
    override_slot(slot=slot, new=new, rights=scene.manager(), now=scene.now)

    assert "frontend Alex Doe Overridden by Sam Doe" in rows_of(desk.open(WEEK))["2026-03-03"][0]


def test_times_are_those_of_the_readers_zone(scene: Scene) -> None:
    booked(scene, scene.application(), at=at("2026-03-04 23:45"))
    person = scene.manager()
    browser = Browser(person)
    assert person.user is not None

    def cell(zone: str, day: str) -> str:
        person.user.time_zone = zone  # type: ignore[union-attr]
        person.user.save()  # type: ignore[union-attr]
        page = browser.open(WEEK)
        assert f", {zone}" in page.text
        return rows_of(page)[day][0]

    assert cell("Asia/Tokyo", "2026-03-05") == "Open all day 08:45 to 09:15 frontend Alex Doe"
    assert cell("America/New_York", "2026-03-04") == "Open all day 18:45 to 19:15 frontend Alex Doe"
    assert "from 23:45" in cell("UTC", "2026-03-04")
    assert "until 00:15" in cell("UTC", "2026-03-05")


def test_a_slot_in_the_hour_that_occurs_twice_says_which_it_is(today: Scene) -> None:
    """The next night in which London's clocks go back may be far ahead, so the time is the scene's own."""
    today.now = at("2026-10-20 12:00")
    booked(today, today.application(), at=at("2026-10-25 00:45"))
    person = today.manager()
    assert person.user is not None
    person.user.time_zone = "Europe/London"
    person.user.save()

    page = Browser(person).open("/calendar/?view=day&date=2026-10-25")

    assert "01:45 BST to 01:15 GMT" in rows_of(page)["2026-10-25"][0]


def test_the_page_says_when_nothing_is_booked_and_what_to_do(scene: Scene, desk: Browser) -> None:
    page = desk.open(WEEK)

    assert "Nothing is booked in 2 to 8 March 2026. Book a slot" in page.text
    assert "Nothing is booked on Wednesday 4 March 2026." in desk.open("/calendar/?view=day&date=2026-03-04").text
    scene.application()
    filtered = desk.open(f"{WEEK}&application=frontend")
    assert "Nothing is booked in 2 to 8 March 2026 with this filter." in filtered.text


def test_without_an_environment_it_says_what_is_missing(reader: Client) -> None:
    assertContains(reader.get("/calendar/"), "No environment is registered yet.")


def test_what_is_left_out_because_there_is_too_much_is_said(
    scene: Scene, desk: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST", 1)
    for hour in (10, 12):
        booked(scene, scene.application(f"app-{hour}"), at=at(f"2026-03-04 {hour}:00"))

    assert "Only the first 1 slots are shown: choose a shorter time, or filter" in desk.open(WEEK).text


# --- The address ------------------------------------------------------------------------------------------


def test_without_an_address_it_is_this_week(scene: Scene, desk: Browser) -> None:
    page = desk.open("/calendar/")

    today = datetime.now(UTC).date()
    assert today.isoformat() in rows_of(page)
    assert len(rows_of(page)) == 7
    assert re.search(r'aria-current="true"[^>]*>Week<', page.source)
    assert "Today" in text_of(page.source.partition(f'id="day-{today}"')[2].partition("</th>")[0])


def test_every_link_keeps_what_is_shown_and_changes_one_thing(scene: Scene, desk: Browser) -> None:
    scene.application()
    kept = {
        "view": "week",
        "date": "2026-03-04",
        "team": "web",
        "application": "frontend",
        "environment": "staging",
        "layout": "list",
        "hours": "all",
    }

    page = desk.open(f"/calendar/?{'&'.join(f'{name}={value}' for name, value in kept.items())}")

    changes = {
        "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK} Previous week": {"date": "2026-02-23"},
        "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} Next week": {"date": "2026-03-09"},
        "Today": {"date": timezone.now().date().isoformat()},
        "Day": {"view": "day"},
        "Month": {"view": "month"},
        "Grid": {"layout": "grid"},
        "Fri 6 Mar": {"view": "day", "date": "2026-03-06"},
    }
    for words, change in changes.items():
        assert query_of(link(page, words)) == kept | change, words
    left = {name: kept[name] for name in ("view", "date", "layout", "hours")}
    assert query_of(link(page, "Clear the filter")) == left


def test_a_shorter_view_of_a_time_with_today_in_it_shows_today(scene: Scene, desk: Browser) -> None:
    today = datetime.now(UTC).date()

    page = desk.open(f"/calendar/?view=month&date={today.replace(day=1)}")

    assert query_of(link(page, "Day"))["date"] == today.isoformat()


def test_the_filter_is_a_form_that_keeps_the_view_and_the_day(scene: Scene, desk: Browser) -> None:
    scene.application()
    page = desk.open(f"{WEEK}&application=frontend")

    assert page.fields == {
        "view": ["week"],
        "date": ["2026-03-04"],
        "team": [""],
        "application": ["frontend"],
        "environment": [""],
    }


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("team=nobody", "There is no team 'nobody': choose one from the list"),
        ("application=nothing", "There is no application 'nothing': choose one from the list"),
        ("environment=nowhere", "There is no environment 'nowhere': choose one from the list"),
        ("view=year", "There is no view 'year': choose day, week or month"),
        ("layout=circle", "There is no layout 'circle': choose grid or list"),
        ("hours=some", "There are no hours 'some': write all, or leave it out"),
        ("date=2026-02-30", "Enter a day that exists, such as 3/3/2026 or 3 March 2026"),
        ("date=1066-10-14", "Enter a year from 2000 to 2199"),
        ("date=9999-12-31", "Enter a year from 2000 to 2199"),
        ("application=a%00b", "Null characters are not allowed"),
    ],
)
def test_an_address_that_makes_no_sense_is_refused_with_the_way_out(
    scene: Scene, desk: Browser, query: str, sentence: str
) -> None:
    page = desk.open(f"/calendar/?{query}")

    assert page.status == 400
    assert page.text.startswith("Error: Calendar")
    assert sentence in page.source
    assert link(page, "Show the calendar of this week") == "/calendar/"


@pytest.mark.parametrize("day", ["2000-01-01", "2199-12-31"])
@pytest.mark.parametrize("view", ["day", "week", "month"])
def test_the_first_and_the_last_day_that_can_be_asked_for_are_shown(
    scene: Scene, desk: Browser, day: str, view: str
) -> None:
    page = desk.open(f"/calendar/?view={view}&date={day}")

    assert page.status == 200
    assert day in rows_of(page)


def test_filters_leave_what_is_asked_for(scene: Scene, desk: Browser) -> None:
    for slug, hour in (("mine", 10), ("other", 12)):
        booked(scene, scene.application(slug), at=at(f"2026-03-04 {hour}:00"))

    page = desk.open(f"{WEEK}&application=mine&environment=integration")

    assert rows_of(page)["2026-03-04"] == ["Open all day 10:00 to 10:30 mine Alex Doe"]


# --- Booking ----------------------------------------------------------------------------------------------


def test_a_slot_can_be_booked_in_every_cell_that_is_still_to_come(today: Scene) -> None:
    today.application()
    tomorrow = datetime.now(UTC).date() + DAY
    browser = at_desk(today.person())

    page = browser.open(f"/calendar/?view=day&date={tomorrow}&application=frontend&environment=staging")

    assert query_of(link(page, f"Book a slot in Staging on {tomorrow:%A} {tomorrow.day} {tomorrow:%B}")) == {
        "environment": "staging",
        "application": "frontend",
        "start": f"{tomorrow}T00:00:00+00:00",
    }
    assert query_of(link(page, "Book a slot")) == {"environment": "staging", "application": "frontend"}
    past = browser.open(f"/calendar/?view=day&date={tomorrow - 2 * DAY}")
    assert "Book a slot in" not in past.text


def test_booking_today_begins_from_now_at_whole_five_minutes(today: Scene) -> None:
    today.application()
    browser = at_desk(today.person())

    page = browser.open("/calendar/?view=day&environment=staging")

    day = page.response.context["shown"].today
    start = datetime.fromisoformat(
        query_of(link(page, f"Book a slot in Staging on {day:%A} {day.day} {day:%B}"))["start"]
    )
    assert timedelta(0) <= start - page.response.context["now"] < timedelta(minutes=5)
    assert (start.minute % 5, start.second) == (0, 0)


def test_who_can_book_nothing_is_told_why_and_offered_nothing(today: Scene) -> None:
    today.application()
    viewer = today.person("kit", role="viewer", teams=())  # type: ignore[arg-type]

    page = at_desk(viewer).open("/calendar/")

    assert "Your account may look at everything and book nothing" in page.text
    assert "Book a slot" not in page.text
    assert 'data-new=""' in page.source


# --- What the script is given, and what every page must keep -----------------------------------------------


def test_the_grid_is_told_what_to_draw_and_in_whose_time(scene: Scene, desk: Browser) -> None:
    scene.application()
    page = desk.open("/calendar/?view=month&date=2026-03-04&application=frontend")

    data = dict(re.findall(r'data-([a-z]+)="([^"]*)"', page.source.partition('id="calendar-grid"')[2]))
    assert query_of(data["range"]) == {
        "start": "2026-02-23",
        "end": "2026-04-06",
        "zone": "UTC",
        "application": "frontend",
        "promotions": "counts",
    }
    assert (data["view"], data["date"], data["weeks"], data["offset"]) == ("month", "2026-03-04", "6", "+00:00")
    assert data["new"] == "/slots/new/?application=frontend"
    assert desk.client.get(data["range"]).status_code == 200
    assert desk.client.get(f"{data['instant']}&wall=2026-03-04T10:00&edge=start").status_code == 200


def test_what_the_script_moves_a_slot_by_is_answered(today: Scene) -> None:
    slot = booked(today, today.application(), at=soon(26))
    desk = at_desk(today.person())
    page = desk.open("/calendar/")
    data = dict(re.findall(r'data-([a-z]+)="([^"]*)"', page.source.partition('id="calendar-grid"')[2]))
    moved = {"starts_at": soon(27).isoformat(), "ends_at": soon(27.5).isoformat(), "sequence": slot.sequence}
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.source)

    assert token is not None
    answer: Any = desk.client.patch(
        f"{data['slots']}{slot.pk}", moved, content_type="application/json", headers={"x-csrftoken": token[1]}
    )

    assert answer.status_code == 200, answer.content
    assert answer.json()["sequence"] == slot.sequence + 1


@pytest.mark.parametrize("address", ["/calendar/", "/calendar/?view=month", "/calendar/?view=day&layout=grid"])
def test_there_is_no_script_and_no_style_in_it(scene: Scene, desk: Browser, address: str) -> None:
    booked(scene, scene.application(), at=at("2026-03-04 10:00"))

    source = desk.open(address).source

    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", source) == []


def test_what_people_wrote_is_text_and_nothing_else(scene: Scene, desk: Browser) -> None:
    frozen(scene, "2026-03-04 09:00", "2026-03-04 10:00", reason="<script>alert(1)</script>")

    source = desk.client.get(WEEK).content.decode()

    assert "<script>alert" not in source
    assert "&lt;script&gt;alert(1)" in source


def test_the_number_of_queries_does_not_depend_on_how_much_there_is(scene: Scene, desk: Browser) -> None:
    applications = [scene.application(f"app-{number}") for number in range(6)]

    def fill(day: int, some: Iterable[Application]) -> None:
        for number, application in enumerate(some):
            booked(scene, application, at=at(f"2026-03-0{day} 1{number}:00"))
            ran(application, at(f"2026-03-02 0{day}:00"), version=f"v{day}")
            frozen(scene, f"2026-03-0{day} 22:{number}0", f"2026-03-0{day} 23:00", applications=[application])

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert desk.client.get(WEEK).status_code == 200
        return len(captured)

    fill(4, applications[:1])
    few = queries()
    fill(5, applications)
    fill(6, applications)

    assert queries() == few <= 32


def test_the_menu_leads_to_it_and_says_where_one_is(reader: Client) -> None:
    page = reader.get("/calendar/")

    assertContains(page, 'href="/calendar/"')
    assertContains(page, 'href="/freezes/"')
    assertContains(page, 'href="/calendar/hours/"')
    menus = re.findall(r"<nav.*?</nav>", page.content.decode(), re.DOTALL)
    assert [menu.count('aria-current="page"') for menu in menus] in ([1], [1, 1]), "one in each menu"
    assertNotContains(reader.get("/"), 'href="/calendar/" class="govuk-service-navigation__link" aria-current')


def test_who_is_not_signed_in_is_sent_to_sign_in(client: Client, db: None) -> None:
    assert client.get("/calendar/?view=day")["location"].startswith("/sign-in/?next=/calendar/")
