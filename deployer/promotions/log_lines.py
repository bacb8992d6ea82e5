"""A step's log by its lines: the end of it, what has come since, the part around a line, and where a word is found.

Lines are counted by their ends, from 1. Nothing reads more of a long log than it shows, but for finding words.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from django.db.models import IntegerField, Sum, Value
from django.db.models.functions import Length, Replace
from django.utils.safestring import SafeString

from deployer.promotions import ansi
from deployer.promotions.log_text import LONGEST_KEPT
from deployer.promotions.models import Step

SHOWN = 500
"""So many lines of the end are on the page of a promotion."""
PART = 1_000
"""So many are on a page of a log."""
MOST_READ = 400_000
"""So many characters are read at once; what has come besides is fetched next."""
MOST_FOUND = 500
_POSITION = re.compile(r"(\d{1,15})\.(\d{1,9})\.(\d{1,9})\.([01])\.([\d;]{0,60})", re.ASCII)
_BREAKS = Sum(Length("text") - Length(Replace("text", Value("\n"))), output_field=IntegerField())


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where reading goes on: at the beginning of a line that has not ended, in a chunk after so many characters.

    `inside` when so much of that line is shown already that the rest is left out. `colours` hold there.
    """

    chunk: int = 0
    offset: int = 0
    line: int = 1
    inside: bool = False
    colours: str = ""

    def __str__(self) -> str:
        return f"{self.chunk}.{self.offset}.{self.line}.{int(self.inside)}.{self.colours}"

    @classmethod
    def read(cls, text: str) -> Self | None:
        """The inverse; None for anything else."""
        match = _POSITION.fullmatch(text)
        if match is None:
            return None
        chunk, offset, line, inside, colours = match.groups()
        return cls(chunk=int(chunk), offset=int(offset), line=int(line), inside=inside == "1", colours=colours)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """`html` is safe to show."""

    number: int
    html: SafeString


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Lines that follow each other. `next` is where reading goes on, `more` says that there is something already."""

    lines: Sequence[Line] = ()
    next: Position = Position()
    more: bool = False

    @property
    def first(self) -> int:
        return self.lines[0].number if self.lines else self.next.line

    @property
    def last(self) -> int:
        return self.lines[-1].number if self.lines else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A line that has the word: the parts of it, every second of them the word itself."""

    number: int
    parts: Sequence[str]


Text = tuple[int, str]


def end_of(step: Step, *, lines: int = SHOWN) -> Part:
    """The last lines. Two queries, and no more is read than they take."""
    texts, read, breaks = [], 0, 0
    for pk, text in step.log.order_by("-id").values_list("id", "text").iterator(chunk_size=20):
        texts.append((pk, text))
        read, breaks = read + len(text), breaks + text.count("\n")
        if breaks > lines or read > MOST_READ:
            break
    if not texts:
        return Part()
    texts.reverse()
    first, text = texts[0]
    start = Position(chunk=first, line=1 + _breaks_before(step, first))
    if read > MOST_READ:
        # Of one huge piece only the end is cut into lines.
        skipped = text[: read - MOST_READ]
        start = Position(chunk=first, offset=len(skipped), line=start.line + skipped.count("\n"))
    return _cut(texts, start, last=lines)


def after(step: Step, position: Position) -> Part:
    """What has come since, the line that had not ended included. One query."""
    texts: list[Text] = []
    read = 0
    for pk, text in step.log.filter(id__gte=position.chunk).order_by("id").values_list("id", "text").iterator(20):
        texts.append((pk, text))
        read += len(text) - (position.offset if pk == position.chunk else 0)
        if read > MOST_READ:
            break
    return _cut(texts, position, most=MOST_READ)


