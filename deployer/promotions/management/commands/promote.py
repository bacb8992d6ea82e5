"""Asks for a promotion."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from deployer.access.operator import operator
from deployer.promotions import terminal
from deployer.promotions.actions.promote import promote
from deployer.promotions.actions.refusal import RefusedError


class Command(BaseCommand):
    help = "Ask for the promotion of a release to an environment."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("application")
        parser.add_argument("version")
        parser.add_argument("environment")
        parser.add_argument("--reason", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        application = terminal.find_application(options["application"])
        release = terminal.find_release(application, options["version"])
        target = terminal.find_target(application, terminal.find_environment(options["environment"]))
        try:
            promotion = promote(release=release, target=target, by=operator(), reason=options["reason"])
        except RefusedError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Asked for {promotion}: {promotion.full_url()}")
