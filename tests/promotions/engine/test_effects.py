"""Deploys and checks that go wrong outside: a definite no, not knowing, and asking again."""

import pytest

from deployer.promotions import jobs
from deployer.promotions.actions.abort import abort
from deployer.promotions.models import Hold, Measurement, Promotion, Step
from deployer.refusal import RefusedError
from tests.scene import ALEX, Scene, webhook_config


def test_a_deploy_that_fails_is_a_definite_no_with_its_log(scene: Scene) -> None:
    scene.backend.failing.add(("frontend", "v1", "integration"))
    application = scene.application(environments=1)
    release = scene.register(application, "v1")

    scene.run(60)

    promotion = scene.promotion(release, "integration")
    assert (promotion.state, promotion.outcome) == ("failed", "Deploy: The new pods did not start.")
    assert "".join(chunk.text for chunk in promotion.steps.get(kind="deploy").log.all()) == "pulling\nstarting\n"
    assert promotion.steps.get(kind="check").state == "skipped"
    assert scene.live(application) == {}


def test_a_backend_that_refuses_is_a_definite_no(scene: Scene) -> None:
    scene.backend.answer_start_with = 422
    release = scene.register(scene.application(environments=1), "v1")

    scene.run(60)

    assert scene.states(release) == {"integration": "failed"}


def test_a_backend_that_can_not_be_reached_is_tried_again_and_ends_as_errored(scene: Scene) -> None:
    config = webhook_config(scene.backend) | {"url": "http://127.0.0.1:9/deploys"}
    release = scene.register(scene.application(environments=1, deployer_config=config), "v1")

    scene.run(600)

    promotion = scene.promotion(release, "integration")
    assert promotion.state == "errored"
    assert promotion.steps.get(kind="deploy").errors_in_a_row == 5
    assert Hold.objects.open().count() == 1


def test_a_connection_without_a_secret_names_the_variable(scene: Scene) -> None:
    config = webhook_config(scene.backend) | {"connection": "nobody-set-this"}
    release = scene.register(scene.application(environments=1, deployer_config=config), "v1")

    scene.run(600)

    assert "DEPLOYER_CONNECTION_NOBODY_SET_THIS_SECRET" in scene.promotion(release, "integration").outcome


def test_a_configuration_that_went_bad_is_a_definite_no(scene: Scene) -> None:
    application = scene.application(environments=1)
    application.targets.update(deployer_config={"url": "nonsense"})
    release = scene.register(application, "v1")

    scene.run(60)

    promotion = scene.promotion(release, "integration")
    assert promotion.state == "failed"
    assert "not configured right" in promotion.outcome


def test_each_measurement_is_kept_and_two_failures_fail_it(scene: Scene) -> None:
    scene.backend.broken.add(("frontend", "v1", "integration"))
    application = scene.application(environments=1)
    application.targets.get().checks.update(failure_limit=2, interval=5)
    release = scene.register(application, "v1")

    scene.run(60)

    assert scene.states(release) == {"integration": "failed"}
    first, second = Measurement.objects.all()
    assert (first.outcome, second.outcome) == ("failed", "failed")
    assert (second.at - first.at).total_seconds() == 5
    assert first.evidence["status"] == 500


def test_a_check_that_can_not_be_made_is_errored_and_never_rolled_back(scene: Scene) -> None:
    application = scene.application(environments=1, rollback="on_failed")
    scene.register(application, "v1")
    scene.run(60)
    application.targets.get().checks.update(config={"path": "http://nowhere.invalid/"}, error_limit=3)

    release = scene.register(application, "v2")
    scene.run(600)

    assert scene.states(release) == {"integration": "errored"}
    assert Measurement.objects.filter(step__promotion__release=release).count() == 3
    assert not Promotion.objects.filter(kind="rollback").exists()


