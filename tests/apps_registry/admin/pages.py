"""Drives the admin as a browser does: reads a page's form, changes some fields, sends all of it."""

from html.parser import HTMLParser
from typing import Any

from django.db import models
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

Fields = dict[str, list[str]]


class _Form(HTMLParser):
    """The fields that a browser would send of the form with this id."""

    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.form_id = form_id
        self.inside = False
        self.fields: Fields = {}
        self.select = ""
        self.area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = given.get("id") == self.form_id
        elif self.inside and tag == "input" and given.get("type") != "submit":
            ticked = given.get("type") in ("checkbox", "radio")
            if not ticked or "checked" in given:
                self._add(given["name"], given.get("value", "on" if ticked else ""))
        elif self.inside and tag == "select" and "disabled" not in given:
            self.select = given["name"]
        elif self.inside and tag == "option" and "selected" in given and self.select:
            self._add(self.select, given["value"])
        elif self.inside and tag == "textarea":
            self.area = given["name"]
            self.fields[self.area] = [""]

    def handle_data(self, data: str) -> None:
        if self.area:
            self.fields[self.area][0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self.select = ""
        elif tag == "textarea":
            self.fields[self.area][0] = self.fields[self.area][0].removeprefix("\n").strip()
            self.area = ""
        elif tag == "form":
            self.inside = False

    def _add(self, name: str, value: str) -> None:
        self.fields.setdefault(name, []).append(value)


def address(model: type[models.Model], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def add_page(model: type[models.Model]) -> str:
    return address(model, "add")


def change_page(row: models.Model) -> str:
    return address(type(row), "change", row.pk)


def form_on(client: Client, url: str, model: type[models.Model]) -> Fields:
    """The form of an add or change page as the browser has it before a person touches it."""
    response = client.get(url)
    assert response.status_code == 200
    form = _Form(f"{model._meta.model_name}_form")
    form.feed(response.content.decode())
    return form.fields


def add_inline(fields: Fields, prefix: str, **values: Any) -> None:
    """Press "Add another" and fill in the new row."""
    number = int(fields[f"{prefix}-TOTAL_FORMS"][0])
    fields[f"{prefix}-TOTAL_FORMS"] = [str(number + 1)]
    blank = {name: list(given) for name, given in fields.items() if name.startswith(f"{prefix}-__prefix__-")}
    fields.update({name.replace("__prefix__", str(number)): given for name, given in blank.items()})
    fields.update({f"{prefix}-{number}-{name}": [str(value)] for name, value in values.items()})


def fill(fields: Fields, **values: Any) -> Fields:
    """Fill in fields by name; None leaves a checkbox unticked."""
    for name, value in values.items():
        if value is None:
            fields.pop(name, None)
        else:
            fields[name] = [str(item) for item in value] if isinstance(value, list) else [str(value)]
    return fields


def send(client: Client, url: str, fields: Fields) -> HttpResponse:
    return client.post(url, fields)  # type: ignore[return-value] # the test client's response is one


def saved(response: HttpResponse) -> bool:
    return response.status_code == 302


def errors_on(response: Any) -> dict[str, list[str]]:
    """The messages on a refused form, by field; an inline's fields as prefix-number-name."""
    assert response.status_code == 200, "The form was accepted."
    found: dict[str, list[str]] = {
        name: list(messages) for name, messages in response.context["adminform"].form.errors.items()
    }
    for inline in response.context["inline_admin_formsets"]:
        for form in inline.formset.forms:
            found.update({f"{form.prefix}-{name}": list(messages) for name, messages in form.errors.items()})
        if inline.formset.non_form_errors():
            found[inline.formset.prefix] = list(inline.formset.non_form_errors())
    return found
