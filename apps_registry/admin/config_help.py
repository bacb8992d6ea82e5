"""Says, from the adapters themselves, what a JSON configuration may hold."""

import json
from collections.abc import Mapping
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from pydantic import TypeAdapter


def config_help(intro: str, adapters: Mapping[str, Any]) -> SafeString:
    """HTML: the sentence, then for each kind of adapter a folded list of its fields."""
    kinds = format_html_join("", "{}", ((_kind(kind, adapter),) for kind, adapter in sorted(adapters.items())))
    return format_html("{}{}", intro, kinds)


def _kind(kind: str, adapter: Any) -> SafeString:
    schema = TypeAdapter(adapter.Config).json_schema()
    needed = set(schema.get("required", ()))
    rows = format_html_join(
        "",
        "<tr><th scope='row'><code>{}</code></th><td>{}</td><td>{}</td><td>{}</td></tr>",
        (
            (name, type_of(field, schema), "needed" if name in needed else _default(field), _description(field))
            for name, field in schema.get("properties", {}).items()
        ),
    )
    table = format_html("<table class='config-fields'>{}</table>", rows) if rows else "No fields: write {}."
    return format_html(
        "<details class='config-help'><summary>{} (<code>{}</code>)</summary>{}{}</details>",
        adapter.label,
        kind,
        _introduction(schema),
        table,
    )


def type_of(field: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """What a field takes, in words: "text", "list of text", "number from 1 to 60", "one of GET, POST"."""
    field = _resolved(field, schema)
    if "enum" in field:
        return f"one of {', '.join(str(value) for value in field['enum'])}"
    if "const" in field:
        return str(field["const"])
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(type_of(part, schema) for part in field["anyOf"]))
    kind = field.get("type", "any")
    if kind == "array":
        return f"list of {type_of(field.get('items') or {}, schema)}"
    words = {"string": "text", "integer": "whole number", "boolean": "true or false", "null": "null"}
    return f"{words.get(kind, kind)}{_range(field)}"


def _resolved(field: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = field.get("$ref")
    if reference is None:
        return field
    resolved: Mapping[str, Any] = schema["$defs"][reference.rsplit("/", 1)[-1]]
    return resolved


def _range(field: Mapping[str, Any]) -> str:
    low, above, high = field.get("minimum"), field.get("exclusiveMinimum"), field.get("maximum")
    if above is not None:
        return f" above {above}" + (f", up to {high}" if high is not None else "")
    if low is not None and high is not None:
        return f" from {low} to {high}"
    if low is not None:
        return f" of at least {low}"
    return f" of at most {high}" if high is not None else ""


def _default(field: Mapping[str, Any]) -> str:
    return f"{json.dumps(field['default'])} when left out" if "default" in field else "may be left out"


def _description(field: Mapping[str, Any]) -> str:
    return str(field.get("description", ""))


def _introduction(schema: Mapping[str, Any]) -> SafeString:
    """The configuration's docstring, with what is between backticks as code."""
    parts = enumerate(schema.get("description", "").split("`"))
    pieces = ((format_html("<code>{}</code>", part) if index % 2 else part,) for index, part in parts)
    return format_html("<p>{}</p>", format_html_join("", "{}", pieces))
