"""Gathers, under the locks of `advance`, what the pure rules look at."""

from datetime import datetime, timedelta

from django.db.models import Q

from apps_registry.models import Target, TrustIssue
from apps_registry.models.exclusion import exclusions_of
from apps_registry.models.target import Batching, Policy
from deployer.calendar.facts import Asked, calendar_facts
from deployer.promotions.decide import PromotionFacts, StepFacts
from deployer.promotions.models import Hold, Promotion, PromotionKind, Step, StepKind
from deployer.promotions.models.promotion import PromotionQuerySet
from deployer.promotions.presence import Presence, presence_on
from deployer.promotions.rules import GateFacts, HoldFacts, LiveFacts, RunningFacts, UpstreamFacts
from deployer.promotions.states import FINISHED, PromotionState, StepState
from deployer.releases.models import Deployment, Release


def promotion_facts(promotion: Promotion, now: datetime) -> PromotionFacts:
    """What `decide` needs. The caller holds the environment's and the promotion's row locks."""
    state = PromotionState(promotion.state)
    if state is PromotionState.WAITING:
        presence = presence_on(promotion.target)
        newer = superseding(promotion, presence)
        if newer is not None:
            return PromotionFacts(state=state, superseded_by=newer)
        gate = gate_facts(promotion.release, promotion.target, now=now, promotion=promotion, presence=presence)
        return PromotionFacts(state=state, gate=gate)
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
        late_claims=step.late_claims,
    )


def superseding(promotion: Promotion, presence: Presence) -> int | None:
    """The promotion that makes this waiting one pointless, or None.

    One that brought its release, or a newer one, always does. Where only the newest goes on, so does a newer one that
    waits and could go: not one that still has to succeed in the environment before, and not one that nobody asked for
    when a person asked for this.
    """
    if promotion.is_rollback:
        return None
    overtook = presence.overtook(promotion.release)
    if overtook is not None:
        return overtook.pk
    if promotion.target.batching != Batching.LATEST:
        return None
    newer = Promotion.objects.waiting().filter(
        target=promotion.target_id, kind=PromotionKind.FORWARD, release__order__gt=promotion.release.order
    )
    if promotion.requested_by:
        newer = newer.exclude(requested_by="")
    for candidate in newer.select_related("release").order_by("-release__order"):
        upstream = _upstream(candidate.release, promotion.target)
        if upstream is None or upstream.verified:
            return candidate.pk
    return None


def gate_facts(
    release: Release,
    target: Target,
    *,
    now: datetime,
    promotion: Promotion | None = None,
    presence: Presence | None = None,
    by_hand: bool = False,
) -> GateFacts:
    """What the gate looks at, for a promotion or (without one) for the question whether one could start."""
    application = target.application
    presence = presence or presence_on(target)
    floor = presence.floor
    running, busy = _running(target)
    is_rollback = promotion is not None and promotion.is_rollback
    by_hand = by_hand or (promotion is not None and promotion.requested_by != "")
    asked = Asked(
        target=target,
        version=release.version,
        is_rollback=is_rollback,
        by_hand=by_hand,
        running=[other.application for other in running if not other.uncertain],
    )
    return GateFacts(
        application=application.slug,
        environment=target.environment.slug,
        owner=application.owner.name,
        version=release.version,
        order=release.order,
        is_rollback=is_rollback,
        by_hand=by_hand,
        archived=application.is_archived,
        has_deployer=bool(target.deployer),
        automatic=target.policy == Policy.AUTOMATIC,
        deploys_alone=application.deploys_alone,
        deploys_alone_reason=application.deploys_alone_reason,
        trust_issues=_trust_issues(target),
        holds=_holds(target),
        live=_live(presence),
        floor=floor.order if floor else 0,
        floor_version=floor.version if floor else "",
        upstream=None if is_rollback else _upstream(release, target),
        ahead=_ahead(target, promotion),
        rollback=_open_rollback(target),
        busy=busy,
        running=running,
        capacity=target.environment.capacity,
        exclusions=exclusions_of(application) if running else {},
        calendar=calendar_facts(asked, now),
        overridden=_overridden(promotion, now),
    )


def _overridden(promotion: Promotion | None, now: datetime) -> frozenset[str]:
    if promotion is None:
        return frozenset()
    return frozenset(promotion.overrides.valid(now).values_list("blocker", flat=True))


def _live(presence: Presence) -> LiveFacts | None:
    if presence.live is None:
        return None
    release = presence.live.release
    return LiveFacts(version=release.version, order=release.order, verified=presence.is_certain)


def _running(target: Target) -> tuple[tuple[RunningFacts, ...], RunningFacts | None]:
    """The other applications' promotions that run or may run in the environment, and the target's own."""
    others: list[RunningFacts] = []
    own: RunningFacts | None = None
    here = Promotion.objects.in_environment(target.environment_id)
    for other in [*_with_application(here.active()), *_with_application(_uncertain(here))]:
        found = RunningFacts(
            application=other.application.slug,
            version=other.release.version,
            link=other.get_absolute_url(),
            deploys_alone=other.application.deploys_alone,
            uncertain=other.state in FINISHED,
        )
        if other.target_id != target.pk:
            others.append(found)
        elif not found.uncertain:
            own = found
    return tuple(others), own


def _with_application(promotions: PromotionQuerySet) -> PromotionQuerySet:
    return promotions.select_related("release", "target__application")


def _uncertain(promotions: PromotionQuerySet) -> PromotionQuerySet:
    """Those whose deploy was started and may be running still, until a person has lifted their hold."""
    return promotions.filter(
        state=PromotionState.ERRORED,
        deployment=None,
        steps__kind=StepKind.DEPLOY,
        steps__intended_at__isnull=False,
        holds__lifted_at=None,
        holds__isnull=False,
    )


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
        for hold in holds.prefetch_related("application", "environment", "promotion").order_by("id")
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
    verified = Deployment.objects.good().filter(target=before, release=release).exists()
    return UpstreamFacts(environment=before.environment.slug, verified=verified)


def _ahead(target: Target, promotion: Promotion | None) -> tuple[str, ...]:
    if target.batching != Batching.EVERY or promotion is None:
        return ()
    earlier = Promotion.objects.waiting().filter(
        target=target, kind=PromotionKind.FORWARD, release__order__lt=promotion.release.order
    )
    return tuple(earlier.order_by("release__order").values_list("release__version", flat=True)[:3])


def _open_rollback(target: Target) -> str:
    rollbacks = Promotion.objects.waiting().filter(target=target, kind=PromotionKind.ROLLBACK)
    return rollbacks.values_list("release__version", flat=True).first() or ""
