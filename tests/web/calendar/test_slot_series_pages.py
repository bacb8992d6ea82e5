"""The page of recurring slots: what is to come, what was left out, and ending them."""

from datetime import timedelta

import pytest

from apps_registry.models import Application
from deployer.access.models.user import Role
from deployer.audit.models import Event
from deployer.calendar.actions.series import book_series, end_series
from deployer.calendar.models import Slot, SlotSeries
from deployer.calendar.recurrence import wall_time
from deployer.calendar.states import SlotState
from deployer.web.calendar.slots.series import in_words
from tests.calendar.bookings import new_slot
from tests.scene import Scene
from tests.web.calendar.calls import soon
from tests.web.calendar.slot_desk import at_desk, frozen

END = "End them"


@pytest.fixture
def series(today: Scene, frontend: Application) -> SlotSeries:
    """Daily, five times, of which the second is frozen."""
    frozen(today, start=soon(25), hours=3)
    first = new_slot(today, frontend, at=soon(2), notes="The nightly load", watched_by="Kim Lee")
    rule = "FREQ=DAILY;COUNT=5"
    return book_series(first=first, rule=rule, zone="UTC", rights=today.person(), now=today.now).series


def test_it_says_when_and_for_what_and_what_was_left_out(today: Scene, series: SlotSeries) -> None:
    start = soon(2)

    page = at_desk(today.person("vera", role=Role.VIEWER, teams=())).open(f"/slots/series/{series.pk}/")

    assert "frontend in integration, by the rule FREQ=DAILY;COUNT=5" in page.text
    assert f"{wall_time(start, 'UTC'):%H:%M} to {start + timedelta(minutes=30):%H:%M}" in page.text
    assert "by the clock of UTC" in page.text
    assert "by Alex Doe Watched by Kim Lee" in page.text
    assert "The nightly load" in page.text
    assert [f"/slots/{slot.pk}/" in page.source for slot in series.slots.all()] == [True] * 4
    assert "Left out" in page.text
    assert "was not booked: Everything is frozen by Sam Doe: The Budget." in page.text
    assert "Alex Doe booked recurring slots in integration" in page.text
    assert "Alex Doe booked these: they, their teams or a release manager can end them." in page.text


def test_each_of_its_slots_leads_to_it(today: Scene, series: SlotSeries) -> None:
    page = at_desk(today.person()).open(series.slots.all()[0].get_absolute_url())

    assert f'href="/slots/series/{series.pk}/"' in page.source


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=WEEKLY;BYDAY=TU", "every Tuesday"),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "every weekday, Monday to Friday"),
        ("FREQ=MONTHLY", "every month"),
        ("FREQ=DAILY;COUNT=3", "by the rule FREQ=DAILY;COUNT=3"),
    ],
)
def test_how_often_is_said_in_words(rule: str, words: str) -> None:
    assert in_words(rule) == words


@pytest.mark.parametrize("who", ["who booked them", "their team", "a release manager"])
def test_they_are_ended_once_that_is_confirmed(today: Scene, series: SlotSeries, who: str) -> None:
    person = {"who booked them": today.person(), "their team": today.person("jo"), "a release manager": today.manager()}
    page = at_desk(person[who]).open(f"/slots/series/{series.pk}/end/")
    assert "4 coming slots are cancelled" in page.text
    assert Slot.objects.filter(state=SlotState.BOOKED).count() == 4

    page = page.send(END, reason="No more loads")

    series.refresh_from_db()
    assert series.ended_by == person[who].actor.label
    assert not Slot.objects.filter(state=SlotState.BOOKED).exists()
    assert page.path == f"/slots/series/{series.pk}/"
    assert "Ended: 4 coming slots cancelled." in page.text
    assert "None is booked." in page.text
    assert Event.objects.get(kind="slot_series.ended").reason == "No more loads"


@pytest.mark.parametrize(("role", "teams"), [(Role.VIEWER, ()), (Role.DEVELOPER, ("whitehall",))])
def test_nobody_else_ends_them(today: Scene, series: SlotSeries, role: Role, teams: tuple[str, ...]) -> None:
    page = at_desk(today.person("kim", role=role, teams=teams)).open(f"/slots/series/{series.pk}/end/")

    assert page.status == 403
    assert "Alex Doe booked these" in page.text


def test_what_has_ended_is_not_ended_again(today: Scene, series: SlotSeries) -> None:
    end_series(series=series, rights=today.person(), now=today.now)

    page = at_desk(today.person()).open(f"/slots/series/{series.pk}/end/")

    assert page.path == f"/slots/series/{series.pk}/"
    assert "These recurring slots have ended already." in page.text


@pytest.mark.parametrize("path", ["", "end/"])
def test_what_is_not_there_is_told_in_the_same_look(today: Scene, path: str) -> None:
    page = at_desk(today.person()).open(f"/slots/series/999/{path}")

    assert page.status == 404
    assert "There is nothing at this address" in page.text
