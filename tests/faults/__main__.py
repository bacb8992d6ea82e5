"""Runs the fault test: `python -m tests.faults --promotions 300 --database postgresql --seed 7`."""

import argparse
import os
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import django

from tests.faults.verdict import FaultError
from tests.postgres import Cluster, PostgresError, cluster
from tests.stack import stack_environment, temporary_folder

TIMINGS = {
    "LEASE_SECONDS": 5,
    "HTTP_TIMEOUT_SECONDS": 2,
    "REQUEUE_SECONDS": 1,
    "CLOCK_TICK_SECONDS": 0.1,
    "RECHECK_SECONDS": 2,
}
"""Short, so that a run sees many leases and timers end; the rules between them are the product's."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="Break the stack while it works.")
    parser.add_argument("--promotions", type=int, default=300, help="at least so many must happen")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--control", action="store_true", help="switch the look-up off: a key must be started twice")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000), help="of the faults")
    parser.add_argument("--chaos-seconds", type=float, help="how long things break; by default by the promotions")
    parser.add_argument("--seconds-limit", type=float, default=300, help="how long it may take to end after that")
    return parser.parse_args()


@contextmanager
def database(kind: str) -> Iterator[Cluster | None]:
    if kind == "sqlite":
        yield None
        return
    with cluster() as server:
        yield server


def main() -> int:
    """0 when all is as it must be; in a control run, when the test saw that it is not. 2 without a database."""
    options = arguments()
    try:
        with database(options.database) as server, temporary_folder("deployer-faults-") as folder:
            env = stack_environment(folder, database_url=server.url if server else "", **TIMINGS)
            os.environ.clear()
            os.environ.update(env)
            django.setup()
            # Models can be imported only now that it is known which database they are in.
            from tests.faults.run import run  # noqa: PLC0415

            run(options, folder, server)
    except FaultError as error:
        print(f"{error}\nFAILED with seed {options.seed}.", file=sys.stderr)
        return 1
    except PostgresError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
