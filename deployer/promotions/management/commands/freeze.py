"""Declares a freeze."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from apps_registry.models import Team
from apps_registry.rights import rights_of_operator
from deployer.access.operator import operator
from deployer.calendar.actions.freezes import NewFreeze, caught_slots, declare, when
from deployer.promotions import terminal
from deployer.promotions.listeners import caught_promotions


class Command(terminal.ActionCommand):
    help = "Freeze deployments: of everything, or of what is named. What runs already finishes where it is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reason", required=True)
        parser.add_argument("--environment", action="append", default=[], help="may be given several times")
        parser.add_argument("--team", action="append", default=[])
        parser.add_argument("--application", action="append", default=[])
        parser.add_argument("--from", dest="starts_at", help="such as 2026-12-22T09:00; now unless given")
        parser.add_argument("--until", dest="ends_at", help="until it is lifted unless given")
        parser.add_argument("--contact", default="")
        parser.add_argument("--no-rollbacks", action="store_true", help="rollbacks wait as well")
        parser.add_argument("--allow-by-hand", action="store_true", help="what a person asks for goes on")

    def act(self, options: dict[str, Any]) -> None:
        now = timezone.now()
        new = NewFreeze(
            starts_at=terminal.time_of(options["starts_at"]) or now,
            ends_at=terminal.time_of(options["ends_at"]),
            reason=options["reason"],
            environments=[terminal.find_environment(slug) for slug in options["environment"]],
            teams=[_team(slug) for slug in options["team"]],
            applications=[terminal.find_application(slug) for slug in options["application"]],
            zone=timezone.get_default_timezone_name(),
            contact=options["contact"],
            allows_rollbacks=not options["no_rollbacks"],
            allows_by_hand=options["allow_by_hand"],
        )
        freeze = declare(new=new, rights=rights_of_operator(operator()), now=now)
        self.stdout.write(f"Freeze {freeze.pk}: {freeze.scope} is frozen, {when(freeze)}.")
        for promotion in caught_promotions(freeze):
            self.stdout.write(f"  It catches {promotion}: {promotion.full_url()}")
        for slot in caught_slots(freeze, now):
            self.stdout.write(f"  It catches the slot of {slot.names} in {slot.environment}: {slot.full_url()}")
        self.stdout.write(f'To lift it: manage.py unfreeze {freeze.pk} --reason "why"')


def _team(slug: str) -> Team:
    found = Team.objects.filter(slug=slug).first()
    if found is None:
        near = ", ".join(Team.objects.filter(slug__contains=slug[:4]).values_list("slug", flat=True)[:5])
        raise CommandError(f"There is no team {slug!r}." + (f" Did you mean: {near}?" if near else ""))
    return found
