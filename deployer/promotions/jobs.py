"""What the queue runs. Jobs take ids, look again, and may run twice."""

from datetime import datetime

from django.utils import timezone

from deployer.clock import Source
from deployer.promotions.engine import checking, deploying, effects
from deployer.promotions.engine.advance import advance
from deployer.promotions.engine.effects import Action
from deployer.promotions.engine.queue import EFFECT, WAKE
from deployer.promotions.models import Promotion, Step
from deployer.queueing import EFFECTS, ENGINE


def wake(promotion_id: int, *, now: datetime | None = None) -> None:
    """Take a promotion as far as it goes now."""
    advance(promotion_id, now=now)


def effect(step_id: int, *, now: datetime | None = None) -> None:
    """Do what a step needs done outside, if it is due and nobody else is at it."""
    claimed = effects.claim(step_id, now=now or timezone.now())
    if claimed is None:
        return
    if claimed.action is Action.MEASURE:
        reading, duration_ms = checking.run(claimed)
        checking.report(claimed, reading, duration_ms, now=now or timezone.now())
    else:
        effects.report(claimed, deploying.run(claimed), now=now or timezone.now())


BATCH = 500


def due_promotions(now: datetime) -> dict[int, datetime]:
    """The promotions to look at and since when, the longest due first."""
    return dict(Promotion.objects.due(now).order_by("due_at").values_list("pk", "due_at")[:BATCH])


def due_steps(now: datetime) -> dict[int, datetime]:
    """The steps whose effect is to be run and since when, the longest due first."""
    return dict(Step.objects.due(now).order_by("due_at").values_list("pk", "due_at")[:BATCH])


SOURCES = (
    Source(queue=ENGINE, function=WAKE, due=due_promotions, job=wake),
    Source(queue=EFFECTS, function=EFFECT, due=due_steps, job=effect),
)
