"""Writes the outbox, in the transaction of the event that it tells of."""

from typing import Any

from deployer.audit.models import Event
from deployer.notifications.models import Notification
from deployer.notifications.routing import receivers
from deployer.queueing import EFFECTS, enqueue_after_commit

DELIVER = "deployer.notifications.jobs.deliver"


def write_outbox(event: Event, **_: Any) -> None:
    """A message to each receiver of the event."""
    for receiver in receivers(event):
        notification = Notification.objects.create(
            event=event,
            channel=receiver.channel,
            address=receiver.address,
            receiver=receiver.name,
            why=receiver.why,
            subject=event.sentence.splitlines()[0][:200],
            body=body(event, receiver.why),
            due_at=event.at,
        )
        enqueue_after_commit(EFFECTS, DELIVER, notification.pk)


def body(event: Event, why: str) -> str:
    """The text of a message: what happened, the evidence, what is live, the ways out, and why you are told."""
    data = event.data
    parts = [event.sentence]
    if event.reason:
        parts.append(f"Reason: {event.reason}")
    if data.get("evidence"):
        parts.append("\n".join(["What was seen last:", *(f"  {line}" for line in data["evidence"])]))
    if data.get("live"):
        parts.append(f"Live in {event.environment}: {data['live']}")
    if data.get("ways_out"):
        parts.append("\n".join(["The ways out:", *(f"  {way}" for way in data["ways_out"])]))
    if data.get("url"):
        parts.append(data["url"])
    return "\n\n".join([*parts, f"You are told because {why}"])
