"""Why an application isn't trusted to deploy automatically."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps_registry.models.application import Application
from apps_registry.models.environment import Environment
from deployer.audit.actor import LABEL_LENGTH


class TrustIssueQuerySet(models.QuerySet["TrustIssue"]):
    def open(self) -> Self:
        return self.filter(resolved_at=None)


class TrustIssue(models.Model):
    """A recorded reason; open until resolved. Without an environment it counts in all of them.

    It changes only by `trust.open_trust_issue` and `trust.resolve_trust_issue`. `opened_by_name` and `resolved_by` name
    whoever did it, a program too.
    """

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="trust_issues")
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, null=True, blank=True)
    reason = models.TextField()
    opened_at = models.DateTimeField(default=timezone.now, editable=False)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    opened_by_name = models.CharField(max_length=LABEL_LENGTH, blank=True, editable=False)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.CharField(max_length=LABEL_LENGTH, blank=True, editable=False)
    resolution = models.TextField(blank=True)

    objects = TrustIssueQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(resolved_at=None, resolution="") | (Q(resolved_at__isnull=False) & ~Q(resolution="")),
                name="trust_issue_resolution_is_whole",
                violation_error_message="A resolved trust issue says when and how it was resolved.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.application}: {self.reason[:60]}"

    @property
    def scope(self) -> str:
        return f"{self.application} in {self.environment or 'every environment'}"

    @property
    def opener(self) -> str:
        """Who opened it; empty when nobody knows any more."""
        return self.opened_by_name or (self.opened_by.as_actor().label if self.opened_by else "")
