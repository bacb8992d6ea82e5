"""How applications stand: what is live where, what moves, what waits and why, what is stopped.

The board, the API and the terminal read the same.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from apps_registry.models import Application, Environment, Target
from deployer.promotions.models import Hold, Pin, Promotion, Veto
from deployer.promotions.states import ACTIVE
from deployer.releases.models import Deployment

UNSAID = ("reason", "blockers", "outcome", "created_at", "due_at", "abort_requested_by", "abort_reason")
"""What nobody asks of the promotion that brought what is live."""


@dataclass(slots=True, kw_only=True)
class TargetStanding:
    """An application in an environment. `waiting` is newest first; `holds` are those of this environment; `veto` is of
    what is live, or of what moves."""

    target: Target
    environment: Environment
    live: Deployment | None = None
    moving: Promotion | None = None
    waiting: list[Promotion] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    pin: Pin | None = None
    veto: Veto | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An application with its targets by the environments' order; `holds` are those that count everywhere."""

    application: Application
    targets: Sequence[TargetStanding]
    holds: Sequence[Hold]


def standings(applications: Sequence[Application]) -> list[Standing]:
    """How each stands, in the order given: eight queries, however many there are."""
    by_id = {application.pk: application for application in applications}
    environments = Environment.objects.in_bulk()
    by_target: dict[int, TargetStanding] = {}
    for target in Target.objects.filter(application__in=by_id).order_by("environment__position"):
        target.application, target.environment = by_id[target.application_id], environments[target.environment_id]
        by_target[target.pk] = TargetStanding(target=target, environment=target.environment)
    everywhere = _add_holds(by_id, environments, by_target)
    _add_releases(by_target)
    _add_verdicts(by_target)
    by_application: dict[int, list[TargetStanding]] = defaultdict(list)
    for standing in by_target.values():
        by_application[standing.target.application_id].append(standing)
    return [Standing(application=one, targets=by_application[one.pk], holds=everywhere[one.pk]) for one in applications]


def _add_holds(
    applications: Mapping[int, Application],
    environments: Mapping[int, Environment],
    by_target: Mapping[int, TargetStanding],
) -> dict[int, list[Hold]]:
    """Give each target the holds of its environment; return those that count everywhere, by application."""
    everywhere: dict[int, list[Hold]] = defaultdict(list)
    holds = (
        Hold.objects.open()
        .filter(application__in=applications)
        .select_related("promotion__release", "stopped", "newest_safe")
    )
    places = {(one.target.application_id, one.target.environment_id): one for one in by_target.values()}
    for hold in holds.order_by("id"):
        hold.application = applications[hold.application_id]
        hold.environment = environments[hold.environment_id] if hold.environment_id else None
        place = places.get((hold.application_id, hold.environment_id or 0))
        (place.holds if place else everywhere[hold.application_id]).append(hold)
    return everywhere


def _add_releases(by_target: Mapping[int, TargetStanding]) -> None:
    targets = [one.target for one in by_target.values()]
    live = Deployment.objects.live(targets).select_related("release", "promotion")
    for deployment in live.defer(*(f"promotion__{name}" for name in UNSAID)):
        by_target[deployment.target_id].live = deployment
    promotions = Promotion.objects.open().filter(target__in=targets).select_related("release")
    for promotion in promotions.prefetch_related("overrides").order_by("-id"):
        standing = by_target[promotion.target_id]
        promotion.target = standing.target
        if promotion.state in ACTIVE:
            standing.moving = promotion
        else:
            standing.waiting.append(promotion)


def _add_verdicts(by_target: Mapping[int, TargetStanding]) -> None:
    """The pins, and the vetoes of what moves or is live."""
    for pin in Pin.objects.standing().filter(target__in=list(by_target)).select_related("release"):
        by_target[pin.target_id].pin = pin
    shown = {
        target: [found.release_id for found in (one.moving, one.live) if found is not None]
        for target, one in by_target.items()
    }
    ids = {release for releases in shown.values() for release in releases}
    vetoes = {
        veto.release_id: veto for veto in Veto.objects.standing().filter(release__in=ids).select_related("release")
    }
    for target, releases in shown.items():
        by_target[target].veto = next((vetoes[release] for release in releases if release in vetoes), None)
