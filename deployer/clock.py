"""Finds what is due and has it done: through the queue, or by itself when the queue is down.

Run as many as you like. All truth is in the rows' `due_at`; this module remembers only what it has queued
lately, so that a slow worker isn't sent the same wake-up at every tick.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from deployer.queueing import QueueDownError, enqueue, length

logger = logging.getLogger(__name__)

INLINE_THREADS = 4
BATCH = 500
ENOUGH = 100
"""So many jobs on a queue keep its workers busy; the rest waits in the database. More would be due again, and queued
again, before they are done: a queue that is behind would only get longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A kind of thing that falls due. `due(now)` gives the ids, in the order in which they are to be done, with the
    moment at which each fell due; `job` does one, and `function` is the path of what the queue's workers call for it:
    as a rule the same. With `by_clock` it never takes the queue: for what must be done when no worker is alive. The
    clock itself does at most `inline` at once, so that what hangs outside leaves threads to the rest."""

    queue: str
    function: str
    due: Callable[[datetime], Mapping[int, datetime]]
    job: Callable[[int], None]
    by_clock: bool = False
    inline: int = INLINE_THREADS


def due_times(rows: QuerySet[Any]) -> dict[int, datetime]:
    """Of rows with a `due_at`: id and time of those that are due the longest, as many as a look takes."""
    pairs = rows.exclude(due_at=None).order_by("due_at").values_list("pk", "due_at")[:BATCH]
    return dict(pairs)


class Every:
    """Due again and again after so long, beginning when a clock starts; for what may be done twice or late."""

    def __init__(self, pause: timedelta) -> None:
        self._pause = pause
        self._next: datetime | None = None

    def __call__(self, now: datetime) -> dict[int, datetime]:
        if self._next is not None and now < self._next:
            return {}
        self._next = now + self._pause
        return {0: now}


class Daily(Every):
    """Due once a day."""

    def __init__(self) -> None:
        super().__init__(timedelta(days=1))


class Item(NamedTuple):
    """A thing that fell due. When it falls due again it is another item."""

    source: Source
    id: int
    since: datetime


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
        moment = time.monotonic()
        self._queued = {item: then for item, then in self._queued.items() if moment - then < settings.REQUEUE_SECONDS}
        return sum(self._look(source, now, moment) for source in self._sources)

    def _look(self, source: Source, now: datetime, moment: float) -> int:
        due = [Item(source, item_id, since) for item_id, since in source.due(now).items()]
        new = [item for item in due if item not in self._queued]
        for item in new if source.by_clock else new[: _room(source.queue) if new else 0]:
            self._hand_over(item, moment)
        return len(due)

    def _hand_over(self, item: Item, moment: float) -> None:
        if item.source.by_clock:
            self._run_inline(item)
            return
        try:
            enqueue(item.source.queue, item.source.function, item.id)
            self._queued[item] = moment
        except QueueDownError:
            self._run_inline(item)

    def _run_inline(self, item: Item) -> None:
        with self._lock:
            if self._is_at_it(item):
                return
            self._inline.add(item)
        self._pool.submit(self._do, item)

    def _is_at_it(self, item: Item) -> bool:
        """Or has no thread for it; what only the clock does waits for one."""
        of_its_kind = sum(other.source is item.source for other in self._inline)
        if item.source.by_clock:
            return of_its_kind > 0
        return item in self._inline or len(self._inline) >= INLINE_THREADS or of_its_kind >= item.source.inline

    def _do(self, item: Item) -> None:
        try:
            item.source.job(item.id)
        except Exception:
            logger.exception("The clock could not run %s(%s); it stays due.", item.source.function, item.id)
        finally:
            connection.close()
            with self._lock:
                self._inline.discard(item)


def _room(queue: str) -> int:
    """How many more jobs the queue may take; when it is down, the enqueuing finds that out."""
    try:
        return max(0, ENOUGH - length(queue))
    except QueueDownError:
        return ENOUGH
