"""What is true of processes, asked of the kernel."""

import os
import time
from collections.abc import Callable
from pathlib import Path


def wait_until(is_true: Callable[[], object], seconds: float = 60) -> None:
    """Returns as soon as it is true; fails the test when it has not become so in a time that is long on purpose."""
    ends_at = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < ends_at, "it did not become true in time"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    """Whether the process runs; a zombie doesn't."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except (FileNotFoundError, ProcessLookupError):
        return False


def children() -> set[int]:
    """The processes whose parent we are, zombies included."""
    return {int(pid) for tasks in Path("/proc/self/task").glob("*/children") for pid in tasks.read_text().split()}


def pids_of_supervisors(folder: Path) -> list[int]:
    """The supervisors that work in this run directory."""
    wanted = os.fsencode(folder)
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if wanted in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def peak_memory_kib(pid: int) -> int:
    """The most memory that the process ever held; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)


def supervisor_pid(folder: Path) -> int:
    """The one supervisor at work there. While it starts the command, the fork shows as a second for a moment."""
    found: list[int] = []

    def is_one() -> bool:
        found[:] = pids_of_supervisors(folder)
        return len(found) == 1

    wait_until(is_one)
    return found[0]
