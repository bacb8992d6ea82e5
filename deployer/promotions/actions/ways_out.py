"""The ways out of a hold that a failure or a rollback left; lifting it is in `hold`.

Each is one transaction under the lock of the hold's environment. It looks again whether the way is possible, does it,
and lifts the hold with a resolution that says who did what and why; of those who click at once, one gets through. All
raise NotAllowedError for who may not work on the application, and RefusedError, saying what to do instead, without a
reason, when the hold has been lifted meanwhile, or when the way isn't possible.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from apps_registry.locks import lock_environments
from apps_registry.models import Target
from apps_registry.rights import Rights
from deployer.promotions import holds
from deployer.promotions.actions.hold import open_hold
from deployer.promotions.actions.promote import looked_at, promote, roll_back
from deployer.promotions.actions.vetoes import veto
from deployer.promotions.lines import Retry, create_promotion, record_event
from deployer.promotions.models import Hold, Promotion, PromotionKind, Veto
from deployer.promotions.models.hold import WayOut
from deployer.promotions.presence import presence_on
from deployer.promotions.ways import LABELS, Situation, situation, why_not
from deployer.refusal import BlockedError, RefusedError
from deployer.releases.models import Deployment, Release


@transaction.atomic
def retry_step(*, hold: Hold, rights: Rights, reason: str, now: datetime | None = None) -> Promotion:
    """Go on where it stopped, in a new promotion of the same release: what had passed is not repeated.

    A deploy whose outcome is unknown is looked up by its key first. The promotion is returned as far as it goes now.
    """
    now = now or timezone.now()
    found = _checked(WayOut.RETRY_STEP, hold, rights, reason, now)
    stopped, step = _stopped(found), found.step
    if step is None:
        raise RefusedError("No step of it failed: retry the promotion instead.")
    what = f"{step.name} of {stopped}"
    did = f"looked again what became of {what}" if found.unknown else f"tried {what} again"
    _lift(found.hold, WayOut.RETRY_STEP, rights, f"{rights.actor} {did}", reason, now)
    remark = f" It goes on with {step.name} of promotion {stopped.pk}."
    return _again(stopped, rights, reason, Retry(of=stopped, step=step.position, remark=remark), now)


@transaction.atomic
def retry(*, hold: Hold, rights: Rights, reason: str, now: datetime | None = None) -> Promotion:
    """Start anew, in a new promotion of the same release. The promotion is returned as far as it goes now."""
    now = now or timezone.now()
    found = _checked(WayOut.RETRY, hold, rights, reason, now)
    stopped = _stopped(found)
    doubt = ", although it is unknown whether its first deploy happened" if found.unknown else ""
    _lift(found.hold, WayOut.RETRY, rights, f"{rights.actor} tried {stopped} again{doubt}", reason, now)
    remark = f" It tries promotion {stopped.pk} again{doubt}."
    return _again(stopped, rights, reason, Retry(of=stopped, remark=remark), now)


def _again(stopped: Promotion, rights: Rights, reason: str, again: Retry, now: datetime) -> Promotion:
    """A promotion that waits for the same already becomes this retry."""
    kind = PromotionKind(stopped.kind)
    waiting = Promotion.objects.waiting().with_names().filter(release=stopped.release, target=stopped.target, kind=kind)
    existing = waiting.first()
    if existing is None:
        made = create_promotion(
            stopped.release,
            stopped.target,
            by=rights.actor,
            now=now,
            kind=kind,
            requested_by=rights.actor.label,
            reason=reason.strip(),
            tries_again=again,
        )
        return looked_at(made, now)
    existing.requested_by, existing.reason, existing.due_at = rights.actor.label, reason.strip(), now
    existing.retry_of, existing.retry_from = again.of, again.step
    existing.save(update_fields=["requested_by", "reason", "due_at", "retry_of", "retry_from"])
    sentence = f"{rights.actor} asked for {existing} by hand.{again.remark}"
    record_event(existing, "requested", sentence, by=rights.actor, now=now)
    return looked_at(existing, now)


@transaction.atomic
def roll_back_from(
    *, hold: Hold, rights: Rights, reason: str, to: Release | None = None, now: datetime | None = None
) -> Promotion:
    """Bring the target back, as `roll_back` does, whose own hold takes the place of this one."""
    now = now or timezone.now()
    found = _checked(WayOut.ROLL_BACK, hold, rights, reason, now, to=to)
    stopped = _stopped(found)
    promotion = roll_back(target=stopped.target, by=rights.actor, reason=reason.strip(), to=to, now=now)
    did = f"{rights.actor} rolled back to {promotion.release.version}"
    _lift(found.hold, WayOut.ROLL_BACK, rights, did, reason, now)
    return promotion


@transaction.atomic
def veto_and_go_on(*, hold: Hold, rights: Rights, reason: str, now: datetime | None = None) -> Promotion | None:
    """Veto the release that was stopped, and ask for the newest that may go: None when there is none yet, and the next
    that comes goes by itself."""
    now = now or timezone.now()
    lock_environments()  # all of them, in their order, since a veto counts everywhere
    found = _checked(WayOut.VETO, hold, rights, reason, now)
    stopped, target = found.hold.stopped, _stopped(found).target
    if stopped is None:
        raise RefusedError("It isn't recorded which release was stopped: lift the hold instead.")
    if not Veto.objects.standing().filter(release=stopped).exists():
        veto(release=stopped, rights=rights, reason=reason, now=now)
    newest = _newest_that_may_go(target, after=stopped)
    _lift(found.hold, WayOut.VETO, rights, f"{rights.actor} vetoed {stopped.version}", reason, now)
    return _asked_for(newest, target, rights, reason, now) if newest else None


def _newest_that_may_go(target: Target, *, after: Release) -> Release | None:
    """The newest release that is newer than what was stopped and than what is there, verified in the environment before
    and not vetoed."""
    presence = presence_on(target)
    floor = max(after.order, presence.floor.order if presence.floor else 0)
    newer = Release.objects.filter(application=target.application_id, order__gt=floor)
    newer = newer.exclude(pk__in=Veto.objects.standing().values("release"))
    before = Target.objects.filter(
        application=target.application_id, environment__position__lt=target.environment.position
    )
    upstream = before.order_by("-environment__position").first()
    if upstream is not None:
        newer = newer.filter(pk__in=Deployment.objects.good().filter(target=upstream).values("release"))
    return newer.select_related("application__owner").order_by("-order").first()


def _asked_for(release: Release, target: Target, rights: Rights, reason: str, now: datetime) -> Promotion | None:
    """None where a lasting reason is in its way; one that runs already is what was wanted."""
    running = Promotion.objects.active().with_names().filter(target=target, release=release).first()
    if running is not None:
        return running
    try:
        return promote(release=release, target=target, by=rights.actor, reason=reason.strip(), now=now)
    except BlockedError:
        return None


@transaction.atomic
def fix_forward(*, hold: Hold, rights: Rights, reason: str, now: datetime | None = None) -> Hold:
    """Let releases that are newer than the one that was stopped pass this hold, which stays: the first of them that
    succeeds lifts it, one that stops closes it again."""
    now = now or timezone.now()
    found = _checked(WayOut.FIX_FORWARD, hold, rights, reason, now).hold
    version = found.stopped.version if found.stopped else ""
    found.fix_forward_by, found.fix_forward_at = rights.actor.label, now
    found.save(update_fields=["fix_forward_by", "fix_forward_at"])
    sentence = f"{rights.actor} lets releases newer than {version} pass the hold on {found.scope}: {reason.strip()}"
    holds.record_hold(found, "fix_forward", sentence, by=rights.actor, now=now, reason=reason.strip())
    holds.wake(found, now)
    return found


def _checked(
    way: WayOut, hold: Hold, rights: Rights, reason: str, now: datetime, *, to: Release | None = None
) -> Situation:
    """What the hold's ways out depend on now, under its environment's lock. `to` is what a rollback is to go to."""
    rights.need_work_on(hold.application, to="get it going again")
    if not reason.strip():
        raise RefusedError(f"Say why: “{LABELS[way]}” needs a reason.")
    found = situation(open_hold(hold), now, to=to)
    if refusal := why_not(way, found):
        raise RefusedError(refusal)
    return found


def _stopped(found: Situation) -> Promotion:
    stopped = found.hold.promotion
    if stopped is None:
        raise RefusedError("It was placed by hand, so there is nothing to go on with: lift it.")
    return stopped


def _lift(hold: Hold, way: WayOut, rights: Rights, did: str, reason: str, now: datetime) -> None:
    resolution = f"{did}: {reason.strip()}"
    sentence = f"The hold on {hold.scope} was lifted. {resolution}"
    holds.lift(hold, way, by=rights.actor, resolution=resolution, sentence=sentence, reason=reason.strip(), now=now)
