from typing import Any

from django import forms
from django.contrib import admin

from apps_registry.admin.base import RegistryAdmin, RegistryInline, need
from apps_registry.models import Watcher
from apps_registry.models.watcher import EventGroup, WatcherKind
from deployer.access.audited_admin import ModelForm

_FIELDS_OF_KIND = {
    WatcherKind.USER: {"user": "Choose the person."},
    WatcherKind.TEAM: {"team": "Choose the team."},
    WatcherKind.SLACK: {"address": "Give the channel, such as #govuk-content-apis."},
    WatcherKind.EMAIL: {"address": "Give the e-mail address."},
    WatcherKind.WEBHOOK: {
        "address": "Give the URL that is called, such as https://hooks.example.org/releases.",
        "connection": "Name the connection whose secret signs what is sent, such as release-hook.",
    },
}


class WatcherForm(ModelForm):
    """Says which fields the kind needs and which it has no use for."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "kind" in cleaned:
            wanted = _FIELDS_OF_KIND[WatcherKind(cleaned["kind"])]
            for name, message in wanted.items():
                need(self, name, message)
            for name in {"user", "team", "address", "connection"} - set(wanted):
                need(self, name, f"Leave this empty: the kind is {cleaned['kind']}.", when=bool)
        return cleaned


class WatcherWithEventsForm(WatcherForm):
    events = forms.MultipleChoiceField(
        choices=EventGroup.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Told of",
        help_text="With none ticked they are told of the usual: everything but every step, trust issues and roll-out.",
    )


class WatcherInline(RegistryInline):
    model = Watcher
    form = WatcherForm
    fields = ("kind", "user", "team", "address", "connection", "environment")
    autocomplete_fields = ("user", "team")
    related = ("user", "team")


@admin.register(Watcher)
class WatcherAdmin(RegistryAdmin):
    form = WatcherWithEventsForm
    list_display = ("__str__", "kind", "application", "environment", "told_of")
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
                "fields": ("kind", "user", "team", "address", "connection"),
                "description": "Fill in the field that the kind needs; a webhook needs an address and a connection. "
                "The team that owns the application is told anyway.",
            },
        ),
        ("Of what", {"fields": ("events",)}),
    )

    @admin.display(description="told of")
    def told_of(self, watcher: Watcher) -> str:
        labels = dict(EventGroup.choices)
        return ", ".join(str(labels[one]) for one in watcher.events if one in labels) or "The usual"
