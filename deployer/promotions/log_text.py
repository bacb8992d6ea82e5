"""What a step printed, as people read it: without the codes that are meant for a terminal."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from deployer.promotions.models import Step

TERMINAL_CODES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours and moves
    r"|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)?"  # titles and links
    r"|\x1b[ -/]*[0-~]?"
)
_LINE_ENDS = re.compile(r"\r\n?")
# Control characters, and those that would show a line in another order than it was written in.
INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

LONGEST_KEPT = 100_000
"""A line without an end is given out in parts of this length."""


@dataclass(frozen=True, slots=True)
class Tail:
    """The end of a log. `is_whole` when nothing came before it."""

    text: str
    is_whole: bool


def plain(text: str) -> str:
    """The text without terminal codes and other invisible characters; lines end in a newline."""
    return INVISIBLE.sub("", _LINE_ENDS.sub("\n", TERMINAL_CODES.sub("", text)))


def pieces(step: Step) -> Iterator[str]:
    """All of it, a few lines at a time, so that a long log is never held as a whole."""
    rest = ""
    for text in step.log.order_by("id").values_list("text", flat=True).iterator(chunk_size=20):
        lines, end, rest = (rest + text).rpartition("\n")
        if end:
            yield plain(lines + end)
        if len(rest) > LONGEST_KEPT:
            yield plain(rest)
            rest = ""
    if rest:
        yield plain(rest)


def whole(step: Step) -> str:
    return "".join(pieces(step))


def tail(step: Step, *, lines: int = 200, characters: int = 100_000) -> Tail:
    """The last lines, reading no more of a long log than that takes."""
    pieces: list[str] = []
    size = breaks = 0
    is_whole = True
    for text in step.log.order_by("-id").values_list("text", flat=True).iterator(chunk_size=20):
        if breaks > lines or size > characters:
            is_whole = False
            break
        pieces.append(text)
        size, breaks = size + len(text), breaks + text.count("\n")
    read = "".join(reversed(pieces))
    kept = plain(read[-characters:]).splitlines(keepends=True)
    return Tail("".join(kept[-lines:]), is_whole and len(kept) <= lines and len(read) <= characters)
