"""Aborts a promotion."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from deployer.access.operator import operator
from deployer.promotions import terminal
from deployer.promotions.actions.abort import abort
from deployer.promotions.models import Promotion
from deployer.promotions.states import PromotionState


class Command(terminal.ActionCommand):
    help = "Abort what is open for an application in an environment; a running deploy is asked to stop."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("application")
        parser.add_argument("environment")
        parser.add_argument("--release", metavar="VERSION", help="only the promotion of this release")
        parser.add_argument("--reason", required=True)

    def act(self, options: dict[str, Any]) -> None:
        application = terminal.find_application(options["application"])
        target = terminal.find_target(application, terminal.find_environment(options["environment"]))
        found = Promotion.objects.with_names().open().filter(target=target)
        if options["release"]:
            found = found.filter(release=terminal.find_release(application, options["release"]))
        promotions = list(found)
        if not promotions:
            raise CommandError(f"Nothing is open for {target}, so there is nothing to abort.")
        for promotion in promotions:
            ended = abort(promotion=promotion, by=operator(), reason=options["reason"])
            aborted = ended.state == PromotionState.ABORTED
            self.stdout.write(f"{'Aborted' if aborted else 'Asked to stop'}: {ended}")
