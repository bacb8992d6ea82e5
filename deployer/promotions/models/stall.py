"""Stalls: what is where it is for longer than it should be, or waits for a person."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from deployer.promotions.models.hold import Hold
from deployer.promotions.models.promotion import Promotion


class StallQuerySet(models.QuerySet["Stall"]):
    def going_on(self) -> Self:
        return self.filter(ended_at=None)

    def due(self, now: datetime) -> Self:
        return self.filter(due_at__lte=now)


class Stall(models.Model):
    """One thing that does not move, since when, and how often its people were told. It ends when that moves.

    It is about a promotion or about a hold. `kind` says which limit it passed (`watchdog.py`); `due_at` (UTC) is when
    they are told again.
    """

    promotion = models.ForeignKey(Promotion, on_delete=models.CASCADE, null=True, blank=True, related_name="stalls")
    hold = models.ForeignKey(Hold, on_delete=models.CASCADE, null=True, blank=True, related_name="stalls")
    kind = models.CharField(max_length=40)
    since = models.DateTimeField()
    sentence = models.TextField()
    told = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = StallQuerySet.as_manager()

    class Meta:
        ordering = ["since", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(promotion=None, hold__isnull=False) | Q(promotion__isnull=False, hold=None),
                name="stall_is_of_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, due_at__isnull=False) | Q(ended_at__isnull=False, due_at=None),
                name="only_a_stall_that_goes_on_has_a_timer",
            ),
            models.UniqueConstraint(
                fields=["promotion"], condition=Q(ended_at=None, promotion__isnull=False), name="one_stall_a_promotion"
            ),
            models.UniqueConstraint(
                fields=["hold"], condition=Q(ended_at=None, hold__isnull=False), name="one_stall_a_hold"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="stall_due"),
            models.Index(fields=["since", "id"], condition=Q(ended_at=None), name="stall_going_on"),
        ]

    def __str__(self) -> str:
        return self.sentence
