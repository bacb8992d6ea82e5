"""Holds: the line is stopped for an application until someone lifts it."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps_registry.models import Application, Environment
from deployer.promotions.models.promotion import Promotion
from deployer.releases.models import Release


class HoldKind(models.TextChoices):
    MANUAL = "manual", "By hand"
    FAILURE = "failure", "After a failure"
    ROLLBACK = "rollback", "After a rollback"


class WayOut(models.TextChoices):
    """How a hold ended."""

    LIFT = "lift", "Lifted"
    RETRY_STEP = "retry_step", "The step was tried again"
    RETRY = "retry", "The promotion was tried again"
    ROLL_BACK = "roll_back", "Rolled back"
    VETO = "veto", "The release was vetoed"
    FIX_FORWARD = "fix_forward", "A newer release passed"
    END = "end", "Its end came"

    @property
    def slug(self) -> str:
        """As addresses and the terminal name it."""
        return self.value.replace("_", "-")


class HoldQuerySet(models.QuerySet["Hold"]):
    def open(self) -> Self:
        return self.filter(lifted_at=None)

    def stopping(self, now: datetime) -> Self:
        """The open ones whose end has not come."""
        return self.open().filter(Q(ends_at=None) | Q(ends_at__gt=now))

    def over(self, now: datetime) -> Self:
        """The open ones that are to be lifted, since their end has come."""
        return self.open().filter(ends_at__lte=now)

    def with_names(self) -> Self:
        """With everything that names a hold and what it stopped, so that showing it costs no further query."""
        return self.select_related(
            "application__owner",
            "environment",
            "stopped",
            "newest_safe",
            "promotion__release",
            "promotion__target__environment",
            "promotion__target__application__owner",
        )

    def touching(self, *, application_id: int, environment_id: int) -> Self:
        """Those that stop deploys of the application into the environment."""
        return self.filter(Q(environment=None) | Q(environment=environment_id), application_id=application_id)


class Hold(models.Model):
    """Stop-the-line. Without an environment it counts in all of them.

    Its effect ends only by lifting, with a resolution, or at `ends_at` (UTC) where it has one; who set it and who
    lifted it are names. `promotion` is what failed, or the rollback that left it; `stopped` the release that goes no
    further: of a failure the promotion's, of a rollback the one that was left. Releases up to `newest_safe` pass it.
    From `fix_forward_at` on a release that is newer than the one that was stopped passes it too, and lifts it by
    succeeding.
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="holds")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, null=True, blank=True)
    kind = models.CharField(max_length=10, choices=HoldKind)
    reason = models.TextField()
    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, null=True, blank=True, related_name="holds")
    stopped = models.ForeignKey(Release, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    placed_by = models.CharField(max_length=150)
    placed_at = models.DateTimeField(default=timezone.now)
    contact = models.CharField(max_length=200, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    newest_safe = models.ForeignKey(Release, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    fix_forward_by = models.CharField(max_length=150, blank=True)
    fix_forward_at = models.DateTimeField(null=True, blank=True)
    way_out = models.CharField(max_length=20, choices=WayOut, blank=True)
    lifted_by = models.CharField(max_length=150, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)
    resolution = models.TextField(blank=True)

    objects = HoldQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(lifted_at=None, lifted_by="", resolution="")
                | (Q(lifted_at__isnull=False) & ~Q(lifted_by="") & ~Q(resolution="")),
                name="hold_lifting_is_whole",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="hold_has_a_reason"),
        ]
        indexes = [
            models.Index(fields=["application"], condition=Q(lifted_at=None), name="hold_open"),
            models.Index(fields=["ends_at"], condition=Q(lifted_at=None, ends_at__isnull=False), name="hold_ends"),
        ]

    def __str__(self) -> str:
        return f"{self.application}{f' in {self.environment}' if self.environment else ''}: {self.reason}"

    def get_absolute_url(self) -> str:
        return f"/holds/{self.pk}/"

    def full_url(self) -> str:
        return settings.BASE_URL + self.get_absolute_url()

    @property
    def scope(self) -> str:
        return (
            f"{self.application} in {self.environment}"
            if self.environment
            else f"{self.application} in every environment"
        )

    @property
    def is_open(self) -> bool:
        return self.lifted_at is None
