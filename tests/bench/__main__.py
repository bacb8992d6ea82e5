"""Measures and prints: `python -m tests.bench latency --database both`."""

import argparse
import os
import platform
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from tests.bench import live, pages
from tests.bench.calendar import AIM, FEW, MANY, compare
from tests.bench.latency import Latency, measure, percentile
from tests.postgres import PostgresError

DATABASES = {"sqlite": ["sqlite"], "postgresql": ["postgresql"], "both": ["sqlite", "postgresql"]}
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def main() -> int:
    """Print what was measured. 2 when there is no database to measure with."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure Deployer on this machine.")
    parser.add_argument(
        "what",
        choices=["latency", "calendar", "pages", "live"],
        help="latency: from the API call to the start of the deploy; calendar: its week, and the check of a booking; "
        "pages: those that people keep open, by how much history there is; live: from a commit to the open streams",
    )
    parser.add_argument("--database", choices=DATABASES, default="both")
    parser.add_argument("--calls", type=int, default=200, help="of latency")
    parser.add_argument("--samples", type=int, default=30, help="of calendar and pages, of each kind in each database")
    parser.add_argument("--streams", type=int, default=500, help="of live")
    parser.add_argument("--applications", type=int, help="of pages; else as many as the real registry has")
    options = parser.parse_args()
    print(_machine())
    try:
        if options.what == "latency":
            _latency(DATABASES[options.database], options.calls)
        elif options.what == "pages":
            _pages(DATABASES[options.database], options.samples, options.applications)
        elif options.what == "live":
            _live(DATABASES[options.database], options.streams, options.samples)
        else:
            _calendar(DATABASES[options.database], options.samples)
    except PostgresError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _calendar(databases: Sequence[str], samples: int) -> None:
    print(f"The calendar with {FEW:,} slots and with {MANY:,}, as many a week; {samples} samples of each in turns.\n")
    print(f"{'milliseconds':44}{'p50':>8}{'p95':>8}{'p50':>10}{'p95':>8}{'ratio':>8}", flush=True)
    for database in databases:
        print(NAMES[database])
        for name, found in compare(database, samples).items():
            columns = [percentile(found.few, 50), percentile(found.few, 95), percentile(found.many, 50)]
            verdict = "" if found.ratio <= AIM else f"  MISSED: the aim is {AIM}"
            print(
                f"  {name:42}{columns[0]:8.1f}{columns[1]:8.1f}{columns[2]:10.1f}{percentile(found.many, 95):8.1f}"
                f"{found.ratio:8.2f}{verdict}",
                flush=True,
            )


def _pages(databases: Sequence[str], samples: int, applications: int | None) -> None:
    print(f"Pages with {pages.FEW:,} promotions and with {pages.MANY:,}; {samples} requests of each in turns.\n")
    print(f"{'milliseconds':34}{'p50':>8}{'p95':>8}{'p50':>10}{'p95':>8}{'ratio':>8}", flush=True)
    for database in databases:
        found = pages.compare(database, samples, applications=applications)
        for line in pages.table(NAMES[database], found):
            print(line, flush=True)


def _live(databases: Sequence[str], streams: int, changes: int) -> None:
    print(f"From a commit to each of {streams} open streams of one process; {changes} changes.\n")
    print(
        f"{'milliseconds':16}{'p50':>8}{'p95':>8}{'max':>8}{'heard':>10}{'kB a stream':>14}{'stopped in s':>14}",
        flush=True,
    )
    for database in databases:
        found = live.measure(database, streams, changes)
        times = [percentile(found.milliseconds, 50), percentile(found.milliseconds, 95), max(found.milliseconds)]
        heard = f"{sum(found.heard) / (streams * changes):.0%}"
        print(
            f"{NAMES[database]:16}{times[0]:8.1f}{times[1]:8.1f}{times[2]:8.1f}{heard:>10}"
            f"{found.kilobytes:14.0f}{found.stopped:14.1f}",
            flush=True,
        )
        for name, values in (("  on every board, a row", found.rows), ("  on every board, all of it", found.boards)):
            print(f"{name:28}{percentile(values, 50):8.0f}{percentile(values, 95):8.0f}{max(values):8.0f}", flush=True)


def _latency(databases: Sequence[str], calls: int) -> None:
    print(f"From an API call to the start of its deploy; an idle stack, one engine worker, {calls} calls.\n")
    print(f"{'milliseconds':34}{'p50':>8}{'p95':>8}{'max':>8}", flush=True)
    for database in databases:
        _show(measure(database, calls))


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
    packages = ", ".join(f"{name} {version(name)}" for name in ("django", "rq", "redis", "psycopg", "uvicorn"))
    return (
        f"{os.cpu_count()} cores{f' ({model[0]})' if model else ''}, load {os.getloadavg()[0]:.1f}; "
        f"Python {platform.python_version()}, {packages}."
    )


def _cpu_lines() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


if __name__ == "__main__":
    sys.exit(main())
