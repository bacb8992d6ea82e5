"""While Redis is down the clock sends, and a receiver that hangs leaves it threads for the engine."""

import threading

import pytest

from deployer import clock as clock_module
from deployer.clock import INLINE_THREADS, Clock, Source
from deployer.notifications import jobs
from deployer.queueing import QueueDownError
from tests.notifications.driving import NOON

ENOUGH = 30
"""Seconds after which the test gives up waiting for another thread."""


@pytest.mark.django_db(transaction=True)
def test_receivers_that_hang_leave_the_clock_threads_for_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    let_go, woken, hanging = threading.Event(), threading.Event(), threading.Semaphore(0)

    def down(*_: object) -> None:
        raise QueueDownError("refused")

    def hang(_: int) -> None:
        hanging.release()
        let_go.wait(ENOUGH)

    monkeypatch.setattr(clock_module, "enqueue", down)
    monkeypatch.setattr(clock_module, "length", down)
    (told, _) = jobs.SOURCES
    lanes = Source(
        queue=told.queue,
        function=told.function,
        due=lambda _: dict.fromkeys(range(20), NOON),
        job=hang,
        inline=told.inline,
    )
    engine = Source(queue="engine", function="job", due=lambda _: {1: NOON}, job=lambda _: woken.set())
    clock = Clock([lanes, engine])

    clock.tick(NOON)

    assert woken.wait(ENOUGH)
    let_go.set()
    clock._pool.shutdown(wait=True)
    assert sum(hanging.acquire(blocking=False) for _ in range(20)) == told.inline < INLINE_THREADS
