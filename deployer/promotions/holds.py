"""What is done to every hold, whoever does it: its events, and its lifting. The caller has locked its environment."""

from datetime import datetime

from deployer.audit.actions import record
from deployer.audit.actor import ENGINE, Actor
from deployer.promotions.engine import retrying, wakeups
from deployer.promotions.models import Hold, Promotion, Veto
from deployer.promotions.models.hold import WayOut


def record_hold(hold: Hold, what: str, sentence: str, *, by: Actor, now: datetime, reason: str, **data: object) -> None:
    """Write an event about a hold: `hold.<what>`, whose data always name it and its page."""
    title = f"{hold.scope} {'is' if hold.is_open else 'was'} on hold"
    record(
        f"hold.{what}",
        sentence,
        by=by,
        application=hold.application.slug,
        environment=hold.environment.slug if hold.environment else "",
        subject=f"hold:{hold.pk}",
        promotion_id=hold.promotion_id,
        release_id=hold.stopped_id,
        reason=reason,
        data={"title": title, "state": "on hold" if hold.is_open else "lifted", "url": hold.full_url()} | data,
        now=now,
    )


def lift(hold: Hold, way: WayOut, *, by: Actor, resolution: str, sentence: str, reason: str, now: datetime) -> None:
    """End an open hold, and wake what it kept waiting."""
    hold.lifted_at, hold.lifted_by, hold.resolution, hold.way_out = now, by.label, resolution, way
    hold.save(update_fields=["lifted_at", "lifted_by", "resolution", "way_out"])
    record_hold(hold, "lifted", sentence, by=by, now=now, reason=reason, way_out=str(way))
    wake(hold, now)


def wake(hold: Hold, now: datetime) -> None:
    """Have what the hold keeps or kept waiting looked at again."""
    wakeups.wake_application(application_id=hold.application_id, environment_id=hold.environment_id, now=now)


def hold_again(retry: Promotion, now: datetime) -> None:
    """Stop the line anew when a promotion that was to be tried again has ended before it began: asking for the retry
    lifted the hold. Not when the release was vetoed, a way out of its own, or something else has come there."""
    stopped = retry.retry_of
    if stopped is None or retry.started_at is not None or retrying.obstacle(stopped):
        return
    before = Hold.objects.filter(promotion=stopped).order_by("-id").first()
    vetoed = Veto.objects.standing().filter(release=retry.release_id).exists()
    if before is None or before.is_open or vetoed:
        return
    hold = Hold.objects.create(
        application=before.application,
        environment=before.environment,
        kind=before.kind,
        reason=f"{before.reason.rstrip('.')}. It was to be tried again, and that ended first: {retry.outcome}",
        promotion=stopped,
        stopped=before.stopped,
        placed_by=ENGINE.label,
        placed_at=now,
    )
    sentence = f"{hold.scope} is on hold again: {hold.reason}"
    record_hold(hold, "placed", sentence, by=ENGINE, now=now, reason=hold.reason)
    wake(hold, now)


def fixed_forward(promotion: Promotion, now: datetime) -> None:
    """Lift the holds that waited for a fix, when a newer release has succeeded."""
    version = promotion.release.version
    for hold in _fixed_by(promotion):
        resolution = f"{version} succeeded in {promotion.environment}: the fix that {hold.fix_forward_by} waited for."
        sentence = f"The hold on {hold.scope} was lifted: {resolution}"
        lift(hold, WayOut.FIX_FORWARD, by=ENGINE, resolution=resolution, sentence=sentence, reason=resolution, now=now)


def fix_failed(promotion: Promotion, now: datetime) -> None:
    """Close the holds again that let a newer release pass, when it stopped as well."""
    for hold in _fixed_by(promotion):
        hold.fix_forward_by, hold.fix_forward_at = "", None
        hold.save(update_fields=["fix_forward_by", "fix_forward_at"])
        why = f"{promotion.release.version} was to fix it and {promotion.state}."
        sentence = f"The hold on {hold.scope} lets newer releases pass no more: {why}"
        record_hold(hold, "fix_failed", sentence, by=ENGINE, now=now, reason=why)


def _fixed_by(promotion: Promotion) -> list[Hold]:
    """The open holds for which its release is the fix."""
    if promotion.is_rollback:
        return []
    marked = Hold.objects.open().filter(
        application=promotion.target.application_id,
        environment=promotion.target.environment_id,
        fix_forward_at__isnull=False,
        stopped__order__lt=promotion.release.order,
    )
    return list(marked.with_names().order_by("id"))
