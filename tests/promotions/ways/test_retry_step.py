"""A step of a stopped promotion is tried again: what had passed is not repeated, and nothing is started twice."""

from typing import Any

import pytest

from apps_registry.models import ExclusionGroup
from deployer.promotions.actions.abort import abort
from deployer.promotions.actions.hold import lift_hold, lift_holds
from deployer.promotions.actions.pins import pin
from deployer.promotions.actions.promote import promote, roll_back
from deployer.promotions.actions.ways_out import fix_forward, retry_step
from deployer.promotions.models import Hold, Promotion, Step
from deployer.refusal import RefusedError
from deployer.releases.models import Deployment
from tests.promotions.ways.stops import checks_fail, deploy_fails, mended, outcome_unknown, starts, stopped_promotion
from tests.scene import ALEX, AS_ALEX, Scene

WHY = "The database was full."


def again(scene: Scene, hold: Hold) -> Promotion:
    return retry_step(hold=hold, rights=AS_ALEX, reason=WHY, now=scene.now)


def steps(promotion: Promotion) -> list[tuple[str, str]]:
    return [(step.name, step.state) for step in promotion.steps.all()]


class TestOfACheck:
    def test_it_passes_without_another_deploy_and_the_release_is_verified(self, scene: Scene) -> None:
        hold = checks_fail(scene)
        first = stopped_promotion(hold)
        mended(scene)

        promotion = again(scene, hold)
        scene.run(60)

        promotion.refresh_from_db()
        assert (promotion.state, promotion.requested_by, promotion.retry_of) == ("succeeded", "Alex Doe", first)
        assert steps(promotion) == [("Deploy", "skipped"), ("Smoke test", "passed")]
        assert promotion.steps.get(position=0).sentence == f"It passed in promotion {first.pk}."
        assert starts(scene, "v2") == 1
        live = Deployment.objects.live_on(promotion.target_id)
        assert live is not None
        assert (live.promotion, live.verified_at is None) == (first, False)

    def test_the_hold_says_who_went_on_how_and_why(self, scene: Scene) -> None:
        hold = checks_fail(scene)

        again(scene, hold)

        hold.refresh_from_db()
        assert (hold.way_out, hold.lifted_by) == ("retry_step", "Alex Doe")
        assert hold.resolution == f"Alex Doe tried Smoke test of frontend v2 to integration again: {WHY}"

    def test_the_line_goes_on_from_there(self, scene: Scene) -> None:
        hold = checks_fail(scene, environments=2)
        mended(scene)

        again(scene, hold)
        scene.run(120)

        assert scene.live(hold.application) == {"integration": "v2", "staging": "v2"}

    def test_when_it_fails_again_the_line_stops_again_and_it_can_be_tried_once_more(self, scene: Scene) -> None:
        hold = checks_fail(scene)
        first = stopped_promotion(hold)
        second = again(scene, hold)
        scene.run(60)
        second.refresh_from_db()
        assert second.state == "failed"
        mended(scene)

        third = again(scene, Hold.objects.open().get())
        scene.run(60)

        third.refresh_from_db()
        assert third.state == "succeeded"
        assert third.steps.get(position=0).sentence == f"It passed in promotion {first.pk}."
        assert starts(scene, "v2") == 1

    def test_the_check_is_made_as_it_is_configured_today_and_a_new_one_as_well(self, scene: Scene) -> None:
        hold = checks_fail(scene)
        target = stopped_promotion(hold).target
        check = target.checks.get()
        check.config = check.config | {"path": "/nothing-here"}
        check.save()
        check.pk, check.name, check.position = None, "Another", 5
        check.save()

        promotion = again(scene, hold)
        scene.run(60)

        assert [step.name for step in promotion.steps.all()] == ["Deploy", "Smoke test", "Another"]
        assert promotion.steps.get(position=1).spec["config"]["path"] == "/nothing-here"

    def test_checks_that_had_passed_are_not_made_again(self, scene: Scene) -> None:
        hold = checks_fail(scene)
        target = stopped_promotion(hold).target
        mended(scene)
        again(scene, hold)
        scene.run(60)
        late = target.checks.get()
        late.pk, late.name, late.position = None, "Late", 5
        late.config = {"path": "/health", "expect_json": {"version": "never"}}
        late.save()
        v3 = scene.register(hold.application, "v3")
        scene.run(60)
        assert steps(scene.promotion(v3, "integration"))[1:] == [("Smoke test", "passed"), ("Late", "failed")]
        target.checks.filter(name="Late").update(config={"path": "/health"})

        promotion = again(scene, Hold.objects.open().get())
        scene.run(60)

        assert steps(promotion) == [("Deploy", "skipped"), ("Smoke test", "skipped"), ("Late", "passed")]

    def test_its_failure_is_rolled_back_where_the_policy_says_so(self, scene: Scene) -> None:
        hold = checks_fail(scene)
        target = stopped_promotion(hold).target
        target.rollback = "on_failed"
        target.save()

        again(scene, hold)
        scene.run(120)

        assert scene.live(hold.application) == {"integration": "v1"}

    def test_not_once_something_else_has_come_there(self, scene: Scene) -> None:
        hold = checks_fail(scene)
        roll_back(target=stopped_promotion(hold).target, by=ALEX, reason="v2 is bad.", now=scene.now)
        scene.run(60)

        with pytest.raises(RefusedError, match="v2 was rolled back in integration since"):
            again(scene, hold)

        hold.refresh_from_db()
        assert hold.is_open

    def test_not_while_the_policy_rolls_back(self, scene: Scene) -> None:
        hold = checks_fail(scene, rollback="on_failed")

        with pytest.raises(RefusedError, match="A deploy of v1 to integration was started since"):
            again(scene, hold)

    def test_one_that_waits_ends_when_something_else_comes_there_first(self, scene: Scene) -> None:
        hold = checks_fail(scene)
        target = stopped_promotion(hold).target
        scene.hold(hold.application, reason="The database is moving.")
        waiting = again(scene, hold)
        assert [blocker.kind for blocker in waiting.waits_for] == ["hold"]

        roll_back(target=target, by=ALEX, reason="v2 is bad.", now=scene.now)
        scene.run(600)

        waiting.refresh_from_db()
        assert (waiting.state, waiting.outcome) == ("aborted", "v2 was rolled back in integration since.")
        assert starts(scene, "v2") == 1


