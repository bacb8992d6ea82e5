"""Finds what is due and has it done: through the queue, or by itself when the queue is down.

Run as many as you like. All truth is in the rows' `due_at`; this module remembers only what it has queued
lately, so that a slow worker isn't sent the same wake-up at every tick.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection
from django.utils import timezone

from deployer.queueing import QueueDownError, enqueue

logger = logging.getLogger(__name__)

INLINE_THREADS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A kind of thing that falls due: `due(now)` gives the ids, `job` (at the path `function`) does one."""

    queue: str
    function: str
    due: Callable[[datetime], Iterable[int]]
    job: Callable[[int], None]


Item = tuple[Source, int]


class Clock:
    """One clock. `tick` is one look; `run` looks until told to stop."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources
        self._queued: dict[Item, float] = {}
        self._inline: set[Item] = set()
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(INLINE_THREADS, thread_name_prefix="clock")

    def run(self, stop: threading.Event) -> None:
        """Tick until `stop` is set. A tick that fails (the database restarts, say) is logged and tried again."""
        while not stop.is_set():
            try:
                self.tick()
            except Exception:
                logger.exception("The clock could not look; it tries again.")
                connection.close()
            stop.wait(settings.CLOCK_TICK_SECONDS)
        self._pool.shutdown(wait=True)

    def tick(self, now: datetime | None = None) -> int:
        """Have everything done that is due; returns how many things were due."""
        now = now or timezone.now()
        due = [(source, item_id) for source in self._sources for item_id in source.due(now)]
        moment = time.monotonic()
        self._queued = {item: then for item, then in self._queued.items() if moment - then < settings.REQUEUE_SECONDS}
        for item in due:
            if item not in self._queued:
                self._hand_over(item, moment)
        return len(due)

    def _hand_over(self, item: Item, moment: float) -> None:
        source, item_id = item
        try:
            enqueue(source.queue, source.function, item_id)
            self._queued[item] = moment
        except QueueDownError:
            self._run_inline(item)

    def _run_inline(self, item: Item) -> None:
        with self._lock:
            if item in self._inline or len(self._inline) >= INLINE_THREADS:
                return
            self._inline.add(item)
        self._pool.submit(self._do, item)

    def _do(self, item: Item) -> None:
        source, item_id = item
        try:
            source.job(item_id)
        except Exception:
            logger.exception("The clock could not run %s(%s); it stays due.", source.function, item_id)
        finally:
            connection.close()
            with self._lock:
                self._inline.discard(item)
