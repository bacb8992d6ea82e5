"""What an importer reads from a file: entries and problems, each with its line. Nothing here touches the database."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


class RegistryFileError(Exception):
    """The file as a whole can't be read; nothing of it was imported. `line` is None where no line is to blame."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the entry that begins at `line`, or a field of it at that line, was not imported."""

    line: int
    message: str


class EntryError(Exception):
    """An entry is bad; the others may be good."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(line, message)


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamEntry:
    """A team as the file tells of it. `name` is for a new team; `fields` are those that the file decides."""

    line: int
    slug: str
    name: str
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationEntry:
    """An application as the file tells of it.

    `name` is for a new one; `fields` are those that the file decides, so that what people wrote into the
    others stays. `team` is the owner's slug.
    """

    line: int
    slug: str
    name: str
    team: str
    fields: Mapping[str, str] = field(default_factory=dict)
    retired: bool = False


@dataclass(slots=True)
class Registry:
    """All that a file says. `skipped` counts entries that are no application, by what they are.

    `named` holds the slug of each application that the file names, a bad entry's too. `complete` says
    whether the file means to list every application.
    """

    complete: bool
    teams: dict[str, TeamEntry] = field(default_factory=dict)
    applications: dict[str, ApplicationEntry] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    named: set[str] = field(default_factory=set)

    def add(self, entry: ApplicationEntry) -> None:
        """Raises EntryError when an earlier entry has the same name."""
        earlier = self.applications.get(entry.slug)
        if earlier is not None:
            raise EntryError(entry.line, f"{entry.slug} is also at line {earlier.line}; the first was taken.")
        self.applications[entry.slug] = entry


_WORDS = {
    "ai": "AI",
    "api": "API",
    "apis": "APIs",
    "cdn": "CDN",
    "dns": "DNS",
    "gds": "GDS",
    "govuk": "GOV.UK",
    "hmrc": "HMRC",
    "url": "URL",
}


def readable(slug: str) -> str:
    """A name that people read, from a slug: "GOV.UK content APIs" from govuk-content-apis."""
    words = [_WORDS.get(word, word) for word in re.split("[-_]", slug)]
    first = words[0]
    return " ".join([first[:1].upper() + first[1:], *words[1:]])


def as_slug(name: str) -> str:
    """The slug nearest to a name: lower case, and one hyphen or underscore between words."""
    return re.sub(r"([-_])[-_]+", r"\1", re.sub(r"[^a-z0-9_]+", "-", name.lower())).strip("-_")
