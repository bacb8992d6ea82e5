"""One look for everybody: who hears what, when it idles, and what it does when the database is away."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from django.db import OperationalError

from deployer.web.live import hub as module
from deployer.web.live.hub import ROOM, Hub, Listener
from deployer.web.live.position import Mark, Position
from deployer.web.live.reading import Changes


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.001)
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.001)


class Table:
    """What a database would say: `write` is a commit, `away` a database that is down."""

    def __init__(self) -> None:
        self.rows: list[str] = []
        self.looks = 0
        self.away = False

    def write(self, topic: str) -> None:
        self.rows.append(topic)

    def now(self) -> Position:
        if self.away:
            raise OperationalError("The server closed the connection.")
        return Position(Mark(len(self.rows)), Mark())

    def since(self, position: Position) -> Changes:
        self.looks += 1
        now = self.now()
        return Changes(frozenset(self.rows[position.events.last : now.events.last]), now)


def run(told: Callable[[Hub, Table], Awaitable[None]]) -> None:
    async def running() -> None:
        table = Table()
        hub = Hub(table.since, table.now)
        hub.start()
        try:
            async with asyncio.timeout(10):
                await told(hub, table)
        finally:
            await hub.stop()

    asyncio.run(running())


def test_everybody_hears_what_changes() -> None:
    async def told(hub: Hub, table: Table) -> None:
        table.write("before")
        with hub.listening() as one, hub.listening() as other:
            await hub.ready()
            table.write("application:frontend")
            heard = [await one.hear(), await other.hear()]
        assert [changes.topics for changes in heard] == [{"application:frontend"}] * 2
        assert heard[0].position.events.last == 2

    run(told)


def test_nothing_is_read_while_nobody_listens() -> None:
    async def told(hub: Hub, table: Table) -> None:
        await asyncio.sleep(0.02)
        assert table.looks == 0
        with hub.listening():
            await hub.ready()
        await asyncio.sleep(0.02)
        looks = table.looks
        await asyncio.sleep(0.02)
        assert table.looks == looks
        table.write("while nobody listened")
        with hub.listening() as again:
            await hub.ready()
            table.write("now")
            assert (await again.hear()).topics == {"now"}

    run(told)


def test_a_database_that_is_away_costs_no_change() -> None:
    async def told(hub: Hub, table: Table) -> None:
        with hub.listening() as listener:
            await hub.ready()
            table.away = True
            table.write("while it was away")
            await asyncio.sleep(0.02)
            table.away = False
            assert (await listener.hear()).topics == {"while it was away"}

    run(told)


def test_it_begins_when_the_database_is_there() -> None:
    async def told(hub: Hub, table: Table) -> None:
        table.away = True
        with hub.listening() as listener:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(hub.ready(), 0.02)
            table.away = False
            await hub.ready()
            table.write("then")
            assert (await listener.hear()).topics == {"then"}

    run(told)


def test_a_slow_reader_is_told_that_it_missed_something_and_holds_no_more() -> None:
    async def hearing() -> None:
        listener = Listener()
        for number in range(10 * ROOM):
            listener.tell(Changes(frozenset({f"t:{number}"}), Position(Mark(number), Mark())))
        heard = await listener.hear()
        assert heard.reset
        assert len(heard.topics) <= ROOM
        assert heard.position.events.last == 10 * ROOM - 1
        listener.tell(Changes(frozenset({"next"}), Position(Mark(9999), Mark())))
        assert await listener.hear() == Changes(frozenset({"next"}), Position(Mark(9999), Mark()))

    asyncio.run(hearing())
