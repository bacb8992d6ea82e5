"""Applications that must not be deployed together."""

from django.db import models

from apps_registry.models.application import Application
from apps_registry.models.fields import slug_validator


class ExclusionGroup(models.Model):
    """While one of the group is being deployed in an environment, none of the others is."""

    slug = models.CharField(max_length=100, unique=True, validators=[slug_validator])
    reason = models.CharField(max_length=300)
    applications = models.ManyToManyField(Application, related_name="exclusion_groups")

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.slug


def exclusions_of(application: Application) -> dict[str, str]:
    """The slugs of the applications that must not be deployed together with this one, and why. One query."""
    memberships = ExclusionGroup.applications.through.objects.filter(exclusiongroup__applications=application)
    others = memberships.exclude(application=application).order_by("exclusiongroup__slug")
    return dict(others.values_list("application__slug", "exclusiongroup__reason"))
