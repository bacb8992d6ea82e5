"""Asks for a promotion."""

from typing import Any

from django.core.management.base import CommandParser

from deployer.access.operator import operator
from deployer.promotions import terminal
from deployer.promotions.actions.promote import promote


class Command(terminal.ActionCommand):
    help = "Ask for the promotion of a release to an environment."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("application")
        parser.add_argument("version")
        parser.add_argument("environment")
        parser.add_argument("--reason", default="")

    def act(self, options: dict[str, Any]) -> None:
        application = terminal.find_application(options["application"])
        release = terminal.find_release(application, options["version"])
        target = terminal.find_target(application, terminal.find_environment(options["environment"]))
        promotion = promote(release=release, target=target, by=operator(), reason=options["reason"])
        self.stdout.write(f"Asked for {promotion}: {promotion.full_url()}")
        for blocker in promotion.waits_for:
            self.stdout.write(f"  It waits: {terminal.reason(blocker)}")
