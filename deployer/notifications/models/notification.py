"""The outbox: who is to be told what, written in the transaction of the event."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from deployer.audit.models import Event
from deployer.notifications.models.lane import Channel, Lane, shown


class NotificationState(models.TextChoices):
    PENDING = "pending", "Pending"
    SENT = "sent", "Sent"
    FAILED = "failed", "Given up"


class NotificationQuerySet(models.QuerySet["Notification"]):
    def pending(self) -> Self:
        return self.filter(state=NotificationState.PENDING)

    def due(self, now: datetime) -> Self:
        return self.pending().filter(due_at__lte=now)


class Notification(models.Model):
    """One message to one receiver. Sent at least once; `why` tells the receiver why they are told.

    Before `due_at` (UTC) it is not sent: what isn't urgent waits for what else happens, or for the end of quiet hours.
    `group` names what it goes out together with. When it is first sent, `delivered_with` is set, to the first of those
    that go out as one, itself perhaps: what was tried as one message is tried again as the same one.
    """

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="notifications")
    lane = models.ForeignKey(Lane, on_delete=models.PROTECT, related_name="notifications", db_index=False)
    channel = models.CharField(max_length=10, choices=Channel)
    address = models.CharField(max_length=254)
    receiver = models.CharField(max_length=300)
    why = models.CharField(max_length=600)
    subject = models.CharField(max_length=200)
    urgent = models.BooleanField(default=False)
    group = models.CharField(max_length=120, blank=True)
    promotion_id = models.BigIntegerField(null=True, blank=True)
    delivered_with = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="carried")
    state = models.CharField(max_length=10, choices=NotificationState, default=NotificationState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    parts_done = models.JSONField(default=list, blank=True, help_text="The calls outside for it that were answered.")
    redelivered = models.PositiveSmallIntegerField(default=0, help_text="How often a person had it sent again.")
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
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="notification_due"),
            models.Index(fields=["lane", "id"], condition=Q(due_at__isnull=False), name="notification_waiting"),
            models.Index(
                fields=["lane", "delivered_with"],
                condition=Q(due_at__isnull=False, delivered_with__isnull=False),
                name="notification_tried",
            ),
            models.Index(fields=["state", "id"], name="notification_state"),
            models.Index(fields=["lane", "-id"], name="notification_lane"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} to {self.receiver}"

    @property
    def shown_address(self) -> str:
        return shown(self.channel, self.address)

    def telling(self) -> str:
        """One line on whether its receiver was told, how, and why."""
        if self.channel == Channel.LOG:
            return f"{self.receiver}: only in the log, as Deployer has no way to reach {self.shown_address}. {self.why}"
        ways = {
            Channel.EMAIL: ("by e-mail", " to "),
            Channel.SLACK: ("in Slack", ", "),
            Channel.WEBHOOK: ("by webhook", ", "),
        }
        how, to = ways[Channel(self.channel)]
        by = how if self.receiver == self.shown_address else f"{how}{to}{self.shown_address}"
        told = {
            NotificationState.SENT: f"told {by}",
            NotificationState.PENDING: f"being told {by}",
            NotificationState.FAILED: f"not told, as {self.shown_address} could not be reached",
        }
        return f"{self.receiver}: {told[NotificationState(self.state)]}. {self.why}"
