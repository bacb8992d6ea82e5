"""The threads that send: who hangs never has them all."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from deployer.notifications.pool import Errand, Pool

ENOUGH = 30
"""Seconds after which a test gives up waiting for another thread."""


class Receivers:
    """Plays the lanes: those above a hundred hang until they are let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.done: list[int] = []
        self.hanging = threading.Semaphore(0)
        self.came = threading.Condition()

    def send(self, lane_id: int) -> None:
        if lane_id > 100:
            self.hanging.release()
            assert self.let_go.wait(ENOUGH)
        with self.came:
            self.done.append(lane_id)
            self.came.notify_all()

    def wait_for(self, *lanes: int) -> None:
        with self.came:
            assert self.came.wait_for(lambda: set(lanes) <= set(self.done), ENOUGH)

    def wait_until_hanging(self, count: int) -> None:
        for _ in range(count):
            assert self.hanging.acquire(timeout=ENOUGH)


@contextmanager
def running(receivers: Receivers, *, threads: int = 4, share: int = 2) -> Iterator[Pool]:
    pool = Pool(receivers.send, threads=threads, share=share)
    try:
        yield pool
    finally:
        receivers.let_go.set()
        pool.close()


def errand(lane_id: int, *shares: str) -> Errand:
    return Errand(lane_id, frozenset(shares))


@pytest.mark.django_db
def test_a_mail_server_that_hangs_leaves_threads_to_slack() -> None:
    receivers = Receivers()
    with running(receivers) as pool:
        for lane_id in range(101, 120):
            pool.submit(errand(lane_id, "email:"))
        receivers.wait_until_hanging(2)
        pool.submit(errand(1, "slack:"))

        receivers.wait_for(1)
        assert not receivers.hanging.acquire(blocking=False)


@pytest.mark.django_db
def test_receivers_that_failed_last_time_leave_threads_to_those_that_did_not() -> None:
    receivers = Receivers()
    with running(receivers) as pool:
        for lane_id in range(101, 120):
            pool.submit(errand(lane_id, f"webhook:{lane_id}", "failing"))
        receivers.wait_until_hanging(2)
        pool.submit(errand(1, "webhook:well"))

        receivers.wait_for(1)


@pytest.mark.django_db
def test_what_waited_goes_on_when_a_share_is_free_again() -> None:
    receivers = Receivers()
    with running(receivers) as pool:
        for lane_id in (101, 102, 103, 1):
            pool.submit(errand(lane_id, "email:"))
        receivers.wait_until_hanging(2)
        receivers.let_go.set()

        receivers.wait_for(101, 102, 103, 1)


@pytest.mark.django_db
def test_a_lane_that_waits_is_not_taken_twice() -> None:
    receivers = Receivers()
    with running(receivers, threads=1, share=1) as pool:
        pool.submit(errand(101))
        receivers.wait_until_hanging(1)
        for _ in range(3):
            pool.submit(errand(1))
            pool.submit(errand(101))
        receivers.let_go.set()
        receivers.wait_for(1)
        pool.join()

    assert sorted(receivers.done) == [1, 101]


@pytest.mark.django_db
def test_an_error_takes_no_thread_away() -> None:
    done = threading.Event()

    def work(lane_id: int) -> None:
        if lane_id == 101:
            raise RuntimeError("A bug.")
        done.set()

    pool = Pool(work, threads=1, share=1)
    pool.submit(errand(101))
    pool.submit(errand(1))

    assert done.wait(ENOUGH)
    pool.close()
