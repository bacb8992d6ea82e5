"""Releases: immutable versions of an application."""

from typing import Any

from django.db import models
from django.utils import timezone

from apps_registry.models import Application

SPACING = 2**20
"""Between the orders of two releases that arrive in order: room for twenty that arrive late between them."""


class ImmutableError(Exception):
    """Someone tried to change a release."""


class Release(models.Model):
    """A version of an application, as CI registered it. Never changed: what is promoted is this very row.

    `number` counts the application's releases from 1 as they are registered. `order` says which of two is newer:
    the order of registration, except that one which was built before another (`built_at`) stands before it however
    late it arrives.
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="releases")
    number = models.PositiveIntegerField()
    order = models.PositiveBigIntegerField(default=0)
    version = models.CharField(max_length=100, db_index=True)
    commit = models.CharField(max_length=64, db_index=True)
    build_url = models.URLField(max_length=500, blank=True)
    built_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.CharField(max_length=150)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["application", "version"], name="one_release_per_version"),
            models.UniqueConstraint(fields=["application", "number"], name="one_release_per_number"),
            models.UniqueConstraint(fields=["application", "order"], name="one_release_per_order"),
        ]

    def __str__(self) -> str:
        return f"{self.application} {self.version}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise ImmutableError("A release can't be changed: register another version.")
        if not self.order:
            self.order = self.number * SPACING
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return f"/releases/{self.pk}/"

    def authors(self) -> list[dict[str, str]]:
        """Who wrote what it brings, name and e-mail address, each address once; not those without one. One query."""
        written = self.changes.exclude(author_email="").order_by("position")
        names = dict(written.values_list("author_email", "author_name"))
        return [{"name": name, "email": email} for email, name in names.items()]


class Change(models.Model):
    """One change that a release brings: a commit or a merged pull request."""

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="changes")
    position = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=300)
    commit = models.CharField(max_length=64, blank=True, db_index=True)
    author_name = models.CharField(max_length=100, blank=True)
    author_email = models.EmailField(blank=True)
    url = models.URLField(max_length=500, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["release", "position"], name="one_change_per_position")]
        indexes = [models.Index(fields=["author_email", "-release"], name="change_author")]

    def __str__(self) -> str:
        return self.title
