"""Events: what happened, who did it, when and why. Append-only."""

from typing import Any, NoReturn

from django.db import models
from django.db.models import Q
from django.utils import timezone


class AppendOnlyError(Exception):
    """Someone tried to change or remove an event."""


class EventQuerySet(models.QuerySet["Event"]):
    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError("Events are append-only: they can't be changed.")

    def delete(self) -> NoReturn:
        raise AppendOnlyError("Events are append-only: they can't be removed.")

    def about(self, subject: str) -> "EventQuerySet":
        return self.filter(subject=subject).order_by("id")

    def about_promotion(self, promotion_id: int) -> "EventQuerySet":
        return self.filter(promotion_id=promotion_id).order_by("id")


class Event(models.Model):
    """One change, written in the transaction that made it.

    What it is about is named by slugs and ids without foreign keys: an event outlives what it tells of,
    and the audit app stands below all others. `subject` is what else it is about, such as slot:12. `at` is in UTC.
    """

    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=60)
    actor_kind = models.CharField(max_length=10)
    actor_ref = models.CharField(max_length=150)
    actor_label = models.CharField(max_length=150)
    application = models.CharField(max_length=100, blank=True)
    environment = models.CharField(max_length=50, blank=True)
    subject = models.CharField(max_length=60, blank=True)
    release_id = models.BigIntegerField(null=True, blank=True)
    promotion_id = models.BigIntegerField(null=True, blank=True)
    sentence = models.TextField()
    reason = models.TextField(blank=True)
    data = models.JSONField(default=dict, blank=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["application", "-id"], name="event_application"),
            models.Index(fields=["promotion_id", "id"], name="event_promotion"),
            models.Index(fields=["at", "id"], name="event_at"),
            models.Index(fields=["kind", "-id"], name="event_kind"),
            models.Index(fields=["actor_kind", "actor_ref", "-id"], name="event_actor"),
            models.Index(fields=["environment", "-id"], condition=~Q(environment=""), name="event_environment"),
            models.Index(fields=["subject", "id"], condition=~Q(subject=""), name="event_subject"),
        ]

    def __str__(self) -> str:
        return self.sentence

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError("Events are append-only: they can't be changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError("Events are append-only: they can't be removed.")


class Touch(models.Model):
    """Something that a page shows has changed and no event tells of it: what a step printed, why a promotion waits.

    For open pages only (deployer/web/live), and removed after an hour. Named as an event names what it is about.
    """

    at = models.DateTimeField(default=timezone.now, db_index=True)
    application = models.CharField(max_length=100, blank=True)
    environment = models.CharField(max_length=50, blank=True)
    subject = models.CharField(max_length=60, blank=True)
    promotion_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "touches"

    def __str__(self) -> str:
        return self.subject or f"promotion {self.promotion_id}" if self.promotion_id else self.application
