"""Vetoes: this release is never deployed again."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from deployer.releases.models import Release


class VetoQuerySet(models.QuerySet["Veto"]):
    def standing(self) -> Self:
        return self.filter(withdrawn_at=None)


class Veto(models.Model):
    """Counts in every environment, for promotions and for rollbacks, until someone withdraws it with a reason."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="vetoes")
    reason = models.TextField()
    placed_by = models.CharField(max_length=150)
    placed_at = models.DateTimeField(default=timezone.now)
    withdrawn_by = models.CharField(max_length=150, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_reason = models.TextField(blank=True)

    objects = VetoQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "vetoes"
        constraints = [
            models.UniqueConstraint(
                fields=["release"], condition=Q(withdrawn_at=None), name="one_standing_veto_per_release"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="veto_has_a_reason"),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_by="", withdrawn_reason="")
                | (Q(withdrawn_at__isnull=False) & ~Q(withdrawn_by="") & ~Q(withdrawn_reason="")),
                name="veto_withdrawal_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.release}: {self.reason}"
