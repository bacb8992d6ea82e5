"""The calendar's week and the check of a booking, with a thousand slots and with a million, side by side."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from tests.bench.latency import percentile
from tests.bench.workers import ask, worker

MODULE = "tests.bench.calendar_worker"
FEW, MANY = 1_000, 1_000_000
WHAT = ("week: page", "week: data", "booking: check", "booking: refused, with the next free slot")
AIM = 1.3
"""How many times longer it may take with the many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Milliseconds, one for each sample, in a database with the few slots and in one with the many."""

    few: Sequence[float]
    many: Sequence[float]

    @property
    def ratio(self) -> float:
        return percentile(self.many, 50) / percentile(self.few, 50)


def compare(database: str, samples: int, many: int = MANY) -> dict[str, Compared]:
    """By what is measured. Samples of both are taken in turns, so that what else the machine does hits both."""
    with ExitStack() as stack:
        few_worker = stack.enter_context(worker(MODULE, database, str(FEW)))
        many_worker = stack.enter_context(worker(MODULE, database, str(many)))
        found: dict[str, Compared] = {}
        for name in WHAT:
            pairs = [(ask(few_worker, name), ask(many_worker, name)) for _ in range(samples)]
            found[name] = Compared(few=[few for few, _ in pairs], many=[many for _, many in pairs])
        return found
