"""Runs the embedded queue server in the foreground."""

import fcntl
import os
import signal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from deployer.integrations.queue_server import server_command


class Command(BaseCommand):
    help = "Run the queue server that comes with Deployer; with REDIS_URL set it isn't needed, and this only waits."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Becomes the server. With a REDIS_URL it waits for a signal: honcho stops everything when a process ends."""
        if settings.ENV.REDIS_URL:
            self.stdout.write("REDIS_URL is set: the embedded queue server isn't needed.")
            self.stdout.flush()
            stops = {signal.SIGTERM, signal.SIGINT}
            signal.pthread_sigmask(signal.SIG_BLOCK, stops)
            signal.sigwait(stops)
            return
        _lock(settings.DATA_DIR / "valkey.lock")
        command = server_command(settings.DATA_DIR)
        os.execv(command[0], command)  # noqa: S606 — no shell is wanted


def _lock(path: Path) -> None:
    """Hold the data directory's lock for as long as the server lives: two servers would spoil each other's files."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise CommandError(
            f"Another Deployer is running with {path.parent}: stop it, or set DEPLOYER_DATA_DIR to another folder."
        ) from error
    os.set_inheritable(lock, True)  # noqa: FBT003 — as os names it
