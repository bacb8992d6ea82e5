"""Text that came from outside, made fit to store and to show."""

import json
import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def storable(text: str) -> str:
    """The text without what a database refuses: zero characters and halves of surrogate pairs."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def one_line(text: str, limit: int = 200) -> str:
    """The text on one line, without control characters, at most `limit` characters long."""
    line = " ".join(_CONTROL.sub(" ", storable(text)).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def json_tail(text: str, limit: int) -> str:
    """The end of the text that takes at most `limit` bytes as a JSON string, whichever way that is written."""
    text = storable(text)[-limit:]
    while len(json.dumps(text)) > limit:
        text = text[max(1, len(text) // 8) :]
    return text
