"""The words of the API for slots."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from rest_framework import serializers

from apps_registry.models import Application
from deployer.access.models.user import check_time_zone
from deployer.calendar.actions.overrides import NewOverride
from deployer.calendar.actions.slots import MOST_APPLICATIONS, NewSlot
from deployer.calendar.closing import calendar_of
from deployer.calendar.models import Slot, SlotApplication
from deployer.calendar.models.hours import LONGEST_SLOT_MINUTES
from deployer.calendar.recurrence import Recurrence, RecurrenceError, wall_time
from deployer.calendar.states import SlotState
from deployer.promotions.serializers import StrictSerializer
from deployer.releases.models import Release
from deployer.web.calendar.api.fields import (
    EnvironmentField,
    MomentField,
    QueryMomentField,
    TextField,
    application_field,
    applications_field,
    environments_field,
    teams_field,
)
from deployer.web.calendar.api.overrides import OverrideIn, OverrideOut
from deployer.web.calendar.api.pages import CursorField
from deployer.web.calendar.api.refusals import BlockerOut

LONGEST = timedelta(minutes=LONGEST_SLOT_MINUTES)
MOST_NOTES = 5000
MOST_OVERRIDES = 20
NO_APPLICATION = "Say what is to be deployed: give one slug or more."

Releases = dict[int, Release | None]
"""By the ids of applications; None is for any release."""


class RecurrenceIn(StrictSerializer):
    """`rule` is an RFC 5545 RRULE without its name; `zone` is that of the clock it is meant by."""

    rule = TextField(max_length=300)
    zone = TextField(max_length=50, required=False, validators=[check_time_zone])


class SlotIn(StrictSerializer):
    """A slot to book. It ends at `ends_at`, or after `minutes`, or is as long as the environment's slots are."""

    application = application_field(required=False)
    applications = applications_field(required=False, allow_empty=False, most=MOST_APPLICATIONS)
    environment = EnvironmentField()
    starts_at = MomentField()
    ends_at = MomentField(required=False)
    minutes = serializers.IntegerField(required=False, min_value=1, max_value=LONGEST_SLOT_MINUTES)
    releases = serializers.DictField(
        child=TextField(max_length=100, allow_null=True),
        required=False,
        help_text="By application: the version that is promoted when the slot starts.",
    )
    exclusive = serializers.BooleanField(default=False)
    notes = TextField(required=False, allow_blank=True, max_length=MOST_NOTES)
    watched_by = TextField(required=False, allow_blank=True, max_length=150)
    overrides = serializers.ListField(child=OverrideIn(), required=False, max_length=MOST_OVERRIDES)
    recurrence = RecurrenceIn(required=False, allow_null=True)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Says with all else that is missing that no application was given."""
        try:
            return super().to_internal_value(data)
        except serializers.ValidationError as error:
            if isinstance(data, dict) and not {"application", "applications"} & set(data):
                details: Any = error.detail
                raise serializers.ValidationError({"applications": [NO_APPLICATION], **details}) from error
            raise

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        values["applications"] = _applications(values)
        values["ends_at"] = _end(values)
        by_slug = {one.slug: one for one in values["applications"]}
        values["releases"] = find_releases(by_slug, values.get("releases", {}))
        if values.get("recurrence"):
            _check_recurrence(values)
        return values

    def new_slot(self) -> NewSlot:
        values = self.validated_data
        names = ("environment", "applications", "starts_at", "ends_at", "exclusive")
        return NewSlot(
            **{name: values[name] for name in names},
            releases={pk: release for pk, release in values["releases"].items() if release},
            notes=values.get("notes", ""),
            watched_by=values.get("watched_by", ""),
        )

    def new_overrides(self) -> list[NewOverride]:
        return [NewOverride(**one) for one in self.validated_data.get("overrides", [])]


class SlotChangeIn(StrictSerializer):
    """What is to change; the rest stays. `sequence` is that of the slot as it was seen."""

    starts_at = MomentField(required=False)
    ends_at = MomentField(required=False)
    exclusive = serializers.BooleanField(required=False)
    notes = TextField(required=False, allow_blank=True, max_length=MOST_NOTES)
    watched_by = TextField(required=False, allow_blank=True, max_length=150)
    releases = serializers.DictField(child=TextField(max_length=100, allow_null=True), required=False)
    sequence = serializers.IntegerField(required=False, min_value=0, max_value=2**31 - 1)

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        if not set(values) - {"sequence"}:
            known = ", ".join(name for name in dict(self.fields) if name != "sequence")
            raise serializers.ValidationError(f"Say what is to change: {known}.")
        return values


class ReasonIn(StrictSerializer):
    reason = TextField(required=False, allow_blank=True, max_length=2000)


class SlotFilters(StrictSerializer):
    """Those of any of the applications, teams, environments and states that are named, and that overlap from `from` to
    `to`."""

    application = applications_field(required=False)
    team = teams_field(required=False)
    environment = environments_field(required=False)
    state = serializers.ListField(child=serializers.ChoiceField(SlotState.choices), required=False)
    to = QueryMomentField(required=False)
    cursor = CursorField(required=False)

    def get_fields(self) -> dict[str, Any]:
        """`from` can't be written as a name."""
        fields = super().get_fields()
        last = {name: fields.pop(name) for name in ("to", "cursor")}
        return {**fields, "from": QueryMomentField(required=False), **last}


