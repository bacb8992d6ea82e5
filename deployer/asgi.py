"""The web process: `uvicorn deployer.asgi:application`.

/live/ is answered here, on the event loop; everything else is Django's, in threads that keep their database connections
(docs/decisions/0016).
"""

import os
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

import django
from a2wsgi import WSGIMiddleware
from django.db import connections
from starlette.types import Message, Receive, Scope, Send

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "deployer.settings")
django.setup()

from deployer.web.calendar.feeds.hiding import hidden  # noqa: E402 — Django reads its settings first
from deployer.web.live.shared import Shared  # noqa: E402
from deployer.web.live.stream import PATH, Streams  # noqa: E402
from deployer.web.settling import settle  # noqa: E402
from deployer.wsgi import application as pages  # noqa: E402

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

THREADS = 8
"""Pages that are made at once; the rest waits its turn. Twice as many take a third longer over the same, as they
contend for the interpreter."""
CLOSE_SECONDS = 2.0


class Application:
    """One process: its streams, and its threads for the pages, both from the server's start to its end."""

    _streams: Streams
    _pages: Any  # whose types of a scope and an environment are its own
    _shared: Shared

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live_and_die(receive, send)
        elif scope["type"] == "http" and scope["path"] == PATH:
            await self._streams(scope, receive, send)
        else:
            page = {**scope, "headers": _unforged(scope["headers"])}
            if scope["type"] == "http":  # as the server writes it down
                scope["path"] = hidden(scope["path"])
            await self._shared(page, _whole(receive), send)

    async def _live_and_die(self, receive: Receive, send: Send) -> None:
        await receive()
        settle()
        self._pages = WSGIMiddleware(cast("Any", _without_scope), workers=THREADS)
        self._streams = Streams()
        self._shared = Shared(self._pages, self._streams.zone_of, lambda: self._streams.hub.position)
        self._streams.hub.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._streams.stop()
        self._let_go()
        await send({"type": "lifespan.shutdown.complete"})

    def _let_go(self) -> None:
        """Close each thread's connection, in the thread."""
        together = threading.Barrier(THREADS)

        def close() -> None:
            with suppress(threading.BrokenBarrierError):  # one is still busy
                together.wait(CLOSE_SECONDS)
            connections.close_all()

        for _ in range(THREADS):
            self._pages.executor.submit(close)
        self._pages.executor.shutdown()


def _without_scope(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """The pages, which need nothing of the server's own: a feed's secret is still in there."""
    environ.pop("asgi.scope", None)
    return pages(environ, start_response)


def _unforged(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Without those written with an underscore: to WSGI, X_Forwarded_Proto is what a proxy in front says."""
    return [(name, value) for name, value in headers if b"_" not in name]


def _whole(receive: Receive) -> Receive:
    """A body that breaks off is an error and not the end of it: half a form must not be acted on."""

    async def receiving() -> Message:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionAbortedError("The client went away.")
        return message

    return receiving


application = Application()
