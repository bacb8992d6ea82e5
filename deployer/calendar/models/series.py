"""Slots that recur."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps_registry.models import Application, Environment
from deployer.access.models.user import check_time_zone


class SlotSeries(models.Model):
    """A recurring booking. Its slots are booked as far ahead as the environment allows, each by the rules of any slot;
    `booked_until` (UTC) says how far that is, and `due_at` when more of them are to be booked.

    `starts` and `ends` are the first one's wall times in `zone`.
    """

    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="slot_series")
    applications = models.ManyToManyField(Application, related_name="slot_series")
    rule = models.CharField(max_length=300)
    zone = models.CharField(max_length=50, validators=[check_time_zone])
    starts = models.CharField(max_length=19)
    ends = models.CharField(max_length=19)
    exclusive = models.BooleanField(default=False)
    notes = models.TextField(blank=True)
    watched_by = models.CharField(max_length=150, blank=True)
    booker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    booked_by = models.CharField(max_length=150)
    booked_at = models.DateTimeField(default=timezone.now)
    booked_until = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "slot series"
        constraints = [
            models.CheckConstraint(condition=Q(ended_at=None) | Q(due_at=None), name="an_ended_series_has_no_timer")
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="slot_series_due")]

    def __str__(self) -> str:
        return f"slots in {self.environment}, {self.rule}"
