"""Freezes as GOV.UK recorded them: a row for each application, environment and time in which automatic deploys were
switched off. Rows of one time, environment and reason are one freeze.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from apps_registry.importers.base import EntryError, Problem
from deployer.calendar.importers.base import Row, read_rows

COLUMNS = ("frozen_at_utc", "unfrozen_at_utc", "environment", "app", "outcome", "reason_off")
STILL_OFF = "still off"
MARKUP = (
    (re.compile(r"</?[A-Za-z!][^<>]*>"), " "),  # HTML and its comments
    (re.compile(r"!?\[([^\[\]]*)\]\([^()]*\)"), r"\1"),  # links and pictures
    (re.compile(r"[`*]+|(?<!\S)#+(?=\s)"), ""),
    (re.compile(r"(?<!\w):[a-z][a-z0-9_+-]*:(?!\w)"), " "),  # :recycle:
)
PICTURES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Sk", "So"})
"""Unicode's categories of symbols, of what modifies them, and of what is invisible."""
NO_REASON = "Automatic deploys were switched off; no reason was recorded."


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeEntry:
    """A freeze as the file tells of it, UTC; without `ends_at` nobody lifted it. `applications` maps slugs to lines."""

    starts_at: datetime
    ends_at: datetime | None
    environment: str
    reason: str
    applications: Mapping[str, int]

    @property
    def line(self) -> int:
        return min(self.applications.values())


@dataclass(slots=True)
class FreezesFile:
    """All that a file says: its freezes in the order in which they begin in the file, and the rows that are bad."""

    rows: int = 0
    entries: Sequence[FreezeEntry] = ()
    problems: list[Problem] = field(default_factory=list)


def read_freezes(path: Path) -> FreezesFile:
    """Raises CalendarFileError when the file as a whole can't be read."""
    found = read_rows(path, COLUMNS)
    groups: dict[tuple[datetime, datetime | None, str, str], dict[str, int]] = {}
    seen: dict[tuple[datetime, str, str], int] = {}
    for row in found.rows:
        try:
            starts_at, ends_at, environment, application = _parse(row)
        except EntryError as error:
            found.problems.append(error.problem)
            continue
        earlier = seen.setdefault((starts_at, environment, application), row.line)
        if earlier != row.line:
            message = f"{application} is frozen in {environment} from then on at line {earlier}; that was taken."
            found.problems.append(Problem(row.line, message))
            continue
        reason = clean_reason(row.text("reason_off"))
        groups.setdefault((starts_at, ends_at, environment, reason), {})[application] = row.line
    entries = [
        FreezeEntry(starts_at=start, ends_at=end, environment=environment, reason=reason, applications=applications)
        for (start, end, environment, reason), applications in groups.items()
    ]
    return FreezesFile(rows=len(found.rows), entries=entries, problems=found.problems)


def _parse(row: Row) -> tuple[datetime, datetime | None, str, str]:
    starts_at, ends_at = row.needed_moment("frozen_at_utc"), row.moment("unfrozen_at_utc")
    if ends_at is not None and ends_at <= starts_at:
        raise EntryError(row.line, "unfrozen_at_utc: it ends before it starts.")
    if (row.needed("outcome") == STILL_OFF) != (ends_at is None):
        given = "an end" if ends_at else "no end"
        raise EntryError(row.line, f"outcome: it is {row.text('outcome')!r}, and there is {given} in unfrozen_at_utc.")
    return starts_at, ends_at, row.needed("environment"), row.needed("app")


def clean_reason(text: str) -> str:
    """What a person would have written, of a pull request's title and its commit's message: "title || title and more".

    Markup and pictures go, and so does what is said twice. Where nothing is left, a sentence that says so.
    """
    parts: list[str] = []
    for half in map(_plain, text.split("||")):
        rest = half
        for part in parts:
            if f"{rest} ".startswith(f"{part} "):
                rest = rest.removeprefix(part).strip(" .:-")
        if rest and rest not in parts:
            parts.append(rest)
    return ". ".join(part.rstrip(".") for part in parts) or NO_REASON


def _plain(text: str) -> str:
    for pattern, instead in MARKUP:
        text = pattern.sub(instead, text)
    return " ".join("".join(letter if _is_text(letter) else " " for letter in text).split())


def _is_text(letter: str) -> bool:
    """Whether it is no picture, nor what only shapes one."""
    return letter.isascii() or (unicodedata.category(letter) not in PICTURES and letter != "\N{VARIATION SELECTOR-16}")
