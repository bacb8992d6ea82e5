"""The whole estate: which application is automatic up to where, which isn't and why, and what to mend first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from apps_registry.models import Application, Environment, Target, Team, TrustIssue
from apps_registry.models.target import Policy
from apps_registry.readiness import Item, missing
from deployer.promotions.readiness_facts import deployments_a_month, readiness_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """An application in an environment; `target` is None where it does not run. `a_month` are the deployments of the
    last 30 days."""

    environment: Environment
    target: Target | None = None
    lacking: Sequence[Item] = ()
    a_month: int = 0

    @property
    def is_automatic(self) -> bool:
        return self.target is not None and self.target.policy == Policy.AUTOMATIC

    @property
    def is_ready(self) -> bool:
        """Nothing but a person's yes is missing."""
        return self.target is not None and not self.is_automatic and not self.lacking

    @property
    def weight(self) -> int:
        """How much there is to win by mending it: deployments a month by reasons."""
        return self.a_month * len(self.lacking)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    application: Application
    cells: Sequence[Cell]

    @property
    def reach(self) -> Environment | None:
        """The last environment up to which it is automatic, without a gap; None when it isn't in the first."""
        here = [cell for cell in self.cells if cell.target]
        automatic = list(takewhile(lambda cell: cell.is_automatic, here))
        return automatic[-1].environment if automatic else None

    @property
    def goes_all_the_way(self) -> bool:
        here = [cell for cell in self.cells if cell.target]
        return bool(here) and all(cell.is_automatic for cell in here)


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """Of the targets of an environment, so many are automatic, and so many are ready to be."""

    environment: Environment
    targets: int
    automatic: int
    ready: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A manual target."""

    application: Application
    cell: Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """The rows by name. `teams` are all owners, whatever was filtered by."""

    environments: Sequence[Environment]
    rows: Sequence[Row]
    issues: Sequence[TrustIssue]
    teams: Sequence[Team]

    @property
    def totals(self) -> list[Total]:
        return [self._total(at, environment) for at, environment in enumerate(self.environments)]

    def _total(self, at: int, environment: Environment) -> Total:
        cells = [row.cells[at] for row in self.rows if row.cells[at].target]
        return Total(
            environment=environment,
            targets=len(cells),
            automatic=sum(cell.is_automatic for cell in cells),
            ready=sum(cell.is_ready for cell in cells),
        )

    @property
    def whole(self) -> int:
        """How many go all the way by themselves."""
        return sum(row.goes_all_the_way for row in self.rows)

    @property
    def begun(self) -> int:
        """How many go a part of the way by themselves."""
        return sum(row.reach is not None and not row.goes_all_the_way for row in self.rows)

    @property
    def none(self) -> int:
        return len(self.rows) - self.whole - self.begun

    @property
    def ready(self) -> list[Candidate]:
        """What lacks nothing and is manual all the same, the most often deployed first."""
        return sorted(
            (one for one in self._manual() if one.cell.is_ready),
            key=lambda one: (-one.cell.a_month, one.application.slug, one.cell.environment.position),
        )

    @property
    def to_mend(self) -> list[Candidate]:
        """What lacks something and is deployed to: the most is won by the first."""
        return sorted(
            (one for one in self._manual() if one.cell.weight),
            key=lambda one: (-one.cell.weight, one.application.slug, one.cell.environment.position),
        )

    def _manual(self) -> Iterable[Candidate]:
        for row in self.rows:
            for cell in row.cells:
                if cell.target and not cell.is_automatic:
                    yield Candidate(application=row.application, cell=cell)


def read_estate(*, team: str, now: datetime) -> Estate:
    """The applications in use, or those of a team (its slug). Ten queries, however many there are."""
    environments = list(Environment.objects.order_by("position"))
    applications = list(Application.objects.active().select_related("owner").order_by("slug"))
    wanted = [one for one in applications if team in ("", one.owner.slug)]
    by_id = {one.pk: one for one in wanted}
    targets = list(Target.objects.filter(application__in=list(by_id)).select_related("environment"))
    for target in targets:
        target.application = by_id[target.application_id]
    issues = TrustIssue.objects.open().filter(application__in=list(by_id))
    return Estate(
        environments=environments,
        rows=_rows(wanted, environments, targets, now),
        issues=list(issues.select_related("application__owner", "environment", "opened_by").order_by("opened_at")),
        teams=sorted({one.owner for one in applications}, key=lambda owner: owner.name.casefold()),
    )


def _rows(
    applications: Sequence[Application], environments: Sequence[Environment], targets: Sequence[Target], now: datetime
) -> list[Row]:
    items, a_month = readiness_of(targets), deployments_a_month(now)
    places = {(one.application_id, one.environment_id): one for one in targets}
    return [
        Row(
            application=application,
            cells=[_cell(places.get((application.pk, one.pk)), one, items, a_month) for one in environments],
        )
        for application in applications
    ]


def _cell(
    target: Target | None, environment: Environment, items: Mapping[int, Sequence[Item]], a_month: Mapping[int, int]
) -> Cell:
    if target is None:
        return Cell(environment=environment)
    return Cell(
        environment=environment, target=target, lacking=missing(items[target.pk]), a_month=a_month.get(target.pk, 0)
    )
