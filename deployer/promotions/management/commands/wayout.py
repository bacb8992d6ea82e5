"""Takes a way out of a hold."""

from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError, CommandParser

from apps_registry.rights import Rights, rights_of_operator
from deployer.access.operator import operator
from deployer.promotions import terminal
from deployer.promotions.actions.hold import lift_hold
from deployer.promotions.actions.ways_out import fix_forward, retry, retry_step, roll_back_from, veto_and_go_on
from deployer.promotions.models import Hold, Promotion
from deployer.promotions.models.hold import WayOut
from deployer.promotions.ways import ORDER


class Command(terminal.ActionCommand):
    help = "Get a line that has stopped going again: manage.py status shows the ways out of each hold."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("hold", type=int, help="its number")
        parser.add_argument("way", choices=[way.slug for way in ORDER])
        parser.add_argument("--reason", required=True, help="why; for lift, what was done about it")
        parser.add_argument("--to", metavar="VERSION", help="of roll-back: another release that was verified there")

    def act(self, options: dict[str, Any]) -> None:
        hold = Hold.objects.with_names().filter(pk=options["hold"]).first()
        if hold is None:
            there = ", ".join(str(pk) for pk in Hold.objects.open().values_list("pk", flat=True)[:20])
            raise CommandError(f"There is no hold {options['hold']}. Open: {there or 'none'}.")
        for line in _take(options, hold, rights_of_operator(operator())):
            self.stdout.write(line)


def _take(options: dict[str, Any], hold: Hold, rights: Rights) -> Iterator[str]:
    """Take the way and say what came of it."""
    reason, version = options["reason"], options["to"]
    if version and options["way"] != WayOut.ROLL_BACK.slug:
        raise CommandError("--to goes with roll-back only.")
    match WayOut(options["way"].replace("-", "_")):
        case WayOut.LIFT:
            lift_hold(hold=hold, rights=rights, resolution=reason)
            yield f"Lifted the hold on {hold.scope}."
        case WayOut.RETRY_STEP:
            yield from _promotion(retry_step(hold=hold, rights=rights, reason=reason))
        case WayOut.RETRY:
            yield from _promotion(retry(hold=hold, rights=rights, reason=reason))
        case WayOut.ROLL_BACK:
            to = terminal.find_release(hold.application, version) if version else None
            yield from _promotion(roll_back_from(hold=hold, rights=rights, reason=reason, to=to))
        case WayOut.FIX_FORWARD:
            fix_forward(hold=hold, rights=rights, reason=reason)
            yield f"Newer releases pass the hold on {hold.scope}; the first that succeeds lifts it."
        case _:
            newest = veto_and_go_on(hold=hold, rights=rights, reason=reason)
            yield f"{hold.stopped} is vetoed, and the hold on {hold.scope} lifted."
            yield from _promotion(newest) if newest else ["No newer release may go yet: the next that comes will."]


def _promotion(promotion: Promotion) -> Iterator[str]:
    yield f"Asked for {promotion}: {promotion.full_url()}"
    for blocker in promotion.waits_for:
        yield f"  It waits: {terminal.reason(blocker)}"
