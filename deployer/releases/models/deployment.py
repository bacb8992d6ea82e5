"""What is live where: derived from deployments, never stored beside them."""

from collections.abc import Iterable
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps_registry.models import Target
from deployer.releases.models.release import Release


class DeploymentQuerySet(models.QuerySet["Deployment"]):
    def live(self, targets: Iterable[Target] | None = None) -> Self:
        """The newest deployment of each target: what is live there."""
        newest = models.Subquery(
            Deployment.objects.filter(target=models.OuterRef("pk")).order_by("-id").values("id")[:1]
        )
        wanted = Target.objects.all() if targets is None else Target.objects.filter(pk__in=[t.pk for t in targets])
        return self.filter(pk__in=wanted.annotate(live_id=newest).filter(live_id__isnull=False).values("live_id"))

    def good(self) -> Self:
        """Those whose release may go on, and may be gone back to."""
        return self.filter(verified_at__isnull=False, withdrawn_at=None)

    def live_on(self, target_id: int) -> "Deployment | None":
        """What is live on one target, or None when nothing was ever deployed to it."""
        return self.filter(target_id=target_id).select_related("release").order_by("-id").first()


class Deployment(models.Model):
    """A release became live on a target. `verified_at` is when its checks had passed there.

    `withdrawn_at` is when a person rolled it back: it passed, and turned out to be bad all the same.
    """

    target = models.ForeignKey(Target, on_delete=models.PROTECT, related_name="deployments")
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="deployments")
    at = models.DateTimeField(default=timezone.now)
    verified_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = DeploymentQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["target", "-id"], name="deployment_live"),
            models.Index(fields=["target", "-id"], condition=Q(verified_at__isnull=False), name="deployment_verified"),
        ]

    def __str__(self) -> str:
        return f"{self.release} live in {self.target.environment}"
