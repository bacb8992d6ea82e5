"""Errors of the applications, as their error tracker tells of them."""

from typing import Self

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps_registry.models import Application, Environment
from deployer.integrations.connections import NAME_PATTERN
from deployer.releases.models import Release


class Tracker(models.TextChoices):
    SENTRY = "sentry", "Sentry"
    BUGSINK = "bugsink", "Bugsink"


class TrackedProject(models.Model):
    """A project of a tracker, and the application whose errors it holds.

    `project` is its slug or its number, of Bugsink its name or its number. `connection` names the secret that proves
    what comes from the tracker; it stands in the address that the tracker calls. `environment` is for a tracker that
    has a project for each environment or does not say which one an error is of.
    """

    tracker = models.CharField(max_length=10, choices=Tracker)
    connection = models.CharField(
        max_length=63,
        validators=[RegexValidator(NAME_PATTERN, "Use a-z, 0-9 and -, beginning with a letter.")],
        help_text="Names the secret (DEPLOYER_CONNECTION_<NAME>_SECRET) and the address that the tracker calls.",
    )
    project = models.CharField(max_length=100, help_text="Its slug or number in Sentry, its name or number in Bugsink.")
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="tracked_projects")
    environment = models.ForeignKey(
        Environment,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        help_text="Only where the project is of one environment.",
    )

    class Meta:
        ordering = ["application__slug", "tracker", "project"]
        constraints = [
            models.UniqueConstraint(
                fields=["tracker", "connection", "project"],
                name="one_application_per_tracked_project",
                violation_error_message="This project is followed already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project} in {self.get_tracker_display()}"


class ErrorState(models.TextChoices):
    OPEN = "open", "Open"
    RESOLVED = "resolved", "Resolved"
    IGNORED = "ignored", "Ignored"


class TrackedErrorQuerySet(models.QuerySet["TrackedError"]):
    def open(self) -> Self:
        return self.filter(state=ErrorState.OPEN)

    def of(self, application: Application) -> Self:
        """An application's, the one seen last first."""
        mine = self.filter(project__application=application)
        return mine.select_related("project", "environment", "release").order_by("-last_seen", "-id")


class TrackedError(models.Model):
    """What a tracker calls an issue. Times are UTC.

    `environment` is the one nearest to production in which it was seen, and `release` the one that it was first seen in
    there: as the tracker says, or with `is_inferred` what was live then. `version` is the tracker's own name of it.
    """

    project = models.ForeignKey(TrackedProject, on_delete=models.CASCADE, related_name="errors")
    key = models.CharField(max_length=100)
    title = models.CharField(max_length=300)
    culprit = models.CharField(max_length=300, blank=True)
    url = models.URLField(max_length=500, blank=True)
    level = models.CharField(max_length=20, blank=True)
    state = models.CharField(max_length=10, choices=ErrorState, default=ErrorState.OPEN)
    environment = models.ForeignKey(Environment, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    release = models.ForeignKey(Release, on_delete=models.SET_NULL, null=True, blank=True, related_name="errors")
    version = models.CharField(max_length=250, blank=True)
    is_inferred = models.BooleanField(default=False)
    count = models.PositiveIntegerField(null=True, blank=True)
    first_seen = models.DateTimeField(default=timezone.now)
    last_seen = models.DateTimeField(default=timezone.now)

    objects = TrackedErrorQuerySet.as_manager()

    class Meta:
        ordering = ["-last_seen", "-id"]
        verbose_name = "error"
        constraints = [
            models.UniqueConstraint(fields=["project", "key"], name="one_row_per_error"),
            models.CheckConstraint(condition=Q(state__in=ErrorState.values), name="error_state_is_known"),
        ]
        indexes = [
            models.Index(fields=["project", "-last_seen"], condition=Q(state=ErrorState.OPEN), name="error_open"),
        ]

    def __str__(self) -> str:
        return self.title
