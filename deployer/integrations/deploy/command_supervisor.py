"""Runs one command, outlives the worker that asked for it, and writes down how it ended.

A script on its own, started by `deployer.integrations.runs` as

    python -I -S -X utf8 command_supervisor.py <run directory> <deadline> detached|attached

It needs the standard library only and little of it, so that it starts within some 20 ms. Files of the run directory:

    spec.json    what to run: argv, env, cwd, timeout_seconds, grace_seconds, keep_head, keep_tail (bytes of output)
    lock         flocked for as long as a supervisor lives
    started      made, once and exclusively, before the command runs: whoever makes it runs it, so it runs at most once
    log          what the command wrote to stdout and stderr
    cancel       made by anyone who wants the command stopped
    exit.json    how it ended, in one piece: returncode (negative for a signal; null when it never ran), reason
                 (exited, timeout, cancelled or could_not_run), sentence (empty, or what happened, to go after the
                 program's name)

Detached, it goes on in the background once `started` is there, and the process that was started exits with 0.
Attached, it stays, and stops the command when its stdin closes: that is how it learns that its parent died.
Exit status: 0 done or under way, by this supervisor or another; 3 the deadline (time.monotonic) was past and
nothing was started.
"""

# pathlib and contextlib take longer to import than all of this:
# ruff: noqa: PTH105, PTH110, PTH118, PTH123, SIM105
import fcntl
import json
import os
import select
import signal
import sys
import time

TYPE_CHECKING = False  # typing takes longer to import than all the rest
if TYPE_CHECKING:
    from typing import Any

DEADLINE_PASSED = 3
TICK_SECONDS = 0.5
LINGER_SECONDS = 1.0
CHUNK = 64 * 1024


class Log:
    """A file that keeps the head and the tail of what is written to it, and says how much was left out between.

    A full disk loses output, never the command.
    """

    def __init__(self, path: str, keep_head: int, keep_tail: int) -> None:
        self.file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self.head_left = keep_head
        self.keep_tail = keep_tail
        self.tail = b""
        self.left_out = 0

    def write(self, data: bytes) -> None:
        head, rest = data[: self.head_left], data[self.head_left :]
        self.head_left -= len(head)
        self._append(head)
        self.tail += rest
        surplus = max(0, len(self.tail) - self.keep_tail)
        self.left_out += surplus
        self.tail = self.tail[surplus:]

    def finish(self) -> None:
        note = b"\n[%d bytes of output were left out here]\n" % self.left_out if self.left_out else b""
        self._append(note + self.tail)
        self.tail = b""

    def _append(self, data: bytes) -> None:
        while data:
            try:
                data = data[os.write(self.file, data) :]
            except OSError:
                self.left_out += len(data)
                self.head_left = 0
                return


class Wakeups:
    """What may end a wait early: the end of a child, a signal to stop, the end of the parent."""

    def __init__(self, folder: str) -> None:
        self.cancel_path = os.path.join(folder, "cancel")
        self.stop_asked = False
        self.pipe, write_end = os.pipe()
        for end in (self.pipe, write_end):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask_to_stop)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])

    def cancelled(self) -> bool:
        return self.stop_asked or os.path.exists(self.cancel_path)

    def _ask_to_stop(self, *_: object) -> None:
        self.stop_asked = True


