"""The clock runs the watchdog by itself: it must look when no worker is alive and the queue is full."""

from datetime import timedelta

import pytest

from deployer import clock as clock_module
from deployer.clock import ENOUGH, Clock, Every, Source
from deployer.promotions import jobs
from tests.scene import NOON

MINUTE = timedelta(minutes=1)


@pytest.fixture
def full_queue(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What is put on a queue that nobody empties."""
    queued: list[int] = []
    monkeypatch.setattr(clock_module, "enqueue", lambda queue, function, item_id: queued.append(item_id))
    monkeypatch.setattr(clock_module, "length", lambda queue: ENOUGH)
    return queued


@pytest.mark.django_db(transaction=True)
def test_what_only_the_clock_does_needs_no_queue(full_queue: list[int]) -> None:
    done: list[int] = []
    clock = Clock([Source(queue="effects", function="job", due=lambda _: {7: NOON}, job=done.append, by_clock=True)])

    clock.tick(NOON)
    clock._pool.shutdown(wait=True)

    assert done == [7]
    assert full_queue == []


def test_what_is_due_every_minute_is_due_at_once_and_then_once_a_minute() -> None:
    due = Every(MINUTE)

    assert [bool(due(NOON + seconds * timedelta(seconds=1))) for seconds in (0, 1, 59, 60, 61, 200)] == [
        True,
        False,
        False,
        True,
        False,
        True,
    ]


def test_the_watchdog_is_one_of_those() -> None:
    (watch,) = [source for source in jobs.SOURCES if source.job is jobs.watch]

    assert watch.by_clock
