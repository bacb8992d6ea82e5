"""Run directories: where a command runs under a supervisor, and how others learn of it.

deploy/command_supervisor.py says which files they hold. What is true of a run is decided by its files and its
lock alone, so any process of this machine can ask; other machines can't.
"""

import codecs
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from deployer.integrations.deploy import command_supervisor
from deployer.integrations.errors import Unavailable
from deployer.integrations.programs import basic_environment

KEY = re.compile("[0-9a-f]{32}")
CHECK_PREFIX = "check-"
LAUNCH_SECONDS = 30
NEVER = "never"
"""What `started` holds when it was made to say that the command was not, and never will be, started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a command ended: `returncode` (negative for a signal, None when it never ran), `reason` (exited, timeout,
    cancelled or could_not_run) and, unless it exited by itself, `sentence`, to go after the program's name."""

    returncode: int | None
    reason: str
    sentence: str


def describe_exit(returncode: int | None) -> str:
    """How a program ended, as a part of a sentence: "exited with code 3", "was killed by SIGSEGV"."""
    if returncode is None:
        return "never ran"
    if returncode >= 0:
        return f"exited with code {returncode}"
    try:
        return f"was killed by {signal.Signals(-returncode).name}"
    except ValueError:
        return f"was killed by signal {-returncode}"


@dataclass(frozen=True, slots=True)
class Run:
    """One run directory, which may not be there yet."""

    folder: Path

    def prepare(
        self,
        *,
        argv: Sequence[str],
        env: Mapping[str, str],
        cwd: Path,
        timeout_seconds: float,
        grace_seconds: float,
        keep_head: int,
        keep_tail: int,
    ) -> None:
        """Make the directory and write what to run. Doing so again is safe. Raises Unavailable."""
        spec = {
            "argv": list(argv),
            "env": dict(env),
            "cwd": str(cwd),
            "timeout_seconds": timeout_seconds,
            "grace_seconds": grace_seconds,
            "keep_head": keep_head,
            "keep_tail": keep_tail,
        }
        part = self._own_file("spec")
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            part.write_text(json.dumps(spec))
            part.replace(self.folder / "spec.json")
        except OSError as error:
            raise Unavailable(f"A run directory could not be made: {error.strerror}.") from error

    def launch(self, deadline: float) -> None:
        """Have the command started by a supervisor that outlives us; returns when it has been, now or before.

        Raises Unavailable when nothing was started: past the deadline (time.monotonic), or for want of resources.
        """
        if time.monotonic() >= deadline:
            raise Unavailable("The claim on this work was lost before anything was started.")
        with self._supervisor(deadline, "detached") as supervisor:
            try:
                status: int | None = supervisor.wait(LAUNCH_SECONDS)
            except subprocess.TimeoutExpired:
                supervisor.kill()
                status = None
        if status == command_supervisor.DEADLINE_PASSED:
            raise Unavailable("The claim on this work was lost before anything was started.")
        if status != 0 and not self.has_started():
            raise Unavailable("The command's supervisor could not be started; see supervisor.log in its run directory.")

    def attend(self, seconds: float) -> None:
        """Run the command to its end. Should we die, or be interrupted, its supervisor stops it.

        Raises Unavailable when even the supervisor did not end within `seconds`.
        """
        with self._supervisor(float("inf"), "attached") as supervisor:
            try:
                supervisor.wait(seconds)
            except subprocess.TimeoutExpired:
                supervisor.kill()
                raise Unavailable("The command's supervisor did not end in time.") from None

    def _supervisor(self, deadline: float, mode: str) -> "subprocess.Popen[bytes]":
        # Without site packages and PYTHON… variables: nothing but the standard library can be imported.
        python = [sys.executable, "-I", "-S", "-X", "utf8"]
        argv = [*python, command_supervisor.__file__, str(self.folder), repr(deadline), mode]
        try:
            with (self.folder / "supervisor.log").open("ab") as errors:
                return subprocess.Popen(
                    argv,
                    stdin=subprocess.PIPE if mode == "attached" else subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    env=basic_environment(),
                    cwd="/",
                    start_new_session=True,
                )
        except OSError as error:
            raise Unavailable(f"The command's supervisor could not be started: {error.strerror}.") from error

    def _own_file(self, name: str) -> Path:
        return self.folder / f"{name}.{os.getpid()}.{threading.get_ident()}"

    def exists(self) -> bool:
        return self.folder.is_dir()

    def has_started(self) -> bool:
        """Whether the command was started, or it is settled that it never will be."""
        return (self.folder / "started").exists()

    def seconds_unchanged(self) -> float:
        """How long no file of the run has come or gone."""
        return max(0.0, time.time() - self.folder.stat().st_mtime)

    def bury(self) -> bool:
        """Settle that the command never starts. False when it was started after all.

        The same exclusive step by which a supervisor claims the run, so only one of the two can happen.
        """
        tombstone = self._own_file("never")
        tombstone.write_text(NEVER)
        try:
            os.link(tombstone, self.folder / "started")
        except FileExistsError:
            return self.is_buried()
        finally:
            tombstone.unlink()
        return True

    def is_buried(self) -> bool:
        try:
            return (self.folder / "started").read_text() == NEVER
        except FileNotFoundError:
            return False

    def ask_to_stop(self) -> None:
        (self.folder / "cancel").touch(mode=0o600)

    def ending(self) -> Ending | None:
        """How the command ended; None while it has not, or when nobody wrote it down."""
        try:
            values: dict[str, Any] = json.loads((self.folder / "exit.json").read_bytes())
        except FileNotFoundError:
            return None
        return Ending(returncode=values["returncode"], reason=values["reason"], sentence=values["sentence"])

    def is_supervised(self) -> bool:
        """Whether a supervisor lives. One that comes up while we ask waits for us."""
        try:
            lock = os.open(self.folder / "lock", os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(lock)
        return False

    def read_log(self, offset: int, limit: int | None) -> tuple[str, int]:
        """The output from this byte on, and the offset of the next; `limit` (bytes) None reads to the end.

        With a limit, a character whose bytes have not all been written yet is left for the next time.
        """
        try:
            with (self.folder / "log").open("rb") as file:
                file.seek(offset)
                data = file.read(-1 if limit is None else limit)
        except FileNotFoundError:
            return "", offset
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        text = decoder.decode(data, final=limit is None)
        return text, offset + len(data) - len(decoder.getstate()[0])

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def runs_dir() -> Path:
    """The directory of run directories, made if need be. Raises Unavailable."""
    folder = Path(settings.COMMAND_RUNS_DIR).absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(f"The directory of runs could not be made: {error.strerror}.") from error
    return folder


def prune(older_than: timedelta) -> int:
    """Remove the run directories in which nothing has changed for so long and nobody is at work; returns how many.

    A run that was removed can no longer be found by its key: keep them well beyond the longest promotion.
    """
    before = time.time() - older_than.total_seconds()
    runs = [Run(folder) for folder in runs_dir().iterdir() if _is_run(folder, unchanged_since=before)]
    idle = [run for run in runs if not run.is_supervised()]
    for run in idle:
        run.remove()
    return len(idle)


def _is_run(folder: Path, *, unchanged_since: float) -> bool:
    if not (KEY.fullmatch(folder.name) or folder.name.startswith(CHECK_PREFIX)):
        return False
    try:
        return folder.is_dir() and folder.stat().st_mtime < unchanged_since
    except FileNotFoundError:
        return False  # a check that has just ended took its own away
