"""A stopped promotion is tried again as a whole: every step anew."""

import pytest

from apps_registry.models import Target
from deployer.audit.models import Event
from deployer.promotions.actions.abort import abort
from deployer.promotions.actions.hold import lift_holds
from deployer.promotions.actions.pins import pin
from deployer.promotions.actions.promote import promote, roll_back
from deployer.promotions.actions.vetoes import veto
from deployer.promotions.actions.ways_out import fix_forward, retry
from deployer.promotions.models import Hold, Promotion
from deployer.promotions.models.hold import HoldKind
from deployer.refusal import RefusedError
from tests.promotions.ways.stops import checks_fail, deploy_fails, mended, outcome_unknown, starts, stopped_promotion
from tests.scene import ALEX, AS_ALEX, Scene


def again(scene: Scene, hold: Hold) -> Promotion:
    return retry(hold=hold, rights=AS_ALEX, reason="It was the network.", now=scene.now)


def test_a_deploy_that_failed_is_started_anew_under_its_own_key(scene: Scene) -> None:
    hold = deploy_fails(scene)
    mended(scene)

    promotion = again(scene, hold)
    scene.run(60)

    promotion.refresh_from_db()
    hold.refresh_from_db()
    assert (promotion.state, promotion.retry_of_id, promotion.retry_from) == ("succeeded", hold.promotion_id, None)
    assert (hold.way_out, hold.lifted_by) == ("retry", "Alex Doe")
    assert hold.resolution == "Alex Doe tried frontend v2 to integration again: It was the network."
    assert starts(scene, "v2") == 2
    assert set(scene.backend.starts.values()) == {1}


def test_every_step_is_made_again(scene: Scene) -> None:
    hold = checks_fail(scene)
    mended(scene)

    promotion = again(scene, hold)
    scene.run(60)

    assert [step.state for step in promotion.steps.all()] == ["passed", "passed"]
    assert starts(scene, "v2") == 2


def test_when_the_first_outcome_is_unknown_the_record_says_that_a_person_started_it_all_the_same(scene: Scene) -> None:
    hold = outcome_unknown(scene)

    promotion = again(scene, hold)
    scene.run(60)

    asked = Event.objects.get(kind="promotion.requested", promotion_id=promotion.pk)
    hold.refresh_from_db()
    doubt = "although it is unknown whether its first deploy happened"
    assert asked.actor_label == "Alex Doe"
    assert doubt in asked.sentence
    assert doubt in hold.resolution
    assert starts(scene, "v2") == 2


def test_an_older_release_than_what_is_or_may_be_there_is_refused_at_once(scene: Scene) -> None:
    hold = checks_fail(scene)
    fix_forward(hold=hold, rights=AS_ALEX, reason="v3 mends it.", now=scene.now)
    scene.backend.broken.add(("frontend", "v3", "integration"))
    scene.register(hold.application, "v3")
    scene.run(60)

    with pytest.raises(RefusedError, match="v2 is older than v3, which is or may be live in integration"):
        again(scene, hold)

    hold.refresh_from_db()
    assert hold.is_open


def test_a_vetoed_release_is_refused_with_the_reason(scene: Scene) -> None:
    hold = checks_fail(scene)
    veto(release=stopped_promotion(hold).release, rights=AS_ALEX, reason="It loses data.", now=scene.now)

    with pytest.raises(RefusedError, match="It loses data"):
        again(scene, hold)


def test_one_that_waits_gives_way_to_a_newer_one_that_a_person_asks_for(scene: Scene) -> None:
    hold = checks_fail(scene)
    scene.hold(hold.application, reason="The database is moving.")
    waiting = again(scene, hold)
    v3 = scene.register(hold.application, "v3")
    target = stopped_promotion(hold).target
    promote(release=v3, target=target, by=ALEX, now=scene.now)
    mended(scene)

    lift_holds(application=hold.application, environment=None, rights=AS_ALEX, resolution="Moved.", now=scene.now)
    scene.run(60)

    waiting.refresh_from_db()
    assert (waiting.state, waiting.outcome) == ("superseded", "v3 goes instead.")
    assert scene.live(hold.application) == {"integration": "v3"}


