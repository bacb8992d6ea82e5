"""YAML as plain values that know their line.

Nothing is ever constructed from a tag, and aliases are expanded within a budget, so that a hostile file
costs no more than reading it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import yaml

from apps_registry.importers.base import EntryError, RegistryFileError

MAX_BYTES = 2_000_000
MAX_VALUES = 500_000
MAX_DEPTH = 50

_CORE = "tag:yaml.org,2002:"
_MERGE = f"{_CORE}merge"
_PLAIN = frozenset(
    _CORE + name for name in ("null", "bool", "int", "float", "str", "timestamp", "seq", "map", "merge", "value")
)


@dataclass(frozen=True, slots=True)
class Value:
    """A value and the line it begins at. `content` is text as it was written, a bool, None, a list or a mapping."""

    line: int
    content: "str | bool | list[Value] | Fields | None"


Fields: TypeAlias = Mapping[str, Value]


def read_text(path: Path) -> str:
    """The file's text. Raises RegistryFileError when it can't be read, is empty, too large or no text."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise RegistryFileError(f"can't be read: {error.strerror}.") from error
    if len(data) > MAX_BYTES:
        raise RegistryFileError(f"is larger than {MAX_BYTES / 1_000_000:g} MB, more than a registry file ever is.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise RegistryFileError("is not a text file in UTF-8.", line) from error
    if not text.strip():
        raise RegistryFileError("is empty.")
    return text


def read_documents(text: str) -> list[Value]:
    """The documents of a YAML text, empty ones left out. Raises RegistryFileError, with the line where there is one."""
    try:
        nodes = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise RegistryFileError(f"is not YAML: {error.problem}.", mark.line + 1 if mark else None) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, int(error.position)) + 1
        raise RegistryFileError("is not YAML: it holds a character that text never has.", line) from error
    except RecursionError as error:
        raise RegistryFileError("is nested too deeply.") from error
    reader = _Reader()
    documents = [reader.value(node, depth=0) for node in nodes]
    return [document for document in documents if document.content is not None]


class _Reader:
    """Turns nodes into values, counting every visit: an alias counts each time that it is followed."""

    def __init__(self) -> None:
        self.visits = 0

    def value(self, node: yaml.Node, depth: int) -> Value:
        line = node.start_mark.line + 1
        self.visits += 1
        if self.visits > MAX_VALUES:
            raise RegistryFileError(f"holds more than {MAX_VALUES:,} values once its aliases are followed.", line)
        if depth > MAX_DEPTH:
            raise RegistryFileError("is nested too deeply.", line)
        if node.tag not in _PLAIN:
            tag = node.tag.replace(_CORE, "!!")
            raise RegistryFileError(f"has the tag {tag}; a registry file holds plain values only.", line)
        if isinstance(node, yaml.MappingNode):
            return Value(line, self._fields(node, depth + 1))
        if isinstance(node, yaml.SequenceNode):
            return Value(line, [self.value(item, depth + 1) for item in node.value])
        return Value(line, _scalar(node))

    def _fields(self, node: yaml.MappingNode, depth: int) -> Fields:
        own: dict[str, Value] = {}
        merged: dict[str, Value] = {}
        for key, inner in node.value:
            value = self.value(inner, depth)
            if key.tag == _MERGE:
                merged = {**merged, **_merged(value)}
            elif isinstance(key, yaml.ScalarNode):
                own[str(key.value)] = value
        return {**merged, **own}


def _merged(value: Value) -> Fields:
    """What `<<:` brings in: a mapping's fields, or those of a list of mappings, the first of which wins."""
    parts = value.content if isinstance(value.content, list) else [value]
    fields: dict[str, Value] = {}
    for part in reversed(parts):
        if isinstance(part.content, Mapping):
            fields.update(part.content)
    return fields


def _scalar(node: yaml.Node) -> str | bool | None:
    if node.tag == f"{_CORE}null":
        return None
    if node.tag == f"{_CORE}bool":
        return str(node.value).lower() in ("true", "yes", "on")
    return str(node.value)


def text_of(fields: Fields, name: str) -> str | None:
    """The field's text without the space around it, or None when it is not given.

    `false` counts as given and empty. Raises EntryError for anything else that is no text.
    """
    value = fields.get(name)
    if value is None or value.content is None:
        return None
    if value.content is False:
        return ""
    if not isinstance(value.content, str):
        raise EntryError(value.line, f"{name}: give a text.")
    if not value.content.replace("\n", "").replace("\t", "").isprintable():
        raise EntryError(value.line, f"{name}: there is a control character in it.")
    return value.content.strip()


def needed_text(fields: Fields, name: str, line: int) -> str:
    """The field's text. Raises EntryError when it is missing or empty; `line` is the entry's."""
    text = text_of(fields, name)
    if not text:
        at = fields[name].line if name in fields else line
        raise EntryError(at, f"{name} is missing.")
    return text


def fields_of(value: Value, what: str) -> Fields:
    """The value's fields. Raises EntryError when it is not a mapping; `what` says what one was expected for."""
    if not isinstance(value.content, Mapping):
        raise EntryError(value.line, f"{what} is not a list of fields such as name: value.")
    return value.content
