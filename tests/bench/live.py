"""How long after its commit a change is on every open stream and every open board of one process, and what a stream
costs."""

import asyncio
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.postgres import cluster
from tests.stack import ROOT, Stack, stack_environment, temporary_folder

OPEN_SECONDS = 60.0
HEAR_SECONDS = 60.0
SETTLE_SECONDS = 0.4
AT_ONCE = 50
FETCHES = 3
PROMOTIONS = 1_000
"""Of the sample that is shown on the boards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """`milliseconds` of each change on each stream, `heard` on how many streams each change was. `rows` are the
    milliseconds from a commit until each of as many boards, which ask at once, has the row that changed, and `boards`
    until it has all of it anew, as when the order has changed. `pages` is the status of pages that were asked for while
    all streams were open, `kilobytes` of memory a stream, `stopped` the seconds from
    SIGTERM to the end of the process with all streams open, and `ended` whether it said so and logged no error."""

    database: str
    milliseconds: Sequence[float]
    heard: Sequence[int]
    rows: Sequence[float]
    boards: Sequence[float]
    pages: Sequence[int]
    kilobytes: float
    stopped: float
    ended: bool


class Reader:
    """One open stream: when it heard of each change."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer
        self.times: list[float] = []

    @classmethod
    async def open(cls, port: int, cookie: str) -> "Reader":
        """When the stream has said hello."""
        stream = cls(*await asyncio.open_connection("127.0.0.1", port))
        stream.writer.write(f"GET /live/ HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n".encode())
        while (line := await stream._reader.readline()) != b"event: hello\r\n":
            if not line:
                raise RuntimeError("A stream was closed before it began.")
        return stream

    async def listen(self) -> None:
        while line := await self._reader.readline():
            if line == b"event: change\r\n":
                self.times.append(time.monotonic())


def measure(
    database: str,
    streams: int,
    changes: int,
    *,
    fetches: int = FETCHES,
    promotions: int = PROMOTIONS,
    applications: int | None = None,
) -> Live:
    """On a web process of its own; the database is "sqlite" or "postgresql". So often all boards ask at once. Without
    `applications` as many as the real registry has."""
    with ExitStack() as ending:
        url = ending.enter_context(cluster()).url if database == "postgresql" else ""
        folder = ending.enter_context(temporary_folder("deployer-live-"))
        stack = Stack(folder, stack_environment(folder, database_url=url))
        ending.callback(stack.stop)
        worker = ending.enter_context(_worker(stack, *([str(promotions), str(applications or "")] if fetches else [])))
        cookie, application = _line(worker).rsplit(" ", 1)
        return asyncio.run(_measure(database, stack, worker, cookie, application, streams, changes, fetches))


async def _measure(
    database: str,
    stack: Stack,
    worker: "subprocess.Popen[str]",
    cookie: str,
    application: str,
    streams: int,
    changes: int,
    fetches: int,
) -> Live:
    url = stack.start_web()
    port = int(url.rpartition(":")[2])
    await asyncio.to_thread(_page, url, cookie)
    before = _kilobytes(stack.pid("web"))
    readers: list[Reader] = []
    async with asyncio.timeout(OPEN_SECONDS):
        while len(readers) < streams:
            some = min(AT_ONCE, streams - len(readers))
            readers += await asyncio.gather(*(Reader.open(port, cookie) for _ in range(some)))
    kilobytes = (_kilobytes(stack.pid("web")) - before) / streams
    listening = [asyncio.create_task(reader.listen()) for reader in readers]
    committed, pages = [], []
    for number in range(changes):
        committed.append(await asyncio.to_thread(_change, worker))
        await _until(readers, number + 1)
        pages.append(await asyncio.to_thread(_page, url, cookie))
        await asyncio.sleep(SETTLE_SECONDS)
    rows: list[float] = []
    boards: list[float] = []
    told = changes
    for address, times in ((f"/board/rows/?only={application}~", rows), ("/", boards)):
        for _ in range(fetches):
            then = await asyncio.to_thread(_change, worker)
            told += 1
            await _until(readers, told)
            arrived = await asyncio.gather(*(_fetched(port, cookie, address) for _ in range(streams)))
            times += [(at - then) * 1000 for at in arrived]
    begun = time.monotonic()
    await asyncio.to_thread(stack.end, "web")
    stopped = time.monotonic() - begun
    await asyncio.wait_for(asyncio.gather(*listening), HEAR_SECONDS)
    for reader in readers:
        reader.writer.close()
    return Live(
        database=database,
        milliseconds=[
            (at - then) * 1000 for reader in readers for at, then in zip(reader.times, committed, strict=False)
        ],
        rows=rows,
        boards=boards,
        heard=[sum(len(reader.times) > number for reader in readers) for number in range(changes)],
        pages=pages,
        kilobytes=kilobytes,
        stopped=stopped,
        ended=stack.logged("Finished server process") == 1 and not stack.logged("Traceback"),
    )


async def _fetched(port: int, cookie: str, address: str) -> float:
    """When the whole answer had come."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    about = f"Host: 127.0.0.1\r\nCookie: {cookie}\r\nAccept: text/html\r\nX-Live-Update: 1\r\nConnection: close"
    writer.write(f"GET {address} HTTP/1.1\r\n{about}\r\n\r\n".encode())
    async with asyncio.timeout(HEAR_SECONDS):
        answer = await reader.read()
    writer.close()
    if b" 200 OK" not in answer[:40]:
        raise RuntimeError(f"{address} does not answer: {answer[:200]!r}")
    return time.monotonic()


async def _until(readers: Sequence[Reader], number: int) -> None:
    """Until every stream has heard so many changes, or it takes too long: the counts say which."""
    give_up_at = time.monotonic() + HEAR_SECONDS
    while any(len(reader.times) < number for reader in readers) and time.monotonic() < give_up_at:
        await asyncio.sleep(0.01)


@contextmanager
def _worker(stack: Stack, *told: str) -> "Iterator[subprocess.Popen[str]]":
    command = [sys.executable, "-m", "tests.bench.live_worker", *told]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, env=stack.env, text=True, **pipes) as worker:  # type: ignore[call-overload]
        yield worker


def _line(worker: "subprocess.Popen[str]") -> str:
    assert worker.stdout is not None
    line = worker.stdout.readline().strip()
    if not line:
        raise RuntimeError("The worker ended.")
    return line


def _change(worker: "subprocess.Popen[str]") -> float:
    assert worker.stdin is not None
    print(file=worker.stdin, flush=True)
    return float(_line(worker))


def _page(url: str, cookie: str) -> int:
    request = urllib.request.Request(f"{url}/freezes/", headers={"Cookie": cookie, "Accept": "text/html"})
    with urllib.request.urlopen(request, timeout=HEAR_SECONDS) as answer:
        answer.read()
        return int(answer.status)


def _kilobytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
