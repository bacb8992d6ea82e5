"""Rolling back from a failure: to what was good, never to what was vetoed, never a rollback of a rollback."""

from typing import Any

import pytest

from deployer.promotions.actions.promote import roll_back
from deployer.promotions.actions.vetoes import veto
from deployer.promotions.actions.ways_out import roll_back_from
from deployer.promotions.models import Hold, Promotion, PromotionKind
from deployer.promotions.models.hold import HoldKind
from deployer.refusal import BlockedError, RefusedError
from deployer.releases.models import Release
from tests.promotions.ways.stops import checks_fail, deploy_fails, stopped_promotion
from tests.scene import ALEX, AS_ALEX, Scene

BAD = ("frontend", "v3", "integration")


def back(scene: Scene, hold: Hold, to: Release | None = None) -> Promotion:
    return roll_back_from(hold=hold, rights=AS_ALEX, reason="It loses data.", to=to, now=scene.now)


def third_of_three(scene: Scene, **target: Any) -> tuple[Hold, list[Release]]:
    """v1 and v2 were verified in integration; v3 failed its smoke test there."""
    application = scene.application(environments=1, **target)
    releases = []
    scene.backend.broken.add(BAD)
    for version in ("v1", "v2", "v3"):
        releases.append(scene.register(application, version))
        scene.run(60)
    return Hold.objects.open().get(), releases


def test_it_goes_to_the_last_that_was_verified_and_its_own_hold_remains(scene: Scene) -> None:
    hold, _ = third_of_three(scene)

    promotion = back(scene, hold)
    scene.run(60)

    hold.refresh_from_db()
    promotion.refresh_from_db()
    assert (promotion.state, promotion.release.version) == ("succeeded", "v2")
    assert (hold.way_out, hold.resolution) == ("roll_back", "Alex Doe rolled back to v2: It loses data.")
    left = Hold.objects.open().get()
    assert (left.kind, left.promotion, left.stopped) == (HoldKind.ROLLBACK, promotion, hold.stopped)


def test_it_goes_to_the_release_that_is_named(scene: Scene) -> None:
    hold, (first, _, _) = third_of_three(scene)

    back(scene, hold, to=first)
    scene.run(60)

    assert scene.live(hold.application) == {"integration": "v1"}


def test_after_a_deploy_that_failed_half_way_what_was_live_is_deployed_again(scene: Scene) -> None:
    hold = deploy_fails(scene)

    back(scene, hold)
    scene.run(60)

    assert [version for _, version, _ in scene.backend.history] == ["v1", "v2", "v1"]


def test_what_was_vetoed_is_passed_over(scene: Scene) -> None:
    hold, (_, second, _) = third_of_three(scene)
    veto(release=second, rights=AS_ALEX, reason="It leaks.", now=scene.now)

    back(scene, hold)
    scene.run(60)

    assert scene.live(hold.application) == {"integration": "v1"}


def test_what_was_vetoed_is_refused_by_name_with_the_reason(scene: Scene) -> None:
    hold, (_, second, _) = third_of_three(scene)
    veto(release=second, rights=AS_ALEX, reason="It leaks.", now=scene.now)

    with pytest.raises(RefusedError, match="v2 was vetoed by Alex Doe: It leaks"):
        back(scene, hold, to=second)

    hold.refresh_from_db()
    assert hold.is_open
    assert not Promotion.objects.filter(kind=PromotionKind.ROLLBACK).exists()


def test_by_hand_without_a_hold_what_was_vetoed_is_refused_too(scene: Scene) -> None:
    application = scene.application(environments=1)
    first = scene.register(application, "v1")
    scene.run(60)
    scene.register(application, "v2")
    scene.run(60)
    veto(release=first, rights=AS_ALEX, reason="It leaks.", now=scene.now)

    with pytest.raises(BlockedError, match="It leaks"):
        roll_back(target=application.targets.get(), by=ALEX, reason="v2 is slow.", to=first, now=scene.now)
    with pytest.raises(RefusedError, match="was ever verified on frontend in integration, or none that isn't vetoed"):
        roll_back(target=application.targets.get(), by=ALEX, reason="v2 is slow.", now=scene.now)


def test_without_anything_to_go_back_to_it_says_so(scene: Scene) -> None:
    application = scene.application(environments=1)
    scene.backend.failing.add(("frontend", "v1", "integration"))
    scene.register(application, "v1")
    scene.run(60)

    with pytest.raises(RefusedError, match="No release older than v1 was verified in integration"):
        back(scene, Hold.objects.open().get())


def test_a_release_that_never_was_verified_there_is_refused_and_the_hold_stays(scene: Scene) -> None:
    hold, (_, _, third) = third_of_three(scene)

    with pytest.raises(RefusedError, match="v3 is not older than v3"):
        back(scene, hold, to=third)

    hold.refresh_from_db()
    assert hold.is_open


def test_a_rollback_is_not_rolled_back_whether_it_succeeded_or_failed(scene: Scene) -> None:
    hold, _ = third_of_three(scene)
    scene.backend.failing.add(("frontend", "v2", "integration"))
    back(scene, hold)
    scene.run(60)

    assert {left.kind for left in Hold.objects.open()} == {HoldKind.ROLLBACK, HoldKind.FAILURE}
    for left in Hold.objects.open():
        with pytest.raises(RefusedError, match="A rollback is never rolled back"):
            back(scene, left)


def test_while_one_is_under_way_another_is_refused(scene: Scene) -> None:
    hold = checks_fail(scene)
    scene.backend.stuck = True
    roll_back(target=stopped_promotion(hold).target, by=ALEX, reason="v2 is bad.", now=scene.now)
    scene.run(5)

    with pytest.raises(RefusedError, match="Rollback of frontend v1 to integration is under way"):
        back(scene, hold)


class TestByPolicy:
    def test_it_passes_over_what_was_vetoed_and_the_hold_stays(self, scene: Scene) -> None:
        application = scene.application(environments=1, rollback="on_failed")
        scene.register(application, "v1")
        scene.run(60)
        second = scene.register(application, "v2")
        scene.run(60)
        veto(release=second, rights=AS_ALEX, reason="It leaks.", now=scene.now)
        scene.backend.broken.add(BAD)

        scene.register(application, "v3")
        scene.run(120)

        assert scene.live(application) == {"integration": "v1"}
        hold = Hold.objects.open().get()
        assert (hold.kind, stopped_promotion(hold).release.version) == (HoldKind.FAILURE, "v3")

    def test_with_nothing_but_vetoed_releases_it_stays_where_it_is(self, scene: Scene) -> None:
        application = scene.application(environments=1, rollback="on_failed")
        first = scene.register(application, "v1")
        scene.run(60)
        veto(release=first, rights=AS_ALEX, reason="It leaks.", now=scene.now)
        scene.backend.broken.add(("frontend", "v2", "integration"))

        scene.register(application, "v2")
        scene.run(120)

        assert scene.live(application) == {"integration": "v2"}
        assert not Promotion.objects.filter(kind=PromotionKind.ROLLBACK).exists()
        assert Hold.objects.open().exists()
