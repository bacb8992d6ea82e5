"""Aborting, promoting and rolling back, from the page of a promotion."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertRedirects

from apps_registry.models import Application
from deployer.promotions.actions.abort import abort
from deployer.promotions.actions.promote import promote
from deployer.promotions.models import Hold, Promotion, Veto
from deployer.web.promoting import going_back
from tests.scene import ALEX, Scene
from tests.web import pages
from tests.web.calendar.browser import Page
from tests.web.holds.desk import developer, manager, stopped, stranger, viewer


def waiting(today: Scene, frontend: Application) -> Promotion:
    """It waits for a person."""
    frontend.targets.update(policy="manual")
    release = today.register(frontend, "v1")
    today.run(1)
    return today.promotion(release, "integration")


def running(today: Scene, frontend: Application) -> Promotion:
    today.backend.stuck = True
    release = today.register(frontend, "v1")
    today.run(5)
    return today.promotion(release, "integration")


def live(today: Scene, frontend: Application, *versions: str) -> Promotion:
    """The promotion of the last of them, which is live and verified in integration and staging."""
    for version in versions:
        release = today.register(frontend, version)
        today.run(120)
    return today.promotion(release, "integration")


def actions_of(page: Page) -> str:
    """What is offered, up to what the page says first."""
    return page.text.split("Refresh")[1].split("Requested")[0]


class TestWhatIsOffered:
    @pytest.mark.parametrize("who", [developer, manager])
    def test_what_waits_for_a_person_can_be_promoted_and_aborted(
        self, today: Scene, frontend: Application, who: Any
    ) -> None:
        promotion = waiting(today, frontend)

        page = who(today).open(promotion.get_absolute_url())

        assert "Promote to integration" in actions_of(page)
        assert f'href="{promotion.get_absolute_url()}promote/"' in page.source
        assert f'href="{promotion.get_absolute_url()}abort/"' in page.source
        assert 'href="/holds/new/?application=frontend&environment=integration"' in page.source
        assert "/roll-back/" not in page.source

    def test_one_that_succeeded_leads_on_where_its_release_waits_for_a_person(
        self, today: Scene, frontend: Application
    ) -> None:
        frontend.targets.filter(environment__slug="staging").update(policy="manual")
        promotion = live(today, frontend, "v1")
        further = today.promotion(promotion.release, "staging")

        page = developer(today).open(promotion.get_absolute_url())

        assert "Promote to staging" in actions_of(page)
        assert f'href="{further.get_absolute_url()}promote/"' in page.source

    def test_what_is_live_can_be_rolled_back_where_there_is_something_to_go_back_to(
        self, today: Scene, frontend: Application
    ) -> None:
        first = live(today, frontend, "v1")
        assert "/roll-back/" not in developer(today).open(first.get_absolute_url()).source

        second = live(today, frontend, "v2")

        browser = developer(today)
        assert 'href="/applications/frontend/integration/roll-back/"' in browser.open(second.get_absolute_url()).source
        assert "/roll-back/" not in browser.open(first.get_absolute_url()).source

    @pytest.mark.parametrize("who", [stranger, viewer])
    def test_who_may_not_is_told_who_may(self, today: Scene, frontend: Application, who: Any) -> None:
        promotion = waiting(today, frontend)

        page = who(today).open(promotion.get_absolute_url())

        assert "Developers of Web and release managers can promote it to integration or abort it." in page.text
        for link in ("promote/", "abort/", "/holds/new/"):
            assert link not in page.source

    def test_what_stopped_is_rolled_back_by_the_way_out_of_its_hold(self, today: Scene, frontend: Application) -> None:
        hold = stopped(today, frontend)
        assert hold.promotion is not None

        page = developer(today).open(hold.promotion.get_absolute_url())

        assert f'href="{hold.get_absolute_url()}roll-back/"' in page.source
        assert "/applications/frontend/integration/roll-back/" not in page.source
        assert "/holds/new/" not in page.source

    def test_one_that_is_being_aborted_is_not_offered_that_again(self, today: Scene, frontend: Application) -> None:
        promotion = running(today, frontend)
        abort(promotion=promotion, by=ALEX, reason="Not today.", now=today.now)

        assert "abort/" not in developer(today).open(promotion.get_absolute_url()).source


class TestAborting:
    def test_what_waits_ends_at_once(self, today: Scene, frontend: Application) -> None:
        promotion = waiting(today, frontend)

        form = developer(today).open(f"{promotion.get_absolute_url()}abort/")
        assert "It has not started, so nothing changes in integration" in form.text
        page = form.send("Abort it", reason="Not today.")

        assert page.path == promotion.get_absolute_url()
        assert "Aborted. " in page.text
        promotion.refresh_from_db()
        assert (promotion.state, promotion.outcome) == ("aborted", "Aborted by Alex Doe: Not today.")

    def test_a_deploy_is_asked_to_stop(self, today: Scene, frontend: Application) -> None:
        promotion = running(today, frontend)

        form = developer(today).open(f"{promotion.get_absolute_url()}abort/")
        assert "the deploy is asked to stop, and waited for" in form.text
        page = form.send("Abort it", reason="Not today.")

        assert "It is being aborted." in page.text
        promotion.refresh_from_db()
        assert (promotion.abort_requested_by, promotion.abort_reason) == ("Alex Doe", "Not today.")

    def test_it_needs_a_reason(self, today: Scene, frontend: Application) -> None:
        promotion = waiting(today, frontend)

        page = developer(today).open(f"{promotion.get_absolute_url()}abort/").send("Abort it", reason=" ")

        assert "Say why it is to be aborted" in page.text
        assert 'href="#id_reason"' in page.source
        promotion.refresh_from_db()
        assert promotion.is_open

    def test_one_that_ended_meanwhile_is_refused_and_nothing_typed_is_lost(
        self, today: Scene, frontend: Application
    ) -> None:
        promotion = waiting(today, frontend)
        form = developer(today).open(f"{promotion.get_absolute_url()}abort/")
        abort(promotion=promotion, by=today.manager().actor, reason="Mine.", now=today.now)

        page = form.send("Abort it", reason="I typed this.")

        assert "has aborted meanwhile" in page.text
        assert page.fields["reason"] == ["I typed this."]
        promotion.refresh_from_db()
        assert promotion.outcome == "Aborted by Sam Doe: Mine."

    def test_one_that_moved_on_meanwhile_is_refused_though_it_could_still_be_aborted(
        self, today: Scene, frontend: Application
    ) -> None:
        promotion = waiting(today, frontend)
        form = developer(today).open(f"{promotion.get_absolute_url()}abort/")
        today.backend.stuck = True
        promote(release=promotion.release, target=promotion.target, by=today.manager().actor)
        today.run(5)

        page = form.send("Abort it", reason="I typed this.")

        assert "Nothing was aborted:" in page.text
        assert "was waiting when you looked, and is deploying now" in page.text
        assert page.fields["reason"] == ["I typed this."]
        promotion.refresh_from_db()
        assert (promotion.state, promotion.abort_requested_by) == ("deploying", "")

    def test_one_that_has_just_succeeded_is_not_aborted(self, today: Scene, frontend: Application) -> None:
        today.backend.stuck = True
        promotion = running(today, frontend)
        form = developer(today).open(f"{promotion.get_absolute_url()}abort/")
        today.backend.stuck = False
        today.run(120)

        page = form.send("Abort it", reason="I typed this.")

        assert "has succeeded meanwhile" in page.text
        assert page.fields["reason"] == ["I typed this."]
        promotion.refresh_from_db()
        assert (promotion.state, promotion.abort_requested_by) == ("succeeded", "")

    def test_one_that_has_ended_leads_back(self, today: Scene, frontend: Application) -> None:
        promotion = live(today, frontend, "v1")

        page = developer(today).open(f"{promotion.get_absolute_url()}abort/")

        assert page.path == promotion.get_absolute_url()
        assert "has ended already: it is succeeded." in page.text


class TestPromoting:
    def test_what_waits_for_a_person_goes_when_one_asks(self, today: Scene, frontend: Application) -> None:
        promotion = waiting(today, frontend)

        form = developer(today).open(f"{promotion.get_absolute_url()}promote/")
        assert "It starts as soon as you ask for it" in form.text
        page = form.send("Promote it", reason="Before the Budget.")

        assert page.path == promotion.get_absolute_url()
        assert "Asked for: it is on its way." in page.text
        promotion.refresh_from_db()
        assert (promotion.requested_by, promotion.reason) == ("Alex Doe", "Before the Budget.")
        assert promotion.state != "waiting"

    def test_what_else_is_in_its_way_is_said_first(self, today: Scene, frontend: Application) -> None:
        today.hold(frontend, reason="The database is moving.")
        promotion = waiting(today, frontend)

        form = developer(today).open(f"{promotion.get_absolute_url()}promote/")
        assert "This is in its way besides:" in form.text
        assert "The database is moving." in form.text
        page = form.send("Promote it")

        assert "It goes as soon as nothing else is in its way: see why it waits." in page.text
        promotion.refresh_from_db()
        assert (promotion.state, promotion.requested_by) == ("waiting", "Alex Doe")

    def test_one_that_went_meanwhile_is_refused_and_nothing_typed_is_lost(
        self, today: Scene, frontend: Application
    ) -> None:
        promotion = waiting(today, frontend)
        form = developer(today).open(f"{promotion.get_absolute_url()}promote/")
        abort(promotion=promotion, by=today.manager().actor, reason="Not today.", now=today.now)

        page = form.send("Promote it", reason="I typed this.")

        assert "no longer waits: it is aborted." in page.text
        assert page.fields["reason"] == ["I typed this."]
        assert Promotion.objects.count() == 1

    def test_one_that_is_vetoed_is_refused_with_why(self, today: Scene, frontend: Application) -> None:
        promotion = waiting(today, frontend)
        form = developer(today).open(f"{promotion.get_absolute_url()}promote/")
        Veto.objects.create(release=promotion.release, reason="It eats data.", placed_by="Pat Doe")

        page = form.send("Promote it", reason="I typed this.")

        assert "There is a problem" in page.text
        assert "It eats data" in page.text
        assert page.fields["reason"] == ["I typed this."]

    def test_one_that_no_longer_waits_leads_back(self, today: Scene, frontend: Application) -> None:
        promotion = live(today, frontend, "v1")

        page = developer(today).open(f"{promotion.get_absolute_url()}promote/")

        assert page.path == promotion.get_absolute_url()
        assert "no longer waits: it is succeeded." in page.text


class TestRollingBack:
    def test_it_goes_back_to_the_last_that_was_verified(self, today: Scene, frontend: Application) -> None:
        live(today, frontend, "v1", "v2", "v3")

        form = developer(today).open("/applications/frontend/integration/roll-back/")
        assert "Live now is v3" in form.text
        assert form.fields["to"] == ["v2"]
        page = form.send("Roll it back", reason="Customers see it.")

        rollback = Promotion.objects.get(kind="rollback")
        assert page.path == rollback.get_absolute_url()
        assert "Asked for: frontend in integration goes back to v2, and is on hold." in page.text
        assert (rollback.release.version, rollback.requested_by, rollback.reason) == (
            "v2",
            "Alex Doe",
            "Customers see it.",
        )
        assert Hold.objects.open().get().kind == "rollback"

    def test_an_older_one_can_be_chosen_but_not_one_that_is_vetoed(self, today: Scene, frontend: Application) -> None:
        live(today, frontend, "v1", "v2", "v3")
        Veto.objects.create(release=frontend.releases.get(version="v2"), reason="Bad.", placed_by="Pat Doe")

        form = developer(today).open("/applications/frontend/integration/roll-back/")

        assert form.fields["to"] == ["v1"]
        assert '<option value="v2"' not in form.source
        assert '<option value="v3"' not in form.source

    def test_what_is_on_its_way_is_said_to_be_aborted(self, today: Scene, frontend: Application) -> None:
        live(today, frontend, "v1")
        today.backend.stuck = True
        today.register(frontend, "v2")
        today.run(5)

        form = developer(today).open("/applications/frontend/integration/roll-back/")

        assert "v2 is on its way there, and is aborted first." in form.text
        assert form.fields["to"] == ["v1"]

    def test_where_there_is_nothing_to_go_back_to_it_says_what_to_do(self, today: Scene, frontend: Application) -> None:
        live(today, frontend, "v1")

        page = developer(today).open("/applications/frontend/integration/roll-back/")

        assert "There is nothing to roll back to" in page.text
        assert page.forms == []
        assert 'href="/holds/new/?application=frontend&environment=integration"' in page.source

    @pytest.mark.parametrize(
        ("typed", "said", "field"),
        [
            ({"reason": ""}, "Say why it is to be rolled back", "id_reason"),
            ({"reason": "Slow.", "to": "v9"}, "Choose another release: v9 can't be gone back to any more", "id_to"),
            ({"reason": "Slow.", "to": None}, "Choose the release to go back to", "id_to"),
        ],
    )
    def test_what_is_wrong_is_said_where_it_is_mended(
        self, today: Scene, frontend: Application, typed: dict[str, Any], said: str, field: str
    ) -> None:
        live(today, frontend, "v1", "v2")

        page = developer(today).open("/applications/frontend/integration/roll-back/").send("Roll it back", **typed)

        assert said in page.text
        assert f'href="#{field}"' in page.source
        assert field in page.ids
        assert not Promotion.objects.filter(kind="rollback").exists()

    def test_what_came_there_meanwhile_is_not_rolled_back_unseen(self, today: Scene, frontend: Application) -> None:
        live(today, frontend, "v1", "v2")
        form = developer(today).open("/applications/frontend/integration/roll-back/")
        live(today, frontend, "v3")

        page = form.send("Roll it back", reason="I typed this.")

        assert "you wanted to leave v2, and v3 has come to frontend in integration since" in page.text
        assert page.fields["reason"] == ["I typed this."]
        assert not Promotion.objects.filter(kind="rollback").exists()

    def test_of_very_many_only_the_newest_are_offered(self, today: Scene, frontend: Application) -> None:
        for number in range(1, going_back.MOST + 4):
            pages.live(frontend, "integration", f"v{number}")

        form = developer(today).open("/applications/frontend/integration/roll-back/")

        offered = re.findall(r'<option value="(v\d+)"', form.source)
        assert offered == [f"v{going_back.MOST + 2 - number}" for number in range(going_back.MOST)]

    def test_one_that_is_under_way_already_is_refused_and_nothing_typed_is_lost(
        self, today: Scene, frontend: Application
    ) -> None:
        live(today, frontend, "v1", "v2")
        form = developer(today).open("/applications/frontend/integration/roll-back/")
        manager(today).open("/applications/frontend/integration/roll-back/").send("Roll it back", reason="Mine.")

        page = form.send("Roll it back", reason="I typed this.")

        assert "A rollback of frontend in integration is under way already." in page.text
        assert page.fields["reason"] == ["I typed this."]
        assert Promotion.objects.filter(kind="rollback").count() == 1


@pytest.mark.parametrize("who", [stranger, viewer])
def test_who_may_not_is_refused_with_who_may(today: Scene, frontend: Application, who: Any) -> None:
    promotion = waiting(today, frontend)
    browser = who(today)
    browser.client.handler.enforce_csrf_checks = False
    addresses = [
        f"{promotion.get_absolute_url()}abort/",
        f"{promotion.get_absolute_url()}promote/",
        "/applications/frontend/integration/roll-back/",
    ]

    for address in addresses:
        page = browser.open(address)
        assert page.status == 403
        assert "Only developers of Web and release managers may" in page.text
        assert browser.client.post(address, {"reason": "Because.", "to": "v1"}).status_code == 403
    promotion.refresh_from_db()
    assert (promotion.state, promotion.requested_by) == ("waiting", "")


@pytest.mark.parametrize(
    "address", ["/promotions/1/abort/", "/promotions/1/promote/", "/applications/frontend/integration/roll-back/"]
)
def test_someone_who_is_not_signed_in_is_sent_to_sign_in(client: Client, db: None, address: str) -> None:
    assertRedirects(client.get(address), f"/sign-in/?next={address}")


@pytest.mark.parametrize(
    "address", ["/promotions/9/abort/", "/promotions/9/promote/", "/applications/nothing/integration/roll-back/"]
)
def test_what_does_not_exist_is_told_in_the_same_look(today: Scene, address: str) -> None:
    assert manager(today).open(address).status == 404


def test_the_time_of_an_abort_is_that_of_the_click(today: Scene, frontend: Application) -> None:
    promotion = waiting(today, frontend)
    before = timezone.now()

    developer(today).open(f"{promotion.get_absolute_url()}abort/").send("Abort it", reason="Not today.")

    promotion.refresh_from_db()
    assert promotion.finished_at is not None
    assert before <= promotion.finished_at <= timezone.now()
