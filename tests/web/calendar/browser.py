"""A browser without JavaScript: it opens pages, fills in what their form has, and presses its buttons."""

import html
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from django.test import Client

from apps_registry.rights import Rights
from tests.web.pages import text_of

Fields = dict[str, list[str]]
OF_EVERY_PAGE = ("/sign-out/", "/search/")
"""The forms of the header."""


@dataclass
class Form:
    action: str
    fields: Fields = field(default_factory=dict)
    buttons: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By their words: name and value."""


class _Reader(HTMLParser):
    """Collects forms with what a browser would send of them, and the ids of the page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.ids: list[str] = []
        self.select = self.area = ""
        self.button: tuple[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "form":
            self.forms.append(Form(action=given.get("action", "")))
        elif tag == "input" and self.forms and given.get("name"):
            ticked = given.get("type") in ("checkbox", "radio")
            if not ticked or "checked" in given:
                self._add(given["name"], given.get("value", "on" if ticked else ""))
        elif tag == "select":
            self.select = given["name"]
        elif tag == "option" and "selected" in given:
            self._add(self.select, given["value"])
        elif tag == "textarea":
            self.area = given["name"]
            self._add(self.area, "")
        elif tag == "button":
            self.button = (given.get("name", ""), given.get("value", ""))

    def handle_data(self, data: str) -> None:
        if self.area:
            self.forms[-1].fields[self.area][0] += data
        elif self.button and data.strip() and self.forms:
            self.forms[-1].buttons[data.strip()] = self.button

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            value = self.forms[-1].fields[self.area][0]
            self.forms[-1].fields[self.area][0] = value.removeprefix("\r\n").removeprefix("\n")
            self.area = ""
        elif tag == "button":
            self.button = None

    def _add(self, name: str, value: str) -> None:
        self.forms[-1].fields.setdefault(name, []).append(value)


class Page:
    def __init__(self, client: Client, response: Any) -> None:
        self.client, self.response = client, response
        self.status: int = response.status_code
        self.path: str = response.request["PATH_INFO"]
        self.address = f"{self.path}?{response.request['QUERY_STRING']}"
        reader = _Reader()
        reader.feed(response.content.decode())
        self.ids = reader.ids
        self.forms = [form for form in reader.forms if form.action not in OF_EVERY_PAGE]

    @property
    def text(self) -> str:
        return text_of(self.response)

    @property
    def source(self) -> str:
        return html.unescape(self.response.content.decode())

    @property
    def fields(self) -> Fields:
        """What is filled in, in its only form."""
        [form] = self.forms
        return {name: values for name, values in form.fields.items() if name != "csrfmiddlewaretoken"}

    def send(self, press: str = "", **typed: Any) -> "Page":
        """Type into the form (None unticks, a list ticks each), press a button, and follow where it leads."""
        [form] = self.forms
        fields = dict(form.fields)
        for name, value in typed.items():
            fields.pop(name, None)
            if value is not None:
                fields[name] = [str(one) for one in value] if isinstance(value, list) else [str(value)]
        name, value = form.buttons[press] if press else ("", "")
        if name:
            fields[name] = [value]
        return Page(self.client, self.client.post(form.action or self.address, fields, follow=True))


class Browser:
    """A person's; it sends the forms' tokens, as a real one must."""

    def __init__(self, person: Rights) -> None:
        self.client = Client(enforce_csrf_checks=True)
        assert person.user is not None
        self.client.force_login(person.user)

    def open(self, address: str) -> Page:
        return Page(self.client, self.client.get(address, follow=True))
