"""What is done to the stack: kills, flushes and restarts, drawn from a seed."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from operator import itemgetter
from random import Random

from redis import Redis
from redis.exceptions import RedisError

from tests.postgres import Cluster
from tests.stack import Stack

PAUSE_SECONDS = (0.1, 0.3)
QUEUE_AWAY_SECONDS = (1.0, 2.0)


class Fault(StrEnum):
    KILL = "kill"
    FREEZE = "freeze past its lease"
    FLUSH = "flush the queue"
    KILL_QUEUE = "kill the queue server"
    CRASH_DATABASE = "crash-restart the database"


def plan(random: Random, seconds: float, *, database: bool) -> list[Fault]:
    """The faults for about so many seconds, in an order that the seed decides.

    However short the time, there are three flushes, and two of each restart and of the freezes.
    """
    kills = round(seconds / (sum(PAUSE_SECONDS) / 2))
    faults = [Fault.KILL] * kills
    faults += [Fault.FREEZE] * max(2, round(seconds / 10))
    faults += [Fault.FLUSH] * max(3, round(seconds / 8))
    faults += [Fault.KILL_QUEUE] * max(2, round(seconds / 15))
    faults += [Fault.CRASH_DATABASE] * (max(2, round(seconds / 15)) if database else 0)
    random.shuffle(faults)
    return faults


@dataclass
class Chaos:
    """Does what the plan says. `done` counts it: the processes that were killed by their names, the rest by kind.

    `frozen_seconds` is longer than a lease, so that one who goes on after it has lost its claim.
    """

    stack: Stack
    queue: Redis
    victims: Sequence[str]
    random: Random
    frozen_seconds: float
    cluster: Cluster | None = None
    done: Counter[str] = field(default_factory=Counter)
    _frozen: set[str] = field(default_factory=set)
    _repairs: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def strike(self, fault: Fault) -> None:
        """Pause for a moment, repair what has been broken for long enough, then do one thing."""
        time.sleep(self.random.uniform(*PAUSE_SECONDS))
        self._repair(until=time.monotonic())
        match fault:
            case Fault.KILL:
                self._kill()
            case Fault.FREEZE:
                self._freeze()
            case Fault.FLUSH:
                self._flush()
            case Fault.KILL_QUEUE:
                self._kill_queue()
            case Fault.CRASH_DATABASE if self.cluster is not None:
                self.cluster.crash_restart()
                self.done[fault] += 1

    def calm(self) -> None:
        """Leave nothing broken, each thing for its time."""
        for due, _ in sorted(self._repairs, key=itemgetter(0)):
            time.sleep(max(0, due - time.monotonic()))
            self._repair(until=due)

    def _repair(self, *, until: float) -> None:
        ready = [repair for due, repair in self._repairs if due <= until]
        self._repairs = [(due, repair) for due, repair in self._repairs if due > until]
        for repair in ready:
            repair()

    def _kill(self) -> None:
        name = self.random.choice(self._awake(""))
        self.stack.kill_and_restart(name)
        self.done[f"kill {name.partition('-')[0]}"] += 1

    def _freeze(self) -> None:
        awake = self._awake("runner")
        if len(awake) < 2:
            return
        name = self.random.choice(awake)
        self.stack.pause(name)
        self._frozen.add(name)
        self._repairs.append((time.monotonic() + self.frozen_seconds, partial(self._thaw, name)))
        self.done[Fault.FREEZE] += 1

    def _thaw(self, name: str) -> None:
        self._frozen.discard(name)
        self.stack.resume(name)

    def _awake(self, kind: str) -> list[str]:
        """Who can be broken: one that is frozen is left alone, so that it goes on and comes too late."""
        return [name for name in self.victims if name.startswith(kind) and name not in self._frozen]

    def _flush(self) -> None:
        try:
            self.queue.flushall()
        except (RedisError, OSError):  # it is away: its being flushed then is no fault
            return
        self.done[Fault.FLUSH] += 1

    def _kill_queue(self) -> None:
        if not self.stack.queue_runs:
            return
        self.stack.kill_queue()
        away = self.random.uniform(*QUEUE_AWAY_SECONDS)
        self._repairs.append((time.monotonic() + away, self.stack.start_queue))
        self.done[Fault.KILL_QUEUE] += 1
