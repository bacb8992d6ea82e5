"""The stream and the page that polls: who gets one, what they are told, and when a stream ends."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import pytest
from django.contrib.messages import success
from django.contrib.messages.storage.cookie import CookieStorage
from django.db import OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client

from deployer.access.models import User
from deployer.audit.actions import record
from deployer.audit.actor import ENGINE
from deployer.web.live import stream as module
from deployer.web.live.position import Mark, Position
from deployer.web.live.reading import position_now
from deployer.web.live.stream import Streams

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def session(client: Client) -> str:
    """Of somebody who is signed in."""
    client.force_login(User.objects.create_user("jo"))
    return client.cookies["sessionid"].value


class Visit:
    """One request to /live/, answered by the ASGI application without a server in between."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        self.gone = asyncio.Event()
        self._events: asyncio.Queue[dict[str, str]] = asyncio.Queue()

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            return
        self.body += message["body"]
        while b"\r\n\r\n" in self.body and self.status == HTTPStatus.OK:
            event, self.body = self.body.split(b"\r\n\r\n", 1)
            lines = (line.partition(": ")[::2] for line in event.decode().splitlines())
            self._events.put_nowait(dict(lines))

    async def next(self) -> dict[str, str]:
        return await asyncio.wait_for(self._events.get(), 10)


@asynccontextmanager
async def visiting(
    streams: Streams, session: str = "", *, since: str = "", last: str = "", method: str = "GET"
) -> AsyncIterator[Visit]:
    """A visit as long as the block; what was answered before a stream began is there at once."""
    visit = Visit()
    headers = [(b"cookie", f"sessionid={session}".encode())] if session else []
    headers += [(b"last-event-id", last.encode())] if last else []
    scope = {
        "type": "http",
        "method": method,
        "path": "/live/",
        "query_string": f"since={since}".encode() if since else b"",
        "headers": headers,
    }
    answering = asyncio.create_task(streams(scope, visit.receive, visit.send))
    while not visit.status:
        await asyncio.sleep(0.005)
    try:
        yield visit
    finally:
        visit.gone.set()
        await asyncio.wait_for(answering, 10)


def run(told: Callable[[Streams], Awaitable[None]]) -> None:
    async def running() -> None:
        streams = Streams()
        streams.hub.start()
        try:
            await asyncio.wait_for(told(streams), 30)
        finally:
            await streams.stop()

    asyncio.run(running())


async def do(action: Callable[[], object]) -> None:
    """As another process would."""

    def doing() -> None:
        try:
            action()
        finally:
            connection.close()

    await asyncio.to_thread(doing)


def say(application: str) -> None:
    with transaction.atomic():
        record("test.said", "Something happened.", by=ENGINE, application=application)


def test_a_stream_tells_what_changes(session: str) -> None:
    async def told(streams: Streams) -> None:
        async with visiting(streams, session) as visit:
            assert visit.headers["content-type"].startswith("text/event-stream")
            assert visit.headers["cache-control"] == "no-store"
            assert visit.headers["x-accel-buffering"] == "no"
            assert (await visit.next())["event"] == "hello"
            await do(lambda: say("frontend"))
            change = await visit.next()
            assert (change["event"], json.loads(change["data"])) == ("change", {"topics": ["application:frontend"]})
            assert Position.read(change["id"])
        assert len(streams.hub) == 0

    run(told)


@pytest.mark.parametrize("by_header", [True, False])
def test_a_stream_goes_on_from_where_it_was(session: str, by_header: bool) -> None:
    since = str(position_now())
    say("missed")

    async def told(streams: Streams) -> None:
        async with visiting(streams, session, **{"last" if by_header else "since": since}) as visit:
            assert (await visit.next())["event"] == "hello"
            assert json.loads((await visit.next())["data"])["topics"] == ["application:missed"]
            await do(lambda: say("next"))
            assert json.loads((await visit.next())["data"])["topics"] == ["application:next"]

    run(told)


def test_what_the_header_says_goes_further_than_the_address(session: str) -> None:
    since = str(position_now())
    say("heard")
    last = str(position_now())

    async def told(streams: Streams) -> None:
        async with visiting(streams, session, since=since, last=last) as visit:
            await visit.next()
            await do(lambda: say("next"))
            assert json.loads((await visit.next())["data"])["topics"] == ["application:next"]

    run(told)


@pytest.mark.parametrize("since", ["nonsense", str(Position(Mark(10**9), Mark()))])
def test_a_position_that_means_nothing_is_answered_by_a_reset(session: str, since: str) -> None:
    async def told(streams: Streams) -> None:
        async with visiting(streams, session, since=since) as visit:
            assert [(await visit.next())["event"], (await visit.next())["event"]] == ["hello", "reset"]

    run(told)


