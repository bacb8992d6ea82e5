"""What would go by itself if a target were automatic."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from apps_registry.models import Target
from apps_registry.models.target import Batching
from deployer.gates import Blocker
from deployer.promotions.engine.facts import gate_facts
from deployer.promotions.models import Promotion, PromotionKind
from deployer.promotions.rules import gate

MOST_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldGo:
    """A waiting promotion, and what it would wait for still; nothing when it would go at once."""

    promotion: Promotion
    blockers: Sequence[Blocker]


def would_go(target: Target, now: datetime) -> list[WouldGo]:
    """The newest that wait there, as the gate would judge them. Where only the newest goes on, up to that one."""
    waiting = Promotion.objects.waiting().with_names().filter(target=target, kind=PromotionKind.FORWARD)
    found: list[WouldGo] = []
    for promotion in waiting.order_by("-release__order")[:MOST_SHOWN]:
        facts = gate_facts(promotion.release, promotion.target, now=now, promotion=promotion)
        found.append(WouldGo(promotion=promotion, blockers=gate(replace(facts, automatic=True), now)))
        if target.batching == Batching.LATEST and not found[-1].blockers:
            break
    return found
