"""The API's words for pins and vetoes."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from deployer.promotions.models import Pin, Veto
from deployer.promotions.serializers import StrictSerializer, WordField
from deployer.web.calendar.api.fields import (
    EnvironmentField,
    MomentField,
    TextField,
    application_field,
    applications_field,
    environments_field,
)
from deployer.web.calendar.api.pages import CursorField
from deployer.web.promoting.serializers import REASON_LENGTH


class VetoIn(StrictSerializer):
    application = application_field()
    version = WordField(max_length=100)
    reason = TextField(max_length=REASON_LENGTH)


class PinIn(VetoIn):
    """The target of the application in the environment stays on the version."""

    environment = EnvironmentField()


class VetoFilters(StrictSerializer):
    """`standing` leaves out, or only gives, those that were ended."""

    application = applications_field(required=False)
    standing = serializers.BooleanField(required=False, allow_null=True, default=None)
    cursor = CursorField(required=False)


class PinFilters(VetoFilters):
    environment = environments_field(required=False)


class PinEndOut(serializers.Serializer[Pin]):
    at = MomentField(source="removed_at")
    by = serializers.CharField(source="removed_by")
    reason = serializers.CharField(source="removed_reason")


class VetoEndOut(serializers.Serializer[Veto]):
    at = MomentField(source="withdrawn_at")
    by = serializers.CharField(source="withdrawn_by")
    reason = serializers.CharField(source="withdrawn_reason")


class PinOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    application = serializers.CharField(source="target.application.slug")
    environment = serializers.CharField(source="target.environment.slug")
    version = serializers.CharField(source="release.version")
    reason = serializers.CharField()
    placed_by = serializers.CharField()
    placed_at = MomentField()
    removed = serializers.SerializerMethodField()

    @extend_schema_field(PinEndOut(allow_null=True))
    def get_removed(self, pin: Pin) -> Any:
        return PinEndOut(pin).data if pin.removed_at else None


class VetoOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    application = serializers.CharField(source="release.application.slug")
    version = serializers.CharField(source="release.version")
    reason = serializers.CharField()
    placed_by = serializers.CharField()
    placed_at = MomentField()
    withdrawn = serializers.SerializerMethodField()

    @extend_schema_field(VetoEndOut(allow_null=True))
    def get_withdrawn(self, veto: Veto) -> Any:
        return VetoEndOut(veto).data if veto.withdrawn_at else None
