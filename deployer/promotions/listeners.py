"""What promotions do when the calendar, which stands below them, changes. Called inside the change's transaction."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from deployer.audit.actor import Actor
from deployer.calendar.models import Freeze
from deployer.promotions.engine import wakeups
from deployer.promotions.lines import record_event
from deployer.promotions.models import Promotion


def on_calendar_changed(*, environments: Iterable[int] | None, now: datetime, **_: Any) -> None:
    """What waits is looked at again, so that it goes, or says the new reason."""
    wakeups.wake_environments(environments, now=now)


def on_freeze_declared(*, freeze: Freeze, by: Actor, now: datetime, **_: Any) -> None:
    """The owners of what is caught are told."""
    for promotion in caught_promotions(freeze):
        record_event(
            promotion,
            "frozen",
            f"{by} froze {freeze.scope}, which catches {promotion}: {freeze.reason}",
            by=by,
            now=now,
            reason=freeze.reason,
            freeze=freeze.pk,
            url=promotion.full_url(),
        )


def caught_promotions(freeze: Freeze) -> list[Promotion]:
    """The promotions that wait now and would be frozen; what runs finishes where it is."""
    waiting = Promotion.objects.waiting().with_names().order_by("pk")
    return [one for one in waiting if catches(freeze, one)]


def catches(freeze: Freeze, promotion: Promotion) -> bool:
    """Whether the freeze, once it holds, keeps a promotion from starting."""
    let_through = (promotion.is_rollback and freeze.allows_rollbacks) or (
        promotion.requested_by != "" and freeze.allows_by_hand
    )
    return not let_through and freeze.covers(promotion.application, promotion.target.environment_id)
