"""Approvals: people's yes or no to one promotion."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from deployer.promotions.models.promotion import Promotion


class ApprovalQuerySet(models.QuerySet["Approval"]):
    def given(self) -> Self:
        return self.filter(rejects=False)


class Approval(models.Model):
    """One person's answer for one promotion: an approval, or with `rejects` a no that ends it, with its reason.

    How long an approval counts is the target's `approval_lasts`.
    """

    promotion = models.ForeignKey(Promotion, on_delete=models.CASCADE, related_name="approvals")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="approvals")
    name = models.CharField(max_length=150)
    rejects = models.BooleanField(default=False)
    reason = models.TextField(blank=True)
    at = models.DateTimeField(default=timezone.now)

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["promotion", "person"], name="one_answer_per_person"),
            models.CheckConstraint(condition=Q(rejects=False) | ~Q(reason=""), name="rejection_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {'rejected' if self.rejects else 'approved'} {self.promotion}"
