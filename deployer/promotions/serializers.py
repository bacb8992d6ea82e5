"""The API's words for what comes in and what goes out."""

from datetime import UTC, datetime
from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

from apps_registry.models import Application
from deployer.calendar.models import OverrideBase
from deployer.promotions.models import Hold, Promotion, Step
from deployer.promotions.standing import Standing, TargetStanding
from deployer.releases.models import Release

MOST_CHANGES = 1000
MEASUREMENTS_SHOWN = 100

printable = RegexValidator(r"\A[^\s\x00-\x1f\x7f]+\Z", "Use one word: no spaces and no control characters.")
hexadecimal = RegexValidator(r"\A[0-9a-fA-F]{7,64}\Z", "A commit is 7 to 64 hexadecimal characters.")


EARLIEST, LATEST = (datetime(year, 1, 1, tzinfo=UTC) for year in (1970, 2200))


class WordField(serializers.CharField):
    """A string of one word; a number is not taken for one, since 1e3 would be registered as 1000.0."""

    default_error_messages = {"not_a_string": "Write it as a string, in quotation marks."}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("not_a_string")
        return super().to_internal_value(data)


class CommitField(WordField):
    """Hexadecimal, in lower case whatever was sent, so that one commit is written in one way."""

    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(data).lower()


class ApplicationField(serializers.SlugRelatedField[Application]):
    default_error_messages = {
        "does_not_exist": "There is no application {value!r}; GET /api/v1/applications lists them."
    }

    def to_internal_value(self, data: Any) -> Application:
        if not isinstance(data, str) or "\x00" in data:
            self.fail("invalid")
        return super().to_internal_value(data)


def plausible_time(value: datetime) -> None:
    if not EARLIEST <= value < LATEST:
        raise serializers.ValidationError("Is this the time it was built? Give one between 1970 and 2200.")


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields that it does not know: a misspelt one would be lost without a word."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        unknown = set(data) - set(self.fields) if isinstance(data, dict) else set()
        if unknown:
            known = ", ".join(self.fields)
            raise serializers.ValidationError(
                {str(name): [f"There is no such field: there are {known}."] for name in unknown}
            )
        values: dict[str, Any] = super().to_internal_value(data)
        return values


class ChangeIn(StrictSerializer):
    title = serializers.CharField(max_length=300)
    commit = CommitField(max_length=64, required=False, validators=[hexadecimal])
    author_name = serializers.CharField(max_length=100, required=False, allow_blank=True)
    author_email = serializers.EmailField(max_length=254, required=False, allow_blank=True)
    url = serializers.URLField(max_length=500, required=False, allow_blank=True)


class ReleaseIn(StrictSerializer):
    """What CI registers. `built_at` says which release is newer when they arrive in another order than they were
    built; one without a zone is taken in the server's."""

    application = ApplicationField(slug_field="slug", queryset=Application.objects.select_related("owner"))
    version = WordField(max_length=100, validators=[printable])
    commit = CommitField(max_length=64, validators=[hexadecimal])
    build_url = serializers.URLField(max_length=500, required=False, allow_blank=True)
    built_at = serializers.DateTimeField(required=False, allow_null=True, validators=[plausible_time])
    changes = serializers.ListField(child=ChangeIn(), required=False, max_length=MOST_CHANGES)


def release_out(release: Release) -> dict[str, Any]:
    return {
        "application": release.application.slug,
        "version": release.version,
        "commit": release.commit,
        "number": release.number,
        "build_url": release.build_url,
        "built_at": release.built_at,
        "registered_at": release.created_at,
        "registered_by": release.created_by,
    }


def promotion_out(promotion: Promotion) -> dict[str, Any]:
    return {
        "id": promotion.pk,
        "application": promotion.application.slug,
        "version": promotion.release.version,
        "environment": promotion.environment.slug,
        "kind": promotion.kind,
        "state": promotion.state,
        "outcome": promotion.outcome,
        "blockers": promotion.blockers,
        "overrides": [override_out(override) for override in promotion.overrides.all()],
        "requested_by": promotion.requested_by or None,
        "requested_at": promotion.created_at,
        "started_at": promotion.started_at,
        "finished_at": promotion.finished_at,
        "url": promotion.full_url(),
    }


def override_out(override: OverrideBase) -> dict[str, Any]:
    return {
        "blocker": override.blocker,
        "sentence": override.sentence,
        "reason": override.reason,
        "given_by": override.given_by,
        "given_at": override.given_at,
        "expires_at": override.expires_at,
    }


def step_out(step: Step) -> dict[str, Any]:
    return {
        "position": step.position,
        "kind": step.kind,
        "name": step.name,
        "state": step.state,
        "sentence": step.sentence,
        "started_at": step.started_at,
        "finished_at": step.finished_at,
        "measurements": [
            {"at": one.at, "outcome": one.outcome, "sentence": one.sentence, "evidence": one.evidence}
            for one in step.measurements.order_by("-id")[:MEASUREMENTS_SHOWN]
        ],
    }


def hold_out(hold: Hold) -> dict[str, Any]:
    return {
        "id": hold.pk,
        "url": hold.full_url(),
        "application": hold.application.slug,
        "environment": hold.environment.slug if hold.environment else None,
        "kind": hold.kind,
        "reason": hold.reason,
        "placed_by": hold.placed_by,
        "placed_at": hold.placed_at,
        "promotion": hold.promotion_id,
        "contact": hold.contact or None,
        "ends_at": hold.ends_at,
        "newest_safe": hold.newest_safe.version if hold.newest_safe else None,
        "fix_forward_by": hold.fix_forward_by or None,
    }


def application_out(application: Application) -> dict[str, Any]:
    return {
        "slug": application.slug,
        "name": application.name,
        "owner": application.owner.slug,
        "impact": application.impact,
        "repository": application.repository,
        "archived": application.is_archived,
    }


def standing_out(standing: Standing) -> dict[str, Any]:
    return application_out(standing.application) | {
        "environments": [_target_out(target) for target in standing.targets],
        "holds": [hold_out(hold) for hold in standing.holds],
    }


def _target_out(target: TargetStanding) -> dict[str, Any]:
    live = target.live
    return {
        "environment": target.environment.slug,
        "url": target.target.url,
        "policy": target.target.policy,
        "live": live and {"version": live.release.version, "since": live.at, "verified_at": live.verified_at},
        "moving": target.moving and promotion_out(target.moving),
        "waiting": [promotion_out(promotion) for promotion in target.waiting],
        "holds": [hold_out(hold) for hold in target.holds],
    }
