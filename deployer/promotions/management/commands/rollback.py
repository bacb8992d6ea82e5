"""Rolls an application back."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from deployer.access.operator import operator
from deployer.promotions import terminal
from deployer.promotions.actions.promote import roll_back
from deployer.promotions.actions.refusal import RefusedError


class Command(BaseCommand):
    help = "Bring an environment back to the last release that was verified there; leaves a hold."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("application")
        parser.add_argument("environment")
        parser.add_argument("--to", metavar="VERSION", help="another release that was verified there")
        parser.add_argument("--reason", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        application = terminal.find_application(options["application"])
        target = terminal.find_target(application, terminal.find_environment(options["environment"]))
        to = terminal.find_release(application, options["to"]) if options["to"] else None
        try:
            promotion = roll_back(target=target, by=operator(), reason=options["reason"], to=to)
        except RefusedError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Asked for the rollback to {promotion.release.version}: {promotion.full_url()}")
        self.stdout.write(
            f"{target} is on hold until: manage.py unhold {application} {target.environment} --resolution …"
        )
