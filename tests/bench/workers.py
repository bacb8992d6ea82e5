"""Processes with a database each, that measure what they are told to: a line in, milliseconds out."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.postgres import cluster
from tests.stack import ROOT, stack_environment, temporary_folder

Worker = tuple["subprocess.Popen[str]", str]
"""With what it said when it was ready."""


@contextmanager
def worker(module: str, database: str, *arguments: str) -> Iterator[Worker]:
    """A process of the module with a database of its own, seeded and warm."""
    with ExitStack() as stack:
        folder = stack.enter_context(temporary_folder("deployer-bench-"))
        url = stack.enter_context(cluster()).url if database == "postgresql" else ""
        process = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=ROOT,
                env=stack_environment(folder, database_url=url),
                text=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        )
        yield process, _line(process)


def ask(asked: Worker, what: str) -> float:
    process = asked[0]
    if process.stdin is None:
        raise RuntimeError("The worker takes no questions.")
    process.stdin.write(f"{what}\n")
    process.stdin.flush()
    return float(_line(process))


def _line(process: "subprocess.Popen[str]") -> str:
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise RuntimeError("The worker has ended: see what it said above.")
    return line.strip()
