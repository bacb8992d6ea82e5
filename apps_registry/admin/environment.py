from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps_registry.admin.base import RegistryAdmin, list_link
from apps_registry.models import Environment, Target


@admin.register(Environment)
class EnvironmentAdmin(RegistryAdmin):
    list_display = ("name", "slug", "position", "capacity", "is_production", "target_count")
    search_fields = ("name", "slug")
    ordering = ("position",)
    immutable = ("slug",)
    prepopulated_fields = {"slug": ["name"]}
    fieldsets = (
        (None, {"fields": ("name", "slug")}),
        (
            "On the way to production",
            {
                "fields": ("position", "capacity", "is_production"),
                "description": "A release goes from the environment with the lowest position to the highest. "
                "Leave gaps between positions, so that another environment fits between two.",
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).annotate(target_total=Count("targets"))
        return rows

    @admin.display(description="targets", ordering="target_total")
    def target_count(self, environment: Any) -> SafeString:
        return list_link(Target, f"environment__id__exact={environment.pk}", environment.target_total)
