"""Deliveries: what was sent to a receiver, and what it answered."""

from django.db import models
from django.utils import timezone

from deployer.notifications.models.notification import Notification


class Delivery(models.Model):
    """One call outside for a message, whatever came of it. Written for webhooks and for Slack; holds no secret.

    `notification` is the first of those that went out as one. `response_status` is None when no answer came, and
    `error` then says why. `at` is in UTC.
    """

    notification = models.ForeignKey(Notification, on_delete=models.CASCADE, related_name="deliveries")
    at = models.DateTimeField(default=timezone.now, db_index=True)
    what = models.CharField(max_length=40)
    request_url = models.CharField(max_length=254)
    request_headers = models.JSONField(default=dict, blank=True)
    request_body = models.TextField(blank=True)
    response_status = models.PositiveSmallIntegerField(null=True, blank=True)
    response_body = models.TextField(blank=True)
    error = models.TextField(blank=True)
    duration_ms = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"{self.what} {self.response_status or 'without an answer'}"
