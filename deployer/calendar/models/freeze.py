"""Freezes: times in which a scope must not be deployed."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from apps_registry.models import Application, Environment, Team
from deployer.access.models.user import check_time_zone
from deployer.calendar.rules import FreezeFacts
from deployer.calendar.terms import FrozenTime, Terms, scope_in_words

MOMENT = timedelta(microseconds=1)
MOST_NAMED = 4


class FreezeQuerySet(models.QuerySet["Freeze"]):
    def touching(self, start: datetime, end: datetime | None = None) -> Self:
        """Those that may hold at some time from `start` to `end`; of recurring ones all that go on."""
        begun = Q() if end is None else Q(starts_at__lt=end)
        once = Q(recurrence="") & (Q(ends_at=None) | Q(ends_at__gt=start))
        return self.filter(begun, once | ~Q(recurrence=""), Q(lifted_at=None) | Q(lifted_at__gt=start))

    def with_scope(self) -> Self:
        return self.prefetch_related("environments", "teams", "applications", "lifts")


class Freeze(models.Model):
    """From `starts_at` to `ends_at` (UTC), or until lifted. `recurrence` is an RFC 5545 rule by the wall clock of
    `zone`, in which the first time is the given one.

    It is for everything where no environment is named, and for every application where neither a team nor an
    application is; named teams and applications add up. What is running when it begins finishes where it is.
    """

    environments = models.ManyToManyField(Environment, blank=True, related_name="freezes")
    teams = models.ManyToManyField(Team, blank=True, related_name="freezes")
    applications = models.ManyToManyField(Application, blank=True, related_name="freezes")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    recurrence = models.CharField(max_length=300, blank=True)
    zone = models.CharField(max_length=50, default="Europe/London", validators=[check_time_zone])
    reason = models.TextField()
    contact = models.CharField(max_length=200, blank=True)
    allows_rollbacks = models.BooleanField(default=True)
    allows_by_hand = models.BooleanField(default=False)
    declared_by = models.CharField(max_length=150)
    declared_at = models.DateTimeField(default=timezone.now)
    lifted_by = models.CharField(max_length=150, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)
    lift_reason = models.TextField(blank=True)
    sequence = models.PositiveIntegerField(default=0)

    objects = FreezeQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at")),
                name="freeze_ends_after_it_starts",
                violation_error_message="It must end after it starts.",
            ),
            models.CheckConstraint(
                condition=Q(recurrence="") | Q(ends_at__isnull=False),
                name="recurring_freeze_has_an_end",
                violation_error_message="A freeze that recurs needs an end: how long each one lasts.",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="freeze_has_a_reason"),
            models.CheckConstraint(
                condition=Q(lifted_at=None, lifted_by="") | (Q(lifted_at__isnull=False) & ~Q(lifted_by="")),
                name="freeze_lifting_is_whole",
            ),
        ]
        indexes = [models.Index(fields=["ends_at"], condition=Q(lifted_at=None), name="freeze_not_lifted")]

    def __str__(self) -> str:
        return f"freeze of {self.scope}: {self.reason}"

    def get_absolute_url(self) -> str:
        return f"/freezes/{self.pk}/"

    @property
    def scope(self) -> str:
        """What is frozen, in words."""
        return scope_in_words((*self.teams.all(), *self.applications.all()), self.environments.all())

    @property
    def short_scope(self) -> str:
        """The same in one line, without all the names where there are many. Asks nothing after `with_scope`."""
        named = (*self.teams.all(), *self.applications.all())
        return scope_in_words(named, self.environments.all(), most=MOST_NAMED)

    @property
    def terms(self) -> Terms:
        """What it says, by itself. Asks nothing after `with_scope`."""
        return Terms(
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            zone=self.zone,
            recurrence=self.recurrence,
            environments=frozenset(one.pk for one in self.environments.all()),
            teams=frozenset(one.pk for one in self.teams.all()),
            applications=frozenset(one.pk for one in self.applications.all()),
            allows_rollbacks=self.allows_rollbacks,
            allows_by_hand=self.allows_by_hand,
            lifted_at=self.lifted_at,
            lifts={lift.occurrence: lift.lifted_at for lift in self.lifts.all()},
        )

    def covers(self, application: Application, environment_id: int) -> bool:
        """Whether deploys of the application to the environment are in its scope. Asks nothing after `with_scope`."""
        return self.terms.covers(application=application.pk, owner=application.owner_id, environment=environment_id)

    def covers_environment(self, environment_id: int) -> bool:
        """Whether anything in the environment is in its scope. Asks nothing after `with_scope`."""
        return self.terms.covers_environment(environment_id)

    def times(self, start: datetime, end: datetime) -> list[FrozenTime]:
        """When it holds, of [start, end): from and until, UTC, each time whole; lifted times end when they were lifted.

        Asks nothing after `with_scope`.
        """
        return self.terms.times(start, end)

    def holds_at(self, now: datetime) -> bool:
        return bool(self.times(now, now + MOMENT))

    def is_over(self, now: datetime) -> bool:
        """Whether it will never hold again."""
        return self.terms.is_over(now)

    def facts(self, start: datetime, end: datetime) -> list[FreezeFacts]:
        """Its times of [start, end) as the rules take them."""
        scope = self.scope
        return [
            FreezeFacts(
                id=self.pk,
                scope=scope,
                reason=self.reason,
                declared_by=self.declared_by,
                starts_at=first,
                ends_at=until,
                contact=self.contact,
                allows_rollbacks=self.allows_rollbacks,
                allows_by_hand=self.allows_by_hand,
            )
            for first, until in self.times(start, end)
        ]


class FreezeLift(models.Model):
    """One time of a recurring freeze that was lifted before its end, or before it began. `occurrence` is its start."""

    freeze = models.ForeignKey(Freeze, on_delete=models.CASCADE, related_name="lifts")
    occurrence = models.DateTimeField()
    lifted_by = models.CharField(max_length=150)
    lifted_at = models.DateTimeField()
    reason = models.TextField()

    class Meta:
        ordering = ["occurrence"]
        constraints = [models.UniqueConstraint(fields=["freeze", "occurrence"], name="a_time_is_lifted_once")]

    def __str__(self) -> str:
        return f"{self.freeze} of {self.occurrence:%Y-%m-%d} lifted"


def frozen_now(now: datetime) -> list[Freeze]:
    """The freezes that hold at this moment, the newest first."""
    return [freeze for freeze in Freeze.objects.touching(now, now + MOMENT).with_scope() if freeze.holds_at(now)]
