"""Promise 6: the database is the truth. The queue may lose everything, and each job may run twice.

What kills real processes, queues and databases is in tests/faults.
"""

import time

import pytest
from django.utils import timezone

from deployer import clock as clock_module
from deployer.clock import Clock
from deployer.promotions import jobs
from deployer.promotions.models import Promotion, Step
from deployer.queueing import QueueDownError
from tests.scene import Scene

PATIENCE_SECONDS = 60


@pytest.mark.django_db(transaction=True)
def test_without_a_queue_and_a_worker_the_clock_alone_brings_a_release_to_production(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: object) -> None:
        raise QueueDownError("refused")

    monkeypatch.setattr(clock_module, "enqueue", down)
    scene.now = timezone.now()
    application = scene.application()
    release = scene.register(application, "v1")
    clock = Clock(jobs.SOURCES)

    give_up = time.monotonic() + PATIENCE_SECONDS
    while Promotion.objects.open().exists() and time.monotonic() < give_up:
        clock.tick()
        time.sleep(0.02)
    clock._pool.shutdown(wait=True)

    assert scene.states(release) == {"integration": "succeeded", "staging": "succeeded", "production": "succeeded"}
    assert set(scene.backend.starts.values()) == {1}


def test_every_job_delivered_twice_does_everything_once(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    wake, effect = jobs.wake, jobs.effect
    monkeypatch.setattr(jobs, "wake", lambda pk, *, now: (wake(pk, now=now), wake(pk, now=now)))
    monkeypatch.setattr(jobs, "effect", lambda pk, *, now: (effect(pk, now=now), effect(pk, now=now)))
    application = scene.application()

    release = scene.register(application, "v1")
    scene.run(60)

    assert list(scene.states(release).values()) == ["succeeded"] * 3
    assert Promotion.objects.count() == 3
    assert Step.objects.count() == 6
    assert set(scene.backend.starts.values()) == {1}


def test_a_job_for_what_is_not_there_or_has_ended_does_nothing(scene: Scene) -> None:
    release = scene.register(scene.application(environments=1), "v1")
    scene.run(60)
    promotion = scene.promotion(release, "integration")

    jobs.wake(promotion.pk, now=scene.now)
    jobs.wake(0, now=scene.now)
    jobs.effect(promotion.steps.get(kind="deploy").pk, now=scene.now)
    jobs.effect(0, now=scene.now)

    assert scene.states(release) == {"integration": "succeeded"}
    assert sum(scene.backend.starts.values()) == 1
