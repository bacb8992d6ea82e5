"""Lifts the holds of an application."""

from typing import Any

from django.core.management.base import CommandParser

from apps_registry.rights import rights_of_operator
from deployer.access.operator import operator
from deployer.promotions import terminal
from deployer.promotions.actions.hold import lift_holds


class Command(terminal.ActionCommand):
    help = "Lift an application's holds in one environment, or those that count in all. Waiting releases go on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("application")
        parser.add_argument("environment", nargs="?")
        parser.add_argument("--resolution", required=True, help="what was done about it")

    def act(self, options: dict[str, Any]) -> None:
        application = terminal.find_application(options["application"])
        environment = terminal.find_environment(options["environment"]) if options["environment"] else None
        holds = lift_holds(
            application=application,
            environment=environment,
            rights=rights_of_operator(operator()),
            resolution=options["resolution"],
        )
        for hold in holds:
            self.stdout.write(f"Lifted the hold on {hold.scope}: {hold.reason}")
