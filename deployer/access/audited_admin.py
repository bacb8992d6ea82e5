"""The base of Deployer's admins: every change that a person makes there writes its event."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db import models, transaction
from django.http import HttpRequest

from deployer.access.models import User
from deployer.audit.actor import Actor
from deployer.audit.changes import record_change, stored_values, values_of

if TYPE_CHECKING:  # Django's classes take type arguments only in the stubs
    ModelAdmin = admin.ModelAdmin[Any]
    StackedInline = admin.StackedInline[Any, Any]
    TabularInline = admin.TabularInline[Any, Any]
    ModelForm = forms.ModelForm[Any]
    InlineFormSet = forms.BaseInlineFormSet[Any, Any, Any]
else:
    ModelAdmin = admin.ModelAdmin
    StackedInline = admin.StackedInline
    TabularInline = admin.TabularInline
    ModelForm = forms.ModelForm
    InlineFormSet = forms.BaseInlineFormSet


def actor_of(request: HttpRequest) -> Actor:
    """Who is working in the admin. The admin has let them in, so they are signed in."""
    assert isinstance(request.user, User)  # noqa: S101 — narrows the type; admin views refuse others
    return request.user.as_actor()


class AuditedAdmin(ModelAdmin):
    """Writes an event for each row that is added, changed or removed, its inline rows included.

    Django runs the add, change and delete views in a transaction, so event and change stand or fall together.
    """

    def about(self, row: models.Model) -> dict[str, str]:
        """What the event names besides the row: `application` and `environment`, by slug, where there are any."""
        return {}

    def record(
        self, request: HttpRequest, row: models.Model, before: dict[str, Any] | None, after: dict[str, Any] | None
    ) -> None:
        record_change(row, before, after, by=actor_of(request), **self.about(row))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001 — Django's
        form.values_before = stored_values(obj) if change else None
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        form.save_m2m()
        self.record(request, form.instance, form.values_before, values_of(form.instance))
        for formset in formsets:
            self.save_formset(request, form, formset, change)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:  # noqa: FBT001
        edited = [item.instance for item in formset.initial_forms if item.has_changed()]
        before = [stored_values(row) for row in edited]
        formset.save()
        removed = {id(row) for row in formset.deleted_objects}
        for row, values in zip(edited, before, strict=True):
            self.record(request, row, values, None if id(row) in removed else values_of(row))
        for row in formset.new_objects:
            self.record(request, row, None, values_of(row))

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        before = stored_values(obj)
        super().delete_model(request, obj)
        self.record(request, obj, before, None)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        with transaction.atomic():
            for row in queryset:
                self.delete_model(request, row)
