"""People who sign in."""

import zoneinfo

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models

from deployer.audit.actor import LABEL_LENGTH, Actor, ActorKind


class Role(models.TextChoices):
    VIEWER = "viewer", "Viewer"
    DEVELOPER = "developer", "Developer"
    RELEASE_MANAGER = "release_manager", "Release manager"


def check_time_zone(value: str) -> None:
    """Refuse anything that is not an IANA zone of this machine's or tzdata's database."""
    if value not in zoneinfo.available_timezones():
        raise ValidationError(f"{value!r} is not a time zone: use an IANA name such as Europe/London.")


def default_time_zone() -> str:
    return settings.TIME_ZONE


class User(AbstractUser):
    """A person. Superusers are Deployer's admins; `role` says what others may do (apps_registry/rights.py)."""

    role = models.CharField(max_length=20, choices=Role, default=Role.VIEWER)
    time_zone = models.CharField(
        max_length=50, default=default_time_zone, validators=[check_time_zone], help_text="The zone of shown times."
    )
    quiet_from = models.TimeField(
        null=True, blank=True, help_text="From then on, in the person's zone, what isn't urgent waits."
    )
    quiet_until = models.TimeField(null=True, blank=True, help_text="When what has waited is sent.")

    def as_actor(self) -> Actor:
        name = self.get_full_name() or self.get_username()
        return Actor(ActorKind.USER, str(self.pk), name[:LABEL_LENGTH])

    def get_absolute_url(self) -> str:
        return f"/people/{self.pk}/"
