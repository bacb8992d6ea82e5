from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps_registry.admin.base import RegistryAdmin, RegistryInline
from apps_registry.models import TrustIssue
from deployer.audit.admin import OnlyShown


class OpenFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "Open"), ("resolved", "Resolved")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        return queryset.filter(resolved_at__isnull=self.value() == "open")


class ResolvedElsewhere(OnlyShown):
    """Trust issues are opened and resolved on pages of their own, where what waits hears of it."""

    @admin.display(description="resolution")
    def how_resolved(self, issue: TrustIssue) -> SafeString | str:
        if issue.resolved_at is not None:
            return issue.resolution
        return format_html('<a href="{}">Resolve it</a>', reverse("trust-issue-resolve", args=[issue.pk]))


class TrustIssueInline(ResolvedElsewhere, RegistryInline):
    model = TrustIssue
    verbose_name_plural = "Trust issues: opened and resolved on its page in Deployer"
    fields = ("reason", "environment", "opened_at", "how_resolved", "resolved_at")
    readonly_fields = fields
    related = ("application", "environment")


@admin.register(TrustIssue)
class TrustIssueAdmin(ResolvedElsewhere, RegistryAdmin):
    list_display = ("application", "environment", "reason", "opened_at", "opener", "resolved_at")
    list_filter = (OpenFilter, "environment", "application__owner")
    list_select_related = ("application", "environment", "opened_by")
    search_fields = ("application__slug", "application__name", "reason", "resolution")
    date_hierarchy = "opened_at"
    fieldsets = (
        ("Why it isn't trusted", {"fields": ("application", "environment", "reason", "opened_at", "opener")}),
        ("How it was resolved", {"fields": ("how_resolved", "resolved_at", "resolved_by")}),
    )

    @admin.display(description="opened by")
    def opener(self, issue: TrustIssue) -> str:
        return issue.opener
