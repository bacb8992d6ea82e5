"""What of the calendar concerns one promotion: its slot, and the freezes that it is caught by or about to be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from deployer.calendar.facts import freeze_facts
from deployer.calendar.models import Slot
from deployer.calendar.rules import FreezeFacts
from deployer.calendar.states import SlotState
from deployer.promotions.models import Promotion
from deployer.promotions.states import PromotionState

SOON = timedelta(days=1)
"""So far ahead a freeze concerns what waits."""
MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class NearFreeze:
    """`holds` when it is in force. It does not stop a promotion that it `lets_through`, nor one that runs."""

    facts: FreezeFacts
    holds: bool
    lets_through: bool
    running: bool

    @property
    def stops_it(self) -> bool:
        return self.holds and not self.lets_through and not self.running


def freezes_near(promotion: Promotion, now: datetime) -> Sequence[NearFreeze]:
    """Those in force, and for what waits those that begin within a day; none for what has ended."""
    if not promotion.is_open:
        return []
    running = promotion.state != PromotionState.WAITING
    until = now + (MOMENT if running else SOON)
    found = freeze_facts(promotion.application, promotion.environment, now, until)
    return [
        NearFreeze(facts=one, holds=one.holds(now), lets_through=_lets_through(one, promotion), running=running)
        for one in found
    ]


def _lets_through(freeze: FreezeFacts, promotion: Promotion) -> bool:
    by_hand = promotion.requested_by != "" and freeze.allows_by_hand
    return by_hand or (promotion.is_rollback and freeze.allows_rollbacks)


def slot_of(promotion: Promotion, now: datetime) -> Slot | None:
    """The slot in which it started; while it waits, its own that is under way or the next to come."""
    mine = Q(bookings__release=None) | Q(bookings__release=promotion.release_id)
    found = Slot.objects.with_names().filter(mine, bookings__application=promotion.target.application_id)
    found = found.in_environment(promotion.target.environment_id).order_by("starts_at", "id")
    if promotion.started_at is not None:
        at = promotion.started_at
        return found.exclude(state=SlotState.CANCELLED).overlapping(at, at + MOMENT).first()
    if not promotion.is_open:
        return None
    return found.kept().filter(ends_at__gt=now).first()
