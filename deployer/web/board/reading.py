"""A page of the board for one reader."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils.safestring import SafeString

from apps_registry.models import Environment
from apps_registry.rights import Rights
from deployer.web.board import kept
from deployer.web.board.condition import GROUPS
from deployer.web.board.index import Entry, counts_of, fingerprint
from deployer.web.board.reader import BoardReader
from deployer.web.board.wanted import Wanted

SHOWN = 50
"""Applications on a page."""


class Part(StrEnum):
    """The parts of the board, from the top."""

    NEEDS_YOU = "Needs you"
    YOURS = "Your teams"
    REST = "Everything else"

    @property
    def slug(self) -> str:
        return self.replace(" ", "-").lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the board as far as the page shows it, with its rows as they are drawn; `total` counts all of it."""

    part: Part
    entries: Sequence[Entry]
    rows: Sequence[SafeString]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of a filter."""

    slug: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many of what the rest of the filter leaves stand so; the address leaves only them, or all again."""

    name: str
    number: int
    address: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """`total` counts the applications without a filter, `found` with it. `state` is the worst of what is the reader's,
    or of everything where nothing is, and `stopped` how many of these are."""

    wanted: Wanted
    environments: Sequence[Environment]
    every_environment: Sequence[Environment]
    teams: Sequence[Choice]
    kinds: Sequence[Choice]
    sections: Sequence[Section]
    counts: Sequence[Count]
    fingerprint: str
    total: int
    found: int
    page: int
    pages: int
    state: str
    stopped: int
    is_in_a_team: bool

    @property
    def notices(self) -> list[str]:
        """What is worth a notification: what needs the reader, each with how it is."""
        needed = (one for section in self.sections if section.part is Part.NEEDS_YOU for one in section.entries)
        return [f"{one.slug} needs you: {one.group}" for one in needed]

    @property
    def page_links(self) -> list[tuple[int, str]]:
        """The first, the last and those around this one; a gap has the number 0."""
        near = sorted({1, self.pages, *range(max(self.page - 1, 1), min(self.page + 1, self.pages) + 1)})
        links: list[tuple[int, str]] = []
        for before, number in zip([0, *near], near, strict=False):
            if number > before + 1:
                links.append((0, ""))
            links.append((number, self.wanted.address(page=number)))
        return links

    @property
    def previous(self) -> str:
        return self.wanted.address(page=self.page - 1) if self.page > 1 else ""

    @property
    def next(self) -> str:
        return self.wanted.address(page=self.page + 1) if self.page < self.pages else ""


def read_board(rights: Rights, wanted: Wanted, now: datetime) -> Board:
    """What needs the reader first, then their teams' applications, then the others; within each the worst first.

    However many applications there are: four queries when others have just asked for the same, at most 21 else.
    """
    told = kept.newest()
    every, environments, entries = kept.places(wanted, told)
    left = [one for one in entries if one.matches(wanted)]
    reader = BoardReader.of(rights, left)
    ordered = sorted(
        ((_part(one, reader), one) for one in left if wanted.state in ("", one.group)),
        key=lambda found: (list(Part).index(found[0]), found[1].rank, found[1].slug),
    )
    pages = max(1, -(-len(ordered) // SHOWN))
    page = min(wanted.page, pages)
    shown = ordered[(page - 1) * SHOWN : page * SHOWN]
    drawn = kept.draw_rows([one for _, one in shown], environments, wanted, told, now)
    mine = [one for part, one in ordered if part is not Part.REST] or [one for _, one in ordered]
    return Board(
        wanted=wanted,
        environments=environments,
        every_environment=every,
        teams=_choices((one.team, one.team_name) for one in entries),
        kinds=_choices((one.kind, one.kind) for one in entries if one.kind),
        sections=[
            Section(
                part=part,
                entries=(here := [one for of, one in shown if of is part]),
                rows=[drawn[one.pk] for one in here if one.pk in drawn],
                total=sum(of is part for of, _ in ordered),
            )
            for part in Part
            if any(of is part for of, _ in shown)
        ],
        counts=counts(left, wanted),
        fingerprint=fingerprint(left),
        total=len(entries),
        found=len(ordered),
        page=page,
        pages=pages,
        state=min((one.group for one in mine), key=GROUPS.index, default="ok").replace("quiet", "ok"),
        stopped=sum(one.group == "stopped" for one in mine),
        is_in_a_team=bool(reader.teams),
    )


def counts(left: Iterable[Entry], wanted: Wanted) -> list[Count]:
    """Of what the filter leaves but for its state."""
    return [
        Count(
            name=name,
            number=number,
            address=wanted.address(state="" if name == wanted.state else name),
            is_chosen=name == wanted.state,
        )
        for name, number in counts_of(left).items()
    ]


def _part(entry: Entry, reader: BoardReader) -> Part:
    if reader.is_needed_by(entry):
        return Part.NEEDS_YOU
    return Part.YOURS if entry.owner in reader.teams else Part.REST


def _choices(found: Iterable[tuple[str, str]]) -> list[Choice]:
    return [Choice(slug=slug, name=name) for slug, name in sorted(set(found), key=lambda one: one[1].casefold())]
