"""Policies, readiness and trust issues as the API reads and writes them."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from rest_framework import serializers

from apps_registry.models import Application, Target, TrustIssue
from apps_registry.models.target import Policy
from apps_registry.readiness import Item
from deployer.promotions.serializers import ApplicationField, StrictSerializer
from deployer.web.calendar.api.fields import EnvironmentField, MomentField, TextField
from deployer.web.calendar.api.pages import CursorField
from deployer.web.calendar.api.refusals import ProblemOut
from deployer.web.calendar.freezes.forms import REASON_LENGTH


class ItemOut(serializers.Serializer[Item]):
    """One need of an automatic target. `fix` and `link` say how it is met, while it isn't."""

    need = serializers.CharField()
    name = serializers.CharField()
    met = serializers.BooleanField()
    overridable = serializers.BooleanField()
    sentence = serializers.CharField()
    fix = serializers.CharField()
    link = serializers.SerializerMethodField()

    def get_link(self, item: Item) -> str | None:
        return settings.BASE_URL + item.link if item.link else None


class ReadinessOut(serializers.Serializer[Any]):
    """`ready` when nothing is missing."""

    application = serializers.CharField()
    environment = serializers.CharField()
    policy = serializers.ChoiceField(choices=Policy.choices)
    ready = serializers.BooleanField()
    items = ItemOut(many=True)


class NotReadyOut(ProblemOut):
    """`missing` are the needs that stand in the way: those that nobody can override, where there are any."""

    missing = ItemOut(many=True, required=False)


class PolicyIn(StrictSerializer):
    policy = serializers.ChoiceField(choices=Policy.choices)
    override_reason = TextField(
        max_length=REASON_LENGTH,
        required=False,
        allow_blank=True,
        help_text="Why something that is missing is passed over: a release manager's, as a person, to give.",
    )


class TrustIssueIn(StrictSerializer):
    """Without an environment it counts in all of them. With `make_manual` its automatic targets there become manual."""

    application = ApplicationField(slug_field="slug", queryset=Application.objects.select_related("owner"))
    environment = EnvironmentField(required=False, allow_null=True)
    reason = TextField(max_length=REASON_LENGTH)
    make_manual = serializers.BooleanField(default=False)


class TrustResolutionIn(StrictSerializer):
    resolution = TextField(max_length=REASON_LENGTH)


class TrustIssueFilters(StrictSerializer):
    application = ApplicationField(
        slug_field="slug", queryset=Application.objects.all(), required=False, help_text="Of this application."
    )
    environment = EnvironmentField(required=False, help_text="That count in this environment.")
    state = serializers.ChoiceField(choices=["open", "resolved"], required=False)
    cursor = CursorField(required=False, help_text="As `next` and `previous` of an answer have it.")


class TrustIssueOut(serializers.Serializer[TrustIssue]):
    """`environment` is null when it counts in all; `resolved_at`, `resolved_by` and `resolution` while it is open."""

    id = serializers.IntegerField(source="pk")
    application = serializers.CharField(source="application.slug")
    environment = serializers.SerializerMethodField()
    reason = serializers.CharField()
    opened_at = MomentField()
    opened_by = serializers.SerializerMethodField()
    resolved_at = MomentField(allow_null=True)
    resolved_by = serializers.SerializerMethodField()
    resolution = serializers.SerializerMethodField()

    def get_environment(self, issue: TrustIssue) -> str | None:
        return issue.environment.slug if issue.environment else None

    def get_opened_by(self, issue: TrustIssue) -> str | None:
        return issue.opener or None

    def get_resolved_by(self, issue: TrustIssue) -> str | None:
        return issue.resolved_by or None

    def get_resolution(self, issue: TrustIssue) -> str | None:
        return issue.resolution or None


def items_out(items: Iterable[Item]) -> list[dict[str, Any]]:
    return [dict(ItemOut(item).data) for item in items]


def readiness_out(target: Target, items: list[Item]) -> dict[str, Any]:
    return {
        "application": target.application.slug,
        "environment": target.environment.slug,
        "policy": target.policy,
        "ready": all(item.met for item in items),
        "items": items_out(items),
    }
