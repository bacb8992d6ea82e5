"""Steps of a promotion, what they observed and what they printed."""

import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from deployer.promotions.models.promotion import Promotion
from deployer.promotions.states import StepState, check_step_transition


class StepKind(models.TextChoices):
    DEPLOY = "deploy", "Deploy"
    CHECK = "check", "Check"
    SOAK = "soak", "Soak"


def new_key() -> str:
    return uuid.uuid4().hex


class StepQuerySet(models.QuerySet["Step"]):
    def due(self, now: datetime) -> Self:
        """Whose effect is to be run, or run again because a claim's lease has ended."""
        return self.filter(state=StepState.RUNNING, due_at__lte=now)


class Step(models.Model):
    """A part of a promotion, made when it is admitted with the configuration of that moment.

    `key` names the attempt to the outside. `fence` grows with each claim of its effect; a result that
    carries an older number is dropped. `intended_at` is committed before the outside is asked to start
    and says that it may have. `due_at` (UTC) is when the effect is next run; while it is claimed, when
    the claim ends. `deadline_at` is after when it counts as errored; it runs from the first claim, and is judged
    by an answer that came later, or when `late_claims` of them brought none. `spec` is the configuration: for a check
    `kind`, `config` and its limits, for a deploy `kind` and `config`, for a soak `seconds`.
    """

    promotion = models.ForeignKey(Promotion, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=StepKind)
    name = models.CharField(max_length=60)
    spec = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=StepState, default=StepState.PENDING)
    key = models.CharField(max_length=32, unique=True, default=new_key)
    fence = models.PositiveIntegerField(default=0)
    intended_at = models.DateTimeField(null=True, blank=True)
    reference = models.CharField(max_length=500, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    deadline_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    sentence = models.TextField(blank=True)
    cancel_requested = models.BooleanField(default=False)
    late_claims = models.PositiveSmallIntegerField(default=0)
    errors_in_a_row = models.PositiveIntegerField(default=0)
    log_offset = models.PositiveBigIntegerField(default=0)
    baseline = models.JSONField(default=dict, blank=True)

    objects = StepQuerySet.as_manager()

    class Meta:
        ordering = ["promotion_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["promotion", "position"], name="one_step_per_position"),
            models.CheckConstraint(condition=Q(state__in=StepState.values), name="step_state_is_known"),
            models.CheckConstraint(
                condition=Q(state=StepState.RUNNING) | Q(due_at=None), name="only_a_running_step_has_a_timer"
            ),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="step_due")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_deploy(self) -> bool:
        return self.kind == StepKind.DEPLOY

    def move(self, new: StepState, *, now: datetime, sentence: str = "") -> None:
        """Change the state. Called under the lock of the promotion. Raises TransitionError."""
        check_step_transition(StepState(self.state), new)
        self.state = new
        self.sentence = sentence or self.sentence
        if new == StepState.RUNNING:
            self.started_at = now
        else:
            self.finished_at, self.due_at = now, None
        self.save(update_fields=["state", "sentence", "started_at", "finished_at", "due_at", "deadline_at"])


class Measurement(models.Model):
    """One observation of a check. `outcome` is one of integrations.checks.base.Outcome."""

    step = models.ForeignKey(Step, on_delete=models.CASCADE, related_name="measurements", db_index=False)
    at = models.DateTimeField(default=timezone.now)
    outcome = models.CharField(max_length=12)
    sentence = models.TextField()
    evidence = models.JSONField(default=dict, blank=True)
    duration_ms = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["step", "id"], name="measurement_step")]

    def __str__(self) -> str:
        return self.sentence


class LogChunk(models.Model):
    """A piece of what a step printed, in the order of arrival."""

    step = models.ForeignKey(Step, on_delete=models.CASCADE, related_name="log", db_index=False)
    at = models.DateTimeField(default=timezone.now)
    text = models.TextField()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["step", "id"], name="log_chunk_step")]

    def __str__(self) -> str:
        return self.text[:80]
