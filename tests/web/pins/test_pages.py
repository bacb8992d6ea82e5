"""The pages of pins and vetoes, and what the board and a promotion's page say of them."""

import pytest
from django.test import Client

from apps_registry.models import Application
from apps_registry.rights import Rights
from deployer.access.models.user import Role
from deployer.promotions.actions.pins import pin
from deployer.promotions.actions.promote import promote
from deployer.promotions.actions.vetoes import veto
from deployer.promotions.models import Pin, Promotion, Veto
from deployer.releases.models import Release
from tests.scene import ALEX, Scene
from tests.web.calendar.browser import Browser, Page

WHY = "It loses mail."


def refused(rights: Rights, address: str, **typed: str) -> str:
    """What is answered to who may not and sends it all the same."""
    client = Client()
    assert rights.user is not None
    client.force_login(rights.user)
    response = client.post(address, {"reason": WHY, **typed})
    assert response.status_code == 403
    return str(response.content.decode())


def viewer(today: Scene) -> Rights:
    return today.person("vera", role=Role.VIEWER, teams=())


def stranger(today: Scene) -> Rights:
    return today.person("olli", teams=("other",))


def live(today: Scene, application: Application, version: str) -> Release:
    release = today.register(application, version)
    promote(release=release, target=application.targets.get(), by=ALEX, now=today.now)
    today.run()
    return release


def waiting(today: Scene, application: Application, version: str = "v2") -> Promotion:
    release = today.register(application, version)
    today.run(1)
    return today.promotion(release, "integration")


def developer(today: Scene) -> Browser:
    return Browser(today.person())


def pinned(today: Scene, release: Release) -> Pin:
    target = release.application.targets.get()
    return pin(target=target, release=release, rights=today.person("kim"), reason="The audit.")


class TestPinning:
    ADDRESS = "/applications/frontend/integration/pin/"

    def test_what_is_live_is_chosen_first_and_the_page_says_what_a_pin_does(
        self, today: Scene, frontend: Application
    ) -> None:
        live(today, frontend, "v1")
        waiting(today, frontend)

        page = developer(today).open(self.ADDRESS)

        assert page.fields["version"] == ["v1"]
        assert "Live now is v1" in page.text
        assert "nothing but the release that you choose comes to integration" in page.text
        page = page.send("Pin it", reason="The audit.")
        assert page.path == "/applications/frontend/"
        assert "Pinned: frontend in integration stays on v1." in page.text
        assert (Pin.objects.get().release.version, Pin.objects.get().placed_by) == ("v1", "Alex Doe")

    def test_another_release_can_be_named_in_the_address(self, today: Scene, frontend: Application) -> None:
        live(today, frontend, "v1")
        waiting(today, frontend)

        page = developer(today).open(f"{self.ADDRESS}?release=v2").send("Pin it", reason="The audit.")

        assert page.status == 200
        assert Pin.objects.get().release.version == "v2"

    def test_a_vetoed_release_is_not_offered(self, today: Scene, frontend: Application) -> None:
        promotion = waiting(today, frontend, "v1")
        live(today, frontend, "v2")
        veto(release=promotion.release, rights=today.person(), reason=WHY)

        page = developer(today).open(self.ADDRESS).send("Pin it", version="v1", reason="The audit.")

        assert "Choose one of these releases: there is no v1 among them" in page.text

    def test_without_a_reason_nothing_is_pinned_nor_lost(self, today: Scene, frontend: Application) -> None:
        live(today, frontend, "v1")
        waiting(today, frontend)

        page = developer(today).open(self.ADDRESS).send("Pin it", version="v2", reason="")

        assert page.text.startswith("Error:")
        assert "Say why" in page.text
        assert page.fields["version"] == ["v2"]
        assert not Pin.objects.exists()

    def test_one_that_somebody_else_placed_meanwhile_is_told(self, today: Scene, frontend: Application) -> None:
        release = live(today, frontend, "v1")
        page = developer(today).open(self.ADDRESS)
        pinned(today, release)

        page = page.send("Pin it", reason="Me too.")

        assert "pinned already, to v1 by Kim Doe" in page.text
        assert page.fields["reason"] == ["Me too."]
        assert developer(today).open(self.ADDRESS).path == "/applications/frontend/"

    def test_a_pin_is_removed_and_what_waits_for_it_is_named(self, today: Scene, frontend: Application) -> None:
        placed = pinned(today, live(today, frontend, "v1"))
        waits = waiting(today, frontend)

        page = developer(today).open(f"/pins/{placed.pk}/remove/")
        assert "pinned by Kim Doe" in page.text
        assert f'href="{waits.get_absolute_url()}"' in page.source
        page = page.send("Remove the pin", reason="The audit is over.")

        placed.refresh_from_db()
        assert page.path == "/applications/frontend/"
        assert "Removed: frontend in integration takes other releases again." in page.text
        assert (placed.removed_by, placed.removed_reason) == ("Alex Doe", "The audit is over.")

    def test_one_that_was_removed_already_leads_back(self, today: Scene, frontend: Application) -> None:
        placed = pinned(today, live(today, frontend, "v1"))
        page = developer(today).open(f"/pins/{placed.pk}/remove/")
        page.send("Remove the pin", reason="Over.")

        assert "removed already, by Alex Doe" in page.send("Remove the pin", reason="Over.").text
        assert developer(today).open(f"/pins/{placed.pk}/remove/").path == "/applications/frontend/"

    @pytest.mark.parametrize("who", [viewer, stranger])
    def test_nobody_else_can(self, today: Scene, frontend: Application, who: object) -> None:
        placed = pinned(today, live(today, frontend, "v1"))
        rights = who(today)  # type: ignore[operator]
        for address in (self.ADDRESS, f"/pins/{placed.pk}/remove/"):
            page = Browser(rights).open(address)
            assert page.status == 403
            assert "Only developers of Web and release managers" in page.text
            assert "Only developers of Web" in refused(rights, address, version="v1")
        assert Pin.objects.standing().count() == 1


