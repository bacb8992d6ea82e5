"""Who is at a lane, when it goes on, and when what waits on it is given up.

A lane is claimed by a compare-and-set, for as long as a lease; `fence` grows at each claim, and who was overtaken
writes nothing. A failure that is the receiver's pauses the lane, each time for longer, and nothing on it overtakes: so
what is told of a promotion keeps its order, and a dead receiver costs one call a pause and no other lane anything.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import F, Min, QuerySet

from deployer.audit.actions import touch
from deployer.clock import BATCH
from deployer.notifications.models import Channel, Lane, Notification, NotificationState
from deployer.notifications.pool import Errand

HAND_OVER = "deployer.notifications.jobs.hand_over"
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=10)
"""Doubled from the first up to this. Not longer, as a stop must not wait for an hour where a receiver is well again."""
LONGEST_WISH = timedelta(hours=1)
"""A receiver that asks to be left alone for longer is asked again nevertheless."""
WISHES = 10
"""So often in a row a receiver's wish is taken as it is; from then on the pauses grow as they do without one."""
PATIENCE = timedelta(days=1)
"""For so long a receiver is tried, and a message waits."""


class LaneLostError(Exception):
    """The claim has ended, and somebody else is at the lane, or may be."""


def due_lanes(now: datetime) -> dict[int, datetime]:
    """The free lanes on which something waits that may be sent, with the moment since when, the longest first."""
    first = dict(Notification.objects.due(now).order_by().values_list("lane_id").annotate(Min("due_at")))
    free = Lane.objects.free(now).filter(pk__in=first).values_list("pk", "paused_until") if first else ()
    since = {lane_id: max(first[lane_id], paused_until or first[lane_id]) for lane_id, paused_until in free}
    return dict(sorted(since.items(), key=lambda item: item[1])[:BATCH])


def errand(lane_id: int) -> Errand | None:
    """What the pool needs to know of a lane; None when there is none."""
    lane = Lane.objects.filter(pk=lane_id).first()
    if lane is None:
        return None
    where = urlsplit(lane.address).netloc if lane.channel == Channel.WEBHOOK else ""
    return Errand(lane_id, frozenset({f"{lane.channel}:{where}"} | ({"failing"} if lane.failures else set())))


def claim(lane_id: int, now: datetime) -> Lane | None:
    """The lane, claimed, when something on it is due and nobody is at it."""
    if not Notification.objects.due(now).filter(lane=lane_id).exists():
        return None
    until = now + timedelta(seconds=settings.LEASE_SECONDS)
    free = Lane.objects.free(now).filter(pk=lane_id)
    return Lane.objects.get(pk=lane_id) if free.update(claimed_until=until, fence=F("fence") + 1) else None


def release(lane: Lane) -> None:
    """Let others at it; nothing when the claim was lost."""
    Lane.objects.filter(pk=lane.pk, fence=lane.fence).update(claimed_until=None)


@contextmanager
def mine(lane: Lane) -> Iterator[None]:
    """A transaction in which nobody else can take the lane. Raises LaneLostError when somebody has."""
    with transaction.atomic():
        if Lane.objects.select_for_update().filter(pk=lane.pk, fence=lane.fence).first() is None:
            raise LaneLostError
        yield
        touch(subject=f"lane:{lane.pk}")


def went_well(lane: Lane, batch: Sequence[Notification], now: datetime) -> None:
    """The receiver took it."""
    with mine(lane):
        _end(_rows(batch), NotificationState.SENT, sent_at=now)
        _is_well(lane, last_sent_at=now)


def was_refused(lane: Lane, batch: Sequence[Notification], error: str) -> None:
    """The receiver is there and will never take it: the lane goes on with the next."""
    with mine(lane):
        _end(_rows(batch), NotificationState.FAILED, error=error)
        _is_well(lane, last_error=error)


def went_wrong(
    lane: Lane, batch: Sequence[Notification], error: str, now: datetime, *, wish: float = 0, gave_up: bool = False
) -> bool:
    """The receiver could not be reached, or asks for `wish` seconds of peace. Returns whether this message was given
    up and the next may be tried at once.

    That is so when the receiver has been tried and the message has waited for a day: if the next gets through it was
    the message's fault. If not (`gave_up` is of the one before), all that have waited for a day are given up.
    """
    with mine(lane):
        lane.failures += 1
        lane.failing_since = lane.failing_since or now
        lane.last_error = error
        over = now - PATIENCE
        # What was sent again by a person has a timer of that moment, and gets a day of its own.
        hopeless = lane.failing_since <= over and all(one.due_at and one.due_at <= over for one in batch)
        goes_on = hopeless and not gave_up
        lane.paused_until = None if goes_on else now + _pause(lane.failures, wish)
        lane.save(update_fields=["failures", "failing_since", "last_error", "paused_until"])
        if hopeless:
            _end(_rows(batch), NotificationState.FAILED, error=error)
        else:
            _rows(batch).update(error=error)
        if hopeless and gave_up:
            _end(lane.notifications.due(over), NotificationState.FAILED, error=error)
    return goes_on


def _pause(failures: int, wish: float) -> timedelta:
    """One that asks for a second each time and takes nothing isn't asked each second for a day."""
    asked = min(timedelta(seconds=wish), LONGEST_WISH)
    if wish and failures <= WISHES:
        return asked
    doubled: timedelta = FIRST_PAUSE * 2 ** min(failures - 1 - (WISHES if wish else 0), 10)
    return max(asked, min(doubled, LONGEST_PAUSE))


def _is_well(lane: Lane, *, last_error: str = "", last_sent_at: datetime | None = None) -> None:
    lane.failures, lane.failing_since, lane.paused_until = 0, None, None
    lane.last_error, lane.last_sent_at = last_error, last_sent_at or lane.last_sent_at
    lane.save(update_fields=["failures", "failing_since", "paused_until", "last_error", "last_sent_at"])


def _rows(batch: Sequence[Notification]) -> QuerySet[Notification]:
    return Notification.objects.filter(pk__in=[one.pk for one in batch])


def _end(
    rows: QuerySet[Notification], state: NotificationState, *, error: str = "", sent_at: datetime | None = None
) -> None:
    rows.update(state=state, due_at=None, error=error, sent_at=sent_at)
