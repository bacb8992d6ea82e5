"""The threads that send: shared so that whoever hangs can never have them all."""

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from django.db import InterfaceError, OperationalError, close_old_connections, connection

logger = logging.getLogger(__name__)

THREADS = 16
SHARE = THREADS // 2
MOST_WAITING = 1000


class Errand(NamedTuple):
    """Something to be done for a lane. Of the errands with a `shares` in common only a share may run at once: those to
    one mail server or one host, and those to receivers that failed when they were last tried."""

    lane_id: int
    shares: frozenset[str]


class Pool:
    """Does errands in threads, as many as there are, in the order in which they come but for whom has its share
    already. Remembers nothing: what is lost with the process is still due in the database."""

    def __init__(self, work: Callable[[int], None], *, threads: int = THREADS, share: int = SHARE) -> None:
        self._work = work
        self._threads = threads
        self._share = share
        self._waiting: deque[Errand] = deque()
        self._known: set[int] = set()
        self._taken: Counter[str] = Counter()
        self._busy = 0
        self._lock = threading.Lock()
        self._idle = threading.Condition(self._lock)
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="notices")

    def submit(self, errand: Errand) -> None:
        """Have it done soon; nothing when the lane waits or is being sent to already, or too many wait."""
        with self._lock:
            if errand.lane_id not in self._known and len(self._waiting) < MOST_WAITING:
                self._known.add(errand.lane_id)
                self._waiting.append(errand)
                self._start()

    def close(self) -> None:
        """Begin nothing more, and wait for what is under way."""
        with self._lock:
            self._waiting.clear()
        self._executor.shutdown(wait=True)

    def join(self) -> None:
        """Wait until everything is done."""
        with self._idle:
            self._idle.wait_for(lambda: not self._busy)

    def _start(self) -> None:
        """Fill the free threads; the lock is held."""
        while self._busy < self._threads and (errand := self._next()):
            self._busy += 1
            self._taken.update(errand.shares)
            self._executor.submit(self._do, errand)

    def _next(self) -> Errand | None:
        for errand in self._waiting:
            if all(self._taken[share] < self._share for share in errand.shares):
                self._waiting.remove(errand)
                return errand
        return None

    def _do(self, errand: Errand) -> None:
        try:
            close_old_connections()
            self._work(errand.lane_id)
        except (InterfaceError, OperationalError):
            connection.close()
            logger.exception("The database broke while lane %s was sent to; it stays due.", errand.lane_id)
        except Exception:
            logger.exception("Lane %s could not be sent to; it stays due.", errand.lane_id)
        finally:
            close_old_connections()
            with self._idle:
                self._busy -= 1
                self._taken.subtract(errand.shares)
                self._known.discard(errand.lane_id)
                self._start()
                self._idle.notify_all()
