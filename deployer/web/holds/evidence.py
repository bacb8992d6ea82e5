"""What a hold's page and API show of why the line stopped, what is live meanwhile, and what waits."""

from collections.abc import Sequence
from dataclasses import dataclass

from apps_registry.models import Application, Environment
from deployer.promotions import log_text
from deployer.promotions.engine.retrying import stopped_at
from deployer.promotions.models import Hold, Measurement, Promotion, PromotionKind, Step
from deployer.promotions.models.promotion import PromotionQuerySet
from deployer.releases.models import Deployment, Release

MEASUREMENTS_SHOWN = 5
LINES_SHOWN = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The step at which a promotion stopped, with the last that it observed, newest first, and printed."""

    step: Step
    measurements: Sequence[Measurement]
    log: log_text.Tail


def evidence_of(promotion: Promotion | None) -> Evidence | None:
    """Three queries; None where no step failed."""
    if promotion is None:
        return None
    stopped = stopped_at(promotion)
    if stopped is None:
        return None
    return Evidence(
        step=stopped,
        measurements=list(stopped.measurements.order_by("-id")[:MEASUREMENTS_SHOWN]),
        log=log_text.tail(stopped, lines=LINES_SHOWN, characters=20_000),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What is live in an environment that a hold stops; None where nothing is."""

    environment: Environment
    live: Deployment | None

    @property
    def live_through(self) -> Promotion | None:
        """The promotion that put it there; None for what was deployed without one."""
        promotion: Promotion | None = getattr(self.live, "promotion", None)
        return promotion


def places_of(hold: Hold) -> list[Place]:
    """By the environments' order. Two queries."""
    targets = hold.application.targets.select_related("environment").order_by("environment__position")
    if hold.environment is not None:
        targets = targets.filter(environment=hold.environment)
    here = list(targets)
    live = {one.target_id: one for one in Deployment.objects.live(here).select_related("release", "promotion")}
    return [Place(environment=target.environment, live=live.get(target.pk)) for target in here]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caught:
    """`waiting` are the promotions that go no further for a hold, `running` those that finish where they are."""

    waiting: Sequence[Promotion]
    running: Sequence[Promotion]


def caught_by(*, application: Application, environment: Environment | None, newest_safe: Release | None) -> Caught:
    """What a hold of this scope stops now; rollbacks, and releases up to `newest_safe`, pass it. Two queries."""
    here = Promotion.objects.with_names().filter(target__application=application)
    if environment is not None:
        here = here.in_environment(environment.pk)
    waiting: PromotionQuerySet = here.waiting().filter(kind=PromotionKind.FORWARD)
    if newest_safe is not None:
        waiting = waiting.filter(release__order__gt=newest_safe.order)
    order = ("target__environment__position", "-release__order")
    return Caught(waiting=list(waiting.order_by(*order)), running=list(here.active().order_by(*order)))
