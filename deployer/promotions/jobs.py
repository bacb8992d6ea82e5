"""What the queue runs. Jobs take ids, look again, and may run twice."""

import logging
from datetime import datetime, timedelta

from django.utils import timezone

from deployer.calendar.models import Slot
from deployer.clock import Daily, Source, due_times
from deployer.integrations.deploy.command import prune
from deployer.promotions.engine import checking, deploying, effects
from deployer.promotions.engine.advance import advance
from deployer.promotions.engine.effects import Action
from deployer.promotions.engine.queue import EFFECT, WAKE
from deployer.promotions.models import Promotion, Step
from deployer.promotions.slots import keep_slot
from deployer.queueing import EFFECTS, ENGINE

logger = logging.getLogger(__name__)


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


RUNS_KEPT = timedelta(days=60)
"""Far longer than any promotion runs, and long enough to look into what happened."""


def due_promotions(now: datetime) -> dict[int, datetime]:
    """The promotions to look at and since when, the longest due first."""
    return due_times(Promotion.objects.due(now))


def due_steps(now: datetime) -> dict[int, datetime]:
    """The steps whose effect is to be run and since when, the longest due first."""
    return due_times(Step.objects.due(now))


def due_slots(now: datetime) -> dict[int, datetime]:
    """The slots that start or end and since when, the longest due first."""
    return due_times(Slot.objects.due(now))


def slot(slot_id: int, *, now: datetime | None = None) -> None:
    """Start or end a slot of the calendar."""
    keep_slot(slot_id, now=now)


def prune_runs(_: int) -> None:
    """Remove the run directories of commands that ended long ago."""
    removed = prune(RUNS_KEPT)
    logger.info("Removed %s old run directories.", removed)


SOURCES = (
    Source(queue=ENGINE, function=WAKE, due=due_promotions, job=wake),
    Source(queue=ENGINE, function="deployer.promotions.jobs.slot", due=due_slots, job=slot),
    Source(queue=EFFECTS, function=EFFECT, due=due_steps, job=effect),
    Source(queue=EFFECTS, function="deployer.promotions.jobs.prune_runs", due=Daily(), job=prune_runs),
)
