"""Stops everything."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from apps_registry.rights import rights_of_operator
from deployer.access.operator import operator
from deployer.promotions import terminal
from deployer.promotions.actions.stop import stop_everything
from deployer.promotions.listeners import caught_promotions, finishing_promotions


class Command(terminal.ActionCommand):
    help = (
        "Stop everything: freeze all deployments until that is lifted. Rollbacks pass; what runs finishes where it is."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reason", required=True)
        parser.add_argument("--contact", default="", help="whom to ask, such as #incident")

    def act(self, options: dict[str, Any]) -> None:
        freeze = stop_everything(
            rights=rights_of_operator(operator()),
            reason=options["reason"],
            contact=options["contact"],
            now=timezone.now(),
        )
        self.stdout.write("Everything is stopped, until that is lifted. Rollbacks pass.")
        for promotion in finishing_promotions(freeze):
            self.stdout.write(f"  It runs, and finishes where it is: {promotion}: {promotion.full_url()}")
            place = f"{promotion.application} {promotion.environment}"
            self.stdout.write(f'    to abort it: manage.py abort {place} --reason "why"')
        for promotion in caught_promotions(freeze):
            self.stdout.write(f"  It waits: {promotion}: {promotion.full_url()}")
        self.stdout.write(f'To lift it: manage.py unfreeze {freeze.pk} --reason "why"')
