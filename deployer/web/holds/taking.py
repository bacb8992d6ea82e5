"""Taking one of the ways out of a hold."""

from collections.abc import Callable

from apps_registry.models import Target
from apps_registry.rights import Rights
from deployer.promotions.actions import ways_out
from deployer.promotions.actions.hold import lift_hold
from deployer.promotions.models import Hold, Promotion
from deployer.promotions.models.hold import WayOut
from deployer.releases.models import Release

TAKEN = (WayOut.RETRY_STEP, WayOut.RETRY, WayOut.ROLL_BACK, WayOut.VETO, WayOut.FIX_FORWARD, WayOut.LIFT)
"""Those that somebody takes: that its end came is none of them."""
WAYS = {way.slug: way for way in TAKEN}
"""By their names in addresses."""
_GOING_ON: dict[WayOut, Callable[..., Promotion | None]] = {
    WayOut.RETRY_STEP: ways_out.retry_step,
    WayOut.RETRY: ways_out.retry,
    WayOut.VETO: ways_out.veto_and_go_on,
}


def take(way: WayOut, *, hold: Hold, rights: Rights, words: str, to: Release | None = None) -> Promotion | None:
    """Take it; `words` are the reason, or for lifting the resolution. The promotion that goes on, where there is one.

    Raises what the action raises: NotAllowedError, RefusedError.
    """
    if way is WayOut.LIFT:
        lift_hold(hold=hold, rights=rights, resolution=words)
        return None
    if way is WayOut.FIX_FORWARD:
        ways_out.fix_forward(hold=hold, rights=rights, reason=words)
        return None
    if way is WayOut.ROLL_BACK:
        return ways_out.roll_back_from(hold=hold, rights=rights, reason=words, to=to)
    return _GOING_ON[way](hold=hold, rights=rights, reason=words)


def target_of(hold: Hold) -> Target | None:
    """Which target a way out is about; None where the hold counts in several."""
    if hold.promotion is not None:
        return hold.promotion.target
    if hold.environment is None:
        return None
    targets = Target.objects.select_related("application__owner", "environment")
    return targets.filter(application=hold.application, environment=hold.environment).first()
