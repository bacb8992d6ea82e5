"""Measures and prints: `python -m tests.bench latency --database both`."""

import argparse
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from tests.bench.latency import Latency, measure, percentile
from tests.postgres import PostgresError

DATABASES = {"sqlite": ["sqlite"], "postgresql": ["postgresql"], "both": ["sqlite", "postgresql"]}
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def main() -> int:
    """Print what was measured. 2 when there is no database to measure with."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure Deployer on this machine.")
    parser.add_argument("what", choices=["latency"], help="from the API call to the start of the deploy")
    parser.add_argument("--database", choices=DATABASES, default="both")
    parser.add_argument("--calls", type=int, default=200)
    options = parser.parse_args()
    print(_machine())
    print(f"From an API call to the start of its deploy; an idle stack, one engine worker, {options.calls} calls.\n")
    print(f"{'milliseconds':34}{'p50':>8}{'p95':>8}{'max':>8}", flush=True)
    try:
        for database in DATABASES[options.database]:
            _show(measure(database, options.calls))
    except PostgresError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _show(found: Latency) -> None:
    rows = {
        "call to deploy start": found.started,
        "call to answer": found.answered,
        "floor: enqueue to empty job": found.floor,
    }
    print(NAMES[found.database])
    for name, values in rows.items():
        print(f"  {name:32}{percentile(values, 50):8.1f}{percentile(values, 95):8.1f}{max(values):8.1f}")
    ratio = percentile(found.started, 50) / percentile(found.floor, 50)
    print(f"  {'call to deploy start, in floors':32}{ratio:8.1f}", flush=True)


def _machine() -> str:
    """What was measured on; the load says whether anything else was at work."""
    model = [line.partition(": ")[2] for line in _cpu_lines() if line.startswith("model name")]
    packages = ", ".join(f"{name} {version(name)}" for name in ("django", "rq", "redis", "psycopg", "gunicorn"))
    return (
        f"{os.cpu_count()} cores{f' ({model[0]})' if model else ''}, load {os.getloadavg()[0]:.1f}; "
        f"Python {platform.python_version()}, {packages}."
    )


def _cpu_lines() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


if __name__ == "__main__":
    sys.exit(main())
