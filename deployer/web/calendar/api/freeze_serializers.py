"""The words of the API for freezes."""

from datetime import datetime
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from deployer.calendar.actions.freezes import NewFreeze, when
from deployer.calendar.models import Freeze, FreezeLift
from deployer.promotions.serializers import StrictSerializer
from deployer.web.calendar.api.fields import (
    MomentField,
    TextField,
    applications_field,
    environments_field,
    teams_field,
)
from deployer.web.calendar.api.pages import CursorField
from deployer.web.calendar.api.slot_serializers import RecurrenceIn, SlotOut

TIMES_SHOWN = 10


class FreezeState(models.TextChoices):
    """`NOW` holds, `COMING` will, also when it has held before, and `OVER` never will again."""

    NOW = "now"
    COMING = "coming"
    OVER = "over"


class FreezeIn(StrictSerializer):
    """What is to be frozen: everything unless environments, teams or applications are named. It begins now unless it
    says when, and lasts until lifted unless it says how long."""

    environments = environments_field(required=False)
    teams = teams_field(required=False)
    applications = applications_field(required=False)
    starts_at = MomentField(required=False)
    ends_at = MomentField(required=False, allow_null=True)
    recurrence = RecurrenceIn(required=False, allow_null=True)
    reason = TextField(max_length=2000)
    contact = TextField(required=False, allow_blank=True, max_length=200)
    allows_rollbacks = serializers.BooleanField(default=True)
    allows_by_hand = serializers.BooleanField(default=False)
    dry_run = serializers.BooleanField(default=False, help_text="Only say what it would catch.")

    def new_freeze(self) -> NewFreeze:
        values: dict[str, Any] = dict(self.validated_data)
        values.pop("dry_run")
        recurrence = values.pop("recurrence", None) or {}
        return NewFreeze(
            **{"starts_at": timezone.now(), "ends_at": None} | values,
            recurrence=recurrence.get("rule", ""),
            zone=recurrence.get("zone", settings.TIME_ZONE),
        )


class FreezeChangeIn(StrictSerializer):
    ends_at = MomentField(allow_null=True, help_text="null: until it is lifted.")


class LiftIn(StrictSerializer):
    """`occurrence` is the start of the one time of a recurring freeze that is to be lifted."""

    reason = TextField(max_length=2000)
    occurrence = MomentField(required=False, allow_null=True)


class FreezeFilters(StrictSerializer):
    """Those in any of the states, and that cover any of the applications in any of the environments."""

    state = serializers.ListField(child=serializers.ChoiceField(FreezeState.choices), required=False)
    application = applications_field(required=False)
    environment = environments_field(required=False)
    cursor = CursorField(required=False)


class FrozenTimeOut(serializers.Serializer[Any]):
    starts_at = MomentField(source="first")
    ends_at = MomentField(source="until", allow_null=True)


class RecurrenceOut(serializers.Serializer[Freeze]):
    rule = serializers.CharField(source="recurrence")
    zone = serializers.CharField()


class LiftedOut(serializers.Serializer[Freeze]):
    at = MomentField(source="lifted_at")
    by = serializers.CharField(source="lifted_by")
    reason = serializers.CharField(source="lift_reason")


class LiftOut(serializers.Serializer[FreezeLift]):
    occurrence = MomentField()
    at = MomentField(source="lifted_at")
    by = serializers.CharField(source="lifted_by")
    reason = serializers.CharField()


class FreezeOut(serializers.Serializer[Any]):
    """A freeze at the moment `now` of the context."""

    id = serializers.IntegerField()
    state = serializers.SerializerMethodField()
    scope = serializers.CharField(help_text="What is frozen, in words.")
    when = serializers.SerializerMethodField(help_text="When it holds, in words.")
    environments = environments_field(source="environments.all")
    teams = teams_field(source="teams.all")
    applications = applications_field(source="applications.all")
    starts_at = MomentField()
    ends_at = MomentField(allow_null=True, help_text="null: until it is lifted.")
    recurrence = serializers.SerializerMethodField()
    times = serializers.SerializerMethodField(help_text=f"The next {TIMES_SHOWN} at which it holds, from now on.")
    reason = serializers.CharField()
    contact = serializers.CharField()
    allows_rollbacks = serializers.BooleanField()
    allows_by_hand = serializers.BooleanField()
    declared_by = serializers.CharField()
    declared_at = MomentField()
    lifted = serializers.SerializerMethodField()
    lifts = LiftOut(many=True, source="lifts.all", help_text="The single times that were lifted.")
    url = serializers.SerializerMethodField()

    def get_state(self, freeze: Freeze) -> str:
        return state_of(freeze, self.context["now"]).value

    def get_when(self, freeze: Freeze) -> str:
        return when(freeze)

    @extend_schema_field(RecurrenceOut(allow_null=True))
    def get_recurrence(self, freeze: Freeze) -> Any:
        return RecurrenceOut(freeze).data if freeze.recurrence else None

    @extend_schema_field(FrozenTimeOut(many=True))
    def get_times(self, freeze: Freeze) -> Any:
        coming = islice(freeze.terms.coming(self.context["now"]), TIMES_SHOWN)
        return FrozenTimeOut(list(coming), many=True).data

    @extend_schema_field(LiftedOut(allow_null=True))
    def get_lifted(self, freeze: Freeze) -> Any:
        return LiftedOut(freeze).data if freeze.lifted_at else None

    def get_url(self, freeze: Freeze) -> str:
        return settings.BASE_URL + freeze.get_absolute_url()


class CatchOut(serializers.Serializer[Any]):
    """What a freeze would catch: slots that could not be used, and promotions that would wait. What runs finishes."""

    scope = serializers.CharField()
    when = serializers.CharField()
    slots = SlotOut(many=True)
    promotions = serializers.ListField(child=serializers.DictField())
    finishing = serializers.ListField(child=serializers.DictField())


def state_of(freeze: Freeze, now: datetime) -> FreezeState:
    time = next(freeze.terms.coming(now), None)
    if time is None:
        return FreezeState.OVER
    return FreezeState.NOW if time.first <= now else FreezeState.COMING
