"""Forks Deployer's processes from one that has everything loaded, so that they can be killed several times a second.

A fresh `manage.py` needs the better part of a second of a core before it does any work: killed at that pace, on a
small machine, nothing would ever get to run. A fork of a process that has loaded it all works within milliseconds,
and is a process like any other: with a pid, connections and memory of its own, and none of them shared.

`python -m tests.nursery [--without-look-up]` obeys lines of JSON on its standard input and answers each with one.
When that input ends it kills its children and ends.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import django
from django.core.management import call_command, execute_from_command_line, load_command_class

from deployer.integrations.deploy.webhook import WebhookDeployer

WITHOUT_LOOK_UP = "--without-look-up"


class NurseryError(Exception):
    """The nursery ended, or could not do what it was told."""


class Nursery:
    """A nursery's other end: starts and kills its children, by names."""

    def __init__(self, *, env: Mapping[str, str], cwd: Path, log: Path, look_up: bool = True) -> None:
        """Without `look_up` the webhook deployer's `find` always says that nothing was started."""
        self._log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.nursery", *([] if look_up else [WITHOUT_LOOK_UP])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                cwd=cwd,
                env=env,
                text=True,
                start_new_session=True,
            )

    def start(self, name: str, arguments: Sequence[str], log: Path) -> None:
        """Start `manage.py` with the arguments, its output appended to the log."""
        self._tell({"start": name, "arguments": list(arguments), "log": str(log)})

    def kill(self, name: str) -> None:
        """SIGKILL, and wait until it is gone."""
        self._tell({"kill": name})

    def send(self, name: str, number: signal.Signals) -> None:
        """Send it a signal that it survives; nothing when it has ended."""
        self._tell({"signal": name, "number": int(number)})

    def ended(self) -> list[str]:
        """The names of those that ended without having been killed, since the nursery began."""
        names: list[str] = self._tell({"ended": True})
        return names

    def stop(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def _tell(self, order: Mapping[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise NurseryError(f"The nursery ended: see {self._log}.")
        return json.loads(answer)


class Children:
    """The processes that the nursery forked and has not buried."""

    def __init__(self) -> None:
        self._pids: dict[str, int] = {}
        self._ended: list[str] = []

    def obey(self, order: Mapping[str, Any]) -> list[str]:
        match order:
            case {"start": str(name), "arguments": list(arguments), "log": str(log)}:
                self._bury()
                self._pids[name] = _fork(arguments, log)
            case {"kill": str(name)}:
                self._bury()
                self._kill(name)
            case {"signal": str(name), "number": int(number)}:
                self._bury()
                if name in self._pids:
                    os.kill(self._pids[name], number)
            case {"ended": _}:
                self._bury()
            case _:
                raise NurseryError(f"This is no order: {order}")
        return self._ended

    def kill_all(self) -> None:
        for name in list(self._pids):
            self._kill(name)

    def _kill(self, name: str) -> None:
        pid = self._pids.pop(name, None)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    def _bury(self) -> None:
        """Take note of the children that ended by themselves."""
        for name, pid in list(self._pids.items()):
            if os.waitpid(pid, os.WNOHANG)[0]:
                del self._pids[name]
                self._ended.append(name)


def _fork(arguments: Sequence[str], log: str) -> int:
    pid = os.fork()
    if pid == 0:
        _become(arguments, log)
    return pid


def _become(arguments: Sequence[str], log: str) -> NoReturn:
    """Be a process as `manage.py` would be."""
    null = os.open(os.devnull, os.O_RDONLY)
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for target, source in enumerate((null, output, output)):
        os.dup2(source, target)
    try:
        execute_from_command_line(["manage.py", *arguments])
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(1)  # none of them ends by itself, so however it does is a finding


def _load(*, look_up: bool) -> None:
    """Load all that the commands need, and open no connection."""
    django.setup()
    call_command("check")
    for command in ("clock", "worker"):
        load_command_class("deployer.web", command)
    if not look_up:
        WebhookDeployer.find = _find_nothing  # type: ignore[assignment, method-assign]


def _find_nothing(deployer: WebhookDeployer, key: str) -> str | None:
    """Says of every deploy that it was not started."""
    return None


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "deployer.settings"
    orders, answers = os.fdopen(os.dup(0), "r"), os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    _load(look_up=WITHOUT_LOOK_UP not in sys.argv)
    children = Children()
    try:
        for order in orders:
            answers.write(json.dumps(children.obey(json.loads(order))) + "\n")
            answers.flush()
    finally:
        children.kill_all()


if __name__ == "__main__":
    main()
