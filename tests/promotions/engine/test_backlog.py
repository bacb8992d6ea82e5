"""A queue that is behind: it gets no longer by itself, and what is on it twice costs next to nothing."""

from datetime import timedelta
from typing import Any

import pytest

from apps_registry.models import Application
from deployer import clock as clock_module
from deployer.clock import ENOUGH, Clock, Source
from deployer.promotions import jobs
from deployer.promotions.engine.queue import WAKE
from deployer.promotions.models import Promotion
from deployer.promotions.models.promotion import PromotionQuerySet
from tests.scene import NOON, Scene

Queued = list[tuple[str, int]]


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What waits on a queue that nobody works on."""
    waiting: list[int] = []
    monkeypatch.setattr(clock_module, "enqueue", lambda queue, function, item_id: waiting.append(item_id))
    monkeypatch.setattr(clock_module, "length", lambda queue: len(waiting))
    return waiting


def never(_: int) -> None:
    raise AssertionError("The clock does nothing by itself while the queue is up.")


def test_a_queue_is_filled_only_so_far(queue: list[int], settings: object) -> None:
    settings.REQUEUE_SECONDS = 0  # type: ignore[attr-defined]
    due = dict.fromkeys(range(ENOUGH + 50), NOON)
    clocks = [Clock([Source(queue="engine", function="job", due=lambda _: due, job=never)]) for _ in range(2)]

    for clock in clocks * 10:
        clock.tick(NOON)

    assert queue == list(range(ENOUGH))


def test_what_falls_due_again_is_queued_again_at_once(queue: list[int]) -> None:
    due = {1: NOON}
    clock = Clock([Source(queue="engine", function="job", due=lambda _: due, job=never)])
    clock.tick(NOON)

    due[1] = NOON + timedelta(seconds=1)
    clock.tick(NOON + timedelta(seconds=1))

    assert queue == [1, 1]


@pytest.fixture
def full(scene: Scene) -> Scene:
    """An environment with one place, which app-0 holds; app-1 to app-5 wait for it."""
    scene.backend.stuck = True
    environment = scene.environments[0]
    environment.capacity = 1
    environment.save()
    for number in range(6):
        scene.register(scene.application(f"app-{number}", environments=1), "v1")
        scene.run(1)
    return scene


class Ends:
    """Lets the promotion that runs end, ten seconds later, and tells whose promotions that put on the queue."""

    def __init__(self, scene: Scene, queued: Queued, commit: Any) -> None:
        self.scene, self.queued, self.commit = scene, queued, commit
        self.at = scene.now + timedelta(seconds=10)

    def woken(self) -> list[str]:
        self.scene.backend.stuck = False
        steps = Promotion.objects.active().get().steps
        self.queued.clear()
        with self.commit(execute=True):
            jobs.effect(steps.get(kind="deploy").pk, now=self.at)
            jobs.effect(steps.get(kind="check").pk, now=self.at)
        woken = [item_id for function, item_id in self.queued if function == WAKE]
        return [Promotion.objects.with_names().get(pk=item_id).application.slug for item_id in woken]


@pytest.fixture
def end(full: Scene, queued: Queued, django_capture_on_commit_callbacks: Any) -> Ends:
    return Ends(full, queued, django_capture_on_commit_callbacks)


def waiting_for(slug: str) -> PromotionQuerySet:
    return Promotion.objects.waiting().filter(target__application__slug=slug)


def test_one_that_is_not_due_is_not_looked_at(full: Scene) -> None:
    full.environments[0].capacity = 2
    full.environments[0].save()

    jobs.wake(waiting_for("app-1").get().pk, now=full.now)

    assert Promotion.objects.active().count() == 1


def test_an_end_wakes_the_oldest_two_for_the_place_that_it_frees(end: Ends) -> None:
    assert end.woken() == ["app-1", "app-2"]


def test_an_end_wakes_no_one_who_is_awake(end: Ends) -> None:
    waiting_for("app-1").update(due_at=end.at)

    assert end.woken() == ["app-2"]


def test_an_end_wakes_those_that_waited_for_its_target_too(end: Ends) -> None:
    application = Application.objects.get(slug="app-0")
    application.targets.update(batching="every")
    end.scene.register(application, "v2")
    end.scene.run(1)

    assert end.woken() == ["app-1", "app-2", "app-0"]


def test_an_end_wakes_no_one_who_waits_for_a_person(end: Ends) -> None:
    application = Application.objects.get(slug="app-1")
    end.scene.hold(application, reason="Wait.")
    end.scene.run(1)

    assert end.woken() == ["app-2", "app-3"]
