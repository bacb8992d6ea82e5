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
    WEBHOOK = "webhook", "Webhook"


class EventGroup(models.TextChoices):
    """What a watcher may be told of; who names none is told of those that `notifications.routing` has as defaults."""

    STOPS = "stops", "What stops or stalls"
    PROGRESS = "progress", "Every step of a promotion"
    RELEASES = "releases", "Releases that reached an environment"
    APPROVALS = "approvals", "Approvals that are asked for"
    HOLDS = "holds", "Holds, pins and vetoes"
    CALENDAR = "calendar", "Slots and freezes"
    ERRORS = "errors", "New errors of the application"
    TRUST = "trust", "Trust issues and roll-out"


class Watcher(models.Model):
    """A person, team, channel or address that is told. Without an environment: of all of them."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="watchers")
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, null=True, blank=True)
    kind = models.CharField(max_length=10, choices=WatcherKind)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, blank=True)
    address = models.CharField(
        max_length=200, blank=True, help_text="The channel, the e-mail address or the webhook's URL."
    )
    connection = models.CharField(
        max_length=63, blank=True, help_text="For a webhook: the connection whose secret signs what is sent."
    )
    events = models.JSONField(default=list, blank=True, help_text="What they are told of; empty for the usual.")

    class Meta:
        ordering = ["kind", "id"]
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(kind=WatcherKind.USER, user__isnull=False, team=None, address="", connection="")
                    | Q(kind=WatcherKind.TEAM, user=None, team__isnull=False, address="", connection="")
                    | (
                        Q(kind__in=[WatcherKind.SLACK, WatcherKind.EMAIL], user=None, team=None, connection="")
                        & ~Q(address="")
                    )
                    | (Q(kind=WatcherKind.WEBHOOK, user=None, team=None) & ~Q(address="") & ~Q(connection=""))
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
