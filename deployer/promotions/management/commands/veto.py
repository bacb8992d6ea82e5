"""Vetoes a release."""

from typing import Any

from django.core.management.base import CommandParser

from apps_registry.rights import rights_of_operator
from deployer.access.operator import operator
from deployer.promotions import terminal
from deployer.promotions.actions.vetoes import veto, withdraw_veto
from deployer.promotions.models import Veto
from deployer.refusal import RefusedError


class Command(terminal.ActionCommand):
    help = "Never deploy a release again, in any environment, rollbacks included; or, with --withdraw, let it be."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("application")
        parser.add_argument("version")
        parser.add_argument("--reason", required=True)
        parser.add_argument("--withdraw", action="store_true", help="withdraw the veto that it has")

    def act(self, options: dict[str, Any]) -> None:
        release = terminal.find_release(terminal.find_application(options["application"]), options["version"])
        rights = rights_of_operator(operator())
        if options["withdraw"]:
            standing = Veto.objects.standing().filter(release=release).first()
            if standing is None:
                raise RefusedError(f"{release} is not vetoed.")
            withdraw_veto(veto=standing, rights=rights, reason=options["reason"])
            self.stdout.write(f"{release} is no longer vetoed: it can be asked for again.")
        else:
            veto(release=release, rights=rights, reason=options["reason"])
            self.stdout.write(f"{release} is vetoed: it is never deployed again.")