def test_a_promotion_of_the_same_that_waits_for_the_hold_becomes_the_retry(scene: Scene) -> None:
    hold = checks_fail(scene)
    stopped = stopped_promotion(hold)
    waiting = promote(release=stopped.release, target=stopped.target, by=ALEX, now=scene.now)
    assert [blocker.kind for blocker in waiting.waits_for] == ["hold"]
    mended(scene)

    promotion = again(scene, hold)
    scene.run(60)

    promotion.refresh_from_db()
    assert (promotion.pk, promotion.retry_of, promotion.state) == (waiting.pk, stopped, "succeeded")


class TestOfARollback:
    def failed(self, scene: Scene) -> Hold:
        """Rolling back from v2 to v1 failed."""
        first = checks_fail(scene)
        scene.backend.failing.add(("frontend", "v1", "integration"))
        roll_back(target=stopped_promotion(first).target, by=ALEX, reason="v2 is bad.", now=scene.now)
        scene.run(60)
        return Hold.objects.open().get(promotion__kind="rollback", kind=HoldKind.FAILURE)

    def test_it_is_a_rollback_again(self, scene: Scene) -> None:
        hold = self.failed(scene)
        mended(scene)

        promotion = again(scene, hold)
        scene.run(60)

        promotion.refresh_from_db()
        assert (promotion.state, promotion.kind, promotion.release.version) == ("succeeded", "rollback", "v1")
        assert scene.live(hold.application) == {"integration": "v1"}
        assert Hold.objects.open().filter(kind=HoldKind.ROLLBACK).exists()

    def test_against_a_pin_it_is_refused_as_any_rollback_is(self, scene: Scene) -> None:
        hold = self.failed(scene)
        assert hold.stopped is not None
        target = stopped_promotion(hold).target
        pin(target=target, release=hold.stopped, rights=AS_ALEX, reason="We look into it.", now=scene.now)

        with pytest.raises(RefusedError, match="frontend stays on v2 in integration, pinned by Alex Doe"):
            again(scene, hold)

    def test_the_release_that_it_was_to_leave_is_the_one_that_goes_no_further(self, scene: Scene) -> None:
        hold = self.failed(scene)

        assert hold.stopped is not None
        assert hold.stopped.version == "v2"

    def test_the_hold_that_a_rollback_left_offers_no_retry(self, scene: Scene) -> None:
        self.failed(scene)
        left = Hold.objects.open().get(kind=HoldKind.ROLLBACK)

        with pytest.raises(RefusedError, match="left by a rollback, of which nothing failed"):
            again(scene, left)


def test_a_retry_that_is_aborted_before_it_began_leaves_the_line_on_hold(scene: Scene) -> None:
    hold = deploy_fails(scene)
    lock = scene.hold(hold.application, scene.environments[0])
    promotion = again(scene, hold)

    abort(promotion=promotion, by=ALEX, reason="Not now.", now=scene.now)

    anew = Hold.objects.open().exclude(pk=lock.pk).get()
    assert (anew.kind, anew.promotion_id, anew.stopped_id) == (HoldKind.FAILURE, hold.promotion_id, hold.stopped_id)
    assert anew.reason.endswith("that ended first: Aborted by Alex Doe: Not now.")
    assert Event.objects.filter(kind="hold.placed", subject=f"hold:{anew.pk}").exists()


def test_a_retry_that_nobody_approved_in_time_leaves_the_line_on_hold(scene: Scene) -> None:
    hold = deploy_fails(scene)
    Target.objects.update(approvals_needed=1, approval_lasts=600)

    promotion = again(scene, hold)
    scene.run(1200)

    promotion.refresh_from_db()
    assert promotion.state == "aborted"
    assert Hold.objects.open().get().promotion_id == hold.promotion_id


def test_a_retry_whose_release_is_vetoed_meanwhile_leaves_none(scene: Scene) -> None:
    hold = deploy_fails(scene)
    lock = scene.hold(hold.application, scene.environments[0])
    promotion = again(scene, hold)

    veto(release=promotion.release, rights=AS_ALEX, reason="It is bad.", now=scene.now)
    scene.run(60)

    promotion.refresh_from_db()
    assert promotion.state == "aborted"
    assert list(Hold.objects.open()) == [lock]
