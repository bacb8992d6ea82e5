"""Pins: stay on this release."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps_registry.models import Target
from deployer.releases.models import Release


class PinQuerySet(models.QuerySet["Pin"]):
    def standing(self) -> Self:
        return self.filter(removed_at=None)


class Pin(models.Model):
    """While it stands, nothing but `release` is brought to the target."""

    target = models.ForeignKey(Target, on_delete=models.PROTECT, related_name="pins")
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="pins")
    reason = models.TextField()
    placed_by = models.CharField(max_length=150)
    placed_at = models.DateTimeField(default=timezone.now)
    removed_by = models.CharField(max_length=150, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_reason = models.TextField(blank=True)

    objects = PinQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["target"], condition=Q(removed_at=None), name="one_standing_pin_per_target"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="pin_has_a_reason"),
            models.CheckConstraint(
                condition=Q(removed_at=None, removed_by="", removed_reason="")
                | (Q(removed_at__isnull=False) & ~Q(removed_by="") & ~Q(removed_reason="")),
                name="pin_removal_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.target} stays on {self.release.version}: {self.reason}"
