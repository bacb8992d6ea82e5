"""Rolls an application back."""

from typing import Any

from django.core.management.base import CommandParser

from deployer.access.operator import operator
from deployer.promotions import terminal
from deployer.promotions.actions.promote import roll_back


class Command(terminal.ActionCommand):
    help = "Bring an environment back to the last release that was verified there; leaves a hold."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("application")
        parser.add_argument("environment")
        parser.add_argument("--to", metavar="VERSION", help="another release that was verified there")
        parser.add_argument("--reason", required=True)

    def act(self, options: dict[str, Any]) -> None:
        application = terminal.find_application(options["application"])
        target = terminal.find_target(application, terminal.find_environment(options["environment"]))
        to = terminal.find_release(application, options["to"]) if options["to"] else None
        promotion = roll_back(target=target, by=operator(), reason=options["reason"], to=to)
        self.stdout.write(f"Asked for the rollback to {promotion.release.version}: {promotion.full_url()}")
        self.stdout.write(
            f"{target} is on hold until: manage.py unhold {application} {target.environment} --resolution …"
        )
