"""Puts an application on hold."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from deployer.access.operator import operator
from deployer.promotions import terminal
from deployer.promotions.actions.hold import place_hold
from deployer.promotions.actions.refusal import RefusedError


class Command(BaseCommand):
    help = "Stop an application's line, in one environment or in all. What runs already goes on to its end."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("application")
        parser.add_argument("environment", nargs="?")
        parser.add_argument("--reason", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        application = terminal.find_application(options["application"])
        environment = terminal.find_environment(options["environment"]) if options["environment"] else None
        try:
            hold = place_hold(application=application, environment=environment, by=operator(), reason=options["reason"])
        except RefusedError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{hold.scope} is on hold.")
