"""What is deployed."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from apps_registry.models.fields import slug_validator
from apps_registry.models.team import Team


class Impact(models.TextChoices):
    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"


class ApplicationQuerySet(models.QuerySet["Application"]):
    def active(self) -> Self:
        return self.filter(archived_at=None)


class Application(models.Model):
    """Something that is deployed, owned by one team. Archived ones keep their history and take no release."""

    slug = models.CharField(max_length=100, unique=True, validators=[slug_validator])
    name = models.CharField(max_length=100)
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="applications")
    kind = models.CharField(max_length=50, blank=True, help_text="Such as Frontend apps or APIs.")
    impact = models.CharField(
        max_length=10, choices=Impact, default=Impact.MEDIUM, help_text="What it would mean if it were down."
    )
    repository = models.CharField(max_length=200, blank=True, help_text="owner/name, or a URL.")
    description = models.TextField(blank=True)
    runbook_url = models.URLField(blank=True)
    dashboard_url = models.URLField(blank=True)
    production_url = models.URLField(blank=True)
    hosting = models.CharField(max_length=50, blank=True)
    notes = models.TextField(blank=True, help_text="What whoever deploys it should know.")
    deploys_alone = models.BooleanField(
        default=False, help_text="Nothing else is deployed in the environment while it is."
    )
    deploys_alone_reason = models.CharField(max_length=300, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]
        constraints = [
            models.CheckConstraint(
                condition=Q(deploys_alone=False) | ~Q(deploys_alone_reason=""),
                name="deploys_alone_has_a_reason",
                violation_error_message="Say why it deploys alone.",
            ),
            models.CheckConstraint(condition=Q(impact__in=Impact.values), name="impact_is_known"),
        ]

    def __str__(self) -> str:
        return self.slug

    def get_absolute_url(self) -> str:
        return f"/applications/{self.slug}/"

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None

    def archive(self, now: datetime) -> None:
        """Take no more releases. Its history stays."""
        self.archived_at = now
        self.save(update_fields=["archived_at"])
