"""Unblocking what stopped, rolling back, approving, overriding, and making an application automatic."""

from datetime import timedelta

from playwright.sync_api import expect

from apps_registry.models import Watcher
from deployer.calendar.actions.freezes import NewFreeze, declare
from deployer.promotions.models import Hold, Promotion, PromotionOverride
from deployer.promotions.states import PromotionState
from tests.browser.hands import told
from tests.browser.journeys.conftest import At
from tests.scene import AS_ALEX, Scene


def test_what_stopped_is_found_on_the_board_and_unblocked(scene: Scene, at: At) -> None:
    frontend = scene.application(environments=1)
    scene.register(frontend, "v1")
    scene.run(20)
    scene.backend.failing.add(("frontend", "v2", "integration"))
    scene.register(frontend, "v2")
    scene.run(20)
    hold = Hold.objects.get()
    hand = at(scene.person(), "/")

    hand.page.goto("/stopped/")
    expect(hand.page.get_by_role("main")).to_contain_text("frontend")
    hand.page.goto(hold.get_absolute_url())
    hand.write("Why, or what was done about it", "The disk was full; it is not any more.")
    hand.press("Lift the hold")

    expect(told(hand.page)).to_be_visible()
    hold.refresh_from_db()
    assert not hold.is_open
    assert hold.resolution == "The disk was full; it is not any more."


def test_a_bad_release_is_rolled_back_from_the_application(scene: Scene, at: At) -> None:
    frontend = scene.application(environments=1)
    for version in ("v1", "v2"):
        scene.register(frontend, version)
        scene.run(20)
    hand = at(scene.person(), "/applications/frontend/integration/roll-back/")

    hand.write("Why", "It answers in French.")
    hand.press("Roll it back")

    rollback = Promotion.objects.latest("id")
    assert (rollback.kind, rollback.release.version, rollback.reason) == ("rollback", "v1", "It answers in French.")
    expect(hand.page).to_have_url(f"{origin(hand.page.url)}{rollback.get_absolute_url()}")


def test_what_waits_for_an_approval_is_approved(scene: Scene, at: At) -> None:
    frontend = scene.application(environments=1, approvals_needed=1)
    scene.register(frontend, "v1")
    scene.run(5)
    promotion = Promotion.objects.get()
    hand = at(scene.person(), promotion.get_absolute_url())

    hand.follow("Approve or reject it")
    hand.press("Approve it")

    expect(told(hand.page)).to_be_visible()
    approval = promotion.approvals.get()
    assert not approval.rejects


def test_a_release_manager_overrides_a_freeze_for_one_promotion(scene: Scene, at: At) -> None:
    frontend = scene.application(environments=1)
    until = scene.now + timedelta(hours=3)
    new = NewFreeze(starts_at=scene.now, ends_at=until, reason="The Budget.", applications=[frontend])
    declare(new=new, rights=AS_ALEX, now=scene.now)
    scene.register(frontend, "v1")
    scene.run(5)
    promotion = Promotion.objects.get()
    hand = at(scene.manager(), f"{promotion.get_absolute_url()}override/")

    hand.write("Why", "The front page is down without it.")
    hand.press("Override it")

    expect(hand.page).to_have_url(f"{origin(hand.page.url)}{promotion.get_absolute_url()}")
    expect(hand.page.get_by_role("main")).to_contain_text("The front page is down without it.")
    override = PromotionOverride.objects.get()
    assert override.promotion_id == promotion.pk
    scene.run(20)
    promotion.refresh_from_db()
    assert promotion.state == PromotionState.SUCCEEDED


def test_an_application_is_made_automatic(scene: Scene, at: At) -> None:
    frontend = scene.application(environments=1, policy="manual")
    Watcher.objects.create(application=frontend, kind="slack", address="#web")
    hand = at(scene.manager(), "/applications/frontend/integration/policy/")

    expect(hand.page.get_by_role("main")).to_contain_text("pass over what is missing")
    hand.write("Why it may be automatic all the same", "Low impact, and we watch it.")
    hand.press("Make it automatic all the same")

    expect(told(hand.page)).to_be_visible()
    assert frontend.targets.get().policy == "automatic"


def origin(url: str) -> str:
    return "/".join(url.split("/")[:3])
