"""Lifts a freeze."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from apps_registry.rights import rights_of_operator
from deployer.access.operator import operator
from deployer.calendar.actions.freezes import lift
from deployer.calendar.models import Freeze
from deployer.calendar.models.freeze import frozen_now
from deployer.calendar.terms import amid
from deployer.promotions import terminal


class Command(terminal.ActionCommand):
    help = "Lift a freeze: of each target only the newest release that waits goes on, and every gate is asked again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("freeze", type=int, help="its number, which manage.py status shows")
        parser.add_argument("--reason", required=True)

    def act(self, options: dict[str, Any]) -> None:
        freeze = Freeze.objects.with_scope().filter(pk=options["freeze"]).first()
        if freeze is None:
            held = [str(one.pk) for one in frozen_now(timezone.now())]
            raise CommandError(f"There is no freeze {options['freeze']}. Those that hold: {', '.join(held) or 'none'}.")
        lifted = lift(freeze=freeze, reason=options["reason"], rights=rights_of_operator(operator()))
        self.stdout.write(f"The freeze of {amid(lifted.scope)} is lifted.")
