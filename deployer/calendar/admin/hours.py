"""Hours and closing days, in the admin."""

from datetime import time
from itertools import combinations
from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest

from apps_registry.admin.base import RegistryAdmin, RegistryInline
from deployer.access.audited_admin import InlineFormSet, ModelForm
from deployer.calendar.hours import DAYS, Hours, WeeklyHours
from deployer.calendar.models import ClosedDay, EnvironmentCalendar, OpenHours
from deployer.calendar.walltime import MIDNIGHT

DAY = 24 * 60
WEEK = 7 * DAY


class OpenHoursFormSet(InlineFormSet):
    def clean(self) -> None:
        """Hours that are a slip are refused at the row to mend, before Django looks whether two rows are the same."""
        kept = [form for form in self.forms if _is_whole(form) and not form.cleaned_data.get("DELETE")]
        for form in kept:
            if form.instance.opens == form.instance.closes != MIDNIGHT:
                form.add_error("closes", "It closes when it opens: give another time, or 00:00 and 00:00 for all day.")
        right = [form for form in kept if not form.errors]
        for earlier, later in combinations(right, 2):
            if _overlap(earlier.instance, later.instance):
                later.add_error("opens", f"This overlaps {earlier.instance}: change one of them, or join the two.")
        super().clean()


def _is_whole(form: Any) -> bool:
    """Whether all that makes hours is there and can be read."""
    return bool(form.is_valid()) and {"weekday", "opens", "closes"} <= form.cleaned_data.keys()


def _overlap(one: OpenHours, other: OpenHours) -> bool:
    """Whether they have time in common, in a week of the wall clock that begins again after its end."""
    (start, end), (other_start, other_end) = _minutes(one), _minutes(other)
    return any(start < other_end + shift and other_start + shift < end for shift in (-WEEK, 0, WEEK))


def _minutes(hours: OpenHours) -> tuple[int, int]:
    """From and until, in minutes of the week."""
    opens, closes = _minute(hours.opens), _minute(hours.closes)
    return hours.weekday * DAY + opens, hours.weekday * DAY + (closes if closes > opens else closes + DAY)


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute


class OpenHoursInline(RegistryInline):
    model = OpenHours
    formset = OpenHoursFormSet
    fields = ("weekday", "opens", "closes")
    verbose_name_plural = "Weekly hours; without any it is open all day, on every day that is not closed"


@admin.register(EnvironmentCalendar)
class EnvironmentCalendarAdmin(RegistryAdmin):
    list_display = (
        "environment",
        "takes_deploys",
        "holidays",
        "slot_minutes",
        "longest_slot_minutes",
        "book_ahead_days",
    )
    list_select_related = ("environment",)
    search_fields = ("environment__slug", "environment__name", "zone")
    immutable = ("environment",)
    inlines = (OpenHoursInline,)
    fieldsets = (
        (None, {"fields": ("environment", "zone", "promotion_minutes")}),
        ("Public holidays", {"fields": ("holidays_country", "holidays_subdivision")}),
        (
            "Slots",
            {
                "fields": ("slot_minutes", "longest_slot_minutes", "book_ahead_days"),
                "description": "How many promotions and slots may be there at once is the environment's capacity.",
            },
        ),
    )

    def about(self, row: models.Model) -> dict[str, str]:
        return super().about(row.calendar if isinstance(row, OpenHours) else row)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("open_hours")

    @admin.display(description="takes deploys")
    def takes_deploys(self, calendar: EnvironmentCalendar) -> str:
        weekly = tuple(WeeklyHours(one.weekday, one.opens, one.closes) for one in calendar.open_hours.all())
        return Hours(zone=calendar.zone, weekly=weekly).in_words()

    @admin.display(description="holidays")
    def holidays(self, calendar: EnvironmentCalendar) -> str:
        return " ".join(filter(None, [calendar.holidays_country, calendar.holidays_subdivision])) or "none"


class ClosedDayForm(ModelForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "day" in cleaned and "environment" in cleaned:
            same = ClosedDay.objects.filter(environment=cleaned["environment"], day=cleaned["day"])
            there = same.exclude(pk=self.instance.pk).first()
            if there is not None:
                self.add_error("day", f"It is closed on that day already ({there.name}): change that one.")
        return cleaned


@admin.register(ClosedDay)
class ClosedDayAdmin(RegistryAdmin):
    form = ClosedDayForm
    list_display = ("day", "weekday", "name", "where")
    list_filter = ("environment",)
    list_select_related = ("environment",)
    search_fields = ("name",)
    date_hierarchy = "day"
    ordering = ("-day",)
    fields = ("environment", "day", "name")

    @admin.display(description="weekday")
    def weekday(self, closed: ClosedDay) -> str:
        return DAYS[closed.day.weekday()]

    @admin.display(description="environment", ordering="environment__position")
    def where(self, closed: ClosedDay) -> str:
        return str(closed.environment or "all")
