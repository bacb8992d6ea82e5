"""The queue: carries ids after the commit, and is never the only record of anything.

What gets lost here is found again by the clock, from the `due_at` of the row that the id names.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, partial

import django_rq
from django.conf import settings
from django.db import transaction
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue

logger = logging.getLogger(__name__)

ENGINE, EFFECTS, NOTICES = "engine", "effects", "notices"
QUEUES = (ENGINE, EFFECTS, NOTICES)
PAUSE_AFTER_FAILURE = 1.0
ANSWER_SECONDS = 1.0


class QueueDownError(Exception):
    """Redis can't be reached; what was to be queued stays due in the database."""


class _Breaker:
    """After a failed call, fail at once for a second: a dead Redis must not slow every request down."""

    closed_until = 0.0


def enqueue(queue_name: str, function: str, item_id: int) -> None:
    """Put a job on the queue now. Raises QueueDownError."""
    with _asking():
        _queue(queue_name).enqueue(
            function, item_id, result_ttl=0, failure_ttl=86400, job_timeout=settings.JOB_TIMEOUT_SECONDS
        )


def length(queue_name: str) -> int:
    """How many jobs wait on the queue. Raises QueueDownError."""
    with _asking():
        return _queue(queue_name).count


@contextmanager
def _asking() -> Iterator[None]:
    if time.monotonic() < _Breaker.closed_until:
        raise QueueDownError("Redis did not answer a moment ago.")
    try:
        yield
    except (RedisError, OSError) as error:
        _Breaker.closed_until = time.monotonic() + PAUSE_AFTER_FAILURE
        raise QueueDownError(str(error)) from error


@cache
def _queue(name: str) -> Queue:
    """The queue, with connections that are kept. One that broke is replaced once, at once: a job that arrived
    twice for that is harmless."""
    connection = Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=ANSWER_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 1),
    )
    queue: Queue = django_rq.get_queue(name, connection=connection)
    return queue


_left_to_the_clock: ContextVar[bool] = ContextVar("left_to_the_clock", default=False)


@contextmanager
def left_to_the_clock() -> Iterator[None]:
    """Nothing is queued by what runs within: whatever stays due is found by the clock."""
    token = _left_to_the_clock.set(True)
    try:
        yield
    finally:
        _left_to_the_clock.reset(token)


def enqueue_after_commit(queue_name: str, function: str, item_id: int) -> None:
    """Put a job on the queue when the transaction has committed; when Redis is down, leave it to the clock."""
    if _left_to_the_clock.get():
        return
    transaction.on_commit(partial(_try, queue_name, function, item_id))


def _try(queue_name: str, function: str, item_id: int) -> None:
    try:
        enqueue(queue_name, function, item_id)
    except QueueDownError as error:
        logger.warning("Redis is down; the clock will carry on with %s(%s): %s", function, item_id, error)
