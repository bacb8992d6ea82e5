"""What the registry's admins share."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps_registry.about import about
from deployer.access.audited_admin import AuditedAdmin, TabularInline

ALL_ENVIRONMENTS = "All environments"


class _Indented(json.JSONEncoder):
    def __init__(self, *args: Any, indent: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, indent=2, **kwargs)


class _Strict(json.JSONDecoder):
    """JSON as databases take it: without NaN and Infinity."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, parse_constant=self._refuse, **kwargs)

    def _refuse(self, name: str) -> NoReturn:
        raise json.JSONDecodeError(f"{name} is not JSON", name, 0)


class JsonField(forms.JSONField):
    """JSON that a person edits: indented, in a fixed-width box; an emptied box means no settings."""

    def __init__(self, **kwargs: Any) -> None:
        box = forms.Textarea(attrs={"rows": 7, "class": "vLargeTextField json", "spellcheck": "false"})
        super().__init__(**{**kwargs, "encoder": _Indented, "decoder": _Strict, "widget": box})

    def clean(self, value: Any) -> Any:
        content = super().clean(value)
        if "\\u0000" in json.dumps(content):
            raise ValidationError("A NUL character can't be stored.")
        return {} if content is None else content


class HttpsField(forms.URLField):
    """A URL; one without a scheme is an https one."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(assume_scheme="https", **kwargs)


FORM_FIELDS: dict[Any, Any] = {models.JSONField: {"form_class": JsonField}, models.URLField: {"form_class": HttpsField}}


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked before an action: "Archive applications?", its consequences, "Yes, …", "Archived"."""

    title: str
    text: str
    button: str
    done: str


class RegistryAdmin(AuditedAdmin):
    """`immutable` fields are written when a row is added and only shown afterwards."""

    immutable: Sequence[str] = ()
    formfield_overrides = FORM_FIELDS
    list_per_page = 100
    show_full_result_count = False

    class Media:
        css = {"all": ["apps_registry/admin.css"]}

    def about(self, row: models.Model) -> dict[str, str]:
        return about(row)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "environment" and db_field.null:
            kwargs["empty_label"] = ALL_ENVIRONMENTS
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*self.readonly_fields, *(self.immutable if obj else ())]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new row's page leaves out what only Deployer writes."""
        fieldsets = super().get_fieldsets(request, obj)
        return fieldsets if obj else _without(fieldsets, self.readonly_fields)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return {} if obj else self.prepopulated_fields

    def ask_then_do(
        self, request: HttpRequest, rows: models.QuerySet[Any], question: Question, do: Callable[[Any], None]
    ) -> HttpResponse | None:
        """An admin action's answer: the page that asks, or, once a person has said yes, `do` for each row."""
        if "confirmed" not in request.POST:
            return self._ask(request, rows, question)
        names = []
        for row in rows:
            with transaction.atomic():
                do(row)
                self.log_change(request, row, f"{question.done}.")
            names.append(str(row))
        self.message_user(request, f"{question.done} {', '.join(names)}.", messages.SUCCESS)
        return None

    def _ask(self, request: HttpRequest, rows: models.QuerySet[Any], question: Question) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": question.title,
            "question": question,
            "rows": rows,
            "action": request.POST["action"],
            "checkbox_name": ACTION_CHECKBOX_NAME,
            "opts": self.opts,
            "media": self.media,
        }
        return TemplateResponse(request, "admin/apps_registry/confirm.html", context)


def _without(fieldsets: Sequence[Any], names: Sequence[Any]) -> list[Any]:
    left = [
        (title, {**options, "fields": [name for name in options["fields"] if name not in names]})
        for title, options in fieldsets
    ]
    return [(title, options) for title, options in left if options["fields"]]


class RegistryInline(TabularInline):
    """Narrow: without the four icons beside each choice. Asks for what its rows have in common once, not once a row."""

    extra = 0
    related: Sequence[str] = ()
    """What a row's name is made of."""
    formfield_overrides = FORM_FIELDS

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).select_related(*self.related)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "environment" and field is not None:
            field.empty_label = ALL_ENVIRONMENTS if db_field.null else field.empty_label
            field.choices = list(field.choices)  # type: ignore[arg-type] # ModelChoiceField gives an iterator
        return field

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field


def link(row: models.Model, text: object) -> SafeString:
    """A link to the row's page in the admin."""
    meta = row._meta
    return format_html(
        '<a href="{}">{}</a>', reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk]), text
    )


def list_link(model: type[models.Model], query: str, text: object) -> SafeString:
    """A link to the model's list in the admin, filtered by a query string."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return format_html('<a href="{}?{}">{}</a>', address, query, text)


def need(
    form: forms.BaseForm, name: str, message: str, *, when: Callable[[Any], bool] = lambda value: not value
) -> None:
    """Add the message to the field when its value is missing, or as `when` says."""
    if name not in form.errors and when(form.cleaned_data.get(name)):
        form.add_error(name, message)
