"""Runs a clock."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from deployer.access import jobs as access
from deployer.audit import jobs as audit
from deployer.calendar import jobs as calendar
from deployer.clock import Clock
from deployer.notifications import jobs as notifications
from deployer.promotions import jobs as promotions


class Command(BaseCommand):
    help = "Find what is due and have it done, until asked to stop. Run as many as you like."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        self.stdout.write("The clock is running.")
        self.stdout.flush()
        Clock([*promotions.SOURCES, *calendar.SOURCES, *notifications.SOURCES, *access.SOURCES, *audit.SOURCES]).run(
            stop
        )
