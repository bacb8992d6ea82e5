"""A PostgreSQL server of the tests' own, that leaves nothing behind.

    python -m tests.postgres -- python -m pytest        runs a command with DATABASE_URL set to a new, empty database

The server listens on a socket in a temporary folder that only its user and root can enter, and on no port: there is
no password to guess and no port to race for. It does not wait for the disk, so it is fast; a crash of the server
loses no committed transaction all the same, only one of the machine would.
"""

import argparse
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

MINIMUM = 15
USER = "deployer"
START_SECONDS = 30.0
ACCOUNTS = ("postgres", "nobody")
OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "timezone": "UTC",
    "autovacuum_naptime": "5s",
}


class PostgresError(Exception):
    """There is no usable PostgreSQL here; the message says what to do."""


def find_binaries(environ: Mapping[str, str] | None = None) -> Path:
    """The folder of PostgreSQL's server programs, the newest one found.

    Looks at POSTGRES_BIN alone when it is set, else where `pg_config` points, where Debian puts it, and on PATH.
    Raises PostgresError when there is none, or only ones that are too old.
    """
    environ = os.environ if environ is None else environ
    if given := environ.get("POSTGRES_BIN"):
        candidates = [Path(given)]
    else:
        candidates = [*_from_pg_config(), *Path("/usr/lib/postgresql").glob("*/bin"), *_from_path(environ)]
    versions = {folder: version for folder in candidates if (version := server_version(folder)) is not None}
    if not versions:
        raise PostgresError(
            f"There is no PostgreSQL server{f' in POSTGRES_BIN={given}' if given else ''}: install the package "
            "postgresql (on Debian and Ubuntu: `apt-get install postgresql`), or set POSTGRES_BIN to the folder "
            "that holds initdb and postgres."
        )
    newest = max(versions, key=lambda folder: versions[folder])
    if versions[newest] < MINIMUM:
        raise PostgresError(f"The PostgreSQL in {newest} is {versions[newest]}: {MINIMUM} or newer is needed.")
    return newest


def server_version(folder: Path) -> int | None:
    """The major version of the server in the folder; None when initdb or postgres is not there."""
    if not (folder / "initdb").exists():
        return None
    try:
        said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(found[1]) if found else None


def _from_pg_config() -> list[Path]:
    program = shutil.which("pg_config")
    if program is None:
        return []
    said = subprocess.run([program, "--bindir"], capture_output=True, text=True, check=False).stdout.strip()
    return [Path(said)] if said else []


def _from_path(environ: Mapping[str, str]) -> list[Path]:
    found = shutil.which("initdb", path=environ.get("PATH"))
    return [Path(found).resolve().parent] if found else []


class Cluster:
    """A server and its data in a folder. `url` is the DATABASE_URL of an empty database."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self.folder = folder
        self.binaries = binaries
        self.log = folder / "log"
        self.url = f"postgresql://{USER}@{quote(str(folder), safe='')}/{USER}"
        self.account = account()
        self._server: subprocess.Popen[bytes] | None = None

    def create(self) -> None:
        if self.account:
            os.chown(self.folder, self.account["user"], self.account["group"])
        data = str(self.folder / "data")
        self._run("initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")

    def start(self) -> None:
        """Start the server and wait until it takes connections. Raises PostgresError when it doesn't."""
        options = OPTIONS | {"unix_socket_directories": str(self.folder)}
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log:
            # In a session of its own: a Ctrl-C is for the tests, which end before the server does.
            self._server = subprocess.Popen(
                [self.binaries / "postgres", "-D", self.folder / "data", *settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self.account,
            )
        give_up_at = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._server.poll() is not None or time.monotonic() > give_up_at:
                raise PostgresError(f"PostgreSQL did not start:\n{self.log.read_text(errors='replace')}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Close every connection and stop. Does nothing when it does not run."""
        self._end(signal.SIGINT)

    def crash_restart(self) -> None:
        """End the server at once, as in a crash, and start it again; it recovers what was committed."""
        self._end(signal.SIGQUIT)
        self.start()

    def _end(self, number: signal.Signals) -> None:
        if self._server is not None:
            self._server.send_signal(number)
            self._server.wait(START_SECONDS)
            self._server = None

    def _answers(self) -> bool:
        command = [str(self.binaries / "pg_isready"), "-q", "-h", str(self.folder), "-U", USER, "-d", USER]
        return subprocess.run(command, check=False).returncode == 0

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.binaries / program), *arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False, **self.account)
        if done.returncode:
            raise PostgresError(f"{program} ended with code {done.returncode}:\n{done.stdout}{done.stderr}")

    def create_database(self) -> None:
        self._run("createdb", "-h", str(self.folder), "-U", USER, USER)


def account() -> dict[str, Any]:
    """Arguments for subprocess that make the server run as a user that it accepts: it refuses root."""
    if os.geteuid() != 0:
        return {}
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise PostgresError("PostgreSQL does not run as root, and there is no account postgres or nobody to run it as.")


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A running server with an empty database; stopped and removed at the end. Raises PostgresError."""
    binaries = find_binaries()
    folder = Path(tempfile.mkdtemp(prefix="deployer-pg-"))
    server = Cluster(folder, binaries)
    try:
        server.create()
        server.start()
        server.create_database()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


def main() -> int:
    """Run the command with DATABASE_URL set, and return its exit code; 2 when there is no PostgreSQL."""
    parser = argparse.ArgumentParser(prog="python -m tests.postgres", description=main.__doc__)
    parser.add_argument("command", nargs="+", help="the command and its arguments, after --")
    command = parser.parse_args().command
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        with cluster() as server:
            return subprocess.run(command, env=os.environ | {"DATABASE_URL": server.url}, check=False).returncode
    except PostgresError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