class SlotOut(serializers.Serializer[Any]):
    """A slot. Of its applications those are shown that the caller may see: in the context, `seen` has their ids, or is
    None for all."""

    id = serializers.IntegerField()
    environment = serializers.CharField()
    applications = serializers.SerializerMethodField()
    other_applications = serializers.SerializerMethodField(help_text="How many more there are, which aren't shown.")
    releases = serializers.SerializerMethodField(help_text="By application: the version, null for any.")
    starts_at = MomentField()
    ends_at = MomentField()
    state = serializers.ChoiceField(SlotState.choices)
    outcome = serializers.CharField()
    exclusive = serializers.BooleanField()
    notes = serializers.CharField()
    watched_by = serializers.CharField()
    booked_by = serializers.CharField()
    booked_at = MomentField()
    overrides = OverrideOut(many=True, source="overrides.all")
    series = serializers.IntegerField(source="series_id", allow_null=True)
    sequence = serializers.IntegerField()
    url = serializers.CharField(source="full_url")

    def get_applications(self, slot: Slot) -> list[str]:
        return [one.application.slug for one in self._seen(slot)]

    def get_other_applications(self, slot: Slot) -> int:
        return len(slot.bookings.all()) - len(self._seen(slot))

    def get_releases(self, slot: Slot) -> dict[str, str | None]:
        return {one.application.slug: one.release.version if one.release else None for one in self._seen(slot)}

    def _seen(self, slot: Slot) -> list[SlotApplication]:
        seen = self.context.get("seen")
        return [one for one in slot.bookings.all() if seen is None or one.application_id in seen]


class RefusedTimeOut(serializers.Serializer[Any]):
    starts_at = MomentField()
    ends_at = MomentField()
    blockers = BlockerOut(many=True)


class SeriesOut(serializers.Serializer[Any]):
    """What came of a recurring booking: what was booked so far, and the times that could not be."""

    series = serializers.IntegerField()
    booked_until = MomentField()
    slots = SlotOut(many=True)
    refused = RefusedTimeOut(many=True)


def find_releases(applications: Mapping[str, Application], versions: Mapping[str, str | None]) -> Releases:
    """Raises ValidationError for an application that is not in the slot, and a version that it doesn't have."""
    if len(versions) > MOST_APPLICATIONS:
        raise serializers.ValidationError({"releases": [f"Give at most {MOST_APPLICATIONS}."]})
    found = {
        (release.application.slug, release.version): release
        for release in Release.objects.select_related("application").filter(
            application__in=[applications[slug] for slug in versions if slug in applications],
            version__in=[version for version in versions.values() if version],
        )
    }
    wrong = {slug: [f"{slug} is not in this slot."] for slug in versions if slug not in applications}
    wrong |= {
        slug: [f"{slug} has no release {version!r}."]
        for slug, version in versions.items()
        if slug in applications and version and (slug, version) not in found
    }
    if wrong:
        raise serializers.ValidationError({"releases": wrong})
    return {applications[slug].pk: found[slug, version] if version else None for slug, version in versions.items()}


def check_length(starts_at: datetime, ends_at: datetime) -> None:
    """Raises ValidationError for what is far beyond any slot; up to a day, the environment's own limits decide."""
    if ends_at - starts_at > LONGEST:
        raise serializers.ValidationError({"ends_at": ["A slot is at most a day long: choose an earlier end."]})


def _applications(values: Mapping[str, Any]) -> Sequence[Application]:
    one: Application | None = values.get("application")
    several: Sequence[Application] = values.get("applications", ())
    if one is None and not several:
        raise serializers.ValidationError({"applications": [NO_APPLICATION]})
    if one is not None and several:
        raise serializers.ValidationError({"application": ["Give either `application` or `applications`."]})
    return [one] if one is not None else several


def _end(values: Mapping[str, Any]) -> datetime:
    starts_at: datetime = values["starts_at"]
    if "ends_at" in values and "minutes" in values:
        raise serializers.ValidationError({"minutes": ["Give either `ends_at` or `minutes`."]})
    if "ends_at" in values:
        ends_at: datetime = values["ends_at"]
        check_length(starts_at, ends_at)
        return ends_at
    if "minutes" in values:
        return starts_at + timedelta(minutes=values["minutes"])
    return starts_at + calendar_of(values["environment"]).limits.length


def _check_recurrence(values: dict[str, Any]) -> None:
    for name in ("releases", "overrides"):
        if values.get(name):
            raise serializers.ValidationError({name: ["Recurring slots have none: leave this out."]})
    if values["ends_at"] <= values["starts_at"]:
        raise serializers.ValidationError({"ends_at": ["It must end after it starts: choose a later end."]})
    recurrence = values["recurrence"]
    zone = recurrence.setdefault("zone", calendar_of(values["environment"]).zone)
    starts, ends = (wall_time(values[name], zone) for name in ("starts_at", "ends_at"))
    try:
        Recurrence(rule=recurrence["rule"], zone=zone, starts=starts, ends=ends).check()
    except RecurrenceError as error:
        raise serializers.ValidationError({"recurrence": {"rule": [str(error)]}}) from error
