"""The API's words for holds."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from deployer.promotions.actions.hold import LONGEST_CONTACT
from deployer.promotions.models import Hold, Measurement
from deployer.promotions.serializers import StrictSerializer, WordField
from deployer.promotions.ways import Way, ways_out_of
from deployer.releases.models import Change, Release
from deployer.web.calendar.api.fields import (
    EnvironmentField,
    MomentField,
    TextField,
    application_field,
    applications_field,
    environments_field,
)
from deployer.web.calendar.api.pages import CursorField
from deployer.web.holds.evidence import Evidence, evidence_of, places_of
from deployer.web.promoting.serializers import REASON_LENGTH, PromotionOut


class HoldIn(StrictSerializer):
    """In every environment unless one is named, and until it is lifted unless it says when it ends. Releases up to
    `newest_safe` (a version) pass it."""

    application = application_field()
    environment = EnvironmentField(required=False, allow_null=True)
    reason = TextField(max_length=REASON_LENGTH)
    contact = TextField(max_length=LONGEST_CONTACT, help_text="Whom to ask about it.")
    ends_at = MomentField(required=False, allow_null=True)
    newest_safe = WordField(required=False, allow_null=True, max_length=100)


class ResolutionIn(StrictSerializer):
    resolution = TextField(max_length=REASON_LENGTH, help_text="What was done about it.")


class HoldFilters(StrictSerializer):
    """Those of any of the applications that count in any of the environments; `open` leaves out, or only gives, those
    that were lifted."""

    application = applications_field(required=False)
    environment = environments_field(required=False)
    open = serializers.BooleanField(required=False, allow_null=True, default=None)
    cursor = CursorField(required=False)


class HoldLiftedOut(serializers.Serializer[Hold]):
    at = MomentField(source="lifted_at")
    by = serializers.CharField(source="lifted_by")
    way_out = serializers.CharField(
        help_text="How it ended: lift, retry_step, retry, roll_back, veto, fix_forward, end."
    )
    resolution = serializers.CharField()


class FixForwardOut(serializers.Serializer[Hold]):
    at = MomentField(source="fix_forward_at")
    by = serializers.CharField(source="fix_forward_by")


class HoldOut(serializers.Serializer[Any]):
    """A hold. `stopped` is the version that goes no further, `promotion` what failed or the rollback that left it."""

    id = serializers.IntegerField()
    application = serializers.CharField(source="application.slug")
    environment = serializers.CharField(
        source="environment.slug", default=None, help_text="null: in every environment."
    )
    kind = serializers.CharField(help_text="manual, failure or rollback.")
    reason = serializers.CharField()
    contact = serializers.CharField()
    owner = serializers.CharField(source="application.owner.slug", help_text="The team whose move it is.")
    placed_by = serializers.CharField()
    placed_at = MomentField()
    ends_at = MomentField(allow_null=True, help_text="null: when somebody lifts it.")
    newest_safe = serializers.CharField(source="newest_safe.version", default=None)
    promotion = serializers.IntegerField(source="promotion_id", allow_null=True)
    stopped = serializers.CharField(source="stopped.version", default=None)
    fix_forward = serializers.SerializerMethodField(help_text="Who asked for a fix, and when: newer releases pass it.")
    lifted = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()

    @extend_schema_field(FixForwardOut(allow_null=True))
    def get_fix_forward(self, hold: Hold) -> Any:
        return FixForwardOut(hold).data if hold.fix_forward_at else None

    @extend_schema_field(HoldLiftedOut(allow_null=True))
    def get_lifted(self, hold: Hold) -> Any:
        return None if hold.is_open else HoldLiftedOut(hold).data

    def get_url(self, hold: Hold) -> str:
        return hold.full_url()


class MeasuredOut(serializers.Serializer[Measurement]):
    at = MomentField()
    outcome = serializers.CharField()
    sentence = serializers.CharField()


class EvidenceOut(serializers.Serializer[Evidence]):
    """The step at which it stopped, the last that it measured, newest first, and the last lines that it printed."""

    position = serializers.IntegerField(source="step.position")
    name = serializers.CharField(source="step.name")
    state = serializers.CharField(source="step.state")
    sentence = serializers.CharField(source="step.sentence")
    measurements = MeasuredOut(many=True)
    log = serializers.SerializerMethodField(help_text="Its last lines.")
    log_url = serializers.SerializerMethodField(help_text="All that it printed, as text.")

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_log(self, evidence: Evidence) -> list[str]:
        return evidence.log.text.splitlines()

    def get_log_url(self, evidence: Evidence) -> str:
        step = evidence.step
        return settings.BASE_URL + reverse("step-log", args=[step.promotion_id, step.position])


class ChangeOut(serializers.Serializer[Change]):
    title = serializers.CharField()
    author_name = serializers.CharField()
    author_email = serializers.CharField()
    commit = serializers.CharField()
    url = serializers.CharField()


class StoppedReleaseOut(serializers.Serializer[Release]):
    """The release that goes no further."""

    version = serializers.CharField()
    commit = serializers.CharField()
    build_url = serializers.CharField()
    changes = ChangeOut(many=True, source="changes.all")


class LiveOut(serializers.Serializer[Any]):
    """What is live in an environment that it stops; null where nothing is."""

    environment = serializers.CharField(source="environment.slug")
    version = serializers.CharField(source="live.release.version", default=None)
    since = MomentField(source="live.at", default=None)
    verified_at = MomentField(source="live.verified_at", default=None)


class WayOfferedOut(serializers.Serializer[Any]):
    """A way out: POST what it `needs` to `call`. Why it can't be taken is `why_not`."""

    way = serializers.CharField(source="way.slug")
    label = serializers.CharField()  # type: ignore[assignment]
    what = serializers.CharField()
    possible = serializers.BooleanField()
    why_not = serializers.CharField()
    needs = serializers.CharField(help_text="reason, or resolution.")
    command = serializers.CharField(help_text="The same from a terminal.")
    call = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField(help_text="Its page, for people.")

    def get_call(self, way: Way) -> str:
        return settings.BASE_URL + reverse(f"api-hold-{way.way.slug}", args=[self.context["hold"].pk])

    def get_url(self, way: Way) -> str:
        return way.full_url()


class HoldDetailOut(HoldOut):
    """A hold with what there is to decide by. The context has `rights`, whose ways out they are, and `now`."""

    evidence = serializers.SerializerMethodField(help_text="null: no step failed.")
    release = StoppedReleaseOut(source="stopped", allow_null=True)
    live = serializers.SerializerMethodField(help_text="What is live where it stops.")
    ways = serializers.SerializerMethodField(help_text="The ways out, the gentlest first; none of one that was lifted.")

    @extend_schema_field(EvidenceOut(allow_null=True))
    def get_evidence(self, hold: Hold) -> Any:
        evidence = evidence_of(hold.promotion)
        return EvidenceOut(evidence).data if evidence else None

    @extend_schema_field(LiveOut(many=True))
    def get_live(self, hold: Hold) -> Any:
        return LiveOut(places_of(hold), many=True).data

    @extend_schema_field(WayOfferedOut(many=True))
    def get_ways(self, hold: Hold) -> Any:
        if not hold.is_open:
            return []
        ways = ways_out_of(hold, rights=self.context["rights"], now=self.context["now"])
        return WayOfferedOut(ways, many=True, context={"hold": hold}).data


class WayTakenOut(serializers.Serializer[Any]):
    """The hold as it is now, and the promotion that goes on, where there is one."""

    hold = HoldOut()
    promotion = PromotionOut(allow_null=True)
