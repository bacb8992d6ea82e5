from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from apps_registry.admin.base import RegistryAdmin, RegistryInline, link, list_link
from apps_registry.models import Application, Membership, Team


class MemberInline(RegistryInline):
    model = Membership
    verbose_name = "member"
    autocomplete_fields = ("user",)
    ordering = ("user__username",)
    related = ("user", "team")


@admin.register(Team)
class TeamAdmin(RegistryAdmin):
    list_display = ("name", "slug", "slack_channel", "alerts_channel", "email", "member_count", "application_count")
    search_fields = ("name", "slug", "slack_channel", "alerts_channel", "email", "members__username")
    ordering = ("name",)
    immutable = ("slug",)
    prepopulated_fields = {"slug": ["name"]}
    readonly_fields = ("owned",)
    inlines = (MemberInline,)
    fieldsets = (
        (None, {"fields": ("name", "slug", "owned")}),
        (
            "How the team is told",
            {
                "fields": ("slack_channel", "alerts_channel", "email"),
                "description": "Without any of these nobody is told when one of the team's applications stops.",
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        members, applications = Count("memberships", distinct=True), Count("applications", distinct=True)
        rows: QuerySet[Any] = (
            super().get_queryset(request).annotate(member_total=members, application_total=applications)
        )
        return rows

    @admin.display(description="members", ordering="member_total")
    def member_count(self, team: Any) -> int:
        return int(team.member_total)

    @admin.display(description="applications", ordering="application_total")
    def application_count(self, team: Any) -> SafeString:
        return list_link(Application, f"owner__id__exact={team.pk}", team.application_total)

    @admin.display(description="applications", empty_value="None yet")
    def owned(self, team: Team) -> SafeString | None:
        rows = team.applications.all() if team.pk else []
        return format_html_join(", ", "{}", ((link(row, row.slug),) for row in rows)) or None
