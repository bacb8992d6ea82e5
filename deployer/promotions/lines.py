"""The line: which target a release goes to next, and the promotion that takes it there."""

from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Which promotion is tried again, from its step at the position `step` or whole; `remark` is a further sentence for
    the event, with a space before it."""

    of: Promotion | None = None
    step: int | None = None
    remark: str = ""


def create_promotion(
    release: Release,
    target: Target,
    *,
    by: Actor,
    now: datetime,
    kind: PromotionKind = PromotionKind.FORWARD,
    requested_by: str = "",
    reason: str = "",
    tries_again: Retry | None = None,
) -> Promotion:
    """Write a waiting promotion with its event, and wake it after the commit.

    When somebody else has just asked for the same, theirs is returned.
    """
    retry = tries_again or Retry()
    promotion, is_new = Promotion.objects.get_or_create(
        release=release,
        target=target,
        kind=kind,
        state=PromotionState.WAITING,
        defaults={
            "requested_by": requested_by,
            "reason": reason,
            "created_at": now,
            "due_at": now,
            "retry_of": retry.of,
            "retry_from": retry.step,
        },
    )
    if not is_new:
        return promotion
    sentence = f"{promotion.get_kind_display()} of {promotion} was asked for.{retry.remark}"
    record_event(promotion, "requested", sentence, by=by, now=now)
    queue.wake(promotion.pk)
    return promotion


ENDS = frozenset({"failed", "errored", "succeeded", "aborted", "superseded"})
"""What the authors of a release may be told of it."""


def record_event(
    promotion: Promotion, what: str, sentence: str, *, by: Actor, now: datetime, reason: str = "", **data: object
) -> None:
    """Write an event about a promotion: `promotion.<what>`, whose data say at an end whose release it is."""
    if what in ENDS:
        data = {"release": str(promotion.release), "production": promotion.environment.is_production} | data
        if "authors" not in data:
            data["authors"] = [] if promotion.is_rollback else promotion.release.authors()
    record_about(promotion, f"promotion.{what}", sentence, by=by, now=now, reason=reason or promotion.reason, data=data)


def record_about(
    promotion: Promotion,
    kind: str,
    sentence: str,
    *,
    by: Actor,
    now: datetime,
    reason: str,
    data: Mapping[str, object],
) -> None:
    """Write an event of any kind about a promotion: its data always name it, its state and its page."""
    record(
        kind,
        sentence,
        by=by,
        application=promotion.application.slug,
        environment=promotion.environment.slug,
        release_id=promotion.release_id,
        promotion_id=promotion.pk,
        reason=reason,
        data={"title": str(promotion), "state": promotion.state, "url": promotion.full_url()} | dict(data),
        now=now,
    )
