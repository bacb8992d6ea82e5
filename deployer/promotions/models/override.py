"""A person's leave for one promotion to pass one named blocker."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from deployer.calendar.models.override import REASON_LENGTH, OverrideBase
from deployer.promotions.models.promotion import Promotion


class PromotionOverrideQuerySet(models.QuerySet["PromotionOverride"]):
    def valid(self, now: datetime) -> Self:
        return self.filter(expires_at__gt=now)


class PromotionOverride(OverrideBase):
    promotion = models.ForeignKey(Promotion, on_delete=models.CASCADE, related_name="overrides")

    objects = PromotionOverrideQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(reason__length__gte=REASON_LENGTH), name="promotion_override_has_a_reason"
            )
        ]
