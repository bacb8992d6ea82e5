"""What the clock finds due in the calendar."""

from datetime import datetime

from deployer.calendar.actions.series import extend_series
from deployer.calendar.models import SlotSeries
from deployer.clock import Source, due_times
from deployer.queueing import EFFECTS


def due_series(now: datetime) -> dict[int, datetime]:
    """The recurring slots to book more of and since when, the longest due first."""
    return due_times(SlotSeries.objects.filter(due_at__lte=now))


def extend(series_id: int) -> None:
    """Book what has come within reach."""
    extend_series(series_id)


SOURCES = (Source(queue=EFFECTS, function="deployer.calendar.jobs.extend", due=due_series, job=extend),)
