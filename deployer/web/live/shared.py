"""What many open boards ask for at the same moment is asked once.

When a row of the board has changed, every browser that shows it asks for it within a quarter of a second, and Django
would make the same answer for each, some milliseconds every time. Rows are the same for every reader but for the zone
of their times. So whoever asks first is answered by Django, and the others are given that answer: those of whom an open
stream of this process says that they are signed in, and in which zone. Everybody else goes to Django.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import NamedTuple

from django.conf import settings
from django.http import parse_cookie
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deployer.web.live.middleware import UPDATE
from deployer.web.live.position import Position

logger = logging.getLogger(__name__)

PATHS = frozenset({"/board/rows/"})
"""Whose answers depend on nothing of the reader but their zone."""
KEPT_SECONDS = 1.0
MOST = 500

Answer = list[Message]


class Key(NamedTuple):
    """What makes two requests the same: also what this process had heard of when they came."""

    path: str
    query: bytes
    zone: str
    position: Position


class Kept(NamedTuple):
    until: float
    answer: "asyncio.Task[Answer]"


class Shared:
    """`zone_of` gives the zone of a session that has a stream open here, `position` what has been heard of; either may
    be None."""

    def __init__(
        self, pages: ASGIApp, zone_of: Callable[[str], str | None], position: Callable[[], Position | None]
    ) -> None:
        self._pages, self._zone_of, self._position = pages, zone_of, position
        self._kept: dict[Key, Kept] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = self._key(scope)
        answer = await self._answer(key, scope) if key else None
        if answer is None:
            await self._pages(scope, receive, send)
            return
        for message in answer:
            await send(message)

    def _key(self, scope: Scope) -> Key | None:
        """None for what is no such request, or is nobody's who is known here."""
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] not in PATHS:
            return None
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if UPDATE.lower().encode() not in headers:
            return None
        session_key = parse_cookie(headers.get(b"cookie", "")).get(settings.SESSION_COOKIE_NAME, "")
        zone, position = self._zone_of(session_key), self._position()
        return Key(scope["path"], scope["query_string"], zone, position) if zone and position else None

    async def _answer(self, key: Key, scope: Scope) -> Answer | None:
        """None where the answer is not for all."""
        now = asyncio.get_running_loop().time()
        kept = self._kept.get(key)
        is_first = kept is None or kept.until <= now
        if kept is None or is_first:
            self._forget(now)
            kept = self._kept[key] = Kept(now + KEPT_SECONDS, asyncio.create_task(self._ask(scope)))
        try:
            answer = await asyncio.shield(kept.answer)
        except Exception:
            logger.debug("An answer for many failed; each asks for itself.", exc_info=True)
            return None
        return answer if is_first or _is_for_all(answer) else None

    async def _ask(self, scope: Scope) -> Answer:
        answer: Answer = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            answer.append(message)

        await self._pages(scope, receive, send)
        return answer

    def _forget(self, now: float) -> None:
        """What is over, and the oldest of what is too much."""
        self._kept = {key: kept for key, kept in list(self._kept.items())[-MOST:] if kept.until > now}


def _is_for_all(answer: Answer) -> bool:
    """Not a redirect to the sign-in page, say, and nothing that sets a cookie."""
    start = answer[0] if answer else {}
    names = {name.lower() for name, _ in start.get("headers", ())}
    return start.get("status") == 200 and b"set-cookie" not in names
