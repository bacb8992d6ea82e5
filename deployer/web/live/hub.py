"""One look for everybody: what has changed is read once for a process, and told to each of its open streams.

While nobody listens nothing is read. Everything here runs on the event loop's thread, but for the reading itself,
which has a thread with a database connection of its own.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TypeVar

from deployer.web.live.position import Position
from deployer.web.live.reading import Changes, changes_since, position_now
from deployer.web.live.threads import Asker

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.25
AGAIN_SECONDS = 1.0
"""After a look that failed: the database restarts, say. Nothing is lost meanwhile, as the position stays."""
ROOM = 64
"""So many changes wait for a reader that is slow. Then it has missed too much, and is told only that."""

Found = TypeVar("Found")


class Listener:
    """What one stream has still to be told."""

    def __init__(self) -> None:
        self._waiting: list[Changes] = []
        self._told = asyncio.Event()

    def tell(self, changes: Changes) -> None:
        if changes.reset or len(self._waiting) >= ROOM:
            self._waiting = [Changes(frozenset(), changes.position, reset=True)]
        else:
            self._waiting.append(changes)
        self._told.set()

    async def hear(self) -> Changes:
        """Wait until there is something, and take all of it as one."""
        await self._told.wait()
        self._told.clear()
        heard, self._waiting = self._waiting, []
        topics: frozenset[str] = frozenset().union(*(changes.topics for changes in heard))
        return Changes(topics, heard[-1].position, any(changes.reset for changes in heard))


class Hub:
    """Started and stopped with the process; `listening` is one stream's part in it. `position` is how far it has
    looked, None while nobody listens."""

    position: Position | None = None

    def __init__(
        self, look: Callable[[Position], Changes] = changes_since, begin: Callable[[], Position] = position_now
    ) -> None:
        self._look, self._begin = look, begin
        self._listeners: set[Listener] = set()
        self._wanted = asyncio.Event()
        self._ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._asker = Asker("live-hub")

    def __len__(self) -> int:
        return len(self._listeners)

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="live-hub")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._asker.stop()

    @contextmanager
    def listening(self) -> Iterator[Listener]:
        """From `ready` on, every change is told."""
        listener = Listener()
        self._listeners.add(listener)
        self._wanted.set()
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    async def ready(self) -> None:
        """Wait until it looks: what is read afterwards, and what is heard, leave no gap."""
        await self._ready.wait()

    async def _run(self) -> None:
        while True:
            await self._wanted.wait()
            position = self.position = await self._asked(self._begin)
            self._ready.set()
            while self._listeners:
                changes = await self._asked(partial(self._look, position))
                position = self.position = changes.position
                if changes.topics or changes.reset:
                    for listener in self._listeners:
                        listener.tell(changes)
                await asyncio.sleep(LOOK_SECONDS)
            self.position = None
            self._ready.clear()
            self._wanted.clear()

    async def _asked(self, question: Callable[[], Found]) -> Found:
        """The answer, whenever the database gives it. That it is away is told once; each page sees it by itself."""
        is_away = False
        while True:
            try:
                return await self._asker.ask(question)
            except Exception:
                if not is_away:
                    logger.warning("The live updates could not look; they try again.", exc_info=True)
                is_away = True
                await asyncio.sleep(AGAIN_SECONDS)
