"""Deployer as it really runs, for tests that break it or time it: processes, a queue and data of their own.

Each process writes to a log in the stack's folder. Whoever uses a stack talks to it through its API or its
database, never through objects that it shares with it.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from deployer.integrations.queue_server import server_command, socket_path
from tests.nursery import Nursery

ROOT = Path(__file__).resolve().parent.parent
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH")
READY_SECONDS = 30.0
TAIL_LINES = 15


class StackError(Exception):
    """A part of the stack did not do what it should; the message says which and what it printed last."""


def stack_environment(folder: Path, *, database_url: str = "", **settings: object) -> dict[str, str]:
    """The environment of a stack's processes, in which nothing of any other Deployer is left.

    The database is a file in the folder when no URL is given. `settings` are Deployer's, named as in `deployer.env`.
    """
    return {
        **{name: os.environ[name] for name in KEPT if name in os.environ},
        "DJANGO_SETTINGS_MODULE": "deployer.settings",
        "PYTHONUNBUFFERED": "1",
        "DATABASE_URL": database_url or f"sqlite:///{folder / 'deployer.sqlite3'}",
        "DEPLOYER_DATA_DIR": str(folder),
        "DEPLOYER_CONNECTION_TESTS_SECRET": "a secret of the tests",
        **{f"DEPLOYER_{name}": str(value) for name, value in settings.items()},
    }


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def web_command(port: int) -> list[str]:
    """What the Procfile runs, on this port."""
    lines = (line.partition(": ") for line in (ROOT / "Procfile").read_text().splitlines())
    return next(command for name, _, command in lines if name == "web").replace("$PORT", str(port)).split()


class Stack:
    """The processes, by name. With a nursery, Deployer's own are forked by it and can be killed at any pace."""

    def __init__(self, folder: Path, env: Mapping[str, str], nursery: Nursery | None = None) -> None:
        self.folder = folder
        self.env = env
        self.backend_url = ""
        self._nursery = nursery
        self._programs: dict[str, subprocess.Popen[bytes]] = {}
        self._commands: dict[str, Sequence[str]] = {}

    def start_queue(self) -> None:
        """Start the queue server and wait until it answers."""
        self._start_program("queue", server_command(self.folder))
        self._wait_until(lambda: _takes_connections(socket_path(self.folder)), "queue")

    def start_backend(self, *, duration: float = 0.0, answer_delay: float = 0.0) -> None:
        """Start the backend that releases are deployed to, and wait until it answers."""
        port = free_port()
        self.backend_url = f"http://127.0.0.1:{port}"
        backend = [sys.executable, "-m", "tests.backend", str(port), str(duration), str(answer_delay)]
        self._start_program("backend", backend)
        self._wait_until(lambda: _answers(f"{self.backend_url}/stats"), "backend")

    def start_web(self) -> str:
        """Start the web process as the Procfile does, wait until it answers, and return its URL."""
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        self._start_program("web", [sys.executable, "-m", *web_command(port)])
        self._wait_until(lambda: _answers(f"{url}/healthz"), "web")
        return url

    def start_manage(self, name: str, *arguments: str) -> None:
        """Start a command of manage.py under a name; several may run the same."""
        if self._nursery is None:
            self._start_program(name, [sys.executable, "manage.py", *arguments])
        else:
            self._commands[name] = arguments
            self._nursery.start(name, arguments, self.log(name))

    def pid(self, name: str) -> int:
        return self._programs[name].pid

    def end(self, name: str) -> None:
        """Stop one program in order."""
        process = self._programs.pop(name)
        process.terminate()
        _wait_or_kill(process)

    @property
    def queue_runs(self) -> bool:
        return self._programs["queue"].poll() is None

    def kill_queue(self) -> None:
        """SIGKILL the queue server, and wait until it is gone."""
        self._programs["queue"].kill()
        self._programs["queue"].wait()

    def kill_and_restart(self, name: str) -> None:
        """SIGKILL one of Deployer's own processes, and start it again at once."""
        self._own.kill(name)
        self.start_manage(name, *self._commands[name])

    def pause(self, name: str) -> None:
        """Stop one of Deployer's own processes where it is, as a host that is frozen would."""
        self._own.send(name, signal.SIGSTOP)

    def resume(self, name: str) -> None:
        """Let it go on; nothing when it does, or has been killed meanwhile."""
        self._own.send(name, signal.SIGCONT)

    def ended(self) -> dict[str, int]:
        """Which processes ended without having been told to, and how often."""
        programs = [name for name, process in self._programs.items() if process.poll() not in (None, -9)]
        return dict(Counter([*programs, *(self._nursery.ended() if self._nursery else [])]))

    def stop(self) -> None:
        """End everything: what the nursery forked first, as it is connected to the others."""
        if self._nursery is not None:
            self._nursery.stop()
        for process in self._programs.values():
            process.terminate()
        for process in self._programs.values():
            _wait_or_kill(process)

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def logged(self, text: str) -> int:
        """In how many lines of all the logs the text is."""
        return sum(log.read_text(errors="replace").count(text) for log in self.folder.glob("*.log"))

    def tails(self) -> str:
        """The last lines of every log."""
        logs = sorted(self.folder.glob("*.log"))
        return "\n".join(f"--- {log.name}\n{_tail(log)}" for log in logs if log.stat().st_size)

    @property
    def _own(self) -> Nursery:
        if self._nursery is None:
            raise StackError("Only what a nursery started can be broken.")
        return self._nursery

    def _start_program(self, name: str, command: Sequence[str]) -> None:
        with self.log(name).open("ab") as log:
            # In a session of its own: a Ctrl-C is for the test, which then ends the stack.
            self._programs[name] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env=self.env,
                start_new_session=True,
            )

    def _wait_until(self, ready: Callable[[], bool], name: str) -> None:
        give_up_at = time.monotonic() + READY_SECONDS
        while not ready():
            if self._programs[name].poll() is not None or time.monotonic() > give_up_at:
                raise StackError(f"The process {name} does not answer.\n{_tail(self.log(name))}")
            time.sleep(0.02)


@contextmanager
def temporary_folder(prefix: str) -> Iterator[Path]:
    """A folder that is removed at the end, unless the end is an error: then its logs are left to look at."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    yield folder
    shutil.rmtree(folder)


def _takes_connections(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def _wait_or_kill(process: "subprocess.Popen[bytes]", seconds: float = 10.0) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-TAIL_LINES:])
