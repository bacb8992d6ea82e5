"""The API's words for promotions that are asked for, aborted and rolled back."""

from typing import Any

from rest_framework import serializers

from deployer.promotions.serializers import StrictSerializer, WordField
from deployer.web.calendar.api.fields import EnvironmentField, MomentField, TextField, application_field

REASON_LENGTH = 5000


class PromotionIn(StrictSerializer):
    """What is to be promoted where, and why."""

    application = application_field()
    version = WordField(max_length=100)
    environment = EnvironmentField()
    reason = TextField(required=False, allow_blank=True, max_length=REASON_LENGTH)


class WhyIn(StrictSerializer):
    reason = TextField(max_length=REASON_LENGTH)


class RollBackIn(WhyIn):
    """`to` is another version that was verified there; without it, the last that was."""

    to = WordField(required=False, max_length=100)


class OverrideGivenOut(serializers.Serializer[Any]):
    blocker = serializers.CharField()
    sentence = serializers.CharField()
    reason = serializers.CharField()
    given_by = serializers.CharField()
    given_at = MomentField()
    expires_at = MomentField()


class PromotionOut(serializers.Serializer[Any]):
    """A promotion as `promotion_out` writes it; this is how the schema describes it."""

    id = serializers.IntegerField()
    application = serializers.CharField()
    version = serializers.CharField()
    environment = serializers.CharField()
    kind = serializers.CharField(help_text="forward, or rollback.")
    state = serializers.CharField()
    outcome = serializers.CharField()
    blockers = serializers.ListField(child=serializers.DictField(), help_text="Why it waits.")
    overrides = OverrideGivenOut(many=True)
    requested_by = serializers.CharField(allow_null=True, help_text="null: Deployer itself.")
    requested_at = MomentField()
    started_at = MomentField(allow_null=True)
    finished_at = MomentField(allow_null=True)
    url = serializers.URLField()
