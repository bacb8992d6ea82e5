"""/live/: one stream of server-sent events for one browser.

    hello      the stream is open; its id is the position from which it goes on
    change     {"topics": ["application:publisher", …]}
    reset      too much has changed to say what: fetch everything anew
    heartbeat  every ten seconds, so that a browser knows when the stream is dead
    bye        the session has ended

Each but the heartbeat has a position as its id, and `Last-Event-ID` or `?since=` goes on from one.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress

from django.conf import settings
from django.db import DatabaseError
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from deployer.web.live.hub import Hub, Listener
from deployer.web.live.people import signed_in
from deployer.web.live.position import Position
from deployer.web.live.reading import Changes, caught_up, position_now
from deployer.web.live.threads import Asker

PATH = "/live/"
MOST_STREAMS = 2000
"""Of one process. Whoever comes then polls."""
RETRY_AFTER_SECONDS = 60
HEARTBEAT_SECONDS = 10.0
RECHECK_SECONDS = 30.0
SEND_SECONDS = 30.0
"""A browser that takes nothing for so long is gone."""
START_SECONDS = 5.0
"""So long the database may take to answer at the start of a stream."""


class Streams:
    """The address /live/ of one process. `hub` is started and stopped by whoever owns this."""

    def __init__(self, hub: Hub | None = None) -> None:
        self.hub = hub or Hub()
        self._asker = Asker("live-reader")
        self._open: Counter[str] = Counter()
        self._zones: dict[str, str] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        response = await self._answer(request)
        await response(scope, receive, send)

    def zone_of(self, session_key: str) -> str | None:
        """The time zone of who is signed in by the session, where a stream of theirs is open; they were asked for at
        most RECHECK_SECONDS ago."""
        return self._zones.get(session_key)

    async def stop(self) -> None:
        await self.hub.stop()
        await self._asker.stop()

    async def _answer(self, request: Request) -> Response:
        if request.method != "GET":
            return _refusal(405, "Only GET.", Allow="GET")
        if len(self.hub) >= MOST_STREAMS:
            return _refusal(503, "Too many streams are open.", **{"Retry-After": str(RETRY_AFTER_SECONDS)})
        session_key = request.cookies.get(settings.SESSION_COOKIE_NAME, "")
        try:
            person = await asyncio.wait_for(self._asker.ask(lambda: signed_in(session_key)), START_SECONDS)
        except (DatabaseError, TimeoutError):
            return _refusal(503, "The database does not answer.", **{"Retry-After": "5"})
        if person is None:
            return _refusal(401, "Sign in first.")
        since = request.headers.get("last-event-id") or request.query_params.get("since", "")
        return EventSourceResponse(
            self._events(session_key, person.time_zone, since),
            ping=HEARTBEAT_SECONDS,
            ping_message_factory=lambda: ServerSentEvent("1", event="heartbeat"),
            send_timeout=SEND_SECONDS,
            headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
        )

    async def _events(self, session_key: str, zone: str, since: str) -> AsyncIterator[ServerSentEvent]:
        with self.hub.listening() as listener, self._known(session_key, zone):
            await self.hub.ready()
            try:
                start = await self._asker.ask(lambda: changes_from(since))
            except DatabaseError:
                return
            yield ServerSentEvent("1", event="hello", id=str(start.position), retry=2000)
            if start.topics or start.reset:
                yield _told(start)
            async for changes in self._heard(listener, session_key):
                yield _told(changes)
        yield ServerSentEvent("1", event="bye")

    @contextmanager
    def _known(self, session_key: str, zone: str) -> Iterator[None]:
        self._open[session_key] += 1
        self._zones[session_key] = zone
        try:
            yield
        finally:
            self._open[session_key] -= 1
            if not self._open[session_key]:
                del self._open[session_key], self._zones[session_key]

    async def _heard(self, listener: Listener, session_key: str) -> AsyncIterator[Changes]:
        """Everything that is told, until the session has ended."""
        loop = asyncio.get_running_loop()
        recheck_at = loop.time() + RECHECK_SECONDS
        while True:
            if loop.time() >= recheck_at:
                if not await self._is_signed_in(session_key):
                    return
                recheck_at = loop.time() + RECHECK_SECONDS
            with suppress(TimeoutError):
                async with asyncio.timeout_at(recheck_at):
                    changes = await listener.hear()
                yield changes

    async def _is_signed_in(self, session_key: str) -> bool:
        """Not known while the database is away, so the stream goes on."""
        try:
            person = await self._asker.ask(lambda: signed_in(session_key))
        except DatabaseError:
            return True
        if person is None:
            return False
        self._zones[session_key] = person.time_zone
        return True


def changes_from(since: str) -> Changes:
    """Where a stream begins, with what was missed since. Without a position it begins now."""
    if not since:
        return Changes(frozenset(), position_now())
    position = Position.read(since)
    return caught_up(position) if position else Changes(frozenset(), position_now(), reset=True)


def _told(changes: Changes) -> ServerSentEvent:
    position = str(changes.position)
    if changes.reset:
        return ServerSentEvent("1", event="reset", id=position)
    return ServerSentEvent(json.dumps({"topics": sorted(changes.topics)}), event="change", id=position)


def _refusal(status: int, detail: str, **headers: str) -> Response:
    return JSONResponse({"detail": detail}, status, {"Cache-Control": "no-store", **headers})
