"""What happens when people, policies, outages and several releases meet; each of these once went wrong."""

import json
import time
from datetime import timedelta
from typing import Any

import pytest

from apps_registry.models import Application, ExclusionGroup, Target
from deployer.integrations.errors import Unavailable
from deployer.promotions import jobs
from deployer.promotions.actions.abort import abort
from deployer.promotions.actions.call_back import call_back
from deployer.promotions.actions.hold import lift_holds
from deployer.promotions.actions.promote import promote, roll_back
from deployer.promotions.actions.register import register
from deployer.promotions.engine import effects
from deployer.promotions.models import Promotion, PromotionKind, Step
from deployer.refusal import RefusedError
from deployer.releases.actions import NewRelease
from deployer.releases.models import Release
from tests.scene import ALEX, AS_ALEX, CI, Scene, webhook_config

HOUR = 3600.0


def released(scene: Scene, *versions: str, **target: Any) -> tuple[Target, list[Release]]:
    """An application in one environment, where these releases went one after the other."""
    application = scene.application(environments=1, **target)
    releases = []
    for version in versions:
        releases.append(scene.register(application, version))
        scene.run(60)
    return application.targets.get(), releases


def target_in(application: Application, environment: str) -> Target:
    return application.targets.get(environment__slug=environment)


def wake_due(scene: Scene) -> None:
    """The engine's workers do what is due; no runner does."""
    for promotion_id in jobs.due_promotions(scene.now):
        jobs.wake(promotion_id, now=scene.now)


def run_steps_until_ended(scene: Scene, promotion: Promotion) -> None:
    """Runners do what is due; wake-ups are late."""
    for _ in range(100):
        scene.now += timedelta(seconds=1)
        for step_id in jobs.due_steps(scene.now):
            jobs.effect(step_id, now=scene.now)
        promotion.refresh_from_db()
        if not promotion.is_open:
            return
    raise AssertionError(f"{promotion} does not end.")


class TestSuperseding:
    """An older release never holds up a newer one, and says what became of it."""

    def ask_for_the_older_while_the_newer_is_deployed(self, scene: Scene, **target: Any) -> Release:
        application = scene.application(environments=1, **target)
        old = scene.register(application, "v1")
        abort(promotion=scene.promotion(old, "integration"), by=ALEX, reason="Not yet.", now=scene.now)
        scene.backend.stuck = True
        scene.register(application, "v2")
        scene.run(5)
        promote(release=old, target=application.targets.get(), by=ALEX, now=scene.now)
        scene.run(5)
        scene.backend.stuck = False
        return old

    def test_an_older_one_asked_for_by_hand_ends_when_the_newer_one_has_arrived(self, scene: Scene) -> None:
        old = self.ask_for_the_older_while_the_newer_is_deployed(scene)

        scene.run(2 * HOUR)

        promotion = scene.promotion(old, "integration")
        assert (promotion.state, promotion.outcome) == ("superseded", "v2 goes instead.")
        assert scene.live(old.application)["integration"] == "v2"

    def test_where_every_release_goes_an_older_one_does_not_stop_those_behind_it(self, scene: Scene) -> None:
        old = self.ask_for_the_older_while_the_newer_is_deployed(scene, batching="every")
        scene.run(120)

        newest = scene.register(old.application, "v3")
        scene.run(2 * HOUR)

        assert scene.states(old)["integration"] == "superseded"
        assert scene.states(newest)["integration"] == "succeeded"

    def test_a_newer_one_that_can_not_go_does_not_supersede_one_that_can(self, scene: Scene) -> None:
        application = scene.application(environments=2)
        staging = target_in(application, "staging")
        scene.hold(application, staging.environment, reason="Wait.")
        verified = scene.register(application, "v1")
        scene.run(60)
        scene.backend.broken.add(("frontend", "v2", "integration"))
        bad = scene.register(application, "v2")
        promote(release=bad, target=staging, by=ALEX, now=scene.now)
        scene.run(600)
        assert scene.states(bad)["integration"] == "failed"

        lift_holds(
            application=application, environment=staging.environment, rights=AS_ALEX, resolution="Go.", now=scene.now
        )
        scene.run(HOUR)

        assert scene.states(verified)["staging"] == "succeeded"
        assert scene.live(application)["staging"] == "v1"


