"""The message to be sent, of one notification or of several that go out as one."""

from collections.abc import Sequence

from deployer.integrations.notify.base import Message
from deployer.notifications.models import Channel, Notification
from deployer.notifications.texts import Told, mail_of, payload_of, thread_of, topic_of, zone_of


def compose(notifications: Sequence[Notification]) -> Message:
    """One message of what one receiver is told, in its order; each kind of receiver gets what it can read."""
    head = notifications[0]
    key = f"{head.event_id}.{head.pk}"
    if head.channel == Channel.WEBHOOK:
        payload = payload_of(head.event, key)
        return Message(
            key=key,
            address=head.address,
            subject=head.subject,
            connection=head.lane.connection,
            payload=payload,
            again=head.redelivered,
        )
    if head.channel == Channel.LOG:
        return Message(key=key, address=head.address, subject=head.subject)
    told = [Told(one.event, one.why, one.urgent) for one in notifications]
    mail = mail_of(told, zone=zone_of(head.address))
    events = [one.event for one in notifications]
    return Message(
        key=key,
        address=head.address,
        subject=mail.subject,
        body=mail.text,
        html=mail.html,
        again=head.redelivered,
        thread=thread_of(events),
        topic=topic_of(events),
    )
