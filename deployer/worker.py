"""RQ's worker, made to live through restarts of the database and of Redis."""

import gc
import logging
import time
from datetime import timedelta
from types import FrameType
from typing import Any

import django_rq
from django.db import close_old_connections, connection
from django.db.utils import InterfaceError, OperationalError
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.utils import now

logger = logging.getLogger(__name__)

PAUSE_AFTER_CRASH = 1.0
HEARTBEAT = timedelta(seconds=1)


class ConnectionClosingWorker(SimpleWorker):
    """Runs jobs in its own process, each with a database connection that works.

    A forking worker needs 12 ms to start a job, this one 3.5 (docs/decisions/0003).
    """

    asked_to_stop = False
    max_connection_wait_time = 2.0

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """As RQ's, but at most once a second when it isn't a part of something else: RQ sends it three times a job,
        each time in three round trips."""
        last = self.last_heartbeat
        if pipeline is not None or last is None or now() - last > HEARTBEAT:
            super().heartbeat(timeout, pipeline)

    def execute_job(self, job: Job, queue: Queue) -> None:
        close_old_connections()
        super().execute_job(job, queue)
        close_old_connections()

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        """A connection that broke under the job is thrown away; the clock brings the job back."""
        if isinstance(exc_info[1], InterfaceError | OperationalError):
            connection.close()
        logger.error("%s failed; what it was for stays due.", job.description, exc_info=exc_info[1])
        super().handle_exception(job, *exc_info)

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        ConnectionClosingWorker.asked_to_stop = True
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]  # RQ has no types here


def run(queue_name: str) -> None:
    """Work until asked to stop, starting over when RQ gives up because Redis is away or was flushed."""
    gc.freeze()  # what is loaded now stays: not to look through it again and again saves 6% of a job's time
    while not _asked_to_stop(queue_name):
        time.sleep(PAUSE_AFTER_CRASH)


def _asked_to_stop(queue_name: str) -> bool:
    """One life of a worker; whether it ended because it was asked to, whatever else broke then."""
    ConnectionClosingWorker.asked_to_stop = False
    try:
        _work(queue_name)
    except StopRequested:
        return True
    except (RedisError, OSError) as error:
        if not ConnectionClosingWorker.asked_to_stop:
            logger.warning("Redis is down, the clock carries on: %s", error)
    except Exception:
        logger.exception("The worker broke; it starts over.")
    return ConnectionClosingWorker.asked_to_stop


def _work(queue_name: str) -> None:
    worker = ConnectionClosingWorker(
        [django_rq.get_queue(queue_name)],
        connection=django_rq.get_connection(queue_name),
        serializer=JSONSerializer,
        worker_ttl=60,
        log_job_description=False,
    )
    worker.work(logging_level="WARNING")
