"""Writes the outbox, in the transaction of the event that it tells of."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from deployer.audit.models import Event
from deployer.notifications.grouping import GROUPED, GROUPING, group_of
from deployer.notifications.lanes import HAND_OVER
from deployer.notifications.models import Lane, Notification
from deployer.notifications.quiet import release_at
from deployer.notifications.routing import Receiver, receivers
from deployer.queueing import NOTICES, enqueue_after_commit


def write_outbox(event: Event, **_: Any) -> None:
    """A message to each receiver of the event. Of rows that others write it locks none, so that transactions that tell
    the same people never wait for each other."""
    told = receivers(event)
    lanes = _lanes_of(told)
    written = [_notification(event, one, lanes[_lane_key(one)]) for one in told]
    Notification.objects.bulk_create(written)
    for notification in written:
        if notification.due_at == event.at:  # what is due later is found by the clock
            enqueue_after_commit(NOTICES, HAND_OVER, notification.lane_id)


def _notification(event: Event, receiver: Receiver, lane: Lane) -> Notification:
    return Notification(
        event=event,
        lane=lane,
        channel=receiver.channel,
        address=receiver.address,
        receiver=receiver.name,
        why=receiver.why,
        subject=event.sentence.splitlines()[0][:200],
        urgent=receiver.urgent,
        group=group_of(event, receiver.channel),
        promotion_id=event.promotion_id,
        due_at=_due_at(event, receiver),
    )


def _due_at(event: Event, receiver: Receiver) -> datetime:
    """At once for what is urgent and for programs; else after the quiet hours, and when what follows is known too."""
    at = release_at(receiver, event.at)
    return at if receiver.urgent or receiver.channel not in GROUPED else max(at, event.at + GROUPING)


def _lane_key(receiver: Receiver) -> tuple[str, str, str]:
    return receiver.channel, receiver.address, receiver.connection


def _lanes_of(told: Sequence[Receiver]) -> dict[tuple[str, str, str], Lane]:
    """The receivers' lanes, made where they are new: in one order everywhere, so that nobody waits in a circle."""
    found = Lane.objects.filter(address__in={one.address for one in told}) if told else ()
    lanes = {(lane.channel, lane.address, lane.connection): lane for lane in found}
    for key in sorted({_lane_key(one) for one in told} - lanes.keys()):
        channel, address, connection = key
        lanes[key], _ = Lane.objects.get_or_create(channel=channel, address=address, connection=connection)
    return lanes
