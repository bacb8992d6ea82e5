"""The line: which target a release goes to next, and the promotion that takes it there."""

from datetime import datetime

from apps_registry.models import Target
from deployer.audit.actions import record
from deployer.audit.actor import Actor
from deployer.promotions.engine import queue
from deployer.promotions.models import Promotion, PromotionKind
from deployer.promotions.states import PromotionState
from deployer.releases.models import Deployment, Release


def next_target(release: Release, *, after: Target | None) -> Target | None:
    """The application's first target, or the one after `after`, by the environments' order."""
    targets = Target.objects.filter(application=release.application_id)
    if after is not None:
        targets = targets.filter(environment__position__gt=after.environment.position)
    return targets.select_related("environment", "application__owner").order_by("environment__position").first()


def continue_line(release: Release, *, after: Target | None, by: Actor, now: datetime) -> Promotion | None:
    """Ask for the release's promotion to its next target, unless that has it verified or there is no further one.

    Where a newer release is there already the promotion is asked for all the same: it ends as superseded at once, so
    that the release's page says what became of it.
    """
    target = next_target(release, after=after)
    if target is None:
        return None
    live = Deployment.objects.live_on(target.pk)
    if live is not None and live.release_id == release.pk and live.verified_at:
        return None
    return create_promotion(release, target, by=by, now=now)


def create_promotion(
    release: Release,
    target: Target,
    *,
    by: Actor,
    now: datetime,
    kind: PromotionKind = PromotionKind.FORWARD,
    requested_by: str = "",
    reason: str = "",
) -> Promotion:
    """Write a waiting promotion with its event, and wake it after the commit.

    When somebody else has just asked for the same, theirs is returned.
    """
    promotion, is_new = Promotion.objects.get_or_create(
        release=release,
        target=target,
        kind=kind,
        state=PromotionState.WAITING,
        defaults={"requested_by": requested_by, "reason": reason, "created_at": now, "due_at": now},
    )
    if not is_new:
        return promotion
    record_event(
        promotion, "requested", f"{promotion.get_kind_display()} of {promotion} was asked for.", by=by, now=now
    )
    queue.wake(promotion.pk)
    return promotion


def record_event(
    promotion: Promotion, what: str, sentence: str, *, by: Actor, now: datetime, reason: str = "", **data: object
) -> None:
    """Write an event about a promotion: `promotion.<what>`, whose data always name it, its state and its page."""
    record(
        f"promotion.{what}",
        sentence,
        by=by,
        application=promotion.application.slug,
        environment=promotion.environment.slug,
        release_id=promotion.release_id,
        promotion_id=promotion.pk,
        reason=reason or promotion.reason,
        data={"title": str(promotion), "state": promotion.state, "url": promotion.full_url()} | data,
        now=now,
    )
