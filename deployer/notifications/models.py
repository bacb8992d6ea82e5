"""The outbox: who is to be told what, written in the transaction of the event."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from deployer.audit.models import Event


class Channel(models.TextChoices):
    EMAIL = "email", "E-mail"
    LOG = "log", "Log only"


class NotificationState(models.TextChoices):
    PENDING = "pending", "Pending"
    SENT = "sent", "Sent"
    FAILED = "failed", "Given up"


class NotificationQuerySet(models.QuerySet["Notification"]):
    def due(self, now: datetime) -> Self:
        return self.filter(state=NotificationState.PENDING, due_at__lte=now)


class Notification(models.Model):
    """One message to one receiver. Sent at least once; `why` tells the receiver why they are told."""

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="notifications")
    channel = models.CharField(max_length=10, choices=Channel)
    address = models.CharField(max_length=254)
    receiver = models.CharField(max_length=300)
    why = models.CharField(max_length=600)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    state = models.CharField(max_length=10, choices=NotificationState, default=NotificationState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["event", "channel", "address"], name="told_once_per_event"),
            models.CheckConstraint(
                condition=Q(state=NotificationState.PENDING, due_at__isnull=False)
                | (~Q(state=NotificationState.PENDING) & Q(due_at=None)),
                name="only_a_pending_notification_has_a_timer",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="notification_due")]

    def __str__(self) -> str:
        return f"{self.subject} to {self.receiver}"

    def telling(self) -> str:
        """One line on whether its receiver was told, how, and why."""
        if self.channel == Channel.LOG:
            return f"{self.receiver}: only in the log, as Deployer has no way to reach {self.address}. {self.why}"
        told = {
            NotificationState.SENT: f"told by e-mail to {self.address}",
            NotificationState.PENDING: f"being told by e-mail to {self.address}",
            NotificationState.FAILED: f"not told, as {self.address} could not be reached",
        }
        return f"{self.receiver}: {told[NotificationState(self.state)]}. {self.why}"
