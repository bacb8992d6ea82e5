"""Which tracker's projects are whose, to edit; and their errors, to look at."""

from django.conf import settings
from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps_registry.admin.base import RegistryAdmin
from deployer.audit.admin import ReadOnlyAdmin
from deployer.integrations.connections import variable
from deployer.tracking.models import TrackedError, TrackedProject, Tracker


@admin.register(TrackedProject)
class TrackedProjectAdmin(RegistryAdmin):
    list_display = ("project", "tracker", "connection", "application", "environment")
    list_filter = ("tracker", "environment")
    list_select_related = ("application", "environment")
    search_fields = ("project", "application__slug", "application__name", "connection")
    autocomplete_fields = ("application",)
    readonly_fields = ("how",)
    fieldsets = (
        ("Where its errors come from", {"fields": ("tracker", "connection", "project", "how")}),
        ("Whose they are", {"fields": ("application", "environment")}),
    )

    @admin.display(description="What to set up there")
    def how(self, project: TrackedProject) -> SafeString | str:
        if not project.pk:
            return ""
        address = settings.BASE_URL + reverse(f"api-{project.tracker}-hook", args=[project.connection])
        secret = variable(project.connection, "secret")
        if project.tracker == Tracker.SENTRY:
            return format_html(
                "An internal integration with the webhook URL {}, subscribed to issues and used in an alert rule; its "
                "client secret as {}.",
                address,
                secret,
            )
        scheme, _, rest = address.partition("://")
        return format_html(
            "A custom messaging service with the webhook URL {}://deployer:<the secret>@{}, where the secret is the "
            "URL-encoded value of {}.",
            scheme,
            rest,
            secret,
        )


@admin.register(TrackedError)
class TrackedErrorAdmin(ReadOnlyAdmin):
    list_display = ["title", "project", "state", "environment", "version", "count", "last_seen"]
    list_filter = ["state", "environment"]
    list_select_related = ["project", "environment"]
    search_fields = ["title", "project__application__slug", "version"]
    show_full_result_count = False