@pytest.mark.parametrize("cookie", ["", "nonsense", "a" * 32])
def test_without_a_session_there_is_no_stream(cookie: str) -> None:
    async def told(streams: Streams) -> None:
        async with visiting(streams, cookie) as visit:
            assert visit.status == HTTPStatus.UNAUTHORIZED

    run(told)


def test_somebody_who_is_no_longer_active_gets_none(session: str) -> None:
    User.objects.update(is_active=False)

    async def told(streams: Streams) -> None:
        async with visiting(streams, session) as visit:
            assert visit.status == HTTPStatus.UNAUTHORIZED

    run(told)


def test_only_get_opens_one(session: str) -> None:
    async def told(streams: Streams) -> None:
        async with visiting(streams, session, method="POST") as visit:
            assert visit.status == HTTPStatus.METHOD_NOT_ALLOWED

    run(told)


@pytest.mark.parametrize("end", ["deactivated", "signed out"])
def test_a_stream_ends_with_the_session(
    session: str, client: Client, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RECHECK_SECONDS", 0.05)

    async def told(streams: Streams) -> None:
        async with visiting(streams, session) as visit:
            assert (await visit.next())["event"] == "hello"
            await do(lambda: User.objects.update(is_active=False) if end == "deactivated" else client.logout())
            assert (await visit.next())["event"] == "bye"
        assert len(streams.hub) == 0

    run(told)


def test_a_stream_goes_on_while_the_database_is_away(session: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RECHECK_SECONDS", 0.02)

    def away(_: str) -> None:
        raise OperationalError("The server closed the connection.")

    async def told(streams: Streams) -> None:
        async with visiting(streams, session) as visit:
            await visit.next()
            monkeypatch.setattr(module, "signed_in", away)
            await asyncio.sleep(0.1)
            await do(lambda: say("frontend"))
            assert (await visit.next())["event"] == "change"

    run(told)


def test_a_database_that_is_away_at_the_start_is_no_refusal_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_: str) -> None:
        raise OperationalError("The server closed the connection.")

    monkeypatch.setattr(module, "signed_in", away)

    async def told(streams: Streams) -> None:
        async with visiting(streams, "x") as visit:
            assert visit.status == HTTPStatus.SERVICE_UNAVAILABLE
            assert visit.headers["retry-after"]

    run(told)


def test_one_too_many_is_told_to_poll(session: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_STREAMS", 1)

    async def told(streams: Streams) -> None:
        async with visiting(streams, session) as first:
            await first.next()
            async with visiting(streams, session) as second:
                assert second.status == HTTPStatus.SERVICE_UNAVAILABLE
                assert second.headers["retry-after"] == "60"
        async with visiting(streams, session) as third:
            assert third.status == HTTPStatus.OK

    run(told)


def test_a_stream_has_a_heartbeat_that_a_browser_hears(session: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEARTBEAT_SECONDS", 0.05)

    async def told(streams: Streams) -> None:
        async with visiting(streams, session) as visit:
            await visit.next()
            beat = await visit.next()
            assert (beat["event"], bool(beat["data"])) == ("heartbeat", True)

    run(told)


def test_polling_tells_the_same(client: Client, session: str) -> None:
    since = str(position_now())
    say("frontend")

    answer = client.get("/live/changes/", {"since": since})

    assert answer.json()["topics"] == ["application:frontend"]
    assert answer["Cache-Control"].count("no-store")
    again = client.get("/live/changes/", {"since": answer.json()["position"]}).json()
    assert (again["topics"], again["reset"]) == ([], False)
    assert client.get("/live/changes/", {"since": "nonsense"}).json()["reset"]


def test_polling_without_a_session_is_refused_and_sent_nowhere(client: Client) -> None:
    assert client.get("/live/changes/").status_code == HTTPStatus.UNAUTHORIZED


def test_where_no_stream_is_served_pages_are_told_to_poll(client: Client, session: str) -> None:
    assert client.get("/live/").status_code == HTTPStatus.NO_CONTENT


def test_a_page_carries_the_position_of_before_its_queries(client: Client, session: str) -> None:
    say("before")
    position = str(position_now())

    page = client.get("/", headers={"Accept": "text/html"}).content.decode()

    assert f'data-live-position="{position}"' in page


def test_a_page_that_fetches_itself_takes_nobody_s_message_away(client: Client, session: str) -> None:
    """A message is for the page that follows the form, and an open page may fetch itself in between."""
    request, response = HttpRequest(), HttpResponse()
    request._messages = CookieStorage(request)  # type: ignore[attr-defined]
    success(request, "The slot is booked.")
    request._messages.update(response)  # type: ignore[attr-defined]
    client.cookies["messages"] = response.cookies["messages"].value

    update = client.get("/", headers={"Accept": "text/html", "X-Live-Update": "1"}).content.decode()
    page = client.get("/", headers={"Accept": "text/html"}).content.decode()

    assert "The slot is booked." not in update
    assert "The slot is booked." in page
