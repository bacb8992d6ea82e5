"""What many open boards ask for at once: who is given another's answer, and who is not."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from deployer.web.live.position import Position
from deployer.web.live.shared import KEPT_SECONDS, Shared

SESSION = "sessionid"


def position(number: int) -> Position:
    found = Position.read(f"{number}.0")
    assert found
    return found


class Pages:
    """Django's place: counts what it is asked, and answers once `go_on` is set."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.status, self.headers = 200, [(b"content-type", b"text/html")]
        self.fails = False
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked.append(scope["query_string"])
        number = len(self.asked)
        await self.go_on.wait()
        if self.fails:
            raise OSError("The database is away.")
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": b"%d" % number})


class Desk:
    def __init__(self) -> None:
        self.pages = Pages()
        self.zones = {"jo": "Europe/London", "kim": "Europe/London", "lee": "Pacific/Auckland"}
        self.heard: Position | None = position(1)
        self.shared = Shared(self.pages, self.zones.get, lambda: self.heard)

    async def ask(self, who: str, query: bytes = b"only=a~", **changes: Any) -> bytes:
        """The body of what they are answered."""
        headers = [(b"Cookie", f"x=y; {SESSION}={who}".encode()), (b"X-Live-Update", b"1")]
        scope = {"type": "http", "method": "GET", "path": "/board/rows/", "query_string": query, "headers": headers}
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request"}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.shared(scope | changes, receive, send)
        return b"".join(message.get("body", b"") for message in sent)

    async def both(self, first: Any, second: Any) -> list[Any]:
        """Of two who ask while the first is still being answered."""
        self.pages.go_on.clear()
        asking = [asyncio.create_task(one) for one in (first, second)]
        await asyncio.sleep(0.01)
        self.pages.go_on.set()
        return await asyncio.gather(*asking)


@pytest.fixture
def run() -> Callable[..., Any]:
    def run(story: Callable[[Desk], Any]) -> Any:
        async def told() -> Any:
            return await story(Desk())

        return asyncio.run(told())

    return run


def test_who_asks_for_the_same_is_given_the_same(run: Any) -> None:
    async def story(desk: Desk) -> None:
        assert await desk.both(desk.ask("jo"), desk.ask("kim")) == [b"1", b"1"]
        assert await desk.ask("jo") == b"1"
        assert desk.pages.asked == [b"only=a~"]

    run(story)


@pytest.mark.parametrize(
    "other",
    [
        {"who": "lee"},
        {"who": "nobody"},
        {"who": "jo", "query": b"only=b~"},
        {"who": "jo", "path": "/"},
        {"who": "jo", "method": "POST"},
        {"who": "jo", "headers": [(b"cookie", b"sessionid=jo")]},
        {"who": "jo", "headers": [(b"x-live-update", b"1")]},
        {"who": "jo", "headers": [(b"x-live-update", b"1"), (b"cookie", b"\xff;=;sessionid")]},
    ],
)
def test_who_differs_in_anything_that_counts_is_answered_by_django(run: Any, other: dict[str, Any]) -> None:
    async def story(desk: Desk) -> None:
        assert set(await desk.both(desk.ask("jo"), desk.ask(**other))) == {b"1", b"2"}

    run(story)


def test_what_is_heard_of_makes_the_next_answer_a_new_one(run: Any) -> None:
    async def story(desk: Desk) -> None:
        await desk.ask("jo")
        desk.heard = position(2)
        assert await desk.ask("kim") == b"2"
        desk.heard = None
        assert await desk.ask("kim") == b"3"

    run(story)


def test_an_answer_is_kept_for_a_moment_only(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(desk: Desk) -> None:
        loop = asyncio.get_running_loop()
        await desk.ask("jo")
        now = loop.time()
        monkeypatch.setattr(loop, "time", lambda: now + KEPT_SECONDS)
        assert await desk.ask("kim") == b"2"

    run(story)


@pytest.mark.parametrize(("status", "headers"), [(302, []), (200, [(b"Set-Cookie", b"sessionid=of-jo")])])
def test_what_is_not_for_all_is_given_to_nobody_else(run: Any, status: int, headers: list[Any]) -> None:
    async def story(desk: Desk) -> None:
        desk.pages.status, desk.pages.headers = status, headers
        assert await desk.both(desk.ask("jo"), desk.ask("kim")) == [b"1", b"2"]

    run(story)


def test_where_the_one_answer_fails_each_asks_for_itself(run: Any) -> None:
    async def story(desk: Desk) -> None:
        desk.pages.fails = True
        desk.pages.go_on.clear()
        asking = [asyncio.create_task(desk.ask(who)) for who in ("jo", "kim")]
        await asyncio.sleep(0.01)
        desk.pages.go_on.set()
        found = await asyncio.gather(*asking, return_exceptions=True)
        assert [type(one) for one in found] == [OSError, OSError]
        assert len(desk.pages.asked) == 3

    run(story)


def test_who_goes_away_takes_nobodys_answer_along(run: Any) -> None:
    async def story(desk: Desk) -> None:
        desk.pages.go_on.clear()
        first, second = (asyncio.create_task(desk.ask(who)) for who in ("jo", "kim"))
        await asyncio.sleep(0.01)
        first.cancel()
        desk.pages.go_on.set()
        assert await second == b"1"

    run(story)
