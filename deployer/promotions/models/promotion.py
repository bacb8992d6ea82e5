"""Promotions: attempts to bring one release to one target."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps_registry.models import Application, Environment, Target
from deployer.gates import Blocker
from deployer.promotions.states import ACTIVE, OPEN, PromotionState, TransitionError, check_transition
from deployer.releases.models import Deployment, Release


class PromotionKind(models.TextChoices):
    FORWARD = "forward", "Promotion"
    ROLLBACK = "rollback", "Rollback"


class PromotionQuerySet(models.QuerySet["Promotion"]):
    def open(self) -> Self:
        return self._unfinished(state__in=OPEN)

    def active(self) -> Self:
        return self._unfinished(state__in=ACTIVE)

    def waiting(self) -> Self:
        return self._unfinished(state=PromotionState.WAITING)

    def _unfinished(self, **states: object) -> Self:
        """`finished_at` says the same again, in words by which SQLite too takes the small index of the open ones."""
        return self.filter(finished_at=None, **states)

    def due(self, now: datetime) -> Self:
        return self.filter(due_at__lte=now)

    def in_environment(self, environment_id: int) -> Self:
        return self.filter(target__environment_id=environment_id)

    def with_names(self) -> Self:
        """With everything that names a promotion, so that showing it costs no further query."""
        return self.select_related("release", "target__application__owner", "target__environment")


class Promotion(models.Model):
    """One attempt. Its state changes only through `move`; `due_at` (UTC) is its only timer.

    `requested_by` is empty when the engine asked for it. `abort_requested_by` is set while a running deploy is
    being stopped. `approval_asked_at` is when people were last asked to approve it. `retry_of` is the promotion that it
    tries again, from that one's step at `retry_from` where that is set, else whole. `blockers` are why it waits, as
    `gates.Blocker.to_json` writes them. `outcome` is one sentence on how it ended.
    """

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="promotions")
    target = models.ForeignKey(Target, on_delete=models.PROTECT, related_name="promotions")
    kind = models.CharField(max_length=10, choices=PromotionKind, default=PromotionKind.FORWARD)
    state = models.CharField(max_length=12, choices=PromotionState, default=PromotionState.WAITING)
    requested_by = models.CharField(max_length=150, blank=True)
    reason = models.TextField(blank=True)
    blockers = models.JSONField(default=list, blank=True)
    outcome = models.TextField(blank=True)
    superseded_by = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    retry_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="retries")
    retry_from = models.PositiveSmallIntegerField(null=True, blank=True)
    deployment = models.OneToOneField(Deployment, on_delete=models.PROTECT, null=True, blank=True)
    abort_requested_by = models.CharField(max_length=150, blank=True)
    abort_reason = models.TextField(blank=True)
    approval_asked_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = PromotionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["target"], condition=Q(state__in=sorted(ACTIVE)), name="one_active_promotion_per_target"
            ),
            models.UniqueConstraint(
                fields=["release", "target", "kind"],
                condition=Q(state=PromotionState.WAITING),
                name="one_waiting_promotion_per_release",
            ),
            models.CheckConstraint(condition=Q(state__in=PromotionState.values), name="promotion_state_is_known"),
            models.CheckConstraint(
                condition=Q(state__in=sorted(OPEN), finished_at=None)
                | (~Q(state__in=sorted(OPEN)) & Q(finished_at__isnull=False)),
                name="promotion_finished_at_goes_with_state",
            ),
            models.CheckConstraint(
                condition=Q(state__in=sorted(OPEN)) | Q(due_at=None), name="a_finished_promotion_has_no_timer"
            ),
            models.CheckConstraint(
                condition=Q(superseded_by=None) | Q(state=PromotionState.SUPERSEDED),
                name="superseded_by_goes_with_state",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="promotion_due"),
            models.Index(fields=["target", "state"], name="promotion_target_state"),
            models.Index(fields=["state", "target"], condition=Q(finished_at=None), name="promotion_unfinished"),
            models.Index(fields=["kind", "state", "target", "finished_at"], name="promotion_kind"),
            models.Index(fields=["target", "-id"], name="promotion_target_newest"),
            models.Index(fields=["started_at"], condition=Q(started_at__isnull=False), name="promotion_started"),
        ]

    def __str__(self) -> str:
        return f"{self.release} to {self.target.environment}"

    def get_absolute_url(self) -> str:
        return f"/promotions/{self.pk}/"

    @property
    def application(self) -> Application:
        return self.target.application

    @property
    def environment(self) -> Environment:
        return self.target.environment

    @property
    def brought(self) -> Deployment | None:
        """The deployment that it made; of one that tried a later step again, the one whose step it was."""
        if self.deployment is None and self.retry_from is not None and self.retry_of is not None:
            return self.retry_of.brought
        return self.deployment

    @property
    def is_rollback(self) -> bool:
        return self.kind == PromotionKind.ROLLBACK

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def waits_for(self) -> list[Blocker]:
        return [Blocker.from_json(values) for values in self.blockers]

    def full_url(self) -> str:
        return settings.BASE_URL + self.get_absolute_url()

    def move(self, new: PromotionState, *, now: datetime, outcome: str = "", **fields: object) -> None:
        """Change the state, as a compare-and-set: the row must still be in the state this object has.

        Raises TransitionError when the table forbids it or another change came first.
        """
        old = PromotionState(self.state)
        check_transition(old, new)
        fields |= {"state": new, "outcome": outcome, "blockers": []}
        if new in ACTIVE:
            fields.setdefault("due_at", now)
        else:
            fields |= {"finished_at": now, "due_at": None}
        if Promotion.objects.filter(pk=self.pk, state=old).update(**fields) != 1:
            raise TransitionError(f"{self} is no longer {old.label.lower()}.")
        for name, value in fields.items():
            setattr(self, name, value)

    def wake(self, at: datetime) -> None:
        """Set the timer unless an earlier one is set."""
        Promotion.objects.filter(pk=self.pk, state__in=OPEN).filter(Q(due_at=None) | Q(due_at__gt=at)).update(due_at=at)
