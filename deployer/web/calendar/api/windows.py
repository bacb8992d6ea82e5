"""When environments take deploys, by the API."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps_registry.models import Environment
from deployer.access.api import ScopePermission
from deployer.calendar.closing import hours_of
from deployer.calendar.hours import DAYS, LONGEST_CLOSURE, Hours
from deployer.calendar.models import EnvironmentCalendar
from deployer.web.calendar.api.fields import MomentField

YEAR = timedelta(days=365)
LOOKS = (timedelta(days=14), LONGEST_CLOSURE)
"""How far ahead openings and closings are looked for: most are nearby."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """An environment's hours at a moment. Without `hours` it is always open."""

    environment: Environment
    calendar: EnvironmentCalendar
    hours: Hours | None
    now: datetime


class WeeklyHoursOut(serializers.Serializer[Any]):
    weekday = serializers.ChoiceField(DAYS)
    opens = serializers.TimeField(format="%H:%M")
    closes = serializers.TimeField(format="%H:%M", help_text="The next day's, unless it is later than `opens`.")


class ClosedDayOut(serializers.Serializer[Any]):
    day = serializers.DateField()
    name = serializers.CharField()


class SlotSettingsOut(serializers.Serializer[EnvironmentCalendar]):
    minutes = serializers.IntegerField(source="slot_minutes", help_text="How long a slot is unless it says otherwise.")
    longest_minutes = serializers.IntegerField(source="longest_slot_minutes")
    book_ahead_days = serializers.IntegerField()


class WindowOut(serializers.Serializer[Any]):
    """`next_opening` and `next_closing` are null when there is none within 400 days. Without `hours` it is open all
    day; without closed days as well, always."""

    environment = serializers.CharField()
    zone = serializers.CharField(help_text="The zone of its hours and days.")
    hours = WeeklyHoursOut(many=True)
    in_words = serializers.CharField()
    open_now = serializers.BooleanField()
    next_opening = MomentField(allow_null=True)
    next_closing = MomentField(allow_null=True)
    closed_days = ClosedDayOut(many=True, help_text="Own closing days and public holidays of the next year.")
    capacity = serializers.IntegerField(help_text="How many promotions may run in it at once.")
    promotion_minutes = serializers.IntegerField(
        help_text="How long a promotion takes at most: none starts later than this before closing."
    )
    slots = SlotSettingsOut()


class WindowsOut(serializers.Serializer[Any]):
    evaluated_at = MomentField()
    results = WindowOut(many=True)


class Windows(APIView):
    permission_classes = [ScopePermission]

    @extend_schema(responses=WindowsOut)
    def get(self, request: Request) -> Response:
        """Each environment's hours, whether it is open now, and what its slots are like."""
        now = timezone.now()
        environments = Environment.objects.select_related("calendar").prefetch_related("calendar__open_hours")
        results = [_window_out(_window(environment, now)) for environment in environments]
        return Response(WindowsOut({"evaluated_at": now, "results": results}).data)


def _window(environment: Environment, now: datetime) -> Window:
    stored: EnvironmentCalendar | None = getattr(environment, "calendar", None)
    calendar = stored or EnvironmentCalendar(environment=environment)
    return Window(environment=environment, calendar=calendar, hours=hours_of(calendar, now), now=now)


def _window_out(window: Window) -> dict[str, Any]:
    hours, now, calendar = window.hours, window.now, window.calendar
    opening, closing = openings(hours, now) if hours else (None, None)
    return {
        "environment": window.environment.slug,
        "zone": hours.zone if hours else calendar.zone,
        "hours": [
            {"weekday": DAYS[one.weekday], "opens": one.opens, "closes": one.closes}
            for one in (sorted(hours.weekly) if hours else ())
        ],
        "in_words": hours.in_words() if hours else "at any time",
        "open_now": hours is None or hours.next_opening(now, timedelta(0)) == now,
        "next_opening": opening,
        "next_closing": closing,
        "closed_days": hours.closed_days(now, now + YEAR) if hours else [],
        "capacity": window.environment.capacity,
        "promotion_minutes": calendar.promotion_minutes,
        "slots": calendar,
    }


def openings(hours: Hours, now: datetime) -> tuple[datetime | None, datetime | None]:
    """When it opens next and when it closes next, after now; None within LONGEST_CLOSURE."""
    opening = closing = None
    for look in LOOKS:
        closed = hours.closed_between(now, now + look)
        opening = next((span.end for span in closed if span.end < now + look), None)
        closing = next((span.start for span in closed if span.start > now), None)
        if opening and closing:
            break
    return opening, closing