class TestVetoing:
    def address(self, release: Release) -> str:
        return f"/releases/{release.pk}/veto/"

    def test_the_page_says_what_becomes_of_what_waits_runs_and_is_live(self, today: Scene) -> None:
        application = today.application(environments=3, policy="manual")
        release = today.register(application, "v1")
        for target in application.targets.all()[:2]:
            today.backend.stuck = target.environment.slug == "staging"
            promote(release=release, target=target, by=ALEX, now=today.now)
            today.run(20)
        today.run(1)

        page = developer(today).open(self.address(release))

        assert "It is being deployed to staging: that goes on to its end, and no further." in page.text
        assert "It is live in integration: it stays there" in page.text

    def test_a_veto_ends_what_waits(self, today: Scene, frontend: Application) -> None:
        promotion = waiting(today, frontend)

        page = developer(today).open(self.address(promotion.release))
        assert "It waits for integration: that is aborted." in page.text
        page = page.send("Veto it", reason=WHY)

        assert page.path == "/applications/frontend/"
        assert "Vetoed: frontend v2 is never deployed again." in page.text
        assert Veto.objects.get().reason == WHY

    def test_without_a_reason_nothing_is_vetoed(self, today: Scene, frontend: Application) -> None:
        page = developer(today).open(self.address(waiting(today, frontend).release)).send("Veto it", reason=" ")

        assert page.text.startswith("Error:")
        assert not Veto.objects.exists()

    def test_a_pinned_one_is_refused_with_what_to_do_first(self, today: Scene, frontend: Application) -> None:
        release = live(today, frontend, "v1")
        pinned(today, release)

        page = developer(today).open(self.address(release)).send("Veto it", reason=WHY)

        assert "pinned to v1, by Kim Doe: remove that pin first." in page.text
        assert page.fields["reason"] == [WHY]

    def test_one_that_is_vetoed_already_leads_back(self, today: Scene, frontend: Application) -> None:
        release = waiting(today, frontend).release
        page = developer(today).open(self.address(release))
        veto(release=release, rights=today.person("kim"), reason=WHY)

        assert "vetoed already, by Kim Doe" in page.send("Veto it", reason="Me too.").text
        assert developer(today).open(self.address(release)).path == "/applications/frontend/"

    def test_a_veto_is_withdrawn(self, today: Scene, frontend: Application) -> None:
        release = waiting(today, frontend).release
        placed = veto(release=release, rights=today.person("kim"), reason=WHY)

        page = developer(today).open(f"/vetoes/{placed.pk}/withdraw/")
        assert "Vetoed by Kim Doe" in page.text
        page = page.send("Withdraw the veto", reason="It was the network.")

        placed.refresh_from_db()
        assert page.path == "/applications/frontend/"
        assert "Withdrawn: frontend v2 can be asked for again." in page.text
        assert placed.withdrawn_reason == "It was the network."
        assert developer(today).open(f"/vetoes/{placed.pk}/withdraw/").path == "/applications/frontend/"

    @pytest.mark.parametrize("who", [viewer, stranger])
    def test_nobody_else_can(self, today: Scene, frontend: Application, who: object) -> None:
        release = waiting(today, frontend).release
        rights = who(today)  # type: ignore[operator]
        assert "may veto its releases" in refused(rights, self.address(release))
        assert not Veto.objects.exists()
        placed = veto(release=release, rights=today.person(), reason=WHY)
        page = Browser(rights).open(f"/vetoes/{placed.pk}/withdraw/")

        assert page.status == 403
        assert "may withdraw this veto" in refused(rights, page.path)
        assert Veto.objects.standing().count() == 1


