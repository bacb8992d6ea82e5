"""Delivers the outbox: at least once, with growing pauses, each receiver by itself."""

from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from deployer.clock import Source, due_times
from deployer.integrations.errors import Refused, Unavailable
from deployer.integrations.notify.base import Message, Notifier
from deployer.integrations.notify.email import EmailNotifier
from deployer.integrations.notify.log import LogNotifier
from deployer.notifications.models import Channel, Notification, NotificationState
from deployer.notifications.outbox import DELIVER
from deployer.queueing import EFFECTS

CLAIM = timedelta(seconds=60)
ATTEMPTS = 60
LONGEST_PAUSE = timedelta(hours=1)
"""With pauses that double from 15 seconds up to an hour: two days of trying, longer than a weekend's night."""
NOTIFIERS: dict[str, Notifier] = {Channel.EMAIL: EmailNotifier(), Channel.LOG: LogNotifier()}


def deliver(notification_id: int) -> None:
    """Send one message, if it is due and nobody else is at it."""
    now = timezone.now()
    mine = Notification.objects.due(now).filter(pk=notification_id)
    if mine.update(due_at=now + CLAIM, attempts=F("attempts") + 1) != 1:
        return
    notification = Notification.objects.get(pk=notification_id)
    try:
        NOTIFIERS[notification.channel].send(_message(notification))
    except Refused as error:
        _end(notification, NotificationState.FAILED, error=str(error))
    except Unavailable as error:
        _try_later(notification, str(error))
    else:
        _end(notification, NotificationState.SENT)


def due_notifications(now: datetime) -> dict[int, datetime]:
    """The messages to send and since when they are due, the longest due first."""
    return due_times(Notification.objects.due(now))


SOURCES = (Source(queue=EFFECTS, function=DELIVER, due=due_notifications, job=deliver),)


def _message(notification: Notification) -> Message:
    return Message(
        key=f"{notification.event_id}.{notification.pk}",
        address=notification.address,
        subject=notification.subject,
        body=notification.body,
    )


def _try_later(notification: Notification, error: str) -> None:
    if notification.attempts >= ATTEMPTS:
        _end(notification, NotificationState.FAILED, error=error)
        return
    notification.error = error
    pause = timedelta(seconds=15 * 2 ** min(notification.attempts - 1, 10))
    notification.due_at = timezone.now() + min(pause, LONGEST_PAUSE)
    notification.save(update_fields=["error", "due_at"])


def _end(notification: Notification, state: NotificationState, *, error: str = "") -> None:
    notification.state, notification.error, notification.due_at = state, error, None
    notification.sent_at = timezone.now() if state is NotificationState.SENT else None
    notification.save(update_fields=["state", "error", "due_at", "sent_at"])
