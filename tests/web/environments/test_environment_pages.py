"""The pages of environments: what uses one, what waits for it and why, and what is live in it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps_registry.models import Environment
from deployer.calendar.actions.freezes import NewFreeze, declare
from deployer.promotions.models import Step
from tests.scene import AS_ALEX, Scene
from tests.web import pages
from tests.web.calendar.browser import Browser, Page

pytestmark = pytest.mark.django_db


def opened(today: Scene, address: str = "/environments/staging/") -> Page:
    page = Browser(today.person()).open(address)
    assert page.status == 200
    return page


def part(page: Page, name: str) -> str:
    _, _, rest = page.response.content.decode().partition(f'aria-labelledby="{name}"')
    return pages.text_of(rest.partition("</section>")[0])


def row(page: Page, name: str) -> str:
    return next(words for words in pages.rows_of(page.response) if words.startswith(name))


class TestList:
    def test_each_says_how_busy_it_is(self, today: Scene) -> None:
        app, other = pages.application("frontend"), pages.application("router")
        Environment.objects.filter(slug="staging").update(capacity=1)
        pages.promotion(app, "staging", "v1", "deploying", started_at=timezone.now())
        pages.promotion(other, "staging", "v1")
        pages.hold(other, None, "Everywhere.")

        page = opened(today, "/environments/")

        assert "1 of 1 Full 1 1 stopped 2" in row(page, "Staging")
        assert "0 of 5 0 1 stopped 2" in row(page, "Production")

    def test_a_freeze_is_said_where_it_holds(self, today: Scene) -> None:
        now = timezone.now()
        staging = Environment.objects.get(slug="staging")
        declare(
            new=NewFreeze(starts_at=now, ends_at=None, reason="No.", environments=[staging]), rights=AS_ALEX, now=now
        )

        page = opened(today, "/environments/")

        assert "Frozen" in row(page, "Staging")
        assert "Frozen" not in row(page, "Production")

    def test_without_any_it_says_what_to_do(self, today: Scene) -> None:
        Environment.objects.all().delete()

        assert "There is no environment yet." in opened(today, "/environments/").text


class TestEnvironment:
    def test_what_runs_is_said_with_its_step(self, today: Scene) -> None:
        moving = pages.promotion(pages.application("frontend"), "staging", "v1", "verifying", started_at=timezone.now())
        Step.objects.create(promotion=moving, position=0, kind="check", name="Smoke test", state="running")
        pages.promotion(pages.application("router"), "production", "v8", "deploying", started_at=timezone.now())

        page = opened(today)

        assert "Verifying frontend v1" in part(page, "running")
        assert "Smoke test" in part(page, "running")
        assert "router" not in part(page, "running")
        assert "1 of 5 at once" in page.text
        assert 'data-state="moving"' in page.source

    def test_the_queue_has_the_longest_first_with_the_first_reason_and_its_end(self, today: Scene) -> None:
        now = timezone.now()
        reasons = [
            pages.blocker("window", "It is closed.", until=now + timedelta(hours=2)),
            pages.blocker("pin", "Two."),
        ]
        pages.promotion(pages.application("young"), "staging", "v1", created_at=now)
        pages.promotion(
            pages.application("old"), "staging", "v1", created_at=now - timedelta(hours=1), blockers=reasons
        )

        queue = part(opened(today), "queue")

        assert queue.index("old v1") < queue.index("young v1")
        assert "It is closed. Until" in queue
        assert "Two." not in queue
        assert "Deployer has not looked at it yet." in queue

    def test_of_a_long_queue_the_rest_is_counted(self, today: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("deployer.web.environments.reading.QUEUE_SHOWN", 2)
        for number in range(5):
            pages.promotion(pages.application(f"app-{number}"), "staging", "v1")

        assert "And 3 more on the board" in part(opened(today), "queue")

    def test_stops_of_here_and_of_everywhere_are_listed_and_no_others(self, today: Scene) -> None:
        app = pages.application("frontend")
        for where, reason in (("staging", "Here."), (None, "Everywhere."), ("production", "Elsewhere.")):
            pages.hold(app, where, reason)

        page = opened(today)

        stops = part(page, "stops")
        assert "Here." in stops
        assert "Everywhere." in stops
        assert "Elsewhere." not in stops
        assert page.text.startswith("2 stopped")

    def test_what_went_live_last_stands_first(self, today: Scene) -> None:
        for app in ("first", "second"):
            pages.live(pages.application(app), "staging", "v1")
        pages.application("never")

        lately = part(opened(today), "lately")

        assert lately.index("second v1") < lately.index("first v1")
        assert "never" not in lately

    def test_the_applications_are_searched_by_name_and_team(self, today: Scene) -> None:
        pages.live(pages.application("frontend"), "staging", "v7")
        pages.application("router", team="platform")

        everything = part(opened(today), "applications")
        assert "frontend v7" in everything
        assert "router Nothing deployed" in everything
        assert "frontend" not in part(opened(today, "/environments/staging/?q=PLAT+rout"), "applications")
        assert "No application here matches." in opened(today, "/environments/staging/?q=%00%25").text

    def test_they_are_turned_over_page_by_page(self, today: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("deployer.web.paging.SHOWN", 2)
        for number in range(3):
            pages.application(f"app-{number}")

        first = opened(today, "/environments/staging/?q=app")
        second = opened(today, "/environments/staging/?q=app&page=2")

        assert "app-2" not in part(first, "applications")
        assert "app-2" in part(second, "applications")
        assert "?q=app&page=2#applications" in first.source

    def test_only_who_manages_may_freeze_all_of_it(self, today: Scene) -> None:
        pages.application("frontend")

        assert "Freeze staging" in Browser(today.manager()).open("/environments/staging/").text
        mine = opened(today)
        assert "Only release managers may freeze everything in staging" in mine.text
        assert "?environment=staging&team=web" in mine.source

    def test_there_is_no_page_of_no_environment(self, today: Scene) -> None:
        assert Browser(today.person()).open("/environments/nowhere/").status == 404


@pytest.mark.parametrize(("address", "most"), [("/environments/", 25), ("/environments/staging/", 60)])
def test_it_takes_as_many_queries_however_many_there_are(today: Scene, address: str, most: int) -> None:
    browser, taken = Browser(today.person()), []
    for numbers in (range(3), range(3, 12)):
        for number in numbers:
            app = pages.application(f"app-{number}")
            pages.live(app, "staging", "v1")
            pages.promotion(app, "staging", "v2", blockers=[pages.blocker("manual", "Wait.")])
            pages.hold(app, "staging", "Stop.")
            moving = pages.promotion(
                pages.application(f"moving-{number}"), "staging", "v1", "deploying", started_at=timezone.now()
            )
            Step.objects.create(promotion=moving, position=0, kind="deploy", name="Deploy", state="running")
        with CaptureQueriesContext(connection) as queries:
            assert browser.open(address).status == 200
        taken.append(len(queries))

    assert taken[0] == taken[1] <= most
