"""The calendar's week and the check of a booking, with a thousand slots and with a million, side by side."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tests.bench.latency import percentile
from tests.postgres import cluster
from tests.stack import ROOT, stack_environment, temporary_folder

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
        few_worker = stack.enter_context(_worker(database, FEW))
        many_worker = stack.enter_context(_worker(database, many))
        found: dict[str, Compared] = {}
        for name in WHAT:
            pairs = [(_ask(few_worker, name), _ask(many_worker, name)) for _ in range(samples)]
            found[name] = Compared(few=[few for few, _ in pairs], many=[many for _, many in pairs])
        return found


@contextmanager
def _worker(database: str, slots: int) -> Iterator["subprocess.Popen[str]"]:
    """A process with a database of its own, seeded and warm."""
    with ExitStack() as stack:
        folder = stack.enter_context(temporary_folder("deployer-bench-"))
        url = stack.enter_context(cluster()).url if database == "postgresql" else ""
        process = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-m", "tests.bench.calendar_worker", str(slots)],
                cwd=ROOT,
                env=stack_environment(folder, database_url=url),
                text=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        )
        _line(process)
        yield process


def _ask(process: "subprocess.Popen[str]", what: str) -> float:
    if process.stdin is None:
        raise RuntimeError("The worker takes no questions.")
    process.stdin.write(f"{what}\n")
    process.stdin.flush()
    return float(_line(process))


def _line(process: "subprocess.Popen[str]") -> str:
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise RuntimeError("The worker has ended: see what it said above.")
    return line
