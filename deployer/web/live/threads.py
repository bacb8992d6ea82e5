"""Asking the database from the event loop: in a thread that keeps its connection."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import close_old_connections, connection

Found = TypeVar("Found")


class Asker:
    """One thread, one connection, one question after the other."""

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def ask(self, question: Callable[[], Found]) -> Found:
        return await asyncio.get_running_loop().run_in_executor(self._thread, _asked, question)

    async def stop(self) -> None:
        """When what it is asked now has been answered."""
        self._thread.submit(lambda: connection.close())  # noqa: PLW0108 — of that thread, not of this
        await asyncio.get_running_loop().run_in_executor(None, self._thread.shutdown)


def _asked(question: Callable[[], Found]) -> Found:
    """A connection is kept while it is good, and closed when it is not."""
    close_old_connections()
    try:
        return question()
    except Exception:
        connection.close()
        raise
