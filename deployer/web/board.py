"""The board: every application against every environment, what needs someone first."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from apps_registry.models import Application, Environment, Team
from deployer.gates import Blocker, BlockerKind
from deployer.promotions.models import Hold, Promotion
from deployer.promotions.standing import Standing, TargetStanding, standings


class Condition(StrEnum):
    """How an application is doing, worst first: the order of the board."""

    STOPPED = "stopped"
    MOVING = "moving"
    WAITING = "waiting"
    OK = "OK"
    NOTHING = "nothing deployed"

    @property
    def is_quiet(self) -> bool:
        return self in (Condition.OK, Condition.NOTHING)

    @property
    def rank(self) -> int:
        """Its place on the board; the quiet ones share theirs."""
        return len(Condition) if self.is_quiet else list(Condition).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """An application in an environment; `standing` is None where it does not run."""

    environment: Environment
    standing: TargetStanding | None

    @property
    def live_through(self) -> Promotion | None:
        """The promotion that put there what is live; None for what was deployed without one."""
        promotion: Promotion | None = getattr(self.standing and self.standing.live, "promotion", None)
        return promotion

    @property
    def next_up(self) -> Promotion | None:
        """The newest promotion that waits."""
        return self.standing.waiting[0] if self.standing and self.standing.waiting else None

    @property
    def older_waiting(self) -> int:
        return len(self.standing.waiting[1:]) if self.standing else 0

    @property
    def blockers(self) -> list[Blocker]:
        """Why the newest waits."""
        return self.next_up.waits_for if self.next_up else []

    @property
    def waits_only_for_holds(self) -> bool:
        """The row shows its holds already, so that what waits for them need not say them again."""
        return bool(self.blockers) and all(blocker.kind is BlockerKind.HOLD for blocker in self.blockers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An application. `holds` count in every environment; those of one are in its cell."""

    application: Application
    cells: Sequence[Cell]
    holds: Sequence[Hold]
    condition: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """`rows` are what the filter leaves, worst first; `total` counts the applications without it."""

    environments: Sequence[Environment]
    rows: Sequence[Row]
    teams: Sequence[Team]
    total: int

    @property
    def counts(self) -> dict[str, int]:
        """How many of the rows are stopped, moving, waiting and quiet."""
        found = Counter("quiet" if row.condition.is_quiet else str(row.condition) for row in self.rows)
        return {name: found[name] for name in ("stopped", "moving", "waiting", "quiet")}


def read_board(*, text: str = "", team: str = "") -> Board:
    """The board as it is now. `text` is looked for in the application and its team; `team` is a team's slug.

    Seven queries, however many applications there are.
    """
    environments = list(Environment.objects.all())
    applications = list(Application.objects.active().select_related("owner"))
    wanted = [application for application in applications if _matches(application, text=text, team=team)]
    rows = [_row(standing, environments) for standing in standings(wanted)]
    owners = {application.owner for application in applications}
    return Board(
        environments=environments,
        rows=sorted(rows, key=lambda row: (row.condition.rank, row.application.slug)),
        teams=sorted(owners, key=lambda owner: owner.name.casefold()),
        total=len(applications),
    )


def condition_of(standing: Standing) -> Condition:
    """The worst that is so of an application anywhere."""
    targets = standing.targets
    if standing.holds or any(target.holds for target in targets):
        return Condition.STOPPED
    if any(target.moving for target in targets):
        return Condition.MOVING
    if any(target.waiting for target in targets):
        return Condition.WAITING
    return Condition.OK if any(target.live for target in targets) else Condition.NOTHING


def _matches(application: Application, *, text: str, team: str) -> bool:
    words = f"{application.slug} {application.name} {application.owner.name}".casefold()
    return text.casefold() in words and team in ("", application.owner.slug)


def _row(standing: Standing, environments: Sequence[Environment]) -> Row:
    by_environment = {target.environment.pk: target for target in standing.targets}
    return Row(
        application=standing.application,
        cells=[
            Cell(environment=environment, standing=by_environment.get(environment.pk)) for environment in environments
        ],
        holds=standing.holds,
        condition=condition_of(standing),
    )
