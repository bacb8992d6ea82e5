"""The page of everything that is stopped or stalled: nothing is missing, whose move it is, and what it costs."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as with_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from apps_registry.models import Application, Membership, Team
from apps_registry.rights import Rights
from deployer.access.models import User
from deployer.access.models.user import Role
from deployer.calendar.actions.freezes import NewFreeze, declare
from deployer.promotions.actions.hold import lift_hold
from deployer.promotions.models import Hold, Promotion
from deployer.promotions.watchdog import StallKind
from deployer.web.stopped.listing import read_stopped
from tests.scene import Scene
from tests.web import pages
from tests.web.calendar.browser import Browser, Page
from tests.web.stopped.world import LONG, application, failed, runs, waits

HOUR = timedelta(hours=1)


def opened(person: Rights, address: str = "/stopped/") -> Page:
    page = Browser(person).open(address)
    assert page.status == 200
    return page


def button(page: Page, label: str) -> str:
    """Where the button leads; empty where there is none."""
    found = re.search(rf'<a href="([^"]*)"[^>]*role="button"[^>]*>\s*{label}<', page.source)
    return found[1] if found else ""


def section(page: Page, name: str) -> str:
    """The words of a part of the page; empty where it has none."""
    _, _, rest = page.response.content.decode().partition(f'aria-labelledby="{name}"')
    return pages.text_of(rest.partition("</section>")[0])


def test_what_my_team_can_do_something_about_stands_first_with_the_way_out(today: Scene) -> None:
    me = today.person()
    hold = failed(application("frontend"), ago=5 * HOUR)

    page = opened(me)

    mine = section(page, "mine")
    assert "frontend Staging Stopped v1 frontend failed its smoke test. 5 hours ago Web" in mine
    assert button(page, "See the ways out") == f"/holds/{hold.pk}/"
    assert section(page, "others") == ""


def test_what_is_of_another_team_is_theirs_to_move_and_says_how_they_are_reached(today: Scene) -> None:
    me = today.person()
    failed(application("router", "platform"))

    page = opened(me)

    assert "Nothing here waits for you." in section(page, "mine")
    others = section(page, "others")
    assert "router Staging" in others
    assert "Platform #platform See the hold" in others
    assert button(page, "See the hold") == ""


def test_of_others_moves_those_of_my_teams_applications_stand_first(today: Scene) -> None:
    waits(application("router", "platform"), "manual", ago=2 * LONG)
    waits(application("frontend"), "freeze")

    others = section(opened(today.person()), "others")

    assert 0 < others.index("frontend") < others.index("router")


def test_the_tab_says_how_many_are_mine_and_how_bad_it_is(today: Scene) -> None:
    me = today.person()
    assert 'data-state="ok"' in opened(me).source

    waits(application("frontend"), "manual", ago=HOUR)
    page = opened(me)
    assert 'data-state="waiting"' in page.source
    assert page.text.startswith("1 for me")

    failed(application("router", "platform"))
    assert 'data-state="stopped"' in opened(me).source


@pytest.mark.parametrize(
    ("kind", "way", "link"),
    [
        ("manual", "Promote it", "promote/"),
        ("trust_issue", "Promote it by hand", "promote/"),
        ("approval", "Approve or reject it", "approve/"),
        ("veto", "See the promotion", ""),
    ],
)
def test_what_waits_for_a_person_is_listed_from_the_beginning(today: Scene, kind: str, way: str, link: str) -> None:
    me = today.person()
    promotion = waits(application("frontend"), kind, ago=timedelta(minutes=1))

    page = opened(me)

    assert f"Waits v1 frontend waits for {kind}." in section(page, "mine")
    assert button(page, way) == f"{promotion.get_absolute_url()}{link}"


def test_the_way_out_of_a_reason_with_a_page_of_its_own_is_that_page(today: Scene) -> None:
    waits(application("frontend"), "no_slot", blocker={"link": "/slots/new/?application=frontend"})

    page = opened(today.person())

    assert button(page, "Book a slot") == "/slots/new/?application=frontend"


def test_what_has_waited_longer_than_its_limit_is_stalled(today: Scene) -> None:
    waits(application("frontend"), "capacity", ago=5 * HOUR)
    waits(application("router"), "capacity", ago=3 * HOUR)

    page = opened(today.person())

    assert "frontend Staging Stalled v1" in section(page, "others")
    assert "router" not in page.text.partition("My move")[2]


def test_a_deploy_that_runs_for_too_long_is_listed(today: Scene) -> None:
    runs(application("frontend"), "deploy", ago=HOUR, timeout=1800)

    assert "Stalled v1 A step has not ended. 1 hour ago Web" in section(opened(today.person()), "mine")


def test_what_nobody_looks_at_is_deployers_operators_move(today: Scene) -> None:
    waits(application("frontend"), "manual", due_at=timezone.now() - HOUR)

    assert "Overdue v1" in section(opened(today.person()), "others")
    assert "Deployer's operators" in section(opened(today.person()), "others")


def test_what_goes_on_by_itself_is_not_listed(today: Scene) -> None:
    waits(application("frontend"), "window", blocker={"until": timezone.now() + HOUR})
    waits(application("router"), "hold")
    runs(application("whitehall"), "deploy", ago=timedelta(minutes=1), timeout=1800)

    assert "Nothing is stopped, and nothing waits for anybody." in opened(today.person()).text


def test_when_nothing_is_stopped_it_says_since_when(today: Scene) -> None:
    hold = failed(application("frontend"))
    lift_hold(hold=hold, rights=today.person(), resolution="Fixed.", now=timezone.now() - 3 * HOUR)

    page = opened(today.person())

    assert "Nothing is stopped, and nothing waits for anybody. The last stop ended 3 hours ago." in page.text


def test_before_anything_was_stopped_it_says_that(today: Scene) -> None:
    assert "Nothing has been stopped yet." in opened(today.person()).text


def test_how_often_its_people_were_told_is_said(today: Scene) -> None:
    failed(application("frontend"), ago=5 * HOUR)
    today.now = timezone.now()
    today.watch()
    assert "told once" in section(opened(today.person()), "mine")
    today.now += 2 * HOUR
    today.watch()

    assert "told 2 times" in section(opened(today.person()), "mine")


def test_a_stall_that_was_told_stays_on_the_page_while_a_night_keeps_it(today: Scene) -> None:
    promotion = waits(application("frontend"), "manual")
    today.now = timezone.now()
    while not promotion.stalls.filter(told=1):
        today.watch()
        today.now += timedelta(days=1)
        Promotion.objects.filter(pk=promotion.pk).update(due_at=today.now + HOUR)
    night = pages.blocker("window", "It is closed.", until=today.now + HOUR)
    promotion.refresh_from_db()
    promotion.blockers = [*promotion.blockers, night.to_json()]
    promotion.save()

    assert "Stalled v1" in section(opened(today.person()), "mine")


class TestFreezes:
    def freeze(self, today: Scene, **fields: Any) -> None:
        values: dict[str, Any] = {
            "starts_at": timezone.now() - HOUR,
            "ends_at": timezone.now() + HOUR,
            "reason": "News.",
        }
        declare(new=NewFreeze(**values | fields), rights=today.manager(), now=timezone.now())

    def test_a_freeze_of_everything_is_listed_with_its_end(self, today: Scene) -> None:
        self.freeze(today)

        page = opened(today.manager())

        assert "Everything Everywhere Frozen The freeze Frozen by Sam Doe: News." in section(page, "others")
        assert "until" in section(page, "others")

    def test_one_without_an_end_is_release_managers_to_lift(self, today: Scene) -> None:
        self.freeze(today, ends_at=None)

        assert "Lift it" in section(opened(today.manager()), "mine")
        assert "See the freeze" in section(opened(today.person()), "others")

    def test_one_of_an_environment_or_to_come_is_not(self, today: Scene) -> None:
        self.freeze(today, environments=[today.environments[0]])
        self.freeze(today, starts_at=timezone.now() + HOUR / 2)

        assert "Nothing is stopped" in opened(today.person()).text


class TestWhoseMove:
    def rows(self, person: Rights) -> list[str]:
        """What is their move."""
        return [str(row.application) for row in read_stopped(person, timezone.now()).mine]

    def test_a_release_managers_is_what_only_they_can_change_and_their_own_teams(self, today: Scene) -> None:
        manager = today.manager()
        assert manager.user is not None
        waits(application("frontend"), "capacity")
        failed(application("router", "platform"))
        failed(application("whitehall", "publishing"))
        Membership.objects.create(user=manager.user, team=Team.objects.get(slug="publishing"))

        assert sorted(self.rows(manager)) == ["frontend", "whitehall"]

    def test_a_viewer_has_none(self, today: Scene) -> None:
        failed(application("frontend"))

        assert self.rows(today.person("vera", role=Role.VIEWER)) == []

    def test_an_admins_is_what_is_not_set_up_and_what_deployer_does_not_move(self, today: Scene) -> None:
        admin = User.objects.create_superuser("root", password="x")
        waits(application("frontend"), "not_configured")
        waits(application("router"), "manual", due_at=timezone.now() - HOUR)
        failed(application("whitehall"))

        assert sorted(self.rows(today.person("root", teams=()))) == ["frontend", "router"]
        assert admin.is_superuser

    def test_who_asked_for_it_is_not_to_approve_it_where_others_must(self, today: Scene) -> None:
        me = today.person()
        waits(application("frontend"), "approval", requested_by=me.actor.label)
        other = waits(application("router"), "approval", requested_by=me.actor.label)
        other.target.approval_by_others = False
        other.target.save()

        assert self.rows(me) == ["router"]


class TestFilter:
    def test_by_team_and_environment_and_in_the_address(self, today: Scene) -> None:
        failed(application("frontend"), environment="staging")
        failed(application("router", "platform"), environment="staging")
        failed(application("whitehall"), environment="production")

        page = opened(today.person(), "/stopped/?team=web&environment=staging")

        words = section(page, "mine")
        assert "frontend" in words
        assert "whitehall" not in words
        assert "router" not in page.text.partition("My move")[2]
        assert page.fields == {"team": ["web"], "environment": ["staging"]}

    def test_by_kind_and_it_offers_those_that_there_are(self, today: Scene) -> None:
        me = today.person()
        waits(application("frontend"), "manual")
        failed(application("router"))

        page = opened(me, "/stopped/?kind=manual")

        assert "frontend" in section(page, "mine")
        assert "router" not in section(page, "mine")
        assert "Failed Started by hand" in page.text
        assert page.fields == {"kind": ["manual"]}

    def test_a_hold_of_every_environment_is_in_each(self, today: Scene) -> None:
        pages.hold(application("frontend"), None, "A migration.")

        assert "A migration." in opened(today.person(), "/stopped/?environment=production").text

    @pytest.mark.parametrize("query", ["team=nobody", "environment=%00", "team=%27%22%3E", "team=web&team=web"])
    def test_what_there_is_not_finds_nothing(self, today: Scene, query: str) -> None:
        application("frontend")

        page = opened(today.person(), f"/stopped/?{query}")

        assert "Nothing of what you chose is stopped" in page.text


class TestCost:
    def fill(self, number: int) -> None:
        made = Application.objects.count()
        for index in range(made, made + number):
            app = application(f"app-{index}", f"team-{index % 7}")
            waits(app, "manual")
            failed(app, environment="production")

    def queries(self, person: Rights) -> int:
        browser = Browser(person)
        with CaptureQueriesContext(connection) as asked:
            assert browser.open("/stopped/").status == 200
        return len(asked)

    def test_it_asks_as_much_for_ten_rows_as_for_three_hundred(self, today: Scene) -> None:
        me = today.person()
        self.fill(5)
        few = self.queries(me)
        self.fill(145)

        assert self.queries(me) <= few
        assert few <= 25

    def test_of_more_than_a_page_takes_the_rest_is_counted(self, today: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("deployer.web.stopped.listing.MOST_SHOWN", 5)
        self.fill(4)

        assert "3 more are not shown: choose a team or an environment." in opened(today.manager()).text


def test_what_people_wrote_is_shown_as_they_wrote_it(today: Scene) -> None:
    pages.hold(application("frontend"), "staging", "<script>alert(1)</script>")

    assert "<script>alert(1)" not in opened(today.person()).response.content.decode()


def test_nobody_sees_it_without_signing_in(client: Any, db: None) -> None:
    assert client.get("/stopped/").status_code == 302


ages = st.sampled_from([timedelta(hours=hours) for hours in (0, 1, 5, 25, 97, 400)])
untils = st.none() | st.integers(-50, 50).map(lambda hours: timedelta(hours=hours))
waiting = st.tuples(st.sampled_from([*StallKind, "hold", "slot"]), ages, untils)
running = st.tuples(st.sampled_from(["deploy", "check", "soak"]), ages, st.integers(60, 90_000))
holds = st.tuples(st.sampled_from(["failure", "manual", "rollback"]), ages, untils)


class TestNothingIsMissing(TestCase):
    """Whatever is open and has passed its limit is on the page, and each open hold is, whatever else there is."""

    @with_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(waiting, min_size=3, max_size=8), st.lists(running, max_size=3), st.lists(holds, max_size=3))
    def test_whatever_is_open_and_older_than_its_limit_is_on_the_page(
        self, waiting: list[Any], running: list[Any], holds: list[Any]
    ) -> None:
        now = timezone.now()
        for index, (kind, ago, until) in enumerate(waiting):
            ends = now + until if until is not None else None
            waits(application(f"w-{index}"), kind, ago=ago, blocker={"until": ends})
        for index, (kind, ago, limit) in enumerate(running):
            runs(application(f"r-{index}"), kind, ago=ago, timeout=limit, seconds=limit)
        for index, (kind, ago, until) in enumerate(holds):
            ends = now + until if until is not None else None
            hold = pages.hold(application(f"h-{index}"), "staging", "It stands.", placed_at=now - ago, ends_at=ends)
            Hold.objects.filter(pk=hold.pk).update(kind=kind)

        rows = read_stopped(_nobody(), now).rows

        listed = {row.promotion for row in rows if row.hold is None}
        assert {one.pk for one in Promotion.objects.open() if _is_late(one, now)} <= listed
        assert {one.pk for one in Hold.objects.open()} == {row.hold for row in rows if row.hold is not None}


def _is_late(promotion: Promotion, now: datetime) -> bool:
    """It waits for something lasting, or runs, for longer than any limit of its kind."""
    age = now - promotion.created_at
    step = promotion.steps.first()
    if step is not None:
        limit = (
            timedelta(seconds=step.spec["seconds"]) if step.kind == "soak" else timedelta(seconds=step.spec["timeout"])
        )
        return age > limit + timedelta(minutes=10)
    (blocker,) = promotion.waits_for
    ends = blocker.until is not None and blocker.kind != "approval"
    return blocker.kind != "hold" and not ends and age > timedelta(days=4)


def _nobody() -> Rights:
    user, _ = User.objects.get_or_create(username="vera")
    return Rights(actor=user.as_actor(), user=user)
