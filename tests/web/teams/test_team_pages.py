"""The pages of teams: which there are, and how one is and how it is told."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps_registry.models import Application, Membership, Team
from deployer.access.models import User
from deployer.access.models.user import Role
from deployer.audit.actions import record
from deployer.audit.actor import ENGINE
from deployer.calendar.actions.freezes import NewFreeze, declare
from deployer.web.teams.lately import newest_events
from tests.scene import AS_ALEX, Scene
from tests.web import pages
from tests.web.calendar.browser import Browser, Page

pytestmark = pytest.mark.django_db


def opened(today: Scene, address: str = "/teams/web/") -> Page:
    page = Browser(today.person()).open(address)
    assert page.status == 200
    return page


def part(page: Page, name: str) -> str:
    _, _, rest = page.response.content.decode().partition(f'aria-labelledby="{name}"')
    return pages.text_of(rest.partition("</section>")[0])


class TestList:
    def test_mine_stand_first_and_each_says_what_is_open_of_it(self, today: Scene) -> None:
        pages.hold(pages.application("frontend"), "staging", "Stop.")
        pages.application("router", team="platform")
        me = today.person()

        page = Browser(me).open("/teams/")

        assert "Web 1 stopped 0 0 1 1" in part(page, "mine")
        assert "Platform 0 0 0 1 Nobody" in part(page, "others")
        assert "None It can" in part(page, "others")

    def test_it_is_searched_by_name_and_channel(self, today: Scene) -> None:
        Team.objects.create(slug="search", name="Search", slack_channel="#finders")
        Team.objects.create(slug="whitehall", name="Whitehall")

        page = opened(today, "/teams/?q=FIND")

        assert "Search" in part(page, "others")
        assert "Whitehall" not in part(page, "others")
        assert "No team matches. Show all 3" in opened(today, "/teams/?q=nothing").text

    def test_without_any_it_says_what_to_do(self, today: Scene) -> None:
        viewer = today.person("vera", role=Role.VIEWER, teams=())

        assert "There is no team yet." in Browser(viewer).open("/teams/").text


class TestTeam:
    def test_it_says_who_is_in_it_and_what_they_are(self, today: Scene) -> None:
        pages.application("frontend")
        today.person("sam")
        User.objects.filter(username="sam").update(is_active=False)

        page = opened(today)

        assert "Alex Doe Developer" in page.text
        assert "Sam Doe Deactivated" in page.text
        assert f'href="{User.objects.get(username="sam").get_absolute_url()}"' in page.source

    def test_it_says_how_it_is_told_or_that_it_cant_be(self, today: Scene) -> None:
        pages.application("frontend")
        assert "Not at all It has neither a channel nor an address." in opened(today).text

        Team.objects.filter(slug="web").update(slack_channel="#web", alerts_channel="#web-alerts")
        assert "#web #web-alerts what is urgent Only in the log" in opened(today).text

    def test_its_applications_stand_as_on_the_board_and_only_its(self, today: Scene) -> None:
        pages.live(pages.application("frontend"), "staging", "v7")
        pages.application("router", team="platform")

        applications = part(opened(today), "applications")

        assert "frontend" in applications
        assert "v7" in applications
        assert "router" not in applications

    def test_what_is_stopped_is_said_with_the_way_out_and_by_the_tab(self, today: Scene) -> None:
        pages.hold(pages.application("frontend"), "staging", "It leaks.")
        pages.hold(pages.application("router", team="platform"), "staging", "Another.")

        page = opened(today)

        assert "It leaks." in part(page, "stops")
        assert "Another." not in part(page, "stops")
        assert 'data-state="stopped"' in page.source
        assert page.text.startswith("1 stopped")

    def test_only_freezes_that_touch_it_are_listed(self, today: Scene) -> None:
        frontend, router = pages.application("frontend"), pages.application("router", team="platform")
        now = timezone.now()
        for reason, app in (("Ours.", frontend), ("Theirs.", router)):
            new = NewFreeze(starts_at=now, ends_at=now + timedelta(hours=1), reason=reason, applications=[app])
            declare(new=new, rights=AS_ALEX, now=now)

        freezes = part(opened(today), "freezes")

        assert "Ours." in freezes
        assert "Theirs." not in freezes

    def test_who_may_do_something_gets_it_and_others_are_told_who_may(self, today: Scene) -> None:
        pages.application("frontend")
        assert "?team=web" in opened(today).source
        assert "Declare a freeze" in opened(today).text

        stranger = Browser(today.person("olga", teams=("platform",))).open("/teams/web/")
        assert "Declare a freeze" not in stranger.text
        assert "Developers of Web and release managers book" in stranger.text

    def test_without_applications_it_says_so(self, today: Scene) -> None:
        assert "It owns no application." in opened(today).text

    def test_there_is_no_page_of_no_team(self, today: Scene) -> None:
        assert Browser(today.person()).open("/teams/nobody/").status == 404


class TestLately:
    def happened(self, app: Application, *sentences: str) -> None:
        for sentence in sentences:
            record("x.done", sentence, by=ENGINE, application=app.slug)

    def said(self, *apps: Application) -> list[str]:
        return [event.sentence for event in newest_events(apps, 3)]

    def test_it_is_the_newest_of_all_together(self, today: Scene) -> None:
        one, other = pages.application("one"), pages.application("other")
        self.happened(one, "a", "b", "c", "d")
        self.happened(other, "e")
        self.happened(one, "f")

        assert self.said(one, other) == ["f", "e", "d"]
        assert self.said(other) == ["e"]
        assert self.said() == []

    def test_a_busy_one_hides_the_older_of_the_others(self, today: Scene) -> None:
        one, other = pages.application("one"), pages.application("other")
        self.happened(other, "x", "y", "z")
        self.happened(one, "a", "b", "c")

        assert self.said(one, other) == ["c", "b", "a"]


@pytest.mark.parametrize(("address", "most"), [("/teams/", 25), ("/teams/web/", 75)])
def test_it_takes_as_many_queries_however_many_there_are(today: Scene, address: str, most: int) -> None:
    browser, taken = Browser(today.person()), []
    for numbers in (range(3), range(3, 12)):
        for number in numbers:
            app = pages.application(f"app-{number}")
            Team.objects.create(slug=f"t-{number}", name=f"T {number}")
            pages.live(app, "integration", "v2")
            pages.release(app, "v3")
            pages.promotion(app, "staging", "v2", blockers=[pages.blocker("manual", "Wait.")])
            pages.hold(app, "production", "Stop.")
            record("x.done", "It.", by=ENGINE, application=app.slug)
            user = User.objects.create_user(f"p-{number}")
            Membership.objects.create(user=user, team=Team.objects.get(slug="web"))
        with CaptureQueriesContext(connection) as queries:
            assert browser.open(address).status == 200
        taken.append(len(queries))

    assert taken[0] == taken[1] <= most