class TestRollback:
    """A rollback goes to what was good, wins over what is under way, and what it left goes no further."""

    def test_by_hand_while_the_checks_fail_it_is_the_only_one(self, scene: Scene) -> None:
        target, _ = released(scene, "v1", rollback="on_failed")
        target.checks.update(failure_limit=3, interval=10)
        scene.backend.broken.add(("frontend", "v2", "integration"))
        bad = scene.register(target.application, "v2")
        scene.run(3)
        assert scene.states(bad)["integration"] == "verifying"

        roll_back(target=target, by=ALEX, reason="v2 is bad.", now=scene.now)
        scene.run(2 * HOUR)

        assert scene.states(bad)["integration"] == "aborted"
        rollback = Promotion.objects.get(kind=PromotionKind.ROLLBACK)
        assert (rollback.state, rollback.requested_by) == ("succeeded", "Alex Doe")
        assert scene.live(target.application)["integration"] == "v1"

    def test_by_hand_it_does_not_wait_for_the_checks_it_interrupts(self, scene: Scene) -> None:
        target, _ = released(scene, "v1")
        target.checks.update(failure_limit=3, interval=10, timeout=3600)
        scene.backend.broken.add(("frontend", "v2", "integration"))
        bad = scene.register(target.application, "v2")
        scene.run(3)

        roll_back(target=target, by=ALEX, reason="v2 is bad.", now=scene.now)
        scene.run(5)

        assert scene.states(bad)["integration"] == "aborted"
        assert scene.live(target.application)["integration"] == "v1"

    def test_during_the_soak_it_keeps_the_release_from_the_next_environment(self, scene: Scene) -> None:
        application = scene.application(environments=2)
        scene.register(application, "v1")
        scene.run(120)
        integration = target_in(application, "integration")
        integration.soak = 600
        integration.save()
        scene.register(application, "v2")
        scene.run(60)

        rollback = roll_back(target=integration, by=ALEX, reason="v2 corrupts data.", now=scene.now)
        asked_at = scene.now
        scene.run(1200)

        rollback.refresh_from_db()
        assert rollback.started_at is not None
        assert rollback.started_at - asked_at < timedelta(seconds=10)
        assert scene.live(application) == {"integration": "v1", "staging": "v1"}

    def test_what_was_rolled_back_before_production_does_not_enter_it(self, scene: Scene) -> None:
        application = scene.application()
        production = target_in(application, "production").environment
        scene.register(application, "v1")
        scene.run(120)
        scene.hold(application, production, reason="Database move.")
        bad = scene.register(application, "v2")
        scene.run(120)
        roll_back(target=target_in(application, "staging"), by=ALEX, reason="v2 corrupts data.", now=scene.now)
        scene.run(60)

        lift_holds(application=application, environment=production, rights=AS_ALEX, resolution="Moved.", now=scene.now)
        scene.run(120)

        assert scene.live(application)["production"] == "v1"
        sentences = [blocker.sentence for blocker in scene.promotion(bad, "production").waits_for]
        assert sentences == ["v2 has not succeeded in staging yet."]

    def test_after_an_unknown_outcome_it_goes_to_the_release_that_was_there(self, scene: Scene) -> None:
        target, (_, second) = released(scene, "v1", "v2")
        scene.backend.stuck = True
        unknown = scene.register(target.application, "v3")
        scene.run(HOUR)
        assert scene.states(unknown)["integration"] == "errored"
        scene.backend.stuck = False

        rollback = roll_back(target=target, by=ALEX, reason="Nobody knows.", now=scene.now)
        scene.run(60)

        assert rollback.release == second
        assert scene.live(target.application)["integration"] == "v2"

    def test_it_does_not_go_forward_to_pass_a_hold(self, scene: Scene) -> None:
        target, (_, second) = released(scene, "v1", "v2")
        roll_back(target=target, by=ALEX, reason="v2 is bad.", now=scene.now)
        scene.run(60)

        with pytest.raises(RefusedError, match="v2 is not older than v1: promote it instead"):
            roll_back(target=target, by=ALEX, reason="Oops.", to=second, now=scene.now)

        scene.run(60)
        assert scene.live(target.application)["integration"] == "v1"

    def test_the_fix_waits_for_a_policys_rollback_that_waits_for_a_place(self, scene: Scene) -> None:
        scene.environments[0].capacity = 1
        scene.environments[0].save()
        target, _ = released(scene, "v1", rollback="on_failed")
        other = scene.application("other", environments=1)
        scene.backend.broken.add(("frontend", "v2", "integration"))
        bad = scene.promotion(scene.register(target.application, "v2"), "integration")
        jobs.wake(bad.pk, now=scene.now)
        run_steps_until_ended(scene, bad)
        rollback = Promotion.objects.get(kind=PromotionKind.ROLLBACK)
        scene.backend.stuck = True
        in_its_place = scene.promotion(scene.register(other, "o1"), "integration")
        jobs.wake(in_its_place.pk, now=scene.now)
        jobs.wake(rollback.pk, now=scene.now)
        rollback.refresh_from_db()
        assert [blocker.kind for blocker in rollback.waits_for] == ["capacity"]
        lift_holds(
            application=target.application,
            environment=target.environment,
            rights=AS_ALEX,
            resolution="v3 fixes it.",
            now=scene.now,
        )
        fix = scene.register(target.application, "v3")
        jobs.wake(scene.promotion(fix, "integration").pk, now=scene.now)
        scene.backend.stuck = False
        run_steps_until_ended(scene, in_its_place)

        jobs.wake(scene.promotion(fix, "integration").pk, now=scene.now)
        scene.run(600)

        assert [version for slug, version, _ in scene.backend.history if slug == "frontend"] == ["v1", "v2", "v1", "v3"]
        assert scene.live(target.application)["integration"] == "v3"

    def test_from_one_whose_outcome_is_unknown_a_person_can_go_on(self, scene: Scene) -> None:
        target, (_, second) = released(scene, "v1", "v2")
        scene.backend.stuck = True
        rollback = roll_back(target=target, by=ALEX, reason="v2 is bad.", now=scene.now)
        scene.run(HOUR)
        rollback.refresh_from_db()
        assert rollback.state == "errored"
        scene.backend.stuck = False
        lift_holds(
            application=target.application,
            environment=target.environment,
            rights=AS_ALEX,
            resolution="v2 was fine.",
            now=scene.now,
        )

        promotion = promote(release=second, target=target, by=ALEX, now=scene.now)
        scene.run(60)

        promotion.refresh_from_db()
        assert promotion.state == "succeeded"
        assert scene.backend.live["frontend", "integration"] == "v2"


