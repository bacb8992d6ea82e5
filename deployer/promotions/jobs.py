"""What the queue runs. Jobs take ids, look again, and may run twice."""

import logging
from datetime import datetime, timedelta

from django.utils import timezone

from deployer.calendar.models import Slot
from deployer.clock import BATCH, Daily, Every, Source, due_times
from deployer.integrations.deploy.command import prune
from deployer.promotions import watching
from deployer.promotions.actions.hold import end_hold
from deployer.promotions.engine import checking, deploying, effects
from deployer.promotions.engine.advance import advance
from deployer.promotions.engine.effects import Action
from deployer.promotions.engine.queue import EFFECT, WAKE
from deployer.promotions.models import Hold, Promotion, Step
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


WATCH_EVERY = timedelta(minutes=1)


def watch(_: int, *, now: datetime | None = None) -> None:
    """Look for what stalls. The clock does it itself, since no worker being alive is one of the things it finds."""
    watching.sweep(now=now)


def due_stalls(now: datetime) -> dict[int, datetime]:
    """The stalls of which their teams are to be told and since when, the longest due first."""
    return due_times(watching.due_for_teams(now))


def stall(stall_id: int, *, now: datetime | None = None) -> None:
    """Tell of a stall, or end it."""
    watching.tell(stall_id, now=now)


def due_holds(now: datetime) -> dict[int, datetime]:
    """The holds whose end has come and since when, the longest due first."""
    over = Hold.objects.over(now).order_by("ends_at").values_list("pk", "ends_at")[:BATCH]
    return {pk: ends_at for pk, ends_at in over if ends_at is not None}


def hold_end(hold_id: int, *, now: datetime | None = None) -> None:
    """Lift a hold whose end has come."""
    end_hold(hold_id, now=now)


def prune_runs(_: int) -> None:
    """Remove the run directories of commands that ended long ago."""
    removed = prune(RUNS_KEPT)
    logger.info("Removed %s old run directories.", removed)


SOURCES = (
    Source(queue=ENGINE, function=WAKE, due=due_promotions, job=wake),
    Source(queue=ENGINE, function="deployer.promotions.jobs.slot", due=due_slots, job=slot),
    Source(queue=ENGINE, function="deployer.promotions.jobs.hold_end", due=due_holds, job=hold_end),
    Source(queue=EFFECTS, function=EFFECT, due=due_steps, job=effect),
    Source(queue=EFFECTS, function="deployer.promotions.jobs.watch", due=Every(WATCH_EVERY), job=watch, by_clock=True),
    Source(queue=EFFECTS, function="deployer.promotions.jobs.stall", due=due_stalls, job=stall),
    Source(queue=EFFECTS, function="deployer.promotions.jobs.prune_runs", due=Daily(), job=prune_runs),
)
