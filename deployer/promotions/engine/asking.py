"""Asks people to approve a promotion, and ends it when too few did. The caller holds the locks of `advance.locked`."""

from datetime import datetime

from deployer.audit.actor import ENGINE, Actor
from deployer.promotions import holds, quorum
from deployer.promotions.engine import wakeups
from deployer.promotions.lines import record_about
from deployer.promotions.models import Promotion
from deployer.promotions.states import PromotionState
from deployer.releases.models import Deployment


def ask(promotion: Promotion, now: datetime) -> None:
    """Have those who may approve it told, and let their time begin."""
    promotion.approval_asked_at = now
    promotion.save(update_fields=["approval_asked_at"])
    needed, given = promotion.target.approvals_needed, [one.name for one in quorum.counted(promotion, now)]
    live = Deployment.objects.live_on(promotion.target_id)
    record_answer(
        promotion,
        "asked",
        f"{promotion} needs {needed} approval{'' if needed == 1 else 's'}{_so_far(given)}.",
        by=ENGINE,
        now=now,
        needed=needed,
        given=given,
        live=live.release.version if live else "",
        ways_out=[f"Approve or reject: {promotion.full_url()}approve/"],
        people=[person.pk for person in quorum.who_may(promotion)],
    )


def expire(promotion: Promotion, outcome: str, now: datetime) -> None:
    """End it: its people had their time."""
    sentence = f"{promotion} was aborted. {outcome}"
    end(promotion, "expired", sentence, outcome=outcome, by=ENGINE, now=now)


def end(
    promotion: Promotion, what: str, sentence: str, *, outcome: str, by: Actor, now: datetime, reason: str = ""
) -> None:
    """Abort what waits, with the event that says why, and wake those that waited for it."""
    promotion.move(PromotionState.ABORTED, now=now, outcome=outcome)
    record_answer(promotion, what, sentence, by=by, now=now, reason=reason)
    holds.hold_again(promotion, now)
    wakeups.wake_after_end(promotion, now=now)


def record_answer(
    promotion: Promotion, what: str, sentence: str, *, by: Actor, now: datetime, reason: str = "", **data: object
) -> None:
    """Write an event about a promotion's approvals: `approval.<what>`."""
    record_about(promotion, f"approval.{what}", sentence, by=by, now=now, reason=reason, data=data)


def _so_far(given: list[str]) -> str:
    return f" and has {len(given)}, by {' and '.join(given)}" if given else ""