class TestAfterAnOutage:
    """What happened outside while Deployer was away is asked for, not guessed."""

    def test_a_deploy_that_ended_well_meanwhile_is_seen_past_its_deadline(self, scene: Scene) -> None:
        scene.backend.duration = 0.1
        application = scene.application(environments=1, deploy_timeout=900)
        release = scene.register(application, "v1")
        scene.run(0.05)
        assert scene.states(release)["integration"] == "deploying"
        time.sleep(0.2)

        scene.now += timedelta(hours=1)
        scene.run(60)

        assert scene.states(release)["integration"] == "succeeded"
        assert sum(scene.backend.starts.values()) == 1

    def test_a_deploy_that_no_runner_began_has_its_whole_time_still(self, scene: Scene) -> None:
        application = scene.application(environments=1, deploy_timeout=900)
        release = scene.register(application, "v1")
        wake_due(scene)
        assert not scene.backend.history

        scene.now += timedelta(hours=1)
        scene.run(60)

        assert scene.states(release)["integration"] == "succeeded"
        assert sum(scene.backend.starts.values()) == 1

    def test_when_nobody_can_be_asked_to_stop_the_end_is_seen_all_the_same(self, scene: Scene) -> None:
        scene.backend.duration = 0.1
        config = webhook_config(scene.backend, cancel_url="http://127.0.0.1:1/{key}")
        application = scene.application(environments=1, deployer_config=config)
        release = scene.register(application, "v1")
        scene.run(0.05)
        abort(promotion=scene.promotion(release, "integration"), by=ALEX, reason="Not this one.", now=scene.now)
        time.sleep(0.2)

        scene.run(HOUR)

        promotion = scene.promotion(release, "integration")
        assert (promotion.state, promotion.outcome) == ("aborted", "Aborted by Alex Doe.")
        assert scene.live(application)["integration"] == "v1"

    def test_a_configuration_that_broke_during_a_deploy_leaves_its_outcome_unknown(self, scene: Scene) -> None:
        scene.backend.stuck = True
        release = scene.register(scene.application(environments=1), "v1")
        scene.run(3)
        step = Step.objects.get(kind="deploy")
        step.spec["config"]["gone"] = 1
        step.save()

        scene.run(60)

        promotion = scene.promotion(release, "integration")
        assert promotion.state == "errored"
        assert "is not configured right" in promotion.outcome
        assert sum(scene.backend.starts.values()) == 1

    def test_while_an_outcome_is_unknown_what_is_excluded_waits(self, scene: Scene) -> None:
        one = scene.application("one", environments=1, deploy_timeout=60)
        other = scene.application("other", environments=1)
        ExclusionGroup.objects.create(slug="schema", reason="One schema.").applications.set([one, other])
        scene.backend.stuck = True
        unknown = scene.register(one, "v1")
        scene.run(5)
        waiting = scene.register(other, "v1")
        scene.run(600)
        assert scene.states(unknown)["integration"] == "errored"

        promotion = scene.promotion(waiting, "integration")

        assert [blocker.sentence for blocker in promotion.waits_for] == [
            "one may be being deployed to integration, and the two must not be deployed together: One schema."
        ]
        assert ("other", "v1", "integration") not in scene.backend.history

    def test_once_a_person_has_found_out_what_is_excluded_goes_on(self, scene: Scene) -> None:
        one = scene.application("one", environments=1, deploy_timeout=60)
        other = scene.application("other", environments=1)
        ExclusionGroup.objects.create(slug="schema", reason="One schema.").applications.set([one, other])
        scene.backend.stuck = True
        scene.register(one, "v1")
        scene.run(5)
        waiting = scene.register(other, "v1")
        scene.run(600)
        scene.backend.stuck = False

        lift_holds(
            application=one,
            environment=scene.environments[0],
            rights=AS_ALEX,
            resolution="It has ended.",
            now=scene.now,
        )
        scene.run(120)

        assert scene.states(waiting)["integration"] == "succeeded"


