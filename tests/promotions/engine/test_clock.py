"""The clock: what is due is queued once, and done by the clock itself when the queue is down."""

from datetime import datetime, timedelta

import pytest

from deployer import clock as clock_module
from deployer.clock import Clock, Source
from deployer.promotions import jobs
from deployer.queueing import QueueDownError
from tests.scene import NOON, Scene


class Due:
    """A source whose due things the test sets; remembers which were done inline."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.since = NOON
        self.done: list[int] = []

    def source(self) -> Source:
        return Source(
            queue="engine", function="job", due=lambda _: dict.fromkeys(self.ids, self.since), job=self.done.append
        )


@pytest.fixture
def due() -> Due:
    return Due()


@pytest.fixture
def queued_by_clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    jobs: list[int] = []
    monkeypatch.setattr(clock_module, "enqueue", lambda queue, function, item_id: jobs.append(item_id))
    return jobs


def test_what_is_due_is_queued(due: Due, queued_by_clock: list[int]) -> None:
    due.ids = [1, 2]

    assert Clock([due.source()]).tick(NOON) == 2

    assert queued_by_clock == [1, 2]


def test_what_was_queued_a_moment_ago_is_not_queued_again(due: Due, queued_by_clock: list[int]) -> None:
    due.ids = [1]
    clock = Clock([due.source()])

    clock.tick(NOON)
    clock.tick(NOON)

    assert queued_by_clock == [1]


def test_what_was_lost_is_queued_again_after_a_while(due: Due, queued_by_clock: list[int], settings: object) -> None:
    settings.REQUEUE_SECONDS = 0  # type: ignore[attr-defined]
    due.ids = [1]
    clock = Clock([due.source()])

    clock.tick(NOON)
    clock.tick(NOON)

    assert queued_by_clock == [1, 1]


@pytest.mark.django_db(transaction=True)
def test_when_the_queue_is_down_the_clock_does_it_by_itself(due: Due, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object) -> None:
        raise QueueDownError("refused")

    monkeypatch.setattr(clock_module, "enqueue", down)
    due.ids = [1, 2]
    clock = Clock([due.source()])

    clock.tick(NOON)
    clock._pool.shutdown(wait=True)

    assert sorted(due.done) == [1, 2]


def test_a_job_that_breaks_does_not_break_the_clock(
    due: Due, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: int) -> None:
        raise ValueError("broken")

    def down(*_: object) -> None:
        raise QueueDownError("refused")

    monkeypatch.setattr(clock_module, "enqueue", down)
    monkeypatch.setattr(clock_module, "connection", type("Connection", (), {"close": staticmethod(lambda: None)}))
    clock = Clock([Source(queue="engine", function="job", due=lambda _: {1: NOON}, job=broken)])

    clock.tick(NOON)
    clock._pool.shutdown(wait=True)

    assert "it stays due" in caplog.text


def test_the_sources_find_what_is_due_and_nothing_else(scene: Scene) -> None:
    application = scene.application(environments=1)
    scene.register(application, "v1")

    def found(now: datetime) -> tuple[int, int]:
        return len(jobs.due_promotions(now)), len(jobs.due_steps(now))

    assert found(scene.now - timedelta(seconds=1)) == (0, 0)
    assert found(scene.now) == (1, 0)
    scene.run(60)
    assert found(scene.now + timedelta(days=1)) == (0, 0)
