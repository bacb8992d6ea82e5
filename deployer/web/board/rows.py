"""The rows that a page of the board shows, with all that their cells need; the same for every reader."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.template.loader import render_to_string

from apps_registry.models import Application, Environment
from deployer.promotions.models import Hold, Step
from deployer.promotions.standing import Standing, TargetStanding, standings
from deployer.promotions.states import StepState
from deployer.promotions.watchdog import possessive
from deployer.releases.models import Change, Release
from deployer.web.board.condition import Behind, Cell, Condition, condition_of
from deployer.web.board.index import Entry
from deployer.web.stopped.rows import whose_move

MOST_BEHIND = 100
"""Releases; of what is further behind the changes are not counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An application. `holds` count in every environment; those of one are in its cell. `whose` says whose move it is,
    where something does not go on by itself."""

    application: Application
    cells: Sequence[Cell]
    holds: Sequence[Hold]
    condition: Condition
    whose: Sequence[str]
    place: str


def read_rows(entries: Sequence[Entry], environments: Sequence[Environment]) -> list[Row]:
    """In the order given: eleven queries at most, however many."""
    found = Application.objects.filter(pk__in=[one.pk for one in entries]).select_related("owner")
    applications = {one.pk: one for one in found.annotate(**_newest("order", "number", "version"))}
    known = [one for one in entries if one.pk in applications]
    stands = standings([applications[one.pk] for one in known])
    steps, behind = _steps(stands), _behind(stands)
    return [_row(entry, stand, environments, steps, behind) for entry, stand in zip(known, stands, strict=True)]


def render_row(row: Row, *, source: str, now: datetime) -> str:
    """Its times are in the zone that is current."""
    return render_to_string("web/board/_row.html", {"row": row, "source": source, "now": now})


def _row(
    entry: Entry,
    stand: Standing,
    environments: Sequence[Environment],
    steps: Mapping[int, str],
    behind: Mapping[int, Behind],
) -> Row:
    by_environment = {target.environment.pk: target for target in stand.targets}
    cells = []
    for environment in environments:
        one = by_environment.get(environment.pk)
        moving = one.moving.pk if one and one.moving else 0
        cells.append(
            Cell(
                environment=environment,
                standing=one,
                behind=behind.get(one.target.pk) if one else None,
                step=steps.get(moving, ""),
            )
        )
    return Row(
        application=stand.application,
        cells=cells,
        holds=stand.holds,
        condition=_condition(entry, stand),
        whose=[possessive(whose_move(mover, stand.application.owner).name) for mover in entry.movers],
        place=entry.place,
    )


def _condition(entry: Entry, stand: Standing) -> Condition:
    """As its place on the board says; of one environment that may be better than how it is altogether."""
    if entry.group in tuple(Condition):
        return Condition(entry.group)
    everywhere = condition_of(stand)
    return everywhere if everywhere.is_quiet else Condition.OK


def _newest(*fields: str) -> dict[str, Any]:
    """Of the newest release, as `newest_<field>`."""
    releases = Release.objects.filter(application=OuterRef("pk")).order_by("-order")
    return {f"newest_{name}": Subquery(releases.values(name)[:1]) for name in fields}


def _steps(stands: Sequence[Standing]) -> dict[int, str]:
    """At which step each promotion is that moves, such as "Smoke test, 2 of 3"."""
    moving = [target.moving.pk for stand in stands for target in stand.targets if target.moving]
    if not moving:
        return {}
    names: dict[int, list[tuple[str, str]]] = defaultdict(list)
    found = Step.objects.filter(promotion__in=moving).order_by("promotion", "position")
    for promotion, name, state in found.values_list("promotion", "name", "state"):
        names[promotion].append((name, state))
    return {
        promotion: f"{name}, {number} of {len(steps)}"
        for promotion, steps in names.items()
        for number, (name, state) in enumerate(steps, start=1)
        if state == StepState.RUNNING
    }


def _behind(stands: Sequence[Standing]) -> dict[int, Behind]:
    """By target, of those where something older than the newest release is live."""
    late = [(stand.application, one) for stand in stands for one in stand.targets if _is_late(stand.application, one)]
    brought = _brought([(app.pk, _order(one)) for app, one in late if _releases(app, one) < MOST_BEHIND])
    return {one.target.pk: _behind_of(app, one, brought[app.pk]) for app, one in late}


def _behind_of(application: Any, one: TargetStanding, brought: Sequence[tuple[int, int]]) -> Behind:
    releases = _releases(application, one)
    newer = [changes for order, changes in brought if order > _order(one)] if releases < MOST_BEHIND else []
    return Behind(changes=sum(newer), releases=len(newer) or releases, newest=application.newest_version)


def _order(one: TargetStanding) -> int:
    return one.live.release.order if one.live else 0


def _is_late(application: Any, one: TargetStanding) -> bool:
    return one.live is not None and one.live.release.order < application.newest_order


def _releases(application: Any, one: TargetStanding) -> int:
    """How many releases it is behind, by their numbers: as near as the numbers go with the order."""
    return max(1, application.newest_number - one.live.release.number) if one.live else 0


def _brought(live: Sequence[tuple[int, int]]) -> dict[int, list[tuple[int, int]]]:
    """The releases of each application that are newer than the oldest of these: their order and number of changes."""
    oldest: dict[int, int] = {}
    for application, order in live:
        oldest[application] = min(order, oldest.get(application, order))
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    if not oldest:
        return found
    newer = Q()
    for application, order in oldest.items():
        newer |= Q(application=application, order__gt=order)
    # Counted for each release by itself: grouped, SQLite would go through every release that there is.
    changes = Change.objects.filter(release=OuterRef("pk")).order_by().values("release")
    brought = Coalesce(Subquery(changes.annotate(number=Count("pk")).values("number")), 0)
    counted = Release.objects.filter(newer).order_by().annotate(brings=brought)
    for application, order, brings in counted.values_list("application", "order", "brings"):
        found[application].append((order, brings))
    return found
