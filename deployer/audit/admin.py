"""The audit in the admin: to look at, never to change."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from deployer.audit.models import Event

if TYPE_CHECKING:  # Django's class takes type arguments only in the stubs
    AnyModelAdmin = admin.ModelAdmin[Any]
else:
    AnyModelAdmin = admin.ModelAdmin


class OnlyShown:
    """For what changes only through actions: no form of an admin or an inline adds, changes or deletes it."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyAdmin(OnlyShown, AnyModelAdmin):
    """Rows to look at."""


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ["at", "kind", "actor_label", "application", "environment", "sentence"]
    list_filter = ["kind", "actor_kind", "environment"]
    search_fields = ["application", "sentence", "actor_label", "reason"]
    date_hierarchy = "at"
    show_full_result_count = False