class TestOfADeployWhoseOutcomeIsUnknown:
    """Promise 2: the new promotion takes over the key, and asks before it starts anything."""

    def test_one_that_had_arrived_is_found_and_not_started_again(self, scene: Scene) -> None:
        hold = outcome_unknown(scene)
        first = stopped_promotion(hold)
        key = first.steps.get(position=0).key

        promotion = again(scene, hold)
        scene.run(60)

        promotion.refresh_from_db()
        assert promotion.state == "succeeded"
        assert scene.backend.starts[key] == 1
        assert starts(scene, "v2") == 1
        assert (promotion.steps.get(position=0).key, first.steps.get(position=0).key == key) == (key, False)
        assert scene.live(hold.application) == {"integration": "v2"}

    def test_one_that_surely_never_began_is_started_once(self, scene: Scene) -> None:
        hold = self.never_arrived(scene)
        key = stopped_promotion(hold).steps.get(position=0).key
        assert starts(scene, "v2") == 0

        promotion = again(scene, hold)
        scene.run(60)

        promotion.refresh_from_db()
        assert promotion.state == "succeeded"
        assert scene.backend.starts[key] == 1

    def never_arrived(self, scene: Scene) -> Hold:
        application = scene.application(environments=1)
        scene.register(application, "v1")
        scene.run(60)
        scene.backend.answer_start_with = 502
        scene.register(application, "v2")
        scene.run(3600)
        scene.backend.answer_start_with = 200
        return Hold.objects.open().get()

    def test_one_of_which_the_outside_knows_nothing_stays_unknown_and_is_not_started(self, scene: Scene) -> None:
        hold = outcome_unknown(scene)
        scene.backend.finds = False

        promotion = again(scene, hold)
        scene.run(600)

        promotion.refresh_from_db()
        assert promotion.state == "errored"
        assert starts(scene, "v2") == 1

    def test_nothing_is_started_however_often_a_person_looks_again(self, scene: Scene) -> None:
        hold = outcome_unknown(scene)
        scene.backend.stuck = True
        for _ in range(3):
            again(scene, hold)
            scene.run(600)
            hold = Hold.objects.open().get()

        scene.backend.stuck = False
        promotion = again(scene, hold)
        scene.run(60)

        promotion.refresh_from_db()
        assert promotion.state == "succeeded"
        assert starts(scene, "v2") == 1
        assert scene.backend.starts.total() == 2

    def test_one_that_turns_out_to_have_failed_is_a_definite_no(self, scene: Scene) -> None:
        hold = outcome_unknown(scene)
        scene.backend.failing.add(("frontend", "v2", "integration"))

        promotion = again(scene, hold)
        scene.run(60)

        promotion.refresh_from_db()
        assert promotion.state == "failed"
        assert starts(scene, "v2") == 1

    def test_one_that_is_aborted_before_it_was_looked_up_and_never_began_is_not_started(self, scene: Scene) -> None:
        hold = self.never_arrived(scene)
        promotion = again(scene, hold)

        abort(promotion=promotion, by=ALEX, reason="Not tonight.", now=scene.now)
        scene.run(60)

        promotion.refresh_from_db()
        assert promotion.state == "aborted"
        assert starts(scene, "v2") == 0

    @pytest.mark.parametrize("by_hand", [False, True], ids=["by itself", "by hand"])
    def test_a_newer_release_waits_until_it_has_been_looked_up(self, scene: Scene, by_hand: bool) -> None:
        hold = outcome_unknown(scene)
        v3 = scene.register(hold.application, "v3")
        scene.hold(hold.application, reason="The database is moving.")
        looking = again(scene, hold)
        if by_hand:
            promote(release=v3, target=stopped_promotion(hold).target, by=ALEX, now=scene.now)
        newer = scene.promotion(v3, "integration")
        scene.run(1)
        newer.refresh_from_db()
        assert "The retry of v2 goes first: it asks what became of its deploy." in [
            blocker.sentence for blocker in newer.waits_for
        ]

        lift_holds(
            application=hold.application, environment=None, rights=AS_ALEX, resolution="It has moved.", now=scene.now
        )
        scene.run(120)

        looking.refresh_from_db()
        newer.refresh_from_db()
        assert (looking.state, newer.state) == ("succeeded", "succeeded")
        assert starts(scene, "v2") == 1

    def test_when_the_retry_is_aborted_the_hold_is_back_and_the_newer_one_goes_once_it_is_lifted(
        self, scene: Scene
    ) -> None:
        hold = outcome_unknown(scene)
        v3 = scene.register(hold.application, "v3")
        pin(target=stopped_promotion(hold).target, release=v3, rights=AS_ALEX, reason="It mends it.", now=scene.now)
        looking = again(scene, hold)
        scene.run(1)
        newer = scene.promotion(v3, "integration")
        assert [blocker.kind for blocker in newer.waits_for] == ["queue"]

        abort(promotion=looking, by=ALEX, reason="It never arrived: I looked.", now=scene.now)
        scene.run(1)
        newer.refresh_from_db()
        assert [blocker.kind for blocker in newer.waits_for] == ["hold"]
        lift_hold(hold=Hold.objects.open().get(), rights=AS_ALEX, resolution="It never arrived.", now=scene.now)
        scene.run(1)

        newer.refresh_from_db()
        assert newer.state == "succeeded"

    def test_until_it_is_known_what_is_excluded_waits(self, scene: Scene) -> None:
        hold = outcome_unknown(scene)
        other = scene.application("other", environments=1)
        group = ExclusionGroup.objects.create(slug="schema", reason="One schema.")
        group.applications.set([hold.application, other])
        scene.hold(hold.application, reason="The database is moving.")
        looking = again(scene, hold)
        release = scene.register(other, "v1")
        scene.run(600)
        assert [blocker.kind for blocker in scene.promotion(release, "integration").waits_for] == ["exclusion"]

        lift_holds(
            application=hold.application, environment=None, rights=AS_ALEX, resolution="It has moved.", now=scene.now
        )
        scene.run(300)

        looking.refresh_from_db()
        assert looking.state == "succeeded"
        assert scene.states(release) == {"integration": "succeeded"}

    def test_the_place_where_it_was_started_is_asked_though_the_target_has_another_now(self, scene: Scene) -> None:
        hold = outcome_unknown(scene)
        target = stopped_promotion(hold).target
        target.deployer_config = target.deployer_config | {"url": "http://127.0.0.1:1/deploys"}
        target.save()

        promotion = again(scene, hold)
        scene.run(60)

        promotion.refresh_from_db()
        assert promotion.state == "succeeded"

    def test_the_resolution_says_that_it_was_looked_for(self, scene: Scene) -> None:
        hold = outcome_unknown(scene)

        again(scene, hold)

        hold.refresh_from_db()
        assert hold.resolution.startswith("Alex Doe looked again what became of Deploy of frontend v2 to integration:")


def test_a_deploy_that_failed_for_certain_is_not_looked_up(scene: Scene) -> None:
    hold = deploy_fails(scene)

    with pytest.raises(RefusedError, match="failed for certain, so there is nothing to look up: retry the promotion"):
        again(scene, hold)

    assert Hold.objects.open().get() == hold


def test_not_while_a_newer_one_is_under_way(scene: Scene) -> None:
    hold = checks_fail(scene)
    fix_forward(hold=hold, rights=AS_ALEX, reason="v3 mends it.", now=scene.now)
    scene.backend.stuck = True
    scene.register(hold.application, "v3")
    scene.run(5)

    with pytest.raises(RefusedError, match="frontend v3 to integration is under way: abort it first"):
        again(scene, hold)


def test_what_was_taken_over_is_written_in_one_place_only(scene: Scene) -> None:
    hold = outcome_unknown(scene)
    promotion = again(scene, hold)

    left, taken = Step.objects.filter(kind="deploy", promotion__in=[hold.promotion_id, promotion.pk]).order_by("pk")

    values: list[Any] = [(step.intended_at is None, step.reference == "") for step in (left, taken)]
    assert values == [(True, True), (False, False)]
