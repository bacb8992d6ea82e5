from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from apps_registry.admin.base import RegistryAdmin, RegistryInline, link, list_link, need
from apps_registry.models import Application, Membership, Team
from deployer.access.audited_admin import ModelForm

LONGEST_GROUP = 200


class MemberInline(RegistryInline):
    model = Membership
    verbose_name = "member"
    autocomplete_fields = ("user",)
    ordering = ("user__username",)
    related = ("user", "team")


class LinesField(forms.CharField):
    """A list of texts that a person writes one on a line. Blank lines and repetitions are dropped."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        lines = (line.strip() for line in str(super().to_python(value) or "").splitlines())
        return list(dict.fromkeys(line for line in lines if line))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(data) != list(initial or []))


class TeamForm(ModelForm):
    """Quiet hours have a beginning and an end, or there are none."""

    sign_in_groups = LinesField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField"}),
        help_text="One on a line: groups of the sign-in provider, or GitHub teams as organisation/team. "
        "Their members join this team when they sign in.",
    )

    def clean_sign_in_groups(self) -> list[str]:
        groups: list[str] = self.cleaned_data["sign_in_groups"]
        for name in groups:
            if len(name) > LONGEST_GROUP:
                raise ValidationError(f"A group's name has at most {LONGEST_GROUP} characters: {name[:40]}… is longer.")
        return groups

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        start, end = cleaned.get("quiet_from"), cleaned.get("quiet_until")
        if start is not None:
            need(self, "quiet_until", "Say when they end.", when=lambda value: value is None)
        if end is not None:
            need(self, "quiet_from", "Say when they begin.", when=lambda value: value is None)
        if start is not None and start == end:
            self.add_error("quiet_until", "They must end at another time than they begin.")
        return cleaned


@admin.register(Team)
class TeamAdmin(RegistryAdmin):
    form = TeamForm
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
        (
            "Quiet hours",
            {
                "fields": (("quiet_from", "quiet_until"),),
                "description": "What isn't urgent waits until they end; a stop never waits.",
            },
        ),
        ("Sign-in", {"fields": ("sign_in_groups",)}),
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
