from typing import Any

from django.contrib import admin

from apps_registry.admin.base import RegistryAdmin, RegistryInline, need
from apps_registry.models import Watcher
from apps_registry.models.watcher import WatcherKind
from deployer.access.audited_admin import ModelForm

_FIELD_OF_KIND = {
    WatcherKind.USER: ("user", "Choose the person."),
    WatcherKind.TEAM: ("team", "Choose the team."),
    WatcherKind.SLACK: ("address", "Give the channel, such as #govuk-content-apis."),
    WatcherKind.EMAIL: ("address", "Give the e-mail address."),
}


class WatcherForm(ModelForm):
    """Says which field the kind needs and which it has no use for."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "kind" in cleaned:
            wanted, message = _FIELD_OF_KIND[WatcherKind(cleaned["kind"])]
            need(self, wanted, message)
            for name in {"user", "team", "address"} - {wanted}:
                need(self, name, f"Leave this empty: the kind is {cleaned['kind']}.", when=bool)
        return cleaned


class WatcherInline(RegistryInline):
    model = Watcher
    form = WatcherForm
    fields = ("kind", "user", "team", "address", "environment")
    autocomplete_fields = ("user", "team")
    related = ("user", "team")


@admin.register(Watcher)
class WatcherAdmin(RegistryAdmin):
    form = WatcherForm
    list_display = ("__str__", "kind", "application", "environment")
    list_filter = ("kind", "environment", "team")
    list_select_related = ("application", "environment", "user", "team")
    search_fields = (
        "application__slug",
        "application__name",
        "address",
        "user__username",
        "user__first_name",
        "user__last_name",
        "team__name",
    )
    autocomplete_fields = ("application", "user", "team")
    fieldsets = (
        ("What is watched", {"fields": ("application", "environment")}),
        (
            "Who is told",
            {
                "fields": ("kind", "user", "team", "address"),
                "description": "Fill in the one field that the kind needs. "
                "The team that owns the application is told anyway.",
            },
        ),
    )
