"""One's own page: what waits for one, and one's own settings."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps_registry.actions import create_token
from apps_registry.rights import Rights
from deployer.access.models import ApiToken, User
from deployer.access.models.user import Role
from deployer.access.preferences import set_time_zone
from deployer.audit.actor import ENGINE
from deployer.audit.models import Event
from deployer.promotions.models import Approval, Promotion
from deployer.refusal import RefusedError
from deployer.releases.models import Change
from tests.scene import Scene
from tests.web import pages
from tests.web.calendar.browser import Browser, Page

pytestmark = pytest.mark.django_db


def opened(me: Rights) -> Page:
    page = Browser(me).open("/my/")
    assert page.status == 200
    return page


def part(page: Page, name: str) -> str:
    _, _, rest = page.response.content.decode().partition(f'aria-labelledby="{name}"')
    return pages.text_of(rest.partition("</section>")[0])


def asked(app: str = "frontend", *, team: str = "web", **fields: Any) -> Promotion:
    """A promotion that waits for an approval."""
    made = pages.application(app, team=team)
    made.targets.update(approvals_needed=1)
    return pages.promotion(
        made, "staging", "v1", blockers=[pages.blocker("approval", "It needs 1 approval.")], **fields
    )


class TestApprovals:
    def test_what_waits_for_mine_is_listed_with_the_way_to_give_it(self, today: Scene) -> None:
        promotion = asked()

        page = opened(today.person())

        assert "frontend v1" in part(page, "approvals")
        assert f'href="{promotion.get_absolute_url()}approve/"' in page.source
        assert page.text.startswith("1 for me")

    def test_not_what_i_answered_nor_asked_for_nor_what_is_not_mine(self, today: Scene) -> None:
        me = today.person()
        assert me.user is not None
        answered = asked("answered")
        Approval.objects.create(promotion=answered, person=me.user, name="Alex Doe")
        asked("own", requested_by=me.actor.label)
        asked("theirs", team="platform")

        assert "Nothing waits for your yes or no." in part(opened(me), "approvals")

    def test_nothing_waits_for_a_viewer(self, today: Scene) -> None:
        asked()

        page = opened(today.person("vera", role=Role.VIEWER))

        assert "Nothing waits for your yes or no." in part(page, "approvals")

    def test_it_is_not_said_twice(self, today: Scene) -> None:
        asked()

        assert "frontend" not in part(opened(today.person()), "stops")


def test_stops_of_my_teams_are_listed_and_not_others(today: Scene) -> None:
    pages.hold(pages.application("frontend"), "staging", "Mine.")
    pages.hold(pages.application("router", team="platform"), "staging", "Theirs.")

    page = opened(today.person())

    assert "Mine." in part(page, "stops")
    assert "Theirs." not in part(page, "stops")
    assert 'data-state="stopped"' in page.source


def test_my_change_is_followed_to_production(today: Scene) -> None:
    me = today.person()
    app = pages.application("frontend")
    Change.objects.create(
        release=pages.release(app, "v2"), position=0, title="Mend the search", author_email="alex@example.org"
    )
    pages.live(app, "staging", "v2")
    pages.promotion(app, "production", "v2", blockers=[pages.blocker("window", "Production is closed.")])

    releases = part(opened(me), "releases")

    assert "Mend the search" in releases
    assert "Staging Live" in releases
    assert "Production Waiting" in releases
    assert "Production is closed." in releases


def test_empty_it_says_what_to_do_next(today: Scene) -> None:
    page = opened(today.person())

    assert "Book one" in part(page, "slots")
    assert "was written from alex@example.org" in part(page, "releases")
    assert "ask one" in part(page, "tokens")
    assert "What you book, promote, hold or approve is listed here." in page.text
    nobody = opened(today.person("vera", role=Role.VIEWER, teams=()))
    assert "You are in no team: an admin adds you to yours." in part(nobody, "stops")


class TestTokens:
    def made(self, by: User | None, name: str, **fields: Any) -> None:
        token, _ = create_token(name=name, scopes=["read"], by=ENGINE)
        ApiToken.objects.filter(pk=token.pk).update(created_by=by, **fields)

    def test_those_that_i_made_with_how_they_stand(self, today: Scene) -> None:
        me, now = today.person(), timezone.now()
        self.made(me.user, "ci")
        self.made(me.user, "old", expires_at=now - timedelta(days=1))
        self.made(me.user, "gone", revoked_at=now)
        self.made(None, "others")

        tokens = part(opened(me), "tokens")

        assert "ci read Nothing Never When it is revoked" in tokens
        assert "old Expired" in tokens
        assert "gone Revoked" in tokens
        assert "others" not in tokens

    def test_who_may_make_them_is_sent_to_where_they_are_made(self, today: Scene) -> None:
        me = today.person()
        User.objects.filter(pk=me.actor.ref).update(is_staff=True, is_superuser=True)

        assert 'href="/admin/access/apitoken/add/"' in opened(me).source

    def test_no_secret_is_on_the_page(self, today: Scene) -> None:
        me = today.person()
        self.made(me.user, "ci")

        assert ApiToken.objects.get(name="ci").digest not in opened(me).source


class TestTimeZone:
    @pytest.mark.parametrize(
        ("typed", "zone"),
        [
            ("Europe/Paris", "Europe/Paris"),
            ("europe/paris", "Europe/Paris"),
            (" New York ", "America/New_York"),
            ("UTC", "UTC"),
        ],
    )
    def test_it_is_set_and_recorded(self, today: Scene, typed: str, zone: str) -> None:
        me = today.person()
        User.objects.filter(pk=me.actor.ref).update(time_zone="Asia/Tokyo")

        page = Browser(me).open("/my/settings/").send(zone=typed)

        assert page.path == "/my/"
        assert f"Saved: you read times by the clocks of {zone}." in page.text
        assert User.objects.get(pk=me.actor.ref).time_zone == zone
        event = Event.objects.get(kind="access.user.changed")
        assert event.data == {"time_zone": ["Asia/Tokyo", zone]}
        assert event.actor_ref == me.actor.ref

    @pytest.mark.parametrize("typed", ["", "Mars", "Europe/", "../../etc/passwd", "x" * 60, "a\0b"])
    def test_what_is_none_is_refused_and_kept_as_typed(self, today: Scene, typed: str) -> None:
        me = today.person()
        before = User.objects.get(pk=me.actor.ref).time_zone

        page = Browser(me).open("/my/settings/").send(zone=typed)

        assert page.path == "/my/settings/"
        assert "There is a problem" in page.text
        assert User.objects.get(pk=me.actor.ref).time_zone == before
        assert not Event.objects.filter(kind="access.user.changed").exists()

    def test_the_action_refuses_it_too(self, today: Scene) -> None:
        me = today.person()
        assert me.user is not None

        with pytest.raises(RefusedError, match="is not a time zone"):
            set_time_zone(person=me.user, zone="Mars")

    def test_the_same_again_is_no_event(self, today: Scene) -> None:
        me = today.person()
        assert me.user is not None

        set_time_zone(person=me.user, zone=me.user.time_zone)

        assert not Event.objects.filter(kind="access.user.changed").exists()


def test_it_takes_as_many_queries_however_much_there_is(today: Scene) -> None:
    me, taken = today.person(), []
    for numbers in (range(3), range(3, 12)):
        for number in numbers:
            app = asked(f"app-{number}").application
            pages.hold(app, "production", "Stop.")
            pages.live(app, "integration", "v1")
            Change.objects.create(
                release=pages.release(app, "v1"), position=0, title="Mend", author_email="alex@example.org"
            )
        with CaptureQueriesContext(connection) as queries:
            opened(me)
        taken.append(len(queries))

    assert taken[0] == taken[1] <= 60
