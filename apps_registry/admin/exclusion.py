from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps_registry.admin.base import RegistryAdmin, need
from apps_registry.models import ExclusionGroup
from deployer.access.audited_admin import ModelForm


class ExclusionGroupForm(ModelForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        need(self, "applications", "Choose at least two: a group of one excludes nothing.", when=_is_one)
        return cleaned


def _is_one(applications: Any) -> bool:
    return len(applications or ()) == 1


@admin.register(ExclusionGroup)
class ExclusionGroupAdmin(RegistryAdmin):
    form = ExclusionGroupForm
    list_display = ("slug", "reason", "members")
    search_fields = ("slug", "reason", "applications__slug", "applications__name")
    autocomplete_fields = ("applications",)
    immutable = ("slug",)
    fields = ("slug", "reason", "applications")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("applications")

    @admin.display(description="applications")
    def members(self, group: ExclusionGroup) -> str:
        return ", ".join(application.slug for application in group.applications.all())
