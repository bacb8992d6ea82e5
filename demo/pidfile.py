"""Processes that may outlive whoever started them, told apart from strangers by a lock and not by a number.

A process holds an exclusive flock on its pid file for as long as it lives, through a descriptor that it inherited,
and leads a process group of its own. So, while the lock is held, the number in the file names that group and
nothing else; when it is free, the process is gone and its number means nothing any more. A crash frees the lock too.
"""

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

POLL_SECONDS = 0.02
WRITE_SECONDS = 2.0
# The process writes its own number before it becomes the command, so that it does even if its parent dies.
WRITE_AND_BECOME = 'echo $$ >"$0" && exec "$@"'


class PidFileError(Exception):
    """The lock is held by someone else; the message says by whom, as far as is known."""


class PidFile:
    def __init__(self, path: Path) -> None:
        self.path = path

    def start(
        self, command: Sequence[str], *, log: Path, cwd: Path, env: Mapping[str, str] | None = None
    ) -> "subprocess.Popen[bytes]":
        """Start the command as leader of its own session, its output appended to the log.

        Raises PidFileError when the process before it still lives. A command that isn't there ends with code 127.
        """
        lock = self._take()
        try:
            with log.open("ab") as output:
                return subprocess.Popen(
                    ["/bin/sh", "-c", WRITE_AND_BECOME, self.path.absolute(), *command],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd=cwd,
                    env=env,
                    pass_fds=[lock],
                    start_new_session=True,
                )
        finally:
            os.close(lock)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock as this process. Raises PidFileError when another one does."""
        lock = self._take()
        try:
            os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
            yield
        finally:
            os.close(lock)

    def group(self) -> int | None:
        """The process group that holds the lock; None when nobody does. Raises PidFileError when it can't be told."""
        give_up_at = time.monotonic() + WRITE_SECONDS
        while self._is_locked():
            text = self.path.read_text().strip()
            if text:
                return int(text)
            if time.monotonic() > give_up_at:
                raise PidFileError(f"A process that did not write its number holds {self.path}: end it by hand.")
            time.sleep(POLL_SECONDS)
        return None

    def stop(self, *, patience: float = 10.0) -> bool:
        """Ask the group to end, wait, and kill what is left after `patience` seconds. False when nobody was there."""
        group = self.group()
        if group is None:
            return False
        for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, WRITE_SECONDS)):
            with suppress(ProcessLookupError, PermissionError):  # it has just ended, or only its zombie is left
                os.killpg(group, number)
            if self._wait_until_free(seconds):
                return True
        raise PidFileError(f"Process group {group}, which holds {self.path}, does not end.")

    def _take(self) -> int:
        lock = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        give_up_at = time.monotonic() + WRITE_SECONDS / 10  # someone who only asks holds it for a moment
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > give_up_at:
                    os.close(lock)
                    raise PidFileError(f"Process group {self.group()} holds {self.path}.") from None
                time.sleep(POLL_SECONDS)
            else:
                os.truncate(lock, 0)
                return lock

    def _is_locked(self) -> bool:
        with suppress(FileNotFoundError), self.path.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def _wait_until_free(self, seconds: float) -> bool:
        give_up_at = time.monotonic() + seconds
        while self._is_locked():
            if time.monotonic() > give_up_at:
                return False
            time.sleep(POLL_SECONDS)
        return True
