from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from apps_registry.admin.base import RegistryAdmin, RegistryInline
from apps_registry.models import TrustIssue
from deployer.access.audited_admin import ModelForm


class TrustIssueForm(ModelForm):
    """Writing the resolution resolves the issue; emptying it opens the issue again."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("resolution"):
            self.instance.resolved_at = None
        elif self.instance.resolved_at is None:
            self.instance.resolved_at = timezone.now()
        return cleaned


class OpenFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "Open"), ("resolved", "Resolved")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        return queryset.filter(resolved_at__isnull=self.value() == "open")


class TrustIssueInline(RegistryInline):
    model = TrustIssue
    form = TrustIssueForm
    fields = ("reason", "environment", "resolution", "opened_at", "resolved_at")
    readonly_fields = ("opened_at", "resolved_at")
    related = ("application",)


@admin.register(TrustIssue)
class TrustIssueAdmin(RegistryAdmin):
    form = TrustIssueForm
    list_display = ("application", "environment", "reason", "opened_at", "opened_by", "resolved_at")
    list_filter = (OpenFilter, "environment", "application__owner")
    list_select_related = ("application", "environment", "opened_by")
    search_fields = ("application__slug", "application__name", "reason", "resolution")
    date_hierarchy = "opened_at"
    autocomplete_fields = ("application",)
    readonly_fields = ("opened_at", "opened_by", "resolved_at")
    immutable = ("application",)
    fieldsets = (
        (
            "Why it isn't trusted",
            {
                "fields": ("application", "environment", "reason", "opened_at", "opened_by"),
                "description": "While a trust issue is open the application is not deployed automatically: "
                "in this environment, or in any when no environment is given.",
            },
        ),
        (
            "How it was resolved",
            {"fields": ("resolution", "resolved_at"), "description": "Writing a resolution closes the issue."},
        ),
    )

    def save_model(self, request: HttpRequest, obj: TrustIssue, form: Any, change: bool) -> None:  # noqa: FBT001
        if not change:
            obj.opened_by_id = request.user.pk
        super().save_model(request, obj, form, change)
