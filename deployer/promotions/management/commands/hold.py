"""Puts an application on hold."""

from typing import Any

from django.core.management.base import CommandParser

from apps_registry.rights import rights_of_operator
from deployer.access.operator import operator
from deployer.promotions import terminal
from deployer.promotions.actions.hold import NewHold, place_hold


class Command(terminal.ActionCommand):
    help = "Stop an application's line, in one environment or in all. What runs already goes on to its end."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("application")
        parser.add_argument("environment", nargs="?")
        parser.add_argument("--reason", required=True)
        parser.add_argument("--contact", help="whom to ask about it; you unless given")
        parser.add_argument("--until", help="such as 2026-12-22T09:00; until it is lifted unless given")
        parser.add_argument("--newest-safe", metavar="VERSION", help="releases up to this one go on")

    def act(self, options: dict[str, Any]) -> None:
        application = terminal.find_application(options["application"])
        environment = terminal.find_environment(options["environment"]) if options["environment"] else None
        safe = options["newest_safe"]
        new = NewHold(
            reason=options["reason"],
            contact=options["contact"] or operator().label,
            ends_at=terminal.time_of(options["until"]),
            newest_safe=terminal.find_release(application, safe) if safe else None,
        )
        hold = place_hold(
            application=application, environment=environment, new=new, rights=rights_of_operator(operator())
        )
        self.stdout.write(f"{hold.scope} is on hold. To lift it: {hold.full_url()}")
