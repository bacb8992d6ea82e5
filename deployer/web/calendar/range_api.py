"""A stretch of the calendar for programs and for the calendar's own page: `GET /api/v1/calendar`."""

import re
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps_registry.callers import check_covered, rights_of_caller
from deployer.access.api import ScopePermission
from deployer.access.models import User
from deployer.calendar.walltime import MIDNIGHT, UnknownZoneError, end_instant, start_instant, zone_named
from deployer.promotions.serializers import StrictSerializer
from deployer.web.calendar.api.fields import (
    YEARS,
    QueryMomentField,
    applications_field,
    environments_field,
    teams_field,
)
from deployer.web.calendar.range_out import calendar_out, local_out
from deployer.web.calendar.reading import LONGEST, MOST_DAYS, Filters, Listed, read_calendar


@extend_schema_field(OpenApiTypes.STR)
class DayOrMomentField(QueryMomentField):
    """A day of the zone, which stands for its first instant, or an instant."""

    default_error_messages = {
        "required": "Give a day such as 2026-03-02, or a time such as 2026-03-02T09:00:00Z.",
        "invalid": "Give a day such as 2026-03-02, or a time with its offset such as 2026-03-02T09:00:00Z.",
    }

    def to_internal_value(self, value: Any) -> Any:
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", str(value)):
            return super().to_internal_value(value)
        try:
            day = parse_date(str(value))
        except ValueError:
            day = None
        if day is None:
            self.fail("invalid")
        if not YEARS[0] < day.year < YEARS[1]:
            self.fail("implausible")
        return day


class ZoneField(serializers.CharField):
    def to_internal_value(self, data: Any) -> str:
        try:
            return zone_named(super().to_internal_value(data)).key
        except UnknownZoneError as error:
            raise serializers.ValidationError(str(error)) from error


class RangeIn(StrictSerializer):
    """`end` is not part of the stretch. Days are those of `zone`. Filters may be repeated."""

    start = DayOrMomentField(help_text="A day such as 2026-03-02, or a time such as 2026-03-02T09:00:00Z.")
    end = DayOrMomentField(help_text=f"Where it ends, which is not in it: at most {MOST_DAYS} days later.")
    zone = ZoneField(required=False, help_text="An IANA zone; without it the caller's, and for a token the server's.")
    team = teams_field(required=False)
    application = applications_field(required=False)
    environment = environments_field(required=False)
    promotions = serializers.ChoiceField(
        choices=["list", "counts"],
        default="list",
        help_text="Each promotion, or how many there were by day and state.",
    )


class InstantIn(StrictSerializer):
    wall = serializers.RegexField(
        r"\A\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?\Z",
        error_messages={
            "required": "Give a time of the wall clock, such as 2026-03-02T09:30.",
            "invalid": "Give a time of the wall clock without an offset, such as 2026-03-02T09:30.",
        },
        help_text="A time of the wall clock, such as 2026-03-02T09:30.",
    )
    edge = serializers.ChoiceField(choices=["start", "end"], default="start", help_text="What it is the time of.")
    zone = ZoneField(required=False, help_text="An IANA zone; without it the caller's, and for a token the server's.")

    def validate_wall(self, value: str) -> datetime:
        try:
            found = parse_datetime(value)
        except ValueError:
            found = None
        if found is None or not YEARS[0] < found.year < YEARS[1]:
            raise serializers.ValidationError("There is no such day or time, or it is not between 1970 and 2200.")
        return found


class CalendarRange(APIView):
    permission_classes = [ScopePermission]

    @extend_schema(operation_id="calendar", parameters=[RangeIn], responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """What there is from `start` to `end`, a lane for each environment: its closed hours, holidays and freezes,
        slots (cancelled ones left out) and the promotions that ran.

        Every time is said twice: in UTC, and by the wall clock of `zone` (`…_local`). A token that is limited to some
        applications sees the details of those; of others that the time is booked. What is left out because there is
        too much is said in `notices`.
        """
        given = RangeIn(data=request.query_params)
        given.is_valid(raise_exception=True)
        values = given.validated_data
        zone = values.get("zone") or zone_of(request)
        start, end = _stretch(values["start"], values["end"], zone)
        filters = Filters(
            teams=values.get("team", ()),
            applications=values.get("application", ()),
            environments=values.get("environment", ()),
        )
        check_covered(request, *filters.applications)
        counts = values["promotions"] == "counts"
        found = read_calendar(
            start,
            end,
            filters,
            rights_of_caller(request),
            timezone.now(),
            promotions=Listed.NONE if counts else Listed.ALL,
            count_in=zone if counts else "",
        )
        return Response(calendar_out(found, zone))


class CalendarInstant(APIView):
    permission_classes = [ScopePermission]

    @extend_schema(operation_id="calendar_instant", parameters=[InstantIn], responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """The instant that a time of the wall clock means, in UTC and as the clock shows it.

        One that the clocks skip means the first instant after the gap. One that they show twice means the first as a
        start and the last as an end.
        """
        given = InstantIn(data=request.query_params)
        given.is_valid(raise_exception=True)
        wall, edge = given.validated_data["wall"], given.validated_data["edge"]
        zone = given.validated_data.get("zone") or zone_of(request)
        instant = (start_instant if edge == "start" else end_instant)(wall.date(), wall.time(), zone_named(zone))
        return Response({"zone": zone} | local_out("at", instant, zone))


def zone_of(request: Request) -> str:
    return request.user.time_zone if isinstance(request.user, User) else settings.TIME_ZONE


def _stretch(start: date | datetime, end: date | datetime, zone: str) -> tuple[datetime, datetime]:
    """Both as instants in UTC. Raises ValidationError, naming the field."""
    first, last = _instant(start, zone), _instant(end, zone)
    if last <= first:
        raise serializers.ValidationError({"end": ["It must be after start: choose a later one."]})
    if last - first > LONGEST:
        latest = (first.astimezone(zone_named(zone)) + timedelta(days=MOST_DAYS)).date()
        raise serializers.ValidationError(
            {"end": [f"At most {MOST_DAYS} days are shown at once: choose {latest} or earlier, or ask several times."]}
        )
    return first, last


def _instant(moment: date | datetime, zone: str) -> datetime:
    return moment if isinstance(moment, datetime) else start_instant(moment, MIDNIGHT, zone_named(zone))
