"""Adapters' configuration: dataclasses, checked field by field when a person saves them."""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError


class ConfigError(Exception):
    """A configuration is wrong. `errors` maps a field's name to one sentence that says what it takes."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {text}" for name, text in errors.items()))
        self.errors = errors


def load_config(config_class: type[Any], values: Mapping[str, Any]) -> Any:
    """An instance of a pydantic dataclass from JSON values.

    Raises ConfigError naming every unknown, missing or wrong field.
    """
    try:
        return TypeAdapter(config_class).validate_python(dict(values))
    except ValidationError as error:
        errors: dict[str, str] = {}
        for item in error.errors():
            name = ".".join(str(part) for part in item["loc"]) or "config"
            errors[name] = _sentence(item["type"], item["msg"])
        raise ConfigError(errors) from error


def _sentence(kind: str, message: str) -> str:
    if kind == "missing":
        return "is needed."
    if kind in ("unexpected_keyword_argument", "extra_forbidden"):
        return "is not a field of this kind."
    message = message.removeprefix("Value error, ").removeprefix("Input ")
    return message.rstrip(".") + "."
