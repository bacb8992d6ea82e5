"""Lanes: the way to one receiver, on which nothing overtakes."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from deployer.integrations.http import shown_url


class Channel(models.TextChoices):
    EMAIL = "email", "E-mail"
    SLACK = "slack", "Slack"
    WEBHOOK = "webhook", "Webhook"
    LOG = "log", "Log only"


def shown(channel: str, address: str) -> str:
    """An address, fit to show: what may be secret in a webhook's is left out."""
    return shown_url(address) if channel == Channel.WEBHOOK else address


class LaneQuerySet(models.QuerySet["Lane"]):
    def free(self, now: datetime) -> Self:
        """Those that nobody is at, and that do not pause."""
        unclaimed = Q(claimed_until=None) | Q(claimed_until__lte=now)
        return self.filter(unclaimed, Q(paused_until=None) | Q(paused_until__lte=now))


class Lane(models.Model):
    """One receiver: a channel and an address. It has its own pauses, so that a dead one delays no other.

    The timer of what is to be sent is `Notification.due_at`, and a pause only holds it back. A due time kept here
    would have to be written in the transaction of the event, and the engine's transactions would then wait for each
    other wherever they tell the same team. `paused_until` and `claimed_until` are in UTC.
    """

    channel = models.CharField(max_length=10, choices=Channel)
    address = models.CharField(max_length=254)
    connection = models.CharField(max_length=63, blank=True)
    paused_until = models.DateTimeField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    fence = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    failing_since = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    last_sent_at = models.DateTimeField(null=True, blank=True)

    objects = LaneQuerySet.as_manager()

    class Meta:
        ordering = ["channel", "address"]
        constraints = [
            models.UniqueConstraint(fields=["channel", "address", "connection"], name="one_lane_per_receiver"),
            models.CheckConstraint(
                condition=Q(failures=0, failing_since=None) | Q(failures__gt=0, failing_since__isnull=False),
                name="a_failing_lane_fails_since_then",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.shown_address}"

    @property
    def shown_address(self) -> str:
        return shown(self.channel, self.address)