def around(step: Step, line: int, *, lines: int = PART) -> Part:
    """The part of the log that has the line, of parts of so many lines; the last where there is no such line.

    Two queries, twice as many where there is no such line; the lines are counted in the database.
    """
    wanted = (max(line, 1) - 1) // lines * lines + 1
    start, number = 0, 1
    counted = step.log.order_by("id").values_list("id").annotate(breaks=_BREAKS)
    for pk, breaks in counted.iterator(2_000):
        if number + breaks >= wanted:
            start = pk
            break
        number += breaks
    if not start:
        return around(step, length(step), lines=lines) if number > 1 or wanted > 1 else Part()
    texts: list[Text] = []
    breaks = number
    for pk, text in step.log.filter(id__gte=start).order_by("id").values_list("id", "text").iterator(20):
        texts.append((pk, text))
        breaks += text.count("\n")
        if breaks >= wanted + lines:
            break
    return _cut(texts, Position(chunk=start, line=number), since=wanted, until=wanted + lines - 1)


def length(step: Step) -> int:
    """How many lines it has, counted in the database."""
    last = step.log.order_by("-id").values_list("text", flat=True).first()
    if last is None:
        return 0
    return (step.log.order_by().aggregate(all=_BREAKS)["all"] or 0) + (not last.endswith("\n"))


def find(step: Step, word: str) -> tuple[list[Found], int]:
    """The first lines that have the word, however it is written, and how many there are. Reads the whole log."""
    pattern = re.compile(f"({re.escape(word)})", re.IGNORECASE)
    found: list[Found] = []
    count = 0
    for number, line in enumerate(_all_lines(step), 1):
        plain = ansi.plain_of(line)
        if pattern.search(plain):
            count += 1
            if len(found) < MOST_FOUND:
                found.append(Found(number=number, parts=_around_first(pattern, plain)))
    return found, count


def _around_first(pattern: re.Pattern[str], line: str) -> list[str]:
    """The line in parts, every second of them a match; of a very long line what is around the first."""
    match = pattern.search(line)
    if match is not None and len(line) > ansi.LONGEST:
        line = line[max(match.start() - 200, 0) : match.start() + ansi.LONGEST]
    return pattern.split(line)


def _all_lines(step: Step) -> Iterator[str]:
    rest = ""
    for text in step.log.order_by("id").values_list("text", flat=True).iterator(20):
        *lines, rest = (rest + text).split("\n")
        yield from lines
        # A line that never ends is searched by its beginning.
        rest = rest[:LONGEST_KEPT]
    if rest:
        yield rest


def _breaks_before(step: Step, chunk: int) -> int:
    return step.log.filter(id__lt=chunk).order_by().aggregate(all=_BREAKS)["all"] or 0


def _cut(
    texts: Sequence[Text],
    start: Position,
    *,
    last: int | None = None,
    since: int = 0,
    until: int | None = None,
    most: int | None = None,
) -> Part:
    """The texts from the position on as lines: the `last` of them, or from the line `since` to `until`."""
    texts = [(pk, text[start.offset :] if pk == start.chunk else text) for pk, text in texts]
    whole = "".join(text for _, text in texts)
    read = whole if most is None else whole[:most]
    pieces = read.split("\n")
    if last is not None:
        since = start.line + len(pieces) - (pieces[-1] == "") - last
    lines, colours, number = [], start.colours, start.line
    for place, piece in enumerate(pieces):
        goes_on = place == len(pieces) - 1
        hidden = (start.inside and place == 0) or (goes_on and not piece)
        if not hidden and since <= number and (until is None or number <= until):
            lines.append(Line(number=number, html=ansi.html_of(piece, colours)))
        if not goes_on:
            colours, number = ansi.carried(piece, colours), number + 1
    tail = pieces[-1]
    inside = len(tail) > ansi.LONGEST or (start.inside and len(pieces) == 1)
    chunk, offset = _place(texts, start, len(read) - (0 if inside else len(tail)))
    return Part(
        lines=lines,
        next=Position(
            chunk=chunk,
            offset=offset,
            line=number,
            inside=inside,
            colours=ansi.carried(tail, colours) if inside else colours,
        ),
        more=len(read) < len(whole),
    )


def _place(texts: Sequence[Text], start: Position, index: int) -> tuple[int, int]:
    """The chunk, and the characters of it, that come before the index of all texts together."""
    chunk, offset = start.chunk, start.offset
    for pk, text in texts:
        skipped = start.offset if pk == start.chunk else 0
        if index < len(text):
            return pk, skipped + index
        index -= len(text)
        chunk, offset = pk + 1, 0
    return chunk, offset
