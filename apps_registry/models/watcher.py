"""Who else is told of an application's events."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from django.db.models import Q

from apps_registry.models.application import Application
from apps_registry.models.environment import Environment
from apps_registry.models.fields import slack_channel_validator
from apps_registry.models.team import Team
from deployer.integrations.connections import NAME_PATTERN
from deployer.integrations.http import check_url, shown_url

LOOPBACK = ("127.0.0.1", "localhost", "::1")


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
        address = shown_url(self.address) if self.kind == WatcherKind.WEBHOOK else self.address
        return self.user.as_actor().label if self.user else str(self.team or address)

    def clean(self) -> None:
        """Check the address by its kind, and the names. Raises ValidationError naming the field."""
        checks: dict[str, Callable[[str], None]] = {
            WatcherKind.SLACK: slack_channel_validator,
            WatcherKind.EMAIL: validate_email,
            WatcherKind.WEBHOOK: check_webhook,
        }
        check = checks.get(self.kind)
        if check is not None and self.address:
            _check("address", check, self.address)
        if self.kind == WatcherKind.WEBHOOK and self.connection:
            _check("connection", check_connection, self.connection)
        _check("events", check_groups, self.events)


def check_webhook(address: str) -> None:
    """Refuse what isn't a URL over TLS, but on this machine; what is sent there is signed, not enciphered."""
    try:
        check_url(address)
    except ValueError as error:
        raise ValidationError(f"The address {error}.") from error
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise ValidationError("The address must begin with https://.")
    if parts.query or parts.fragment:
        raise ValidationError("The address must have nothing after a ? or #: a secret belongs in the connection.")


def check_connection(name: str) -> None:
    """Refuse what no connection can be called."""
    if not re.fullmatch(NAME_PATTERN, name):
        raise ValidationError("A connection's name is made of a-z, 0-9 and -, such as release-hook.")


def check_groups(events: object) -> None:
    """Refuse anything but a list of groups."""
    if not isinstance(events, list) or any(one not in EventGroup.values for one in events):
        raise ValidationError(f"Give a list of {', '.join(EventGroup.values)}.")


def _check(field: str, check: Callable[[Any], None], value: object) -> None:
    try:
        check(value)
    except ValidationError as error:
        raise ValidationError({field: error.messages}) from error
