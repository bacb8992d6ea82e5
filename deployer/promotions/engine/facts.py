"""Gathers, under the locks of `advance`, what the pure rules look at."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import F, Q

from apps_registry.models import Target, TrustIssue
from apps_registry.models.exclusion import exclusions_of
from apps_registry.models.target import Batching, Policy
from deployer.calendar.facts import Asked, calendar_facts
from deployer.promotions.decide import PromotionFacts, StepFacts
from deployer.promotions.engine import retrying
from deployer.promotions.engine.verdicts import approval_facts, pin_facts, veto_facts
from deployer.promotions.models import Hold, Pin, Promotion, PromotionKind, Step, StepKind, Veto
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
        newer = superseding(promotion, presence, now)
        if newer is not None:
            return PromotionFacts(state=state, superseded_by=newer)
        gate = gate_facts(promotion.release, promotion.target, now=now, promotion=promotion, presence=presence)
        return PromotionFacts(state=state, gate=gate, retry_void=retrying.void(promotion))
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


def superseding(promotion: Promotion, presence: Presence, now: datetime) -> int | None:
    """The promotion that makes this waiting one pointless, or None.

    One that brought its release, or a newer one, always does. Where only the newest goes on, so does a newer one that
    waits and could go: not one that still has to succeed in the environment before, not one that was vetoed, not one
    that a hold stops which lets this pass, and not one that nobody asked for when a person asked for this. None does
    where the target stays on this very release, nor when this looks up what became of a deploy: that goes first.
    """
    if promotion.is_rollback:
        return None
    overtook = presence.overtook(promotion.release)
    if overtook is not None:
        return overtook.pk
    if promotion.target.batching != Batching.LATEST or retrying.looks_up(promotion):
        return None
    newer = Promotion.objects.waiting().filter(
        target=promotion.target_id, kind=PromotionKind.FORWARD, release__order__gt=promotion.release.order
    )
    newer = newer.exclude(release__in=Veto.objects.standing().values("release"))
    newer = newer.exclude(target__in=Pin.objects.standing().filter(release=promotion.release_id).values("target"))
    if promotion.requested_by:
        newer = newer.exclude(requested_by="")
    candidates = list(newer.select_related("release").order_by("-release__order"))
    holds = _holds(promotion.target, now) if candidates else ()
    for candidate in candidates:
        upstream = _upstream(candidate.release, promotion.target)
        if (upstream is None or upstream.verified) and not _held_back(candidate, promotion, holds):
            return candidate.pk
    return None


def _held_back(newer: Promotion, older: Promotion, holds: Sequence[HoldFacts]) -> bool:
    """Whether a hold stops the newer one and lets the older pass."""
    return any(hold.lets_pass(older.release.order) and not hold.lets_pass(newer.release.order) for hold in holds)


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
        veto=veto_facts(release),
        pin=pin_facts(target),
        approval=None if is_rollback else approval_facts(target, promotion, now),
        holds=_holds(target, now),
        live=_live(presence),
        floor=floor.order if floor else 0,
        floor_version=floor.version if floor else "",
        upstream=None if is_rollback else _upstream(release, target),
        ahead=_ahead(target, promotion),
        rollback=_open_rollback(target),
        looks_up=_looking_up(target, promotion),
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
    """Those whose deploy was started and may be running still, until a person has lifted their hold; where that was to
    look again what became of it, until that is done."""
    looked_for = Promotion.objects.waiting().filter(retry_from__isnull=False).values("retry_of")
    return promotions.filter(
        Q(pk__in=Hold.objects.open().filter(promotion__isnull=False).values("promotion")) | Q(pk__in=looked_for),
        state=PromotionState.ERRORED,
        deployment=None,
        steps__kind=StepKind.DEPLOY,
        steps__intended_at__isnull=False,
    )


def _trust_issues(target: Target) -> tuple[str, ...]:
    here = Q(environment=None) | Q(environment=target.environment_id)
    issues = TrustIssue.objects.open().filter(here, application=target.application_id)
    return tuple(issues.order_by("opened_at").values_list("reason", flat=True))


def _holds(target: Target, now: datetime) -> tuple[HoldFacts, ...]:
    holds = Hold.objects.stopping(now).touching(
        application_id=target.application_id, environment_id=target.environment_id
    )
    names = ("application", "environment", "newest_safe", "stopped")
    return tuple(hold_facts(hold) for hold in holds.select_related(*names).order_by("id"))


def hold_facts(hold: Hold) -> HoldFacts:
    safe, fix_past = hold.newest_safe, hold.stopped if hold.fix_forward_at else None
    return HoldFacts(
        scope=hold.scope,
        reason=hold.reason,
        placed_by=hold.placed_by,
        link=hold.get_absolute_url(),
        contact=hold.contact,
        until=hold.ends_at,
        safe=safe.order if safe else None,
        safe_version=safe.version if safe else "",
        fix_past=fix_past.order if fix_past else None,
        fix_past_version=fix_past.version if fix_past else "",
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
    earlier = earlier.exclude(release__in=Veto.objects.standing().values("release"))
    return tuple(earlier.order_by("release__order").values_list("release__version", flat=True)[:3])


def _open_rollback(target: Target) -> str:
    rollbacks = Promotion.objects.waiting().filter(target=target, kind=PromotionKind.ROLLBACK)
    return rollbacks.values_list("release__version", flat=True).first() or ""


def _looking_up(target: Target, promotion: Promotion | None) -> str:
    """The version that waits for what `retrying.looks_up` says, in another promotion."""
    waiting = Promotion.objects.waiting().filter(
        target=target,
        retry_from__isnull=False,
        retry_of__steps__position=F("retry_from"),
        retry_of__steps__kind=StepKind.DEPLOY,
        retry_of__steps__intended_at__isnull=False,
    )
    others = waiting.exclude(pk=promotion.pk) if promotion else waiting
    return others.values_list("release__version", flat=True).first() or ""
