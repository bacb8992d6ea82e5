"""How an application is deployed and checked in an environment, and by which policy."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from apps_registry.models.application import Application
from apps_registry.models.environment import Environment
from deployer.integrations.config import ConfigError
from deployer.integrations.registry import CHECKS, DEPLOYERS, build_check, build_deployer


class Policy(models.TextChoices):
    AUTOMATIC = "automatic", "Automatic: a verified release goes on by itself"
    MANUAL = "manual", "Manual: a person starts each promotion"


class Batching(models.TextChoices):
    LATEST = "latest", "Only the newest waiting release goes on"
    EVERY = "every", "Every release goes on, in order"


class SlotPolicy(models.TextChoices):
    REQUIRED = "required", "Required: deployed only in a booked slot"
    OPTIONAL = "optional", "Optional: deployed with a slot or without"
    NOT_USED = "not_used", "Not used: no slots are booked"


class RollbackPolicy(models.TextChoices):
    NEVER = "never", "A person decides"
    ON_FAILED = "on_failed", "Roll back by itself when a check fails"


def deployer_choices() -> list[tuple[str, str]]:
    return [(kind, adapter.label) for kind, adapter in sorted(DEPLOYERS.items())]


def check_choices() -> list[tuple[str, str]]:
    return [(kind, adapter.label) for kind, adapter in sorted(CHECKS.items())]


class Target(models.Model):
    """An application in an environment. Durations are in seconds.

    Without a deployer the target only says that the application runs there: releases wait.
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="targets")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="targets")
    url = models.URLField(blank=True, help_text="Where it answers in this environment; checks start from it.")
    deployer = models.CharField(max_length=30, blank=True, choices=deployer_choices)
    deployer_config = models.JSONField(default=dict, blank=True)
    policy = models.CharField(max_length=10, choices=Policy, default=Policy.MANUAL)
    batching = models.CharField(max_length=10, choices=Batching, default=Batching.LATEST)
    rollback = models.CharField(max_length=10, choices=RollbackPolicy, default=RollbackPolicy.NEVER)
    slot_policy = models.CharField(
        max_length=10,
        choices=SlotPolicy,
        default=SlotPolicy.OPTIONAL,
        help_text="Whether a deploy here needs a slot in the calendar.",
    )
    soak = models.PositiveIntegerField(
        default=0, help_text="Seconds a release must stay here, after its checks, before it goes on."
    )
    approvals_needed = models.PositiveSmallIntegerField(
        default=0, help_text="How many people must approve a promotion here; 0: nobody needs to."
    )
    approval_by_others = models.BooleanField(
        default=True, help_text="Whoever asked for the promotion can't approve it."
    )
    approval_not_by_authors = models.BooleanField(
        default=False, help_text="An author of one of its changes can't approve it."
    )
    approval_lasts = models.PositiveIntegerField(
        default=86400,
        validators=[MinValueValidator(60)],
        help_text="Seconds for which an approval counts, and after which asking for one is over.",
    )
    deploy_timeout = models.PositiveIntegerField(
        default=1800,
        validators=[MinValueValidator(1)],
        help_text="Seconds after which a deploy that has not ended counts as unknown.",
    )

    class Meta:
        ordering = ["application__slug", "environment__position"]
        constraints = [
            models.UniqueConstraint(fields=["application", "environment"], name="one_target_per_environment"),
            models.CheckConstraint(condition=Q(policy__in=Policy.values), name="policy_is_known"),
            models.CheckConstraint(condition=Q(batching__in=Batching.values), name="batching_is_known"),
            models.CheckConstraint(condition=Q(rollback__in=RollbackPolicy.values), name="rollback_is_known"),
            models.CheckConstraint(condition=Q(slot_policy__in=SlotPolicy.values), name="slot_policy_is_known"),
            models.CheckConstraint(condition=Q(deploy_timeout__gte=1), name="deploy_timeout_is_positive"),
            models.CheckConstraint(
                condition=Q(policy=Policy.MANUAL) | ~Q(deployer=""),
                name="automatic_needs_a_deployer",
                violation_error_message="Automatic promotion needs a deployer.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application} in {self.environment}"

    @property
    def policy_url(self) -> str:
        """The page that says what it needs to be automatic, and changes its policy."""
        return f"{self.application.get_absolute_url()}{self.environment.slug}/policy/"

    def clean(self) -> None:
        """Check the deployer's configuration. Raises ValidationError naming the field inside it."""
        if not isinstance(self.deployer_config, dict):
            raise ValidationError({"deployer_config": 'Write a JSON object, such as {"program": "deploy"}.'})
        if self.deployer:
            _check_config("deployer_config", build_deployer, self.deployer, self.deployer_config)


class TargetCheck(models.Model):
    """A check made after each deploy to a target. Times are in seconds."""

    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="checks")
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=30, choices=check_choices)
    config = models.JSONField(default=dict, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    interval = models.PositiveIntegerField(
        default=5, validators=[MinValueValidator(1)], help_text="Seconds between two measurements."
    )
    samples = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1)], help_text="How many measurements must pass."
    )
    failure_limit = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1)], help_text="At this many failed measurements it has failed."
    )
    error_limit = models.PositiveSmallIntegerField(
        default=5,
        validators=[MinValueValidator(1)],
        help_text="At this many measurements in a row that could not be made, it ends as errored.",
    )
    timeout = models.PositiveIntegerField(
        default=300,
        validators=[MinValueValidator(1), MaxValueValidator(86400)],
        help_text="Seconds after which it ends as errored when it has not passed or failed.",
    )

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["target", "name"], name="one_check_per_name"),
            models.CheckConstraint(
                condition=Q(interval__gte=1, samples__gte=1, failure_limit__gte=1, error_limit__gte=1, timeout__gte=1),
                name="check_limits_are_positive",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Check the configuration. Raises ValidationError naming the field inside it."""
        if not isinstance(self.config, dict):
            raise ValidationError({"config": 'Write a JSON object, such as {"path": "/healthcheck"}.'})
        if self.kind:
            _check_config("config", build_check, self.kind, self.config)


def _check_config(field: str, build: Any, kind: str, config: dict[str, Any]) -> None:
    try:
        build(kind, config)
    except ConfigError as error:
        raise ValidationError({field: [f"{name} {text}" for name, text in error.errors.items()]}) from error
