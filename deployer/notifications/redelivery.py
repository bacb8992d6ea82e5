"""Sending a message once more because a person asks for it."""

from datetime import datetime

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from deployer.audit.actions import record
from deployer.audit.actor import Actor
from deployer.notifications.lanes import HAND_OVER
from deployer.notifications.models import Lane, Notification, NotificationState
from deployer.queueing import NOTICES, enqueue_after_commit


@transaction.atomic
def redeliver(notification: Notification, *, by: Actor, now: datetime | None = None) -> None:
    """Send it again, with what went out together with it, without waiting for a pause of its receiver's. A webhook
    gets the key that it had, so that a program that has it already knows; people are told anew."""
    now = now or timezone.now()
    lane = Lane.objects.select_for_update().get(pk=notification.lane_id)
    Lane.objects.filter(pk=lane.pk).update(paused_until=None)
    together = Q(pk=notification.pk)
    if notification.delivered_with_id:
        together |= Q(delivered_with=notification.delivered_with_id)
    Notification.objects.filter(together, state=NotificationState.PENDING).update(due_at=now)
    Notification.objects.filter(together).exclude(state=NotificationState.PENDING).update(
        state=NotificationState.PENDING, due_at=now, sent_at=None, parts_done=[], redelivered=F("redelivered") + 1
    )
    record(
        "notification.redelivered",
        f"{by} had {notification.subject!r} sent to {notification.receiver} again.",
        by=by,
        application=notification.event.application,
        environment=notification.event.environment,
        promotion_id=notification.promotion_id,
        subject=f"notification:{notification.pk}",
        data={"notification": notification.pk},
        now=now,
    )
    enqueue_after_commit(NOTICES, HAND_OVER, lane.pk)
