"""The teams, each with what is open of it."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q

from apps_registry.models import Membership, Team
from deployer.access.models import User
from deployer.web.board.condition import GROUPS
from deployer.web.board.index import read_index


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`members` counts who may sign in. Of the applications so many are stopped, move and wait."""

    team: Team
    members: int
    applications: int
    stopped: int
    moving: int
    waiting: int
    is_mine: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The rows that match, the reader's teams first; `total` counts all."""

    q: str
    rows: Sequence[Row]
    total: int

    @property
    def mine(self) -> list[Row]:
        return [row for row in self.rows if row.is_mine]

    @property
    def others(self) -> list[Row]:
        return [row for row in self.rows if not row.is_mine]


def read_teams(reader: User, q: str) -> Listing:
    """By name. Six queries, however many there are."""
    mine = set(Membership.objects.filter(user=reader).values_list("team", flat=True))
    members = Count("memberships", filter=Q(memberships__user__is_active=True))
    teams = list(Team.objects.annotate(people=members).order_by("name"))
    groups: dict[int, Counter[str]] = defaultdict(Counter)
    for entry in read_index():
        groups[entry.owner][entry.group] += 1
    wanted = q.casefold()
    rows = [_row(team, groups[team.pk], is_mine=team.pk in mine) for team in teams if wanted in _words(team)]
    return Listing(q=q, rows=rows, total=len(teams))


def _row(team: Team, counts: Counter[str], *, is_mine: bool) -> Row:
    stopped, moving, waiting, _ = (counts[group] for group in GROUPS)
    return Row(
        team=team,
        members=getattr(team, "people", 0),
        applications=counts.total(),
        stopped=stopped,
        moving=moving,
        waiting=waiting,
        is_mine=is_mine,
    )


def _words(team: Team) -> str:
    return f"{team.name} {team.slug} {team.slack_channel} {team.alerts_channel}".casefold()
