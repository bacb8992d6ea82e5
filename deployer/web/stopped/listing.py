"""Everything that is stopped or stalled, for the page and the API."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Q, QuerySet

from apps_registry.models import Application, Environment, Membership, Team
from apps_registry.rights import Rights
from deployer.calendar.models import Freeze
from deployer.promotions.actions.stop import freezes_of_everything, stops
from deployer.promotions.models import Hold, Promotion, Stall
from deployer.promotions.watched import watch_holds, watch_promotions
from deployer.web.stopped.rows import Asker, Row, freeze_row, hold_row, promotion_row

MOST_SHOWN = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for: of one team, in one environment (their slugs) and of one kind, or of all; and of
    `applications` only, for who may not see others."""

    team: str = ""
    environment: str = ""
    kind: str = ""
    applications: QuerySet[Application] | None = None

    @property
    def any(self) -> bool:
        return bool(self.team or self.environment or self.kind)

    def promotions(self) -> Q:
        return self._of("target__application", "target__environment", everywhere=False)

    def holds(self) -> Q:
        return self._of("application", "environment", everywhere=True)

    def _of(self, application: str, environment: str, *, everywhere: bool) -> Q:
        found = Q()
        if self.team:
            found &= Q(**{f"{application}__owner__slug": self.team})
        if self.environment:
            here = Q(**{f"{environment}__slug": self.environment})
            found &= here | Q(**{environment: None}) if everywhere else here
        if self.applications is not None:
            found &= Q(**{f"{application}__in": self.applications.values("pk")})
        return found


@dataclass(frozen=True, slots=True, order=True)
class Kind:
    """What something waits for, to choose from."""

    name: str
    slug: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """`rows` are all that is stopped, the worst first; `stop` is the freeze by which everything is, if it is. `kinds`
    are those that there are, whichever is asked for; `teams` (ids) are the reader's."""

    rows: Sequence[Row]
    stop: Freeze | None
    kinds: Sequence[Kind] = ()
    teams: frozenset[int] = frozenset()

    @property
    def mine(self) -> list[Row]:
        return [row for row in self.rows if row.is_mine][:MOST_SHOWN]

    @property
    def others(self) -> list[Row]:
        """What is of the reader's teams first."""
        found = [row for row in self.rows if not row.is_mine]
        return sorted(found, key=lambda row: not row.is_of(self.teams))[:MOST_SHOWN]

    @property
    def state(self) -> str:
        """The worst of it, as the tab shows it."""
        if any(row.condition.is_stopped for row in self.rows):
            return "stopped"
        return "waiting" if self.rows else "ok"

    @property
    def left_out(self) -> int:
        """How many are not shown, since there are more than a page takes."""
        return len(self.rows) - len(self.mine) - len(self.others)


def read_stopped(rights: Rights, now: datetime, wanted: Wanted | None = None) -> Listing:
    """A dozen queries, however much is open."""
    wanted = wanted or Wanted()
    teams = _teams_of(rights)
    asker = Asker(rights=rights, teams=rights.teams | (teams if rights.manages else frozenset()))
    freezes = freezes_of_everything(now)
    rows = [freeze_row(one, asker, now) for one in freezes]
    rows += _found(hold_row(one, asker) for one in watch_holds(Hold.objects.open().filter(wanted.holds()), now))
    promotions = Promotion.objects.open().filter(wanted.promotions())
    rows += _found(promotion_row(one, asker, now) for one in watch_promotions(promotions, now))
    return Listing(
        rows=sorted((row for row in rows if wanted.kind in ("", row.kind)), key=lambda row: row.order),
        stop=next((one for one in freezes if stops(one)), None),
        kinds=sorted({Kind(row.kind_words, row.kind) for row in rows}),
        teams=teams,
    )


def well_since() -> datetime | None:
    """When the last hold was lifted or the last stall that was told of ended; None when there has been none."""
    ends = (
        Hold.objects.aggregate(at=Max("lifted_at"))["at"],
        Stall.objects.filter(told__gt=0).aggregate(at=Max("ended_at"))["at"],
    )
    return max((at for at in ends if at is not None), default=None)


def teams_to_choose() -> QuerySet[Team]:
    return Team.objects.filter(applications__archived_at=None, applications__isnull=False).distinct()


def environments_to_choose() -> QuerySet[Environment]:
    return Environment.objects.all()


def _teams_of(rights: Rights) -> frozenset[int]:
    """Those that they are in, which the rights name of developers alone."""
    if rights.user is None or rights.teams:
        return rights.teams
    return frozenset(Membership.objects.filter(user=rights.user).values_list("team", flat=True))


def _found(rows: Iterable[Row | None]) -> list[Row]:
    return [row for row in rows if row is not None]