def test_the_policy_rolls_back_when_a_check_fails_and_leaves_the_hold(scene: Scene) -> None:
    application = scene.application(environments=1, rollback="on_failed")
    scene.register(application, "v1")
    scene.run(60)
    scene.backend.broken.add(("frontend", "v2", "integration"))

    scene.register(application, "v2")
    scene.run(60)

    rollback = Promotion.objects.get(kind="rollback")
    assert rollback.state == "succeeded"
    assert scene.live(application) == {"integration": "v1"}
    assert Hold.objects.open().get().kind == "failure"


def test_a_rollback_that_fails_is_not_rolled_back_again(scene: Scene) -> None:
    application = scene.application(environments=1, rollback="on_failed")
    scene.register(application, "v1")
    scene.run(60)
    scene.backend.broken |= {("frontend", "v2", "integration"), ("frontend", "v1", "integration")}

    scene.register(application, "v2")
    scene.run(600)

    assert Promotion.objects.get(kind="rollback").state == "failed"


def test_a_soak_keeps_the_release_before_it_goes_on(scene: Scene) -> None:
    application = scene.application(environments=2, soak=600)
    release = scene.register(application, "v1")

    scene.run(500)
    assert scene.states(release) == {"integration": "verifying"}
    scene.run(200)
    assert scene.states(release) == {"integration": "succeeded", "staging": "verifying"}


def test_where_every_release_goes_on_they_go_in_order(scene: Scene) -> None:
    application = scene.application(environments=1, batching="every")
    releases = [scene.register(application, f"v{number}") for number in (1, 2, 3)]

    scene.run(200)

    assert [scene.states(release)["integration"] for release in releases] == ["succeeded"] * 3
    assert [version for _, version, _ in scene.backend.history] == ["v1", "v2", "v3"]


class TestAbort:
    def test_a_running_deploy_is_asked_to_stop_and_waited_for(self, scene: Scene) -> None:
        scene.backend.stuck = True
        release = scene.register(scene.application(environments=1), "v1")
        scene.run(5)
        promotion = scene.promotion(release, "integration")

        abort(promotion=promotion, by=ALEX, reason="Wrong one.", now=scene.now)
        assert scene.states(release) == {"integration": "deploying"}
        scene.run(60)

        assert scene.states(release) == {"integration": "aborted"}
        assert scene.backend.cancelled == {Step.objects.get(kind="deploy").key}

    def test_a_deploy_that_no_worker_has_begun_ends_at_once(self, scene: Scene) -> None:
        release = scene.register(scene.application(environments=1), "v1")
        for promotion_id in jobs.due_promotions(scene.now):
            jobs.wake(promotion_id, now=scene.now)

        abort(promotion=scene.promotion(release, "integration"), by=ALEX, reason="Wrong one.", now=scene.now)
        scene.run(60)

        assert scene.states(release) == {"integration": "aborted"}
        assert scene.backend.history == []

    def test_a_backend_that_can_not_cancel_runs_to_its_end(self, scene: Scene) -> None:
        scene.backend.stuck = True
        config = webhook_config(scene.backend, cancel_url="")
        application = scene.application(environments=2, deployer_config=config)
        release = scene.register(application, "v1")
        scene.run(5)

        abort(promotion=scene.promotion(release, "integration"), by=ALEX, reason="Wrong one.", now=scene.now)
        scene.run(30)
        assert scene.states(release) == {"integration": "deploying"}
        scene.backend.stuck = False
        scene.run(30)

        assert scene.states(release) == {"integration": "aborted"}
        assert scene.live(application) == {"integration": "v1"}

    def test_what_has_ended_meanwhile_is_not_aborted(self, scene: Scene) -> None:
        release = scene.register(scene.application(environments=1), "v1")
        promotion = scene.promotion(release, "integration")
        scene.run(60)

        with pytest.raises(RefusedError, match="has succeeded meanwhile"):
            abort(promotion=promotion, by=ALEX, reason="Wrong one.", now=scene.now)
