"""How long after its API call a deploy starts, on an idle stack."""

import json
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from tests.postgres import cluster
from tests.stack import ROOT, Stack, stack_environment, temporary_folder

WARM_UP = 10
SETTLE_SECONDS = 0.1
END_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Milliseconds, one for each call: from just before it to its answer, to the start of the deploy as the backend
    received it; and, on the same stack, from enqueuing an empty job to its start."""

    database: str
    answered: Sequence[float]
    started: Sequence[float]
    floor: Sequence[float]


@dataclass(frozen=True, slots=True)
class Caller:
    """What CI is to Deployer: a program with a token."""

    url: str
    secret: str

    def register(self, version: str) -> int:
        """Register a release and return the id of its promotion."""
        commit = f"{int(version):040x}"
        answer = self._ask("releases", {"application": "bench", "version": version, "commit": commit})
        return int(answer["promotions"][0]["id"])

    def wait_for(self, promotion: int) -> None:
        """Wait until it has succeeded."""
        give_up_at = time.monotonic() + END_SECONDS
        while (state := self._ask(f"promotions/{promotion}")["state"]) != "succeeded":
            if time.monotonic() > give_up_at:
                raise RuntimeError(f"Promotion {promotion} is still {state}.")
            time.sleep(0.05)

    def _ask(self, path: str, body: object = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.secret}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/api/v1/{path}", data, headers)
        with urllib.request.urlopen(request, timeout=END_SECONDS) as answer:
            found: dict[str, Any] = json.load(answer)
            return found


def measure(database: str, calls: int) -> Latency:
    """Start a stack with one engine worker on an empty database, measure, and stop it."""
    with ExitStack() as ending:
        url = ending.enter_context(cluster()).url if database == "postgresql" else ""
        folder = ending.enter_context(temporary_folder("deployer-bench-"))
        stack = Stack(folder, stack_environment(folder, database_url=url))
        ending.callback(stack.stop)
        stack.start_queue()
        stack.start_backend()
        secret = _run(stack, "tests.bench.seed", stack.backend_url)
        caller = Caller(stack.start_web(), secret)
        stack.start_manage("engine", "worker", "engine")
        stack.start_manage("runner", "worker", "effects")
        stack.start_manage("clock", "clock")
        _call(stack, caller, range(WARM_UP))
        answered, started = _call(stack, caller, range(WARM_UP, WARM_UP + calls))
        floor = json.loads(_run(stack, "tests.bench.floor", str(calls)))
        return Latency(database=database, answered=answered, started=started, floor=floor)


def _call(stack: Stack, caller: Caller, numbers: range) -> tuple[list[float], list[float]]:
    """One call after the other, each when the one before has come to its end: times to the answer and to the start."""
    called: dict[str, float] = {}
    answered = []
    for number in numbers:
        time.sleep(SETTLE_SECONDS)
        called[str(number)] = time.monotonic()
        promotion = caller.register(str(number))
        answered.append((time.monotonic() - called[str(number)]) * 1000)
        caller.wait_for(promotion)
    with urllib.request.urlopen(f"{stack.backend_url}/stats", timeout=10) as answer:
        received = {version: at for at, _, version, _ in json.load(answer)["started"]}
    return answered, [(received[version] - at) * 1000 for version, at in called.items()]


def _run(stack: Stack, module: str, *arguments: str) -> str:
    """Run a module in the stack's environment and return what it printed."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=stack.env, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


def percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
