"""The banner: which pages warn of which freezes, and what it costs."""

from datetime import timedelta

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps_registry.models import Application
from deployer.calendar.actions.freezes import NewFreeze, declare, lift, lift_once
from deployer.calendar.models import Freeze
from deployer.calendar.spans import Span
from deployer.web.calendar.freezes.banner import touching
from tests.calendar.bookings import booked
from tests.scene import Scene
from tests.web.calendar.browser import Browser, Page
from tests.web.pages import text_of

LANDMARK = 'aria-label="Freezes"'


def frozen(today: Scene, *, start: float = 0, hours: float | None = 2, **fields: object) -> Freeze:
    """A freeze that begins in `start` hours and lasts so long, or until it is lifted."""
    starts_at = today.now + timedelta(hours=start)
    values: dict[str, object] = {
        "starts_at": starts_at,
        "ends_at": None if hours is None else starts_at + timedelta(hours=hours),
        "reason": "The Budget",
    }
    return declare(new=NewFreeze(**values | fields), rights=today.manager(), now=today.now)  # type: ignore[arg-type]


def opened(today: Scene, address: str) -> Page:
    return Browser(today.person()).open(address)


def banner(page: Page) -> str:
    """Its words; empty where the page has none."""
    _, found, rest = page.response.content.decode().partition(f'<section class="app-freezes" {LANDMARK}>')
    return text_of(rest.partition("</section>")[0]) if found else ""


def test_the_board_warns_of_what_holds_now_short_and_with_the_way_there(today: Scene) -> None:
    freeze = frozen(today, hours=None, environments=[today.environments[2]], contact="#govuk-incident")

    page = opened(today, "/")

    assert banner(page) == (
        "Frozen now Everything in production until somebody lifts it. The Budget. Contact: #govuk-incident. "
        "See the freeze of Everything in production"
    )
    assert f'href="/freezes/{freeze.pk}/"' in page.source


@pytest.mark.parametrize(("start", "warned"), [(23, True), (25, False)])
def test_it_warns_of_what_begins_within_a_day(today: Scene, start: float, warned: bool) -> None:
    freeze = frozen(today, start=start)

    found = banner(opened(today, "/"))

    assert bool(found) is warned
    if warned:
        begins = timezone.localtime(freeze.starts_at)
        assert found.startswith("Coming Everything from")
        assert f"at {begins:%H:%M}" in found


def test_what_was_lifted_or_is_over_is_not_warned_of(today: Scene) -> None:
    freeze = frozen(today)
    lift(freeze=freeze, reason="It works.", rights=today.manager(), now=today.now)
    weekly = frozen(today, recurrence="FREQ=WEEKLY")
    lift_once(freeze=weekly, occurrence=weekly.starts_at, reason="A quiet week.", rights=today.manager(), now=today.now)

    assert banner(opened(today, "/")) == ""


def test_several_become_one_banner_with_a_list_the_soonest_first(today: Scene) -> None:
    frozen(today, start=2, reason="Third")
    frozen(today, start=-2, hours=5, reason="First")
    frozen(today, reason="Second")

    page = opened(today, "/")

    found = banner(page)
    assert page.source.count(LANDMARK) == 1
    assert found.startswith("2 freezes hold now, and 1 begins soon See all freezes")
    assert found.index("First.") < found.index("Second.") < found.index("Third.")
    assert "<details" not in page.source.partition("<main")[2]


def test_many_are_folded_up(today: Scene) -> None:
    for number in range(4):
        frozen(today, reason=f"Reason {number}")

    page = opened(today, "/")

    assert banner(page).startswith("4 freezes hold now See all freezes What is frozen")
    assert "<details" in page.source


def test_many_applications_are_counted_and_not_listed(today: Scene) -> None:
    applications = [today.application(f"app-{number}", environments=1) for number in range(6)]
    frozen(today, applications=applications)

    assert "app-0, app-1, app-2 and 3 more in every environment" in banner(opened(today, "/"))


@pytest.mark.parametrize("address", ["/calendar/", "/calendar/hours/", "/slots/", "/nothing-here/"])
def test_other_pages_warn_of_them_all(today: Scene, address: str) -> None:
    frozen(today)

    assert banner(opened(today, address)).startswith("Frozen now Everything")


@pytest.mark.parametrize("address", ["/freezes/", "/freezes/{pk}/", "/freezes/{pk}/lift/", "/freezes/new/"])
def test_the_pages_of_freezes_say_it_themselves(today: Scene, frontend: Application, address: str) -> None:
    freeze = frozen(today)

    page = Browser(today.manager()).open(address.format(pk=freeze.pk))

    assert page.status == 200
    assert banner(page) == ""


def test_a_promotion_s_page_warns_only_of_what_covers_its_target(today: Scene, frontend: Application) -> None:
    release = today.register(frontend, "v1")
    frozen(today, reason="Here", environments=[today.environments[0]], applications=[frontend])
    frozen(today, reason="Of its team", teams=[frontend.owner], start=1)
    frozen(today, reason="Elsewhere", environments=[today.environments[2]])
    frozen(today, reason="Another", applications=[today.application("other")])

    found = banner(opened(today, today.promotion(release, "integration").get_absolute_url()))

    assert "Here." in found
    assert "Of its team." in found
    assert "Elsewhere" not in found
    assert "Another" not in found


def test_a_slot_s_page_warns_only_of_what_catches_it(today: Scene, frontend: Application) -> None:
    slot = booked(today, frontend, at=today.now + timedelta(hours=50))
    frozen(today, reason="Catches it", start=50.25, hours=1)
    frozen(today, reason="Too early", start=1)
    frozen(today, reason="Elsewhere", start=49, hours=9, environments=[today.environments[2]])
    frozen(today, reason="Lets it through", start=49, hours=9, allows_by_hand=True)

    found = banner(opened(today, slot.get_absolute_url()))

    assert "Catches it." in found
    assert not any(other in found for other in ("Too early", "Elsewhere", "Lets it through"))


def test_a_freeze_s_time_that_catches_a_slot_is_the_one_that_is_shown(today: Scene, frontend: Application) -> None:
    weekly = frozen(today, recurrence="FREQ=WEEKLY")
    second = list(weekly.terms.times(today.now + timedelta(days=7), today.now + timedelta(days=8)))

    [one] = touching(
        today.now,
        scope=[(frontend, today.environments[0])],
        span=Span(second[0].first, second[0].first + timedelta(minutes=30)),
    )

    assert list(one.times) == second


def test_who_is_not_signed_in_is_told_nothing(today: Scene, client: Client) -> None:
    frozen(today)

    assert LANDMARK not in client.get("/sign-in/").content.decode()


def test_an_error_page_asks_nothing_of_the_database(db: None) -> None:
    with CaptureQueriesContext(connection) as captured:
        render_to_string("500.html")

    assert len(captured) == 0


@pytest.mark.parametrize(("number", "queries"), [(0, 1), (1, 5), (9, 5)])
def test_it_costs_one_query_without_freezes_and_five_however_many_there_are(
    today: Scene, number: int, queries: int
) -> None:
    for _ in range(number):
        frozen(today, environments=today.environments, recurrence="FREQ=WEEKLY")

    with CaptureQueriesContext(connection) as captured:
        found = touching(today.now)

    assert len(found) == number
    assert len(captured) == queries


def test_a_page_that_shows_nothing_that_can_be_frozen_asks_nothing(today: Scene) -> None:
    frozen(today)

    with CaptureQueriesContext(connection) as captured:
        assert touching(today.now, scope=[]) == []

    assert len(captured) == 0
