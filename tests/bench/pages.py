"""The pages that people keep open, with a thousand promotions and with a million behind them, side by side."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

from tests.bench.latency import percentile
from tests.bench.workers import ask, worker

FEW, MANY = 1_000, 1_000_000
WHAT = ("board", "board, for the first time", "application", "promotion", "calendar")
AIM = 1.3
"""How many times longer the p95 may be with the many."""
LIMIT = 150
"""Milliseconds that the p95 may be with the many."""
WARM_UP = 3
MODULE = "tests.bench.pages_worker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Milliseconds, one for each request, in a database with the few promotions and in one with the many."""

    few: Sequence[float]
    many: Sequence[float]

    @property
    def ratio(self) -> float:
        return percentile(self.many, 95) / percentile(self.few, 95)

    @property
    def missed(self) -> str:
        """What the aim is, where it is missed."""
        slow = percentile(self.many, 95) > LIMIT
        parts = [f"{AIM} times"] * (self.ratio > AIM) + [f"{LIMIT} ms"] * slow
        return f"  MISSED: the aim is {' and '.join(parts)}" if parts else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`few` and `many` say what the databases held."""

    few: str
    many: str
    pages: dict[str, Compared]


def compare(database: str, samples: int, *, applications: int | None = None, few: int = FEW, many: int = MANY) -> Found:
    """Requests of both are made in turns, so that what else the machine does hits both. Without `applications` as many
    as the real registry has."""
    with ExitStack() as stack:
        with ThreadPoolExecutor() as pool:
            contexts = [worker(MODULE, database, str(number), str(applications or "")) for number in (few, many)]
            workers = list(pool.map(stack.enter_context, contexts))
        pages: dict[str, Compared] = {}
        for name in WHAT:
            pairs = [[ask(one, name) for one in workers] for _ in range(samples + WARM_UP)][WARM_UP:]
            pages[name] = Compared(few=[pair[0] for pair in pairs], many=[pair[1] for pair in pairs])
        return Found(few=workers[0][1], many=workers[1][1], pages=pages)


def table(name: str, found: Found) -> Iterator[str]:
    """The lines that are printed of a database."""
    yield f"{name}: {found.few} against {found.many}"
    for page, one in found.pages.items():
        columns = [percentile(values, percent) for values in (one.few, one.many) for percent in (50, 95)]
        numbers = "".join(f"{value:{width}.1f}" for value, width in zip(columns, (8, 8, 10, 8), strict=True))
        yield f"  {page:32}{numbers}{one.ratio:8.2f}{one.missed}"
