"""Removes a target's pin."""

from typing import Any

from django.core.management.base import CommandParser

from apps_registry.rights import rights_of_operator
from deployer.access.operator import operator
from deployer.promotions import terminal
from deployer.promotions.actions.pins import unpin
from deployer.promotions.models import Pin
from deployer.refusal import RefusedError


class Command(terminal.ActionCommand):
    help = "Let other releases come to an application in an environment again. What waits goes on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("application")
        parser.add_argument("environment")
        parser.add_argument("--reason", required=True)

    def act(self, options: dict[str, Any]) -> None:
        application = terminal.find_application(options["application"])
        target = terminal.find_target(application, terminal.find_environment(options["environment"]))
        standing = Pin.objects.standing().filter(target=target).select_related("target__environment").first()
        if standing is None:
            raise RefusedError(f"{target} is not pinned.")
        unpin(pin=standing, rights=rights_of_operator(operator()), reason=options["reason"])
        self.stdout.write(f"{target} takes other releases again.")
