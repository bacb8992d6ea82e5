"""Every application with what is open of it: where the board's order, its filter and its counts come from.

Only what is open is read, which is little however many applications and promotions there are.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from apps_registry.models import Application, Environment, Target
from deployer.gates import BlockerKind
from deployer.promotions.models import Hold, Promotion, Stall
from deployer.promotions.states import ACTIVE
from deployer.promotions.watchdog import LIMITS, RANK, Mover, StallKind
from deployer.web.board.condition import GROUPS, QUIET
from deployer.web.board.wanted import Wanted

KINDS = {kind.value: kind for kind in LIMITS}


@dataclass(frozen=True, slots=True)
class Awaited:
    """A promotion that only people bring on: what it waits for, and who asked for it where others must approve it."""

    promotion: int
    kind: StallKind
    asked_by: str = ""

    @property
    def mover(self) -> Mover:
        return LIMITS[self.kind].mover


@dataclass(frozen=True, slots=True)
class Entry:
    """An application, as far as its place on the board goes. `holds` counts the open ones."""

    pk: int
    slug: str
    name: str
    kind: str
    owner: int
    team: str
    team_name: str
    holds: int
    moves: bool
    waits: bool
    awaited: Sequence[Awaited]

    @property
    def group(self) -> str:
        if self.holds:
            return "stopped"
        if self.moves:
            return "moving"
        return "waiting" if self.waits else QUIET

    @property
    def rank(self) -> int:
        return GROUPS.index(self.group)

    @property
    def movers(self) -> list[Mover]:
        """Whose move it is, of those that only people bring on."""
        team = [Mover.TEAM] if self.holds else []
        return list(dict.fromkeys(team + [one.mover for one in self.awaited]))

    @property
    def place(self) -> str:
        """What its place depends on; where this has changed, the order may have."""
        return ".".join([self.group, *self.movers])

    def matches(self, wanted: Wanted) -> bool:
        """Whether all of the filter but its state leaves it."""
        if (wanted.team and wanted.team != self.team) or (wanted.kind and wanted.kind != self.kind):
            return False
        return not wanted.q or wanted.q.casefold() in f"{self.slug} {self.name} {self.team_name}".casefold()


def read_index(environment: Environment | None = None) -> list[Entry]:
    """By slug. Of one environment: those that run there, by what is open there. Four queries, five of one."""
    holds = _holds(environment)
    moving, waiting, awaited = _promotions(environment, _stalls())
    rows = Application.objects.active().order_by("slug")
    if environment is not None:
        rows = rows.filter(pk__in=Target.objects.filter(environment=environment).values("application"))
    named = rows.values_list("pk", "slug", "name", "kind", "owner", "owner__slug", "owner__name")
    return [Entry(*one, holds[one[0]], one[0] in moving, one[0] in waiting, awaited.get(one[0], ())) for one in named]


def counts_of(entries: Iterable[Entry]) -> dict[str, int]:
    found = Counter(entry.group for entry in entries)
    return {name: found[name] for name in GROUPS}


def fingerprint(entries: Iterable[Entry]) -> str:
    """Of who is on the board, and in which order. The same for every reader."""
    return f"{crc32('|'.join(f'{one.slug} {one.place}' for one in entries).encode()):08x}"


def awaited_kind(blockers: Sequence[Mapping[str, Any]]) -> StallKind | None:
    """What a waiting promotion waits for when only people end it, by the watchdog's table; `blockers` as stored."""
    lasting = [one["kind"] for one in blockers if not one["until"] or one["kind"] == BlockerKind.APPROVAL]
    if not lasting or len(lasting) < len(blockers) or BlockerKind.HOLD in lasting:
        return None
    kind = min((_stall_kind(one) for one in lasting), key=RANK.__getitem__)
    return kind if LIMITS[kind].by_person else None


def _stall_kind(kind: str) -> StallKind:
    return KINDS.get(kind, StallKind.OTHER)


def _holds(environment: Environment | None) -> Counter[int]:
    found = Hold.objects.open().values_list("application", "environment")
    places = (None, environment.pk) if environment else None
    return Counter(application for application, place in found if places is None or place in places)


def _stalls() -> dict[int, StallKind]:
    """What promotions are told of that stall."""
    found = Stall.objects.going_on().filter(told__gt=0, promotion__isnull=False)
    return {pk: _stall_kind(kind) for pk, kind in found.values_list("promotion", "kind") if pk is not None}


def _promotions(
    environment: Environment | None, stalls: Mapping[int, StallKind]
) -> tuple[set[int], set[int], dict[int, list[Awaited]]]:
    """The applications of which something moves, and waits, and what of each only people bring on."""
    found = Promotion.objects.open().order_by("-id")
    if environment is not None:
        found = found.filter(target__environment=environment)
    moving: set[int] = set()
    waiting: set[int] = set()
    awaited: dict[int, list[Awaited]] = defaultdict(list)
    rows = found.values_list(
        "pk", "target__application", "state", "blockers", "requested_by", "target__approval_by_others"
    )
    for pk, application, state, blockers, asked_by, by_others in rows:
        (moving if state in ACTIVE else waiting).add(application)
        kind = stalls.get(pk) or awaited_kind(blockers)
        if kind is not None:
            barred = asked_by if by_others and kind is StallKind.APPROVAL else ""
            awaited[application].append(Awaited(pk, kind, barred))
    return moving, waiting, awaited
