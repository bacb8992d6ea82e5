"""Pins a target to a release."""

from typing import Any

from django.core.management.base import CommandParser

from apps_registry.rights import rights_of_operator
from deployer.access.operator import operator
from deployer.promotions import terminal
from deployer.promotions.actions.pins import pin


class Command(terminal.ActionCommand):
    help = "Let nothing but one release come to an application in an environment. This deploys nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("application")
        parser.add_argument("version")
        parser.add_argument("environment")
        parser.add_argument("--reason", required=True)

    def act(self, options: dict[str, Any]) -> None:
        application = terminal.find_application(options["application"])
        target = terminal.find_target(application, terminal.find_environment(options["environment"]))
        release = terminal.find_release(application, options["version"])
        pin(target=target, release=release, rights=rights_of_operator(operator()), reason=options["reason"])
        self.stdout.write(f"{target} stays on {release.version}.")
