"""Sends the outbox: at least once, each receiver by itself and in order, with pauses that grow."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from deployer.clock import Daily, Source
from deployer.integrations.errors import AdapterError, Busy, Refused
from deployer.integrations.notify.base import Notifier
from deployer.integrations.notify.email import EmailNotifier
from deployer.integrations.notify.log import LogNotifier
from deployer.integrations.notify.webhook import WebhookNotifier
from deployer.notifications import lanes, slack
from deployer.notifications.batch import Batch, form
from deployer.notifications.compose import compose
from deployer.notifications.grouping import next_batch
from deployer.notifications.lanes import HAND_OVER, LaneLostError
from deployer.notifications.models import Channel, Lane
from deployer.notifications.pool import Pool
from deployer.notifications.prune import prune
from deployer.queueing import NOTICES

logger = logging.getLogger(__name__)

INLINE_THREADS = 2
NOTIFIERS: Mapping[str, Notifier] = {
    Channel.EMAIL: EmailNotifier(),
    Channel.WEBHOOK: WebhookNotifier(),
    Channel.LOG: LogNotifier(),
}


def hand_over(lane_id: int) -> None:
    """What a worker of the queue does with a lane: leave it to a thread, so that who hangs doesn't hold it up."""
    errand = lanes.errand(lane_id)
    if errand is not None:
        POOL.submit(errand)


def deliver(lane_id: int, *, now: datetime | None = None) -> None:
    """Send what is due on a lane, if nobody else is at it, until a failure, the end, or half of the claim's time."""
    lane = lanes.claim(lane_id, now or timezone.now())
    if lane is None:
        return
    run = _Run(lane, clock=lambda: now or timezone.now(), ends_at=time.monotonic() + settings.LEASE_SECONDS / 2)
    try:
        while run.has_time and run.send_next():
            pass
    except LaneLostError:
        logger.warning("Dropped a late result of lane %s.", lane_id)
    finally:
        lanes.release(lane)


@dataclass
class _Run:
    """One claim of a lane."""

    lane: Lane
    clock: Callable[[], datetime]
    ends_at: float
    gave_up: bool = False

    @property
    def has_time(self) -> bool:
        return time.monotonic() < self.ends_at

    def send_next(self) -> bool:
        """Send one batch; whether the next may follow."""
        now = self.clock()
        with lanes.mine(self.lane):
            found = next_batch(self.lane, now)
            batch = form(self.lane, found, now) if found else None
        return batch is not None and self._send(batch)

    def _send(self, batch: Batch) -> bool:
        try:
            _send(batch)
        except Refused as error:
            lanes.was_refused(self.lane, batch.notifications, str(error))
        except Busy as error:
            return self._went_wrong(batch, str(error), wish=error.seconds)
        except AdapterError as error:
            return self._went_wrong(batch, str(error))
        except Exception:
            logger.exception("Lane %s could not be sent to.", self.lane.pk)
            return self._went_wrong(batch, "Deployer could not send it: its log says why.")
        else:
            lanes.went_well(self.lane, batch.notifications, self.clock())
        self.gave_up = False
        return True

    def _went_wrong(self, batch: Batch, error: str, *, wish: float = 0) -> bool:
        self.gave_up = lanes.went_wrong(
            self.lane, batch.notifications, error, self.clock(), wish=wish, gave_up=self.gave_up
        )
        return self.gave_up


def _send(batch: Batch) -> None:
    """Raises Refused (for good) or another AdapterError (try again)."""
    if batch.lane.channel == Channel.SLACK:
        slack.send(batch)
    else:
        NOTIFIERS[batch.lane.channel].send(compose(batch.notifications), batch.note)


def prune_old(_: int) -> None:
    """Forget what was sent long ago."""
    removed = prune(timezone.now())
    logger.info("Removed %s old messages.", removed)


POOL = Pool(deliver)
SOURCES = (
    Source(queue=NOTICES, function=HAND_OVER, due=lanes.due_lanes, job=deliver, inline=INLINE_THREADS),
    Source(queue=NOTICES, function="deployer.notifications.jobs.prune_old", due=Daily(), job=prune_old),
)
