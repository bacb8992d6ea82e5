"""Runs a worker: `engine` carries wake-ups, `effects` does what is to be done outside, `notices` tells people."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from deployer import worker
from deployer.notifications.jobs import POOL
from deployer.queueing import QUEUES


class Command(BaseCommand):
    help = "Run a worker of one queue until it is asked to stop. Run as many as you like."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("queue", choices=QUEUES)

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Working on {options['queue']}.")
        self.stdout.flush()
        worker.run(options["queue"])
        POOL.close()
