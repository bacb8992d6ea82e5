"""Placeholders such as {version} in configuration. Other braces, as JSON has, are left as they are."""

import re
from collections.abc import Callable, Collection, Mapping

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def placeholders(text: str) -> set[str]:
    """The names of the placeholders in the text."""
    return set(_PLACEHOLDER.findall(text))


def check_placeholders(text: str, allowed: Collection[str]) -> None:
    """Raises ValueError, naming it, when the text has a placeholder that is not one of those allowed."""
    for name in sorted(placeholders(text) - set(allowed)):
        known = ", ".join(f"{{{known}}}" for known in sorted(allowed))
        raise ValueError(f"has the unknown placeholder {{{name}}}; known are {known}")


def fill(text: str, values: Mapping[str, str], *, quote: Callable[[str], str] = str) -> str:
    """The text with every placeholder replaced by its value, once: a value is never looked at for placeholders."""
    return _PLACEHOLDER.sub(lambda match: quote(values[match[1]]), text)
