"""Deployer's own processes, the ones that the Procfile lists, started and stopped for the demo."""

import http.client
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from demo.deploy import closed_sign
from demo.pidfile import PidFile
from demo.preflight import DemoError

BASE_DIR = Path(__file__).resolve().parent.parent
FOREIGN = ("DATABASE_URL", "REDIS_URL", "SENTRY_DSN", "EMAIL_URL", "WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS")
COPIES = {"runner": 2}


class InterruptError(Exception):
    """Someone asked the demo to stop."""


def read_procfile(path: Path) -> dict[str, str]:
    """Process names and their command lines; a kind of which there are copies is there once for each."""
    commands = {}
    for line in path.read_text().splitlines():
        kind, colon, command = line.partition(":")
        if colon and not kind.startswith("#"):
            copies = COPIES.get(kind, 1)
            names = [kind] if copies == 1 else [f"{kind}-{number}" for number in range(1, copies + 1)]
            commands.update(dict.fromkeys(names, command.strip()))
    return commands


def demo_environment(root: Path, port: int, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of the demo's processes, in which no setting of a real Deployer is left."""
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith("DEPLOYER_") and name.removesuffix("_FILE") not in FOREIGN
    }
    return kept | {
        "PATH": f"{Path(sys.executable).parent}:{environ.get('PATH', os.defpath)}",
        "PORT": str(port),
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": "deployer.settings",
        "DEPLOYER_DATA_DIR": str(root),
        "DEPLOYER_BASE_URL": f"http://127.0.0.1:{port}",
        "DEPLOYER_COMMAND_DIR": str(BASE_DIR / "demo" / "bin"),
        "DEPLOYER_LOCAL_PASSWORD_SIGN_IN": "true",
        "DEPLOYER_ORGANISATION": "Deployer demo",
    }


class Stack:
    """The processes of one demo. Their pid files are in ROOT/run and their output in ROOT/logs."""

    def __init__(self, root: Path, env: Mapping[str, str]) -> None:
        self.root = root
        self.env = env
        self.url = env["DEPLOYER_BASE_URL"]
        self.logs = root / "logs"
        self.commands = read_procfile(BASE_DIR / "Procfile")
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._interrupted = False
        for folder in (root / "run", self.logs):
            folder.mkdir(parents=True)

    def start(self) -> None:
        for name, command in self.commands.items():
            self._processes[name] = PidFile(self.root / "run" / f"{name}.pid").start(
                ["/bin/sh", "-c", f"exec {command}"], log=self.logs / f"{name}.log", cwd=BASE_DIR, env=self.env
            )

    def interrupt(self, *_: object) -> None:
        """A signal handler. What is under way is not broken off: the next `check` says so."""
        self._interrupted = True

    def check(self) -> None:
        """Raises InterruptError, or DemoError when a process has ended, which none should."""
        if self._interrupted:
            raise InterruptError
        for name, process in self._processes.items():
            if process.poll() is not None:
                log = self.logs / f"{name}.log"
                said = "\n".join(log.read_text(errors="replace").splitlines()[-8:])
                raise DemoError(f"the process {name} ended with code {process.returncode}.\n{said}\nLog: {log}")

    def wait_until(self, done: Callable[[], bool], what: str, *, seconds: float) -> None:
        """Ask again and again. Raises InterruptError, and DemoError when the time is over or a process has ended."""
        give_up_at = time.monotonic() + seconds
        while not done():
            self.check()
            if time.monotonic() > give_up_at:
                raise DemoError(f"{what} took more than {seconds:.0f} seconds. The logs are in {self.logs}.")
            time.sleep(0.1)

    def is_ready(self) -> bool:
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=2)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False
        finally:
            connection.close()

    def manage(self, *arguments: str, module: str = "manage", given: str = "", secret: bool = False) -> str:
        """Run `manage.py`, or another module, to its end and return what it printed. Raises InterruptError, DemoError.

        What it printed is in setup.log too, unless it is secret.
        """
        self.check()
        command = [sys.executable, "-m", module, *arguments]
        done = subprocess.run(
            command,
            cwd=BASE_DIR,
            env=self.env,
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            start_new_session=True,
        )
        with (self.logs / "setup.log").open("a") as log:
            log.write(f"$ {' '.join(command)}\n{'(secret)' if secret else done.stdout}\n")
        if done.returncode:
            raise DemoError(f"`{' '.join(command)}` ended with code {done.returncode}.\n{done.stdout.strip()}")
        return done.stdout

    def write_manage(self) -> Path:
        """A script that runs manage.py with this stack's settings, for the one who looks around."""
        script = self.root / "manage"
        settings = {name: value for name, value in self.env.items() if name.startswith(("DEPLOYER_", "DJANGO_"))}
        exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in settings.items())
        command = shlex.join([sys.executable, str(BASE_DIR / "manage.py")])
        script.write_text(f'#!/bin/sh\n{exports}exec {command} "$@"\n')
        script.chmod(0o700)
        return script

    def stop(self) -> list[str]:
        """Stop everything, what was deployed too, and return the names. Raises PidFileError."""
        stopped = stop_processes(self.root)
        for process in self._processes.values():
            process.wait()
        return stopped


def stop_processes(root: Path) -> list[str]:
    """Stop whatever a demo in this folder left running, and return the names; touches no other process.

    The order is from the outside in: what starts work, deploys under way, the sample services, and last the
    queue, which the first are connected to. A deploy that is only about to begin sees the closed sign and does
    nothing. Raises PidFileError when one does not end.
    """
    closed_sign(root).touch()
    patterns = ("run/[!q]*.pid", "*/deploy.pid", "*/service.pid", "run/queue.pid")
    paths = [path for pattern in patterns for path in sorted(root.glob(pattern))]
    return [str(path.relative_to(root)) for path in paths if PidFile(path).stop()]