class TestProgressReports:
    """A backend that calls back before the answer to the start has arrived."""

    @pytest.fixture
    def claimed(self, scene: Scene) -> effects.Claim:
        config = webhook_config(
            scene.backend,
            mode="callback",
            status_url=f"{scene.backend.url}/deploys/{{reference}}",
            find_url=f"{scene.backend.url}/look-ups/{{key}}",
            cancel_url="",
        )
        scene.register(scene.application(environments=1, deployer_config=config), "v1")
        wake_due(scene)
        claimed = effects.claim(Step.objects.get(kind="deploy").pk, now=scene.now)
        assert claimed is not None
        return claimed

    def test_progress_does_not_void_the_answer_to_the_start(self, claimed: effects.Claim, scene: Scene) -> None:
        step = claimed.step
        body = json.dumps({"key": step.key, "state": "running", "log": "pulling\n"}).encode()
        for _ in range(3):
            assert call_back(step=step, body=body, now=scene.now)

        assert effects.report(claimed, effects.Report(reference="service-ref-77"), now=scene.now)

        step.refresh_from_db()
        assert step.reference == "service-ref-77"
        assert "".join(step.log.values_list("text", flat=True)) == "pulling\n"

    def test_an_end_does_and_what_comes_after_it_changes_nothing(self, claimed: effects.Claim, scene: Scene) -> None:
        step = claimed.step
        body = json.dumps({"key": step.key, "state": "failed", "detail": "No room."}).encode()
        assert call_back(step=step, body=body, now=scene.now)

        assert not effects.report(claimed, effects.Report(reference="service-ref-77"), now=scene.now)
        assert not call_back(step=step, body=body, now=scene.now)

        step.refresh_from_db()
        assert (step.state, step.reference) == ("failed", "")

    def test_nonsense_about_a_deploy_that_has_ended_is_refused_too(self, claimed: effects.Claim, scene: Scene) -> None:
        step = claimed.step
        call_back(step=step, body=json.dumps({"key": step.key, "state": "failed"}).encode(), now=scene.now)

        with pytest.raises(Unavailable):
            call_back(step=step, body=b"{", now=scene.now)


class TestRegisteringAgain:
    def test_a_release_that_had_nowhere_to_go_goes_when_ci_says_it_again(self, scene: Scene) -> None:
        application = scene.application(environments=0)
        new = NewRelease(version="v1", commit="a" * 40)
        register(application=application, new=new, by=CI, now=scene.now)
        scene.target(application, scene.environments[0])
        scene.run(HOUR)
        assert not Promotion.objects.exists()

        release, promotions, is_new = register(application=application, new=new, by=CI, now=scene.now)
        scene.run(60)

        assert (len(promotions), is_new) == (1, False)
        assert scene.states(release) == {"integration": "succeeded"}
