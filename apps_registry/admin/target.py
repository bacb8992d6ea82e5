from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps_registry.admin.base import FORM_FIELDS, RegistryAdmin, RegistryInline, need
from apps_registry.admin.config_help import config_help
from apps_registry.models import Target, TargetCheck
from apps_registry.models.target import Policy
from deployer.access.audited_admin import ModelForm, StackedInline
from deployer.integrations.registry import CHECKS, DEPLOYERS


class TargetForm(ModelForm):
    class Meta:
        labels = {"url": "URL", "deployer_config": "Its configuration"}
        help_texts = {
            "deployer": "Leave it empty while Deployer only records what is deployed here.",
            "deployer_config": config_help("A JSON object with the fields of the chosen deployer:", DEPLOYERS),
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.instance.policy == Policy.AUTOMATIC:
            need(self, "deployer", "Automatic promotion needs a deployer: make the target manual first.")
        return cleaned


class TargetSummaryForm(ModelForm):
    """A target as its application's page shows it: where, and by which policy."""

    class Meta:
        labels = {"url": "URL"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["environment"].disabled = True


class PolicyLink:
    """Shows the policy, which changes only where its needs are listed: a new target is manual."""

    @admin.display(description="policy")
    def policy_now(self, target: Target) -> SafeString | str:
        if target._state.adding:
            return Policy.MANUAL.value
        return format_html('{} <a href="{}">Change it</a>', target.policy, target.policy_url)


class TargetInline(PolicyLink, RegistryInline):
    model = Target
    form = TargetSummaryForm
    fields = ("environment", "policy_now", "slot_policy", "deployer", "url")
    readonly_fields = ("policy_now", "deployer")
    related = ("application", "environment")
    verbose_name_plural = "Targets: where it runs"
    show_change_link = True
    can_delete = False


class TargetCheckForm(ModelForm):
    class Meta:
        labels = {"config": "Its configuration"}
        help_texts = {"config": config_help("A JSON object with the fields of the chosen kind:", CHECKS)}


class TargetCheckInline(StackedInline):
    model = TargetCheck
    form = TargetCheckForm
    formfield_overrides = FORM_FIELDS
    verbose_name_plural = "Checks after each deploy, by position"
    extra = 0
    fieldsets = (
        (None, {"fields": (("name", "kind", "position"), "config")}),
        ("How often, how long", {"fields": (("interval", "samples"), ("failure_limit", "error_limit", "timeout"))}),
    )


@admin.register(Target)
class TargetAdmin(PolicyLink, RegistryAdmin):
    form = TargetForm
    list_display = ("application", "environment", "how", "deployer", "batches", "rolls_back", "soak", "check_count")
    list_filter = ("environment", "policy", "deployer", "rollback", "application__owner")
    list_select_related = ("application", "environment")
    search_fields = ("application__slug", "application__name", "environment__slug", "url")
    ordering = ("application__slug", "environment__position")
    autocomplete_fields = ("application",)
    immutable = ("application", "environment")
    readonly_fields = ("policy_now",)
    inlines = (TargetCheckInline,)
    fieldsets = (
        (None, {"fields": ("application", "environment", "url")}),
        ("How it is deployed", {"fields": ("deployer", "deployer_config", "deploy_timeout")}),
        ("When it is deployed", {"fields": ("policy_now", "slot_policy", "batching", "soak", "rollback")}),
        (
            "Who must approve it",
            {"fields": ("approvals_needed", "approval_by_others", "approval_not_by_authors", "approval_lasts")},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).annotate(check_total=Count("checks"))
        return rows

    @admin.display(description="policy", ordering="policy")
    def how(self, target: Target) -> str:
        return target.policy

    @admin.display(description="goes on", ordering="batching")
    def batches(self, target: Target) -> str:
        return target.batching

    @admin.display(description="rolls back", ordering="rollback")
    def rolls_back(self, target: Target) -> str:
        return target.rollback.replace("_", " ")

    @admin.display(description="checks", ordering="check_total")
    def check_count(self, target: Any) -> int:
        return int(target.check_total)
