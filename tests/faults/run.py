"""One run of the fault test, from an empty database to the verdict."""

import argparse
import json
import os
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from redis import Redis

from tests.backend import Backend
from tests.faults.chaos import Chaos, Fault, plan
from tests.faults.verdict import FaultError, Outside, problems
from tests.faults.world import Ci, World, build
from tests.nursery import Nursery
from tests.postgres import Cluster
from tests.stack import ROOT, Stack

PROCESSES = {
    **{f"engine-{number}": ("worker", "engine") for number in (1, 2)},
    **{f"runner-{number}": ("worker", "effects") for number in (1, 2, 3, 4)},
    "notices-1": ("worker", "notices"),
    **{f"clock-{number}": ("clock",) for number in (1, 2)},
}
ANSWER_DELAY = 0.25
"""Seconds between a start that was done and its answer: the window into which kills must fall."""
CHAOS_SECONDS_PER_PROMOTION = 0.15
LEAST_CHAOS_SECONDS = 10.0
MOST_SHOWN = 20


@dataclass
class Run:
    """A run that is under way. A control run is over as soon as it has shown what it is for."""

    stack: Stack
    chaos: Chaos
    faults: list[Fault]
    world: World
    ci: Ci
    control: bool

    def break_things(self) -> None:
        """Let CI register while the faults happen; leave nothing broken."""
        self.ci.start()
        for fault in self.faults:
            self.chaos.strike(fault)
            if self._has_shown():
                break
        self.chaos.calm()

    def wait_for_the_end(self, seconds: float) -> None:
        """Wait until every expected promotion has ended, at most so many seconds."""
        connection.close()  # the database may have been restarted since it was used
        give_up_at = time.monotonic() + seconds
        while not self._has_shown() and not self.world.is_over() and time.monotonic() < give_up_at:
            time.sleep(0.2)

    def _has_shown(self) -> bool:
        return self.control and bool(outside(self.stack).started_twice)

    def report(self, seconds: float) -> None:
        """Print what was done and what came of it."""
        done = ", ".join(f"{what} {times} times" for what, times in sorted(self.chaos.done.items()))
        seen = outside(self.stack)
        print(f"Done to it: {done}.")
        print(f"CI asked again after an error {self.ci.repeated} times.")
        print(f"Starts: {sum(seen.starts.values())} of {len(seen.starts)} keys. Look-ups: {seen.look_ups}.")
        print(f"Late results dropped: {self.stack.logged('Dropped a late')}.")
        print(f"Promotions: {self.world.states()}. It took {seconds:.0f} s.", flush=True)

    def judge(self) -> None:
        """Raises FaultError unless all is as it must be."""
        found = problems(self.world.expected, self.world.endings(), self.world.live(), outside(self.stack))
        found += [f"{name} ended by itself {times} times." for name, times in self.stack.ended().items()]
        if found:
            more = [f"… and {len(found) - MOST_SHOWN} more."] if len(found) > MOST_SHOWN else []
            raise FaultError("\n".join([*found[:MOST_SHOWN], *more, self.stack.tails()]))
        print("Every promotion succeeded, and every key was started exactly once.")

    def judge_control(self) -> None:
        """Raises FaultError when nothing was started twice: then the test would not see it."""
        twice = outside(self.stack).started_twice
        if not twice:
            raise FaultError("The control run started no key twice, so the test proves nothing.")
        print(f"As it must be without the look-up: {len(twice)} of the keys were started twice.")


def run(options: argparse.Namespace, folder: Path, server: Cluster | None) -> None:
    """Run it and say what came of it. Django is set up for the stack's database, which is empty.

    Raises FaultError when it is not as it must be; in a control run, when the test did not see that it is not.
    """
    about = ", look-up switched off" if options.control else ""
    print(f"Faults on {connection.vendor}, seed {options.seed}{about}.", flush=True)
    call_command("migrate", verbosity=0)
    began = time.monotonic()
    with running_stack(folder, look_up=not options.control) as stack:
        current = prepare(stack, options, server)
        current.break_things()
        current.wait_for_the_end(options.seconds_limit)
        current.report(time.monotonic() - began)
        if options.control:
            current.judge_control()
        else:
            current.judge()


@contextmanager
def running_stack(folder: Path, *, look_up: bool) -> Iterator[Stack]:
    """All of the stack but the web, in processes that can be killed at any pace."""
    env = dict(os.environ)
    nursery = Nursery(env=env, cwd=ROOT, log=folder / "nursery.log", look_up=look_up)
    stack = Stack(folder, env, nursery)
    try:
        stack.start_queue()
        stack.start_backend(answer_delay=ANSWER_DELAY)
        for name, command in PROCESSES.items():
            stack.start_manage(name, *command)
        yield stack
    finally:
        stack.stop()


def prepare(stack: Stack, options: argparse.Namespace, server: Cluster | None) -> Run:
    """The applications, their CI and the plan of the faults."""
    random = Random(options.seed)
    seconds = options.chaos_seconds or max(LEAST_CHAOS_SECONDS, options.promotions * CHAOS_SECONDS_PER_PROMOTION)
    port = urlsplit(stack.backend_url).port or 0
    built = build(Backend(port=port), options.promotions)
    return Run(
        stack=stack,
        chaos=Chaos(
            stack=stack,
            queue=Redis.from_url(settings.REDIS_URL),
            victims=list(PROCESSES),
            random=random,
            frozen_seconds=settings.LEASE_SECONDS + 3,
            cluster=server,
        ),
        faults=plan(random, seconds, database=server is not None),
        world=built,
        ci=Ci(built.applications, seconds=seconds / 2),
        control=options.control,
    )


def outside(stack: Stack) -> Outside:
    """What the backend says of itself."""
    with urllib.request.urlopen(f"{stack.backend_url}/stats", timeout=10) as answer:
        stats = json.load(answer)
    return Outside(
        starts=stats["starts"],
        started=[(application, version, environment) for _, application, version, environment in stats["started"]],
        live={(application, environment): version for application, environment, version in stats["live"]},
        look_ups=stats["look_ups"],
    )
