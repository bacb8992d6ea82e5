"""Deploys the sample service on this machine, as a small team's script would: a versioned folder, a symlink, a restart.

    ROOT/builds/VERSION/                        what CI built: service.py and release.json
    ROOT/ENVIRONMENT/releases/VERSION/          the copy that runs here
    ROOT/ENVIRONMENT/current                    -> releases/VERSION
    ROOT/ENVIRONMENT/service.pid, service.log   the running process

Needs the standard library only.
"""

import argparse
import http.client
import json
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from demo.pidfile import PidFile, PidFileError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
ANSWER_SECONDS = 10.0


class DeployError(Exception):
    """The deploy did not do its work; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """An environment's folder and the loopback port that its service answers on."""

    root: Path
    environment: str
    port: int

    @property
    def folder(self) -> Path:
        return self.root / self.environment

    @property
    def current(self) -> Path:
        return self.folder / "current"

    @property
    def service(self) -> PidFile:
        return PidFile(self.folder / "service.pid")

    @property
    def deploying(self) -> PidFile:
        return PidFile(self.folder / "deploy.pid")


def deploy(place: Place, version: str, commit: str) -> None:
    """Make the version, built from the commit, the one that answers. Raises DeployError.

    Whatever goes wrong after the switch, the version before is put back, so that a failed deploy leaves no gap.
    """
    build = checked_build(place.root, version, commit)
    place.folder.mkdir(parents=True, exist_ok=True)
    try:
        with place.deploying.held():
            if closed_sign(place.root).exists():
                raise DeployError("The demo is closing down.")
            previous = place.current.resolve().name if place.current.exists() else ""
            install(place, build)
            try:
                switch(place, version)
            except DeployError:
                if previous and previous != version:
                    say(f"Putting {previous} back.")
                    switch(place, previous)
                raise
    except PidFileError as error:
        raise DeployError(str(error)) from error


def closed_sign(root: Path) -> Path:
    """The file that says that nothing is deployed here any more. Looked for under the lock of each deploy."""
    return root / "closed"


def checked_build(root: Path, version: str, commit: str) -> Path:
    """The folder of the build, which is of this very version and commit. Raises DeployError."""
    build = root / "builds" / version
    try:
        release = json.loads((build / "release.json").read_text())
    except (OSError, ValueError) as error:
        raise DeployError(f"There is no build of version {version} in {build}: {error}.") from error
    if (release.get("version"), release.get("commit")) != (version, commit):
        raise DeployError(f"The build in {build} is of {release.get('version')} from commit {release.get('commit')}.")
    return build


def install(place: Place, build: Path) -> None:
    """Copy the build into the environment's releases; in one piece, so that half a copy is never run."""
    release = place.folder / "releases" / build.name
    part = release.with_name(f".{build.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(build, part)
    shutil.rmtree(release, ignore_errors=True)
    part.rename(release)
    say(f"Copied {build.name} to {release}.")


def switch(place: Place, version: str) -> None:
    """Point `current` at the version, restart the service, and wait until it answers. Raises DeployError."""
    link = place.folder / ".current.part"
    link.unlink(missing_ok=True)
    link.symlink_to(Path("releases") / version)
    link.replace(place.current)
    if place.service.stop():
        say("The process before ended its requests and stopped.")
    log = place.folder / "service.log"
    process = place.service.start(
        [sys.executable, "current/service.py", "--port", str(place.port), "--environment", place.environment],
        log=log,
        cwd=place.folder,
    )
    say(f"Started process {process.pid}; its log is {log}.")
    wait_for_answer(place, version, process)
    say(f"http://127.0.0.1:{place.port}/ answers with version {version}.")


def wait_for_answer(place: Place, version: str, process: "subprocess.Popen[bytes]") -> None:
    """Raises DeployError when the process ends, or has not answered with the version in time."""
    give_up_at = time.monotonic() + ANSWER_SECONDS
    while answered_version(place.port) != version:
        if process.poll() is not None:
            tail = (place.folder / "service.log").read_text(errors="replace").splitlines()[-1:]
            raise DeployError(f"The new process ended with code {process.returncode}: {''.join(tail)}")
        if time.monotonic() > give_up_at:
            raise DeployError(
                f"Nothing answered with version {version} on port {place.port} in {ANSWER_SECONDS:.0f} s."
            )
        time.sleep(0.05)


def answered_version(port: int) -> str | None:
    """The version that answers on the port, however well it is; None when nothing does."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/healthcheck")
        version = json.loads(connection.getresponse().read(65536))["version"]
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None
    finally:
        connection.close()
    return str(version)


def say(sentence: str) -> None:
    print(sentence, flush=True)


def name(text: str) -> str:
    """An argument that becomes a part of a path."""
    if not NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a name that can be a folder's.")
    return text


def loopback_port(text: str) -> int:
    url = urlsplit(text)
    if url.hostname != "127.0.0.1" or not url.port:
        raise argparse.ArgumentTypeError(f"{text!r} is not a URL such as http://127.0.0.1:8001.")
    return url.port


def main() -> int:
    parser = argparse.ArgumentParser(prog="deploy-sample", description="Deploy a build of the sample service.")
    parser.add_argument("--root", type=Path, required=True, help="where builds and environments are")
    parser.add_argument("--environment", type=name, required=True)
    parser.add_argument("--version", type=name, required=True)
    parser.add_argument("--commit", required=True, help="that the build must have been made from")
    parser.add_argument("--url", type=loopback_port, dest="port", required=True, help="that the service answers at")
    options = parser.parse_args()
    place = Place(root=options.root.resolve(), environment=options.environment, port=options.port)
    try:
        deploy(place, options.version, options.commit)
    except (DeployError, OSError) as error:
        say(f"Failed: {error}")
        return 1
    return 0
