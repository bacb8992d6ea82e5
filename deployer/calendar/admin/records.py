"""Freezes, slots and overrides in the admin: to look at. They change through actions only."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.text import Truncator

from deployer.access.audited_admin import TabularInline
from deployer.audit.admin import ReadOnlyAdmin
from deployer.calendar.models import Freeze, FreezeLift, Slot, SlotApplication, SlotOverride, SlotSeries


class ReadOnlyInline(TabularInline):
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class FreezeLiftInline(ReadOnlyInline):
    model = FreezeLift
    verbose_name_plural = "Times that were lifted"
    fields = ("occurrence", "lifted_by", "lifted_at", "reason")


@admin.register(Freeze)
class FreezeAdmin(ReadOnlyAdmin):
    list_display = ["id", "what", "starts_at", "ends_at", "recurrence", "why", "declared_by", "lifted_at"]
    list_filter = ["environments", "teams", ("lifted_at", admin.EmptyFieldListFilter)]
    search_fields = ["reason", "contact", "declared_by", "applications__slug", "teams__name", "environments__slug"]
    date_hierarchy = "starts_at"
    show_full_result_count = False
    inlines = [FreezeLiftInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("environments", "teams", "applications")

    @admin.display(description="what")
    def what(self, freeze: Freeze) -> str:
        return freeze.short_scope

    @admin.display(description="why", ordering="reason")
    def why(self, freeze: Freeze) -> str:
        return str(Truncator(freeze.reason).chars(80))


class SlotApplicationInline(ReadOnlyInline):
    model = SlotApplication
    verbose_name_plural = "Applications"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("application", "release__application")


class SlotOverrideInline(ReadOnlyInline):
    model = SlotOverride
    verbose_name_plural = "Overrides"


@admin.register(Slot)
class SlotAdmin(ReadOnlyAdmin):
    list_display = ["id", "starts_at", "ends_at", "environment", "names", "state", "booked_by"]
    list_select_related = ["environment"]
    list_filter = ["state", "environment", "exclusive"]
    search_fields = ["booked_by", "watched_by", "notes", "bookings__application__slug", "bookings__release__version"]
    date_hierarchy = "starts_at"
    ordering = ["-starts_at", "-id"]
    show_full_result_count = False
    inlines = [SlotApplicationInline, SlotOverrideInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        bookings = ("bookings__application", "bookings__release")
        return super().get_queryset(request).select_related("environment").prefetch_related(*bookings)


@admin.register(SlotSeries)
class SlotSeriesAdmin(ReadOnlyAdmin):
    list_display = ["id", "environment", "names", "rule", "zone", "starts", "booked_by", "booked_until", "ended_at"]
    list_select_related = ["environment"]
    list_filter = ["environment", ("ended_at", admin.EmptyFieldListFilter)]
    search_fields = ["booked_by", "notes", "rule", "applications__slug"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("applications")

    @admin.display(description="applications")
    def names(self, series: SlotSeries) -> str:
        return ", ".join(str(one) for one in series.applications.all())


@admin.register(SlotOverride)
class SlotOverrideAdmin(ReadOnlyAdmin):
    list_display = ["slot", "blocker", "reason", "given_by", "given_at", "expires_at"]
    list_select_related = ["slot__environment"]
    list_filter = ["slot__environment"]
    search_fields = ["blocker", "sentence", "reason", "given_by", "slot__bookings__application__slug"]
    date_hierarchy = "given_at"
    show_full_result_count = False
