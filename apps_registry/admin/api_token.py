"""API tokens. A secret is made when the token is added, and shown that once."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps_registry import actions
from apps_registry.admin.base import Question, RegistryAdmin, RegistryInline, need
from apps_registry.models import TokenLimit
from deployer.access.audited_admin import InlineFormSet, ModelForm, actor_of
from deployer.access.models import ApiToken
from deployer.access.models.api_token import Scope

REVOKE = Question(
    title="Revoke tokens?",
    text="Programs that use them are refused from now on. This can't be taken back.",
    button="Yes, revoke them",
    done="Revoked",
)


class ApiTokenForm(ModelForm):
    class Meta:
        help_texts = {"limited": "It reaches only what is listed below, and nothing when the list is empty."}

    scopes = forms.MultipleChoiceField(
        choices=Scope.choices, widget=forms.CheckboxSelectMultiple, label="What it may do"
    )

    def clean_expires_at(self) -> datetime | None:
        expires_at: datetime | None = self.cleaned_data["expires_at"]
        if "expires_at" in self.changed_data and expires_at is not None and expires_at <= timezone.now():
            raise forms.ValidationError("Give a time to come. To stop the token now, revoke it.")
        return expires_at


class TokenLimitForm(ModelForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("application"):
            need(self, "team", "Give an application or a team, not both.", when=bool)
        else:
            need(self, "team", "Give an application or a team.")
        return cleaned


class TokenLimitFormSet(InlineFormSet):
    def clean(self) -> None:
        """A new token that is limited to nothing would be of no use to anyone."""
        super().clean()
        kept = [form for form in self.forms if form.has_changed() and form not in self.deleted_forms]
        if self.instance.pk is None and self.instance.limited and not kept:
            raise forms.ValidationError("Add what the token is limited to, or untick Limited.")


class TokenLimitInline(RegistryInline):
    model = TokenLimit
    form = TokenLimitForm
    formset = TokenLimitFormSet
    verbose_name_plural = "Limited to these applications, and all applications of these teams"
    autocomplete_fields = ("application", "team")
    related = ("application", "team")


class TokenStateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("usable", "Usable"), ("expired", "Expired"), ("revoked", "Revoked")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        now = timezone.now()
        states = {
            "usable": Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=now)),
            "expired": Q(revoked_at=None, expires_at__lte=now),
            "revoked": Q(revoked_at__isnull=False),
        }
        return queryset.filter(states.get(self.value() or "", Q()))


@admin.register(ApiToken)
class ApiTokenAdmin(RegistryAdmin):
    form = ApiTokenForm
    list_display = ("name", "may", "reaches", "state", "last_used_at", "expires_at", "created_at", "created_by")
    list_filter = (TokenStateFilter, "limited")
    list_select_related = ("created_by",)
    search_fields = ("name", "limits__application__slug", "limits__team__slug", "limits__team__name")
    date_hierarchy = "created_at"
    readonly_fields = ("created_at", "created_by", "last_used_at", "revoked_at")
    inlines = (TokenLimitInline,)
    actions = ("revoke",)
    fieldsets = (
        (
            None,
            {
                "fields": ("name", "scopes", "limited", "expires_at"),
                "description": "The secret is made when you save a new token, and shown once. "
                "It can't be shown again: when it is lost, revoke the token and add another.",
            },
        ),
        ("History", {"fields": ("created_at", "created_by", "last_used_at", "revoked_at")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("limits__application", "limits__team")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tokens are revoked; what they did keeps their name."""
        return False

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:  # noqa: FBT001
        if not change:
            issued, secret = ApiToken.issue(
                name=obj.name, scopes=obj.scopes, limited=obj.limited, expires_at=obj.expires_at
            )
            obj.pk, obj.digest, obj.created_by_id = issued.pk, issued.digest, request.user.pk
            self.message_user(
                request, f"Keep the secret of {obj} now, it is not shown again: {secret}", messages.WARNING
            )
        super().save_model(request, obj, form, change)

    @admin.display(description="may")
    def may(self, token: ApiToken) -> str:
        return ", ".join(token.scopes)

    @admin.display(description="reaches")
    def reaches(self, token: ApiToken) -> str:
        if not token.limited:
            return "everything"
        return ", ".join(str(limit) for limit in token.limits.all()) or "nothing"

    @admin.display(description="state")
    def state(self, token: ApiToken) -> str:
        if token.revoked_at is not None:
            return "revoked"
        return "expired" if token.expires_at is not None and token.expires_at <= timezone.now() else "usable"

    @admin.action(description="Revoke the selected tokens", permissions=["change"])
    def revoke(self, request: HttpRequest, rows: QuerySet[ApiToken]) -> HttpResponse | None:
        by, now = actor_of(request), timezone.now()
        return self.ask_then_do(request, rows, REVOKE, lambda token: actions.revoke_token(token, by=by, now=now))
