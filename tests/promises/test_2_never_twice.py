"""Promise 2: an external deploy is started at most once for an attempt; unsure, it is looked up."""

from datetime import timedelta

import pytest

from deployer.promotions import jobs
from deployer.promotions.actions.ways_out import retry_step
from deployer.promotions.engine import deploying, effects
from deployer.promotions.models import Hold, Step
from tests.scene import AS_ALEX, Scene, webhook_config


def first_step(scene: Scene) -> Step:
    """An application whose release has just been admitted: its deploy step is to be started."""
    application = scene.application(environments=1)
    scene.register(application, "v1")
    for promotion_id in jobs.due_promotions(scene.now):
        jobs.wake(promotion_id, now=scene.now)
    return Step.objects.get(kind="deploy")


def test_a_job_that_is_delivered_twice_starts_once(scene: Scene) -> None:
    step = first_step(scene)

    jobs.effect(step.pk, now=scene.now)
    jobs.effect(step.pk, now=scene.now)

    assert scene.backend.starts == {step.key: 1}


def test_a_worker_that_dies_after_it_started_the_deploy_leaves_one_start(scene: Scene, settings: object) -> None:
    step = first_step(scene)
    claimed = effects.claim(step.pk, now=scene.now)
    assert claimed is not None
    deploying.run(claimed)  # and the worker dies before it reports

    scene.run(600)

    assert scene.backend.starts == {step.key: 1}
    assert Step.objects.get(pk=step.pk).state == "passed"


def test_a_worker_that_dies_before_it_started_the_deploy_leaves_one_start(scene: Scene) -> None:
    step = first_step(scene)
    claimed = effects.claim(step.pk, now=scene.now)
    assert claimed is not None  # and the worker dies before it calls

    scene.run(600)

    assert scene.backend.starts == {step.key: 1}


def test_a_second_worker_can_not_claim_what_is_claimed(scene: Scene) -> None:
    step = first_step(scene)

    first, second = effects.claim(step.pk, now=scene.now), effects.claim(step.pk, now=scene.now)

    assert first is not None
    assert second is None


def test_a_late_result_with_an_old_fence_is_dropped(scene: Scene) -> None:
    step = first_step(scene)
    late = effects.claim(step.pk, now=scene.now)
    assert late is not None
    result = deploying.run(late)
    scene.now += timedelta(hours=1)
    newer = effects.claim(step.pk, now=scene.now)
    assert newer is not None

    written = effects.report(late, result, now=scene.now)

    assert written is False
    assert newer.fence == late.fence + 1
    assert Step.objects.get(pk=step.pk).reference == ""


def test_a_claim_that_has_run_out_starts_nothing(scene: Scene) -> None:
    step = first_step(scene)
    claimed = effects.claim(step.pk, now=scene.now)
    assert claimed is not None
    stalled = effects.Claim(
        step=claimed.step,
        promotion=claimed.promotion,
        action=claimed.action,
        fence=claimed.fence,
        at=claimed.at,
        deadline=0,
    )

    report = deploying.run(stalled)

    assert report.forget_intent
    assert scene.backend.starts == {}


def test_an_adapter_that_can_not_tell_ends_as_errored_and_starts_nothing_more(scene: Scene) -> None:
    config = webhook_config(scene.backend, find_url="", status_url="", cancel_url="", mode="callback")
    application = scene.application(environments=1, deployer_config=config)
    release = scene.register(application, "v1")
    for promotion_id in jobs.due_promotions(scene.now):
        jobs.wake(promotion_id, now=scene.now)
    claimed = effects.claim(Step.objects.get(kind="deploy").pk, now=scene.now)
    assert claimed is not None
    deploying.run(claimed)

    scene.run(600)

    assert scene.states(release) == {"integration": "errored"}
    assert sum(scene.backend.starts.values()) == 1
    assert "a person must look" in Hold.objects.open().get().reason


@pytest.mark.parametrize("dies", [False, True])
def test_when_a_person_retries_the_step_it_is_looked_up_by_the_old_key_and_not_started(
    scene: Scene, dies: bool
) -> None:
    scene.backend.stuck = True
    scene.register(scene.application(environments=1, deploy_timeout=60), "v1")
    scene.run(600)
    scene.backend.stuck = False
    key = Step.objects.get(kind="deploy").key

    promotion = retry_step(hold=Hold.objects.open().get(), rights=AS_ALEX, reason="Look again.", now=scene.now)
    if dies:
        claimed = effects.claim(promotion.steps.get(kind="deploy").pk, now=scene.now)
        assert claimed is not None
        deploying.run(claimed)  # and the worker dies before it reports
    scene.run(600)

    promotion.refresh_from_db()
    assert promotion.state == "succeeded"
    assert scene.backend.starts == {key: 1}


@pytest.mark.parametrize("status", [500, 502])
def test_a_backend_that_answers_a_start_with_an_error_is_asked_what_became_of_it(scene: Scene, status: int) -> None:
    scene.backend.answer_start_with = status
    application = scene.application(environments=1)
    release = scene.register(application, "v1")

    scene.run(3600)

    assert scene.states(release) == {"integration": "errored"}
    assert f"answered {status}" in scene.promotion(release, "integration").outcome
