"""What a limited API token reaches."""

from django.db import models
from django.db.models import Q

from apps_registry.models.application import Application
from apps_registry.models.team import Team
from deployer.access.models import ApiToken


class TokenLimit(models.Model):
    """One application, or every application of one team."""

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, related_name="limits")
    application = models.ForeignKey(Application, on_delete=models.CASCADE, null=True, blank=True)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(application=None, team__isnull=False) | Q(application__isnull=False, team=None),
                name="token_limit_is_one_thing",
                violation_error_message="Give an application or a team, not both.",
            )
        ]

    def __str__(self) -> str:
        return str(self.application or self.team)


def covered_by(token: ApiToken) -> models.QuerySet[Application]:
    """The applications that the token may be used for."""
    if not token.limited:
        return Application.objects.all()
    listed = Q(tokenlimit__token=token) | Q(owner__tokenlimit__token=token)
    return Application.objects.filter(pk__in=Application.objects.filter(listed).values("pk"))
