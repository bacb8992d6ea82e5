"""Teams and who is in them."""

from django.conf import settings
from django.db import models

from apps_registry.models.fields import slack_channel_validator, slug_validator


class Team(models.Model):
    """Owns applications; is told what happens to them, by Slack and e-mail."""

    slug = models.CharField(max_length=100, unique=True, validators=[slug_validator])
    name = models.CharField(max_length=100)
    slack_channel = models.CharField(
        max_length=80,
        blank=True,
        validators=[slack_channel_validator],
        help_text="Where the team talks, such as #govuk-content-apis.",
    )
    alerts_channel = models.CharField(
        max_length=80,
        blank=True,
        validators=[slack_channel_validator],
        help_text="Where alerts go, when that is another channel.",
    )
    email = models.EmailField(blank=True)
    quiet_from = models.TimeField(
        null=True, blank=True, help_text="From then on, in Deployer's time zone, what isn't urgent waits."
    )
    quiet_until = models.TimeField(null=True, blank=True, help_text="When what has waited is sent.")
    sign_in_groups = models.JSONField(
        default=list,
        blank=True,
        help_text="Groups of the sign-in provider, or GitHub teams as organisation/team: their members join it.",
    )
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="apps_registry.Membership", related_name="teams", blank=True
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/teams/{self.slug}/"

    def stop_channel(self) -> str:
        """Where a stop is told: the alerts channel, else the team's own; empty when it has neither."""
        return self.alerts_channel or self.slack_channel


class Membership(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "team"], name="one_membership_per_team")]

    def __str__(self) -> str:
        return f"{self.user} in {self.team}"