class Command:
    """The running command, leader of its own session and process group, and the pipe that it writes to."""

    def __init__(self, spec: "dict[str, Any]", log: Log) -> None:
        self.log = log
        self.grace_seconds: float = spec["grace_seconds"]
        self.timeout_at = time.monotonic() + spec["timeout_seconds"]
        self.output, write_end = os.pipe()
        os.set_blocking(self.output, False)
        os.chdir(spec["cwd"])
        try:
            self.pid = os.posix_spawn(
                spec["argv"][0],
                spec["argv"],
                spec["env"],
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, write_end, 1),
                    (os.POSIX_SPAWN_DUP2, write_end, 2),
                ],
                setsid=True,
                setsigdef=[signal.SIGPIPE, signal.SIGHUP],
            )
        finally:
            os.close(write_end)

    def has_ended(self) -> bool:
        """Whether it exited. It is not reaped, so that its process group's number can't become another's."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def signal_group(self, number: int) -> None:
        try:
            os.killpg(self.pid, number)
        except OSError:
            pass  # nobody is left, or it took another user's rights: has_ended() tells in the end

    def read_output(self) -> bool:
        """Take a piece of output. False at the end of it."""
        try:
            data = os.read(self.output, CHUNK)
        except BlockingIOError:
            return True
        self.log.write(data)
        return bool(data)

    def reap(self) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def main(folder: str, deadline: float, mode: str) -> int:
    wakeups = Wakeups(folder)
    with open(os.path.join(folder, "spec.json"), encoding="utf-8") as file:
        spec = json.load(file)
    lock = os.open(os.path.join(folder, "lock"), os.O_RDWR | os.O_CREAT, 0o600)
    if not take_lock(lock, folder):
        return 0
    if time.monotonic() >= deadline:
        return DEADLINE_PASSED
    if not claim(folder):
        return 0
    if mode == "detached" and os.fork():
        os._exit(0)  # the child inherits the lock; its new parent, init, reaps it
    write_ending(folder, run(folder, spec, wakeups, attached=mode == "attached"))
    return 0


def take_lock(lock: int, folder: str) -> bool:
    """Become the one supervisor. False when another's command has started; one that has not yet may still give up,
    so it is waited for."""
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if os.path.exists(os.path.join(folder, "started")):
                return False
            time.sleep(0.01)
        else:
            return True


def claim(folder: str) -> bool:
    """Make `started`, so that it outlasts a power cut. False when it is there already."""
    try:
        file = os.open(os.path.join(folder, "started"), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    os.fsync(file)
    os.close(file)
    sync_folder(folder)
    return True


def run(folder: str, spec: "dict[str, Any]", wakeups: Wakeups, *, attached: bool) -> "dict[str, Any]":
    if wakeups.cancelled():
        return {"returncode": None, "reason": "cancelled", "sentence": "was cancelled before it ran"}
    try:
        log = Log(os.path.join(folder, "log"), spec["keep_head"], spec["keep_tail"])
        command = Command(spec, log)
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or str(error)
        return {"returncode": None, "reason": "could_not_run", "sentence": f"could not be run: {problem}"}
    reason = watch(command, wakeups, attached=attached)
    log.finish()
    sentences = {
        "timeout": f"timed out after {spec['timeout_seconds']:g} s and was stopped",
        "cancelled": "was cancelled",
    }
    return {"returncode": command.reap(), "reason": reason, "sentence": sentences.get(reason, "")}


def watch(command: Command, wakeups: Wakeups, *, attached: bool) -> str:
    """Take in the output until the command ended, or had to be stopped; returns the reason. Nobody of its process
    group is left then."""
    poller = select.poll()
    poller.register(command.output, select.POLLIN)
    poller.register(wakeups.pipe, select.POLLIN)
    if attached:
        poller.register(0, select.POLLIN)
    reason, act_at = "exited", command.timeout_at
    while not command.has_ended():
        pause = min(TICK_SECONDS, max(0.0, act_at - time.monotonic()))
        take_events(poller, command, wakeups, pause)
        if reason == "exited" and (stop := why_stop(command, wakeups)):
            reason, act_at = stop, time.monotonic() + command.grace_seconds
            command.signal_group(signal.SIGTERM)
        elif reason != "exited" and time.monotonic() >= act_at:
            command.signal_group(signal.SIGKILL)
            act_at = time.monotonic() + TICK_SECONDS
    finish_output(command)
    return reason


def take_events(poller: select.poll, command: Command, wakeups: Wakeups, pause: float) -> None:
    for source, _ in poller.poll(pause * 1000):
        if source == command.output:
            if not command.read_output():
                poller.unregister(source)
        elif source == wakeups.pipe:
            os.read(source, CHUNK)
        elif not os.read(source, CHUNK):
            wakeups.stop_asked = True
            poller.unregister(source)


def why_stop(command: Command, wakeups: Wakeups) -> str:
    if wakeups.cancelled():
        return "cancelled"
    return "timeout" if time.monotonic() >= command.timeout_at else ""


def finish_output(command: Command) -> None:
    """Take in the rest. What the command left behind in its process group may write on for a moment, then it is
    killed; what left the group as well is no longer listened to."""
    read_to_end(command, LINGER_SECONDS)
    command.signal_group(signal.SIGKILL)
    read_to_end(command, LINGER_SECONDS / 10)
    os.close(command.output)


def read_to_end(command: Command, seconds: float) -> None:
    ends_at = time.monotonic() + seconds
    while (left := ends_at - time.monotonic()) > 0:
        if select.select([command.output], [], [], left)[0] and not command.read_output():
            return


def write_ending(folder: str, ending: "dict[str, Any]") -> None:
    part = os.path.join(folder, "exit.json.part")
    with open(part, "w", encoding="utf-8") as file:
        json.dump(ending, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, os.path.join(folder, "exit.json"))
    sync_folder(folder)


def sync_folder(folder: str) -> None:
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2]), sys.argv[3]))
