"""Puts an application on hold."""

from typing import Any

from django.core.management.base import CommandParser

from deployer.access.operator import operator
from deployer.promotions import terminal
from deployer.promotions.actions.hold import place_hold


class Command(terminal.ActionCommand):
    help = "Stop an application's line, in one environment or in all. What runs already goes on to its end."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("application")
        parser.add_argument("environment", nargs="?")
        parser.add_argument("--reason", required=True)

    def act(self, options: dict[str, Any]) -> None:
        application = terminal.find_application(options["application"])
        environment = terminal.find_environment(options["environment"]) if options["environment"] else None
        hold = place_hold(application=application, environment=environment, by=operator(), reason=options["reason"])
        self.stdout.write(f"{hold.scope} is on hold.")
