from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from apps_registry import actions
from apps_registry.admin.base import Question, RegistryAdmin, link, need
from apps_registry.admin.target import TargetInline
from apps_registry.admin.trust_issue import TrustIssueInline
from apps_registry.admin.watcher import WatcherInline
from apps_registry.models import Application, Target
from deployer.access.audited_admin import ModelForm, actor_of

ARCHIVE = Question(
    title="Archive applications?",
    text="They take no more releases and leave the board. Their history stays, and you can take this back.",
    button="Yes, archive them",
    done="Archived",
)
UNARCHIVE = Question(
    title="Unarchive applications?",
    text="They take releases again and come back to the board.",
    button="Yes, unarchive them",
    done="Unarchived",
)


class ApplicationForm(ModelForm):
    class Meta:
        labels = {
            "runbook_url": "Runbook URL",
            "dashboard_url": "Dashboard URL",
            "production_url": "Production URL",
            "deploys_alone_reason": "Why it deploys alone",
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("deploys_alone"):
            need(self, "deploys_alone_reason", "Say why it deploys alone.")
        return cleaned


class ArchivedFilter(admin.SimpleListFilter):
    """Leaves the archived out unless they are asked for."""

    title = "archived"
    parameter_name = "archived"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Archived"), ("all", "All")]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        yield {
            "selected": self.value() is None,
            "query_string": changelist.get_query_string(remove=[self.parameter_name]),
            "display": "In use",
        }
        yield from list(super().choices(changelist))[1:]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "all":
            return queryset
        return queryset.filter(archived_at__isnull=self.value() != "yes")


@admin.register(Application)
class ApplicationAdmin(RegistryAdmin):
    form = ApplicationForm
    list_display = ("slug", "owner", "runs_in", "kind", "impact")
    list_filter = (ArchivedFilter, "impact", "owner", "targets__environment", "kind", "hosting", "deploys_alone")
    list_select_related = ("owner",)
    search_fields = ("slug", "name", "repository", "owner__name", "owner__slug", "description")
    ordering = ("slug",)
    autocomplete_fields = ("owner",)
    immutable = ("slug",)
    prepopulated_fields = {"slug": ["name"]}
    readonly_fields = ("archived_at",)
    inlines = (TargetInline, WatcherInline, TrustIssueInline)
    actions = ("archive", "unarchive")
    fieldsets = (
        (None, {"fields": ("name", "slug", "owner", "kind", "impact", "repository", "description", "archived_at")}),
        (
            "For whoever deploys it",
            {"fields": ("notes", "runbook_url", "dashboard_url", "production_url", "hosting")},
        ),
        (
            "What must not be deployed with it",
            {
                "fields": ("deploys_alone", "deploys_alone_reason"),
                "description": "To keep it apart from only some applications, make an exclusion group.",
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        targets = Target.objects.select_related("environment").order_by("environment__position")
        return super().get_queryset(request).prefetch_related(Prefetch("targets", queryset=targets))

    @admin.display(description="runs in, by policy")
    def runs_in(self, application: Application) -> SafeString:
        targets = application.targets.all()
        parts = ((link(target, target.environment.name), target.policy, target.policy) for target in targets)
        return format_html_join("", '<div class="runs-in">{} <span class="policy-{}">{}</span></div>', parts)

    @admin.action(description="Archive the selected applications", permissions=["change"])
    def archive(self, request: HttpRequest, rows: QuerySet[Application]) -> HttpResponse | None:
        by, now = actor_of(request), timezone.now()
        return self.ask_then_do(request, rows, ARCHIVE, lambda row: actions.archive(row, by=by, now=now))

    @admin.action(description="Unarchive the selected applications", permissions=["change"])
    def unarchive(self, request: HttpRequest, rows: QuerySet[Application]) -> HttpResponse | None:
        by = actor_of(request)
        return self.ask_then_do(request, rows, UNARCHIVE, lambda row: actions.unarchive(row, by=by))
