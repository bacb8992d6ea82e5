"""What the outbox forgets."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from deployer.notifications.models import Delivery, Notification, NotificationState, SlackMessage

KEPT = timedelta(days=90)
CHUNK = 500


def prune(now: datetime) -> int:
    """Remove messages that were sent or given up, and calls outside, of more than 90 days ago; a chunk at a time, so
    that nobody waits for it long. Returns how many messages."""
    Delivery.objects.filter(at__lt=now - KEPT).delete()
    old = Notification.objects.exclude(state=NotificationState.PENDING).filter(event__at__lt=now - KEPT)
    removed = 0
    while chunk := list(old.order_by("id").values_list("pk", flat=True)[:CHUNK]):
        Notification.objects.filter(pk__in=chunk).delete()
        removed += len(chunk)
    told = Notification.objects.filter(lane=OuterRef("lane"), promotion_id=OuterRef("promotion_id"))
    SlackMessage.objects.filter(~Exists(told)).delete()
    return removed
