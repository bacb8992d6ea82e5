"""Who else is told of an application's events."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from django.db.models import Q

from apps_registry.models.application import Application
from apps_registry.models.environment import Environment
from apps_registry.models.fields import slack_channel_validator
from apps_registry.models.team import Team


class WatcherKind(models.TextChoices):
    USER = "user", "Person"
    TEAM = "team", "Team"
    SLACK = "slack", "Slack channel"
    EMAIL = "email", "E-mail address"


class Watcher(models.Model):
    """A person, team, channel or address that is told. Without an environment: of all of them."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="watchers")
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, null=True, blank=True)
    kind = models.CharField(max_length=10, choices=WatcherKind)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, blank=True)
    address = models.CharField(max_length=200, blank=True, help_text="The channel or the e-mail address.")

    class Meta:
        ordering = ["kind", "id"]
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(kind=WatcherKind.USER, user__isnull=False, team=None, address="")
                    | Q(kind=WatcherKind.TEAM, user=None, team__isnull=False, address="")
                    | (Q(kind__in=[WatcherKind.SLACK, WatcherKind.EMAIL], user=None, team=None) & ~Q(address=""))
                ),
                name="watcher_is_one_thing",
                violation_error_message="Give just what the kind needs: a person, a team, or an address.",
            )
        ]

    def __str__(self) -> str:
        return str(self.user or self.team or self.address)

    def clean(self) -> None:
        """Check the address by its kind. Raises ValidationError naming the field."""
        checks: dict[str, Callable[[str], None]] = {
            WatcherKind.SLACK: slack_channel_validator,
            WatcherKind.EMAIL: validate_email,
        }
        check = checks.get(self.kind)
        if check is None or not self.address:
            return
        try:
            check(self.address)
        except ValidationError as error:
            raise ValidationError({"address": error.messages}) from error
