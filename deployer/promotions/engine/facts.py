"""Gathers, under the locks of `advance`, what the pure rules look at."""

from datetime import timedelta

from django.db.models import Q

from apps_registry.models import Application, ExclusionGroup, Target, TrustIssue
from apps_registry.models.target import Batching, Policy
from deployer.promotions.decide import PromotionFacts, StepFacts
from deployer.promotions.models import Hold, Promotion, PromotionKind, Step, StepKind
from deployer.promotions.rules import GateFacts, HoldFacts, LiveFacts, RunningFacts, UpstreamFacts
from deployer.promotions.states import ACTIVE, PromotionState, StepState
from deployer.releases.models import Deployment, Release

OUTCOME_UNKNOWN = (PromotionState.ERRORED, PromotionState.ABORTED)


def promotion_facts(promotion: Promotion) -> PromotionFacts:
    """What `decide` needs. The caller holds the environment's and the promotion's row locks."""
    state = PromotionState(promotion.state)
    if state is PromotionState.WAITING:
        newer = superseding(promotion)
        return PromotionFacts(
            state=state,
            superseded_by=newer,
            gate=None if newer else gate_facts(promotion.release, promotion.target, promotion=promotion),
        )
    steps = tuple(step_facts(step) for step in promotion.steps.all())
    return PromotionFacts(state=state, steps=steps, abort_requested_by=promotion.abort_requested_by)


def step_facts(step: Step) -> StepFacts:
    soaking = step.kind == StepKind.SOAK and step.started_at is not None
    return StepFacts(
        position=step.position,
        name=step.name,
        state=StepState(step.state),
        sentence=step.sentence,
        is_deploy=step.is_deploy,
        soak_until=step.started_at + timedelta(seconds=step.spec["seconds"]) if soaking and step.started_at else None,
        deadline_at=step.deadline_at,
    )


def superseding(promotion: Promotion) -> int | None:
    """The promotion of a newer release that makes this waiting one pointless, or None.

    A newer release that is there or on its way always does. One that waits does where only the newest goes on,
    but not when a person asked for the older one and nobody for the newer.
    """
    if promotion.is_rollback:
        return None
    newer = Promotion.objects.filter(
        target=promotion.target_id, kind=PromotionKind.FORWARD, release__number__gt=promotion.release.number
    )
    overtakes = Q(state__in=[*ACTIVE, PromotionState.SUCCEEDED], id__gt=promotion.pk)
    if promotion.target.batching == Batching.LATEST:
        waits = Q(state=PromotionState.WAITING)
        overtakes |= waits & ~Q(requested_by="") if promotion.requested_by else waits
    return newer.filter(overtakes).order_by("-release__number").values_list("pk", flat=True).first()


def gate_facts(
    release: Release, target: Target, *, promotion: Promotion | None = None, by_hand: bool = False
) -> GateFacts:
    """What the gate looks at, for a promotion or (without one) for the question whether one could start."""
    application = target.application
    live = Deployment.objects.live_on(target.pk)
    floor = _floor(target, live)
    running, busy = _running(target)
    is_rollback = promotion is not None and promotion.is_rollback
    return GateFacts(
        application=application.slug,
        environment=target.environment.slug,
        owner=application.owner.name,
        version=release.version,
        number=release.number,
        is_rollback=is_rollback,
        by_hand=by_hand or (promotion is not None and promotion.requested_by != ""),
        archived=application.is_archived,
        has_deployer=bool(target.deployer),
        automatic=target.policy == Policy.AUTOMATIC,
        deploys_alone=application.deploys_alone,
        deploys_alone_reason=application.deploys_alone_reason,
        trust_issues=_trust_issues(target),
        holds=_holds(target),
        live=_live(live),
        floor=floor.number if floor else 0,
        floor_version=floor.version if floor else "",
        upstream=None if is_rollback else _upstream(release, target),
        ahead=_ahead(target, promotion),
        busy=busy,
        running=running,
        capacity=target.environment.capacity,
        exclusions=_exclusions(application, running),
    )


def _live(live: Deployment | None) -> LiveFacts | None:
    if live is None:
        return None
    return LiveFacts(version=live.release.version, number=live.release.number, verified=live.verified_at is not None)


def _floor(target: Target, live: Deployment | None) -> Release | None:
    """The newest release that is or may be on the target (promise 1)."""
    unknown = Promotion.objects.filter(
        target=target, state__in=OUTCOME_UNKNOWN, deployment=None, steps__intended_at__isnull=False
    )
    if live is not None:
        unknown = unknown.filter(started_at__gt=live.at)
    maybe = unknown.select_related("release").order_by("-release__number").first()
    releases = [found.release for found in (live, maybe) if found is not None]
    return max(releases, key=lambda release: release.number, default=None)


def _running(target: Target) -> tuple[tuple[RunningFacts, ...], RunningFacts | None]:
    """The other applications' active promotions in the environment, and the target's own."""
    others: list[RunningFacts] = []
    own: RunningFacts | None = None
    active = Promotion.objects.active().in_environment(target.environment_id)
    for other in active.select_related("release", "target__application"):
        found = RunningFacts(
            application=other.application.slug,
            version=other.release.version,
            link=other.get_absolute_url(),
            deploys_alone=other.application.deploys_alone,
        )
        if other.target_id == target.pk:
            own = found
        else:
            others.append(found)
    return tuple(others), own


def _trust_issues(target: Target) -> tuple[str, ...]:
    here = Q(environment=None) | Q(environment=target.environment_id)
    issues = TrustIssue.objects.open().filter(here, application=target.application_id)
    return tuple(issues.order_by("opened_at").values_list("reason", flat=True))


def _holds(target: Target) -> tuple[HoldFacts, ...]:
    holds = Hold.objects.open().touching(application_id=target.application_id, environment_id=target.environment_id)
    return tuple(
        HoldFacts(
            scope=hold.scope,
            reason=hold.reason,
            placed_by=hold.placed_by,
            link=hold.promotion.get_absolute_url() if hold.promotion else "",
        )
        for hold in holds.select_related("application", "environment", "promotion").order_by("id")
    )


def _upstream(release: Release, target: Target) -> UpstreamFacts | None:
    """The application's target before this one, by the environments' order."""
    before = (
        Target.objects.filter(application=target.application_id, environment__position__lt=target.environment.position)
        .select_related("environment")
        .order_by("-environment__position")
        .first()
    )
    if before is None:
        return None
    verified = Deployment.objects.filter(target=before, release=release, verified_at__isnull=False).exists()
    return UpstreamFacts(environment=before.environment.slug, verified=verified)


def _ahead(target: Target, promotion: Promotion | None) -> tuple[str, ...]:
    if target.batching != Batching.EVERY or promotion is None:
        return ()
    earlier = Promotion.objects.waiting().filter(
        target=target, kind=PromotionKind.FORWARD, release__number__lt=promotion.release.number
    )
    return tuple(earlier.order_by("release__number").values_list("release__version", flat=True)[:3])


def _exclusions(application: Application, running: tuple[RunningFacts, ...]) -> dict[str, str]:
    if not running:
        return {}
    memberships = ExclusionGroup.applications.through.objects.filter(exclusiongroup__applications=application)
    return dict(memberships.values_list("application__slug", "exclusiongroup__reason"))