class TestShowing:
    def page(self, rights: Rights, promotion: Promotion) -> Page:
        return Browser(rights).open(promotion.get_absolute_url())

    def test_a_promotion_that_waits_for_a_pin_says_who_pinned_it_and_leads_to_its_removal(
        self, today: Scene, frontend: Application
    ) -> None:
        placed = pinned(today, live(today, frontend, "v1"))
        promotion = waiting(today, frontend)

        page = self.page(today.person(), promotion)

        assert "frontend stays on v1 in integration" in page.text
        assert "Pinned by Kim Doe" in page.text
        assert f"/pins/{placed.pk}/remove/" in page.source
        seen = self.page(viewer(today), promotion)
        assert f"/pins/{placed.pk}/remove/" not in seen.source
        assert 'href="/applications/frontend/"' in seen.source

    def test_a_vetoed_release_is_said_to_be_on_the_page_of_what_brought_it(
        self, today: Scene, frontend: Application
    ) -> None:
        release = live(today, frontend, "v1")
        placed = veto(release=release, rights=today.person("kim"), reason=WHY)

        page = self.page(today.person(), today.promotion(release, "integration"))

        assert "v1 is vetoed" in page.text
        assert "Vetoed by Kim Doe" in page.text
        assert f"/vetoes/{placed.pk}/withdraw/" in page.source

    def test_who_may_is_led_to_pin_and_to_veto(self, today: Scene, frontend: Application) -> None:
        promotion = waiting(today, frontend)
        links = ("/applications/frontend/integration/pin/?release=v2", f"/releases/{promotion.release_id}/veto/")

        assert all(link in self.page(today.person(), promotion).source for link in links)
        assert not any(link in self.page(viewer(today), promotion).source for link in links)

    def test_the_board_shows_both(self, today: Scene, frontend: Application) -> None:
        release = live(today, frontend, "v1")
        assert "Pinned" not in Browser(viewer(today)).open("/").text
        veto(release=release, rights=today.person(), reason=WHY)
        pinned(today, waiting(today, frontend).release)

        text = Browser(viewer(today)).open("/").text

        assert "Pinned v2" in text
        assert "Vetoed v1" in text
