"""Slots: booked times for applications in an environment."""

import uuid
from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from apps_registry.models import Application, Environment
from deployer.audit.actor import Actor, ActorKind
from deployer.calendar.models.hours import LONGEST_SLOT_MINUTES
from deployer.calendar.models.series import SlotSeries
from deployer.calendar.rules import SlotFacts
from deployer.calendar.spans import Span
from deployer.calendar.states import KEPT, SlotState, SlotTransitionError, check_slot_transition
from deployer.releases.models import Release

LONGEST = timedelta(minutes=LONGEST_SLOT_MINUTES)


def new_uid() -> str:
    return uuid.uuid4().hex


class SlotQuerySet(models.QuerySet["Slot"]):
    def kept(self) -> Self:
        """Those that keep their time free."""
        return self.filter(state__in=KEPT)

    def overlapping(self, start: datetime, end: datetime) -> Self:
        """Those that overlap [start, end). None is longer than a day, which is what lets an index find them."""
        return self.filter(starts_at__gt=start - LONGEST, starts_at__lt=end, ends_at__gt=start)

    def in_environment(self, environment_id: int) -> Self:
        return self.filter(environment=environment_id)

    def under_way_for(self, application_id: int, environment_id: int) -> Self:
        """The application's slot that is under way, if there is one."""
        mine = SlotApplication.objects.filter(application=application_id).values("slot")
        return self.filter(state=SlotState.OPEN, environment=environment_id, pk__in=mine)

    def due(self, now: datetime) -> Self:
        return self.filter(due_at__lte=now)

    def with_names(self) -> Self:
        """With everything that names and shows a slot."""
        return self.select_related("environment", "series").prefetch_related(
            "bookings__application__owner", "bookings__release", "overrides"
        )


class Slot(models.Model):
    """A booked time, [starts_at, ends_at) in UTC. Its state changes only through `move`; `due_at` is its only timer.

    `booked_by` and `watched_by` are names. An `exclusive` slot keeps everything else out of the environment.
    """

    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="slots")
    applications = models.ManyToManyField(Application, through="calendar.SlotApplication", related_name="slots")
    series = models.ForeignKey(SlotSeries, on_delete=models.PROTECT, null=True, blank=True, related_name="slots")
    state = models.CharField(max_length=10, choices=SlotState, default=SlotState.BOOKED)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    exclusive = models.BooleanField(default=False)
    notes = models.TextField(blank=True)
    watched_by = models.CharField(max_length=150, blank=True)
    booker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="slots"
    )
    booked_by = models.CharField(max_length=150)
    booked_at = models.DateTimeField(default=timezone.now)
    outcome = models.TextField(blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    uid = models.CharField(max_length=32, unique=True, default=new_uid)
    sequence = models.PositiveIntegerField(default=0)

    objects = SlotQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=SlotState.values), name="slot_state_is_known"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at"), ends_at__lte=F("starts_at") + LONGEST),
                name="slot_is_at_most_a_day",
            ),
            models.CheckConstraint(
                condition=Q(state__in=sorted(KEPT), due_at__isnull=False)
                | (~Q(state__in=sorted(KEPT)) & Q(due_at=None)),
                name="slot_timer_goes_with_state",
            ),
        ]
        indexes = [
            models.Index(fields=["environment", "starts_at"], name="slot_environment_start"),
            models.Index(fields=["starts_at"], name="slot_start"),
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="slot_due"),
            models.Index(fields=["booker", "starts_at"], name="slot_booker"),
        ]

    def __str__(self) -> str:
        return f"slot {self.pk} in {self.environment}"

    def get_absolute_url(self) -> str:
        return f"/slots/{self.pk}/"

    def full_url(self) -> str:
        return settings.BASE_URL + self.get_absolute_url()

    @property
    def span(self) -> Span:
        return Span(self.starts_at, self.ends_at)

    @property
    def is_kept(self) -> bool:
        return self.state in KEPT

    @property
    def names(self) -> str:
        """Its applications, with the release where it is for one. Asks nothing after `with_names`."""
        return ", ".join(str(booking) for booking in self.bookings.all())

    def as_actor(self) -> Actor:
        """Its booker, for what Deployer does in their name when it starts."""
        if self.booker_id is None:
            return Actor(ActorKind.SYSTEM, "slot", self.booked_by)
        return Actor(ActorKind.USER, str(self.booker_id), self.booked_by)

    def facts(self, now: datetime) -> SlotFacts:
        """As the rules take it. Asks nothing after `with_names`."""
        bookings = list(self.bookings.all())
        alone = [
            f"{one.application} deploys alone: {one.application.deploys_alone_reason}"
            for one in bookings
            if one.application.deploys_alone
        ]
        return SlotFacts(
            id=self.pk,
            releases={one.application.slug: one.release.version if one.release else "" for one in bookings},
            span=self.span,
            booked_by=self.booked_by,
            exclusive=self.exclusive,
            alone="the slot is exclusive" if self.exclusive else next(iter(alone), ""),
            overridden=frozenset(one.blocker for one in self.overrides.all() if one.expires_at > now),
        )

    def move(self, new: SlotState, *, outcome: str = "", due_at: datetime | None = None) -> None:
        """Change the state, as a compare-and-set. Raises SlotTransitionError when the table forbids it or another
        change came first."""
        old = SlotState(self.state)
        check_slot_transition(old, new)
        fields = {"state": new, "outcome": outcome, "due_at": due_at if new in KEPT else None}
        if Slot.objects.filter(pk=self.pk, state=old).update(**fields) != 1:
            raise SlotTransitionError(f"This slot is no longer {old.label.lower()}.")
        for name, value in fields.items():
            setattr(self, name, value)


class SlotApplication(models.Model):
    """An application in a slot; with a release, that one is promoted when the slot starts, and only that one may."""

    slot = models.ForeignKey(Slot, on_delete=models.CASCADE, related_name="bookings")
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="bookings")
    release = models.ForeignKey(Release, on_delete=models.PROTECT, null=True, blank=True, related_name="bookings")

    class Meta:
        ordering = ["application__slug"]
        constraints = [models.UniqueConstraint(fields=["slot", "application"], name="an_application_once_a_slot")]

    def __str__(self) -> str:
        return f"{self.application} {self.release.version}" if self.release else str(self.application)
