"""Runs the embedded queue server in the foreground."""

import os
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

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
        command = server_command(settings.DATA_DIR)
        os.execv(command[0], command)  # noqa: S606 — no shell is wanted
