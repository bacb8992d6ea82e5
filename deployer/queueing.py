"""The queue: carries ids after the commit, and is never the only record of anything.

What gets lost here is found again by the clock, from the `due_at` of the row that the id names.
"""

import logging
import time
from functools import partial

import django_rq
from django.conf import settings
from django.db import transaction
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

ENGINE, EFFECTS = "engine", "effects"
QUEUES = (ENGINE, EFFECTS)
PAUSE_AFTER_FAILURE = 1.0


class QueueDownError(Exception):
    """Redis can't be reached; what was to be queued stays due in the database."""


class _Breaker:
    """After a failed call, fail at once for a second: a dead Redis must not slow every request down."""

    closed_until = 0.0


def enqueue(queue_name: str, function: str, item_id: int) -> None:
    """Put a job on the queue now. Raises QueueDownError."""
    if time.monotonic() < _Breaker.closed_until:
        raise QueueDownError("Redis did not answer a moment ago.")
    try:
        django_rq.get_queue(queue_name).enqueue(
            function, item_id, result_ttl=0, failure_ttl=86400, job_timeout=settings.JOB_TIMEOUT_SECONDS
        )
    except (RedisError, OSError) as error:
        _Breaker.closed_until = time.monotonic() + PAUSE_AFTER_FAILURE
        raise QueueDownError(str(error)) from error


def enqueue_after_commit(queue_name: str, function: str, item_id: int) -> None:
    """Put a job on the queue when the transaction has committed; when Redis is down, leave it to the clock."""
    transaction.on_commit(partial(_try, queue_name, function, item_id))


def _try(queue_name: str, function: str, item_id: int) -> None:
    try:
        enqueue(queue_name, function, item_id)
    except QueueDownError as error:
        logger.warning("Redis is down; the clock will carry on with %s(%s): %s", function, item_id, error)
