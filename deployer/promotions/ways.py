"""The ways out of a hold: what each does, and whether it is possible now.

Pages, messages, terminal and actions ask the same functions.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from apps_registry.rights import Rights
from deployer.gates import BlockerKind
from deployer.promotions.engine import retrying
from deployer.promotions.engine.facts import gate_facts
from deployer.promotions.engine.verdicts import forbidden
from deployer.promotions.models import Hold, Promotion, PromotionKind, Step
from deployer.promotions.models.hold import HoldKind, WayOut
from deployer.promotions.presence import last_good, newest_there
from deployer.promotions.rules import NEVER_BY_WAITING, gate
from deployer.promotions.states import StepState
from deployer.releases.models import Release

ORDER = (WayOut.RETRY_STEP, WayOut.RETRY, WayOut.FIX_FORWARD, WayOut.VETO, WayOut.ROLL_BACK, WayOut.LIFT)
"""The gentlest first."""
LABELS = {
    WayOut.RETRY_STEP: "Retry the step",
    WayOut.RETRY: "Retry the promotion",
    WayOut.FIX_FORWARD: "Fix forward",
    WayOut.VETO: "Veto the release and go on",
    WayOut.ROLL_BACK: "Roll back",
    WayOut.LIFT: "Lift the hold",
}
NOT_OF_A_ROLLBACK = "It was left by a rollback, of which nothing failed."
NEVER_BACK_AGAIN = "A rollback is never rolled back: retry it, or go on with a newer release."


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """`what` it does, in a sentence. `needs` names what the person must write. `url` is the path of its page."""

    way: WayOut
    label: str
    what: str
    command: str
    url: str
    possible: bool
    why_not: str = ""
    needs: str = "reason"

    def full_url(self) -> str:
        return settings.BASE_URL + self.url


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the ways out of a hold depend on. Sentences are empty where nothing stands in the way.

    `step` is where the promotion stopped, and `unknown` says that its deploy may have happened. `under_way` is what
    runs on the target or is about to be rolled back there, `since` what has come to it after the promotion stopped,
    `lasting` what the gate has against the release that no waiting ends. `back_to` is what a rollback would go to,
    `not_back` why it must not.
    """

    hold: Hold
    rolls_back: bool = False
    step: Step | None = None
    unknown: bool = False
    under_way: str = ""
    rollback_under_way: str = ""
    since: str = ""
    lasting: str = ""
    leaving: Release | None = None
    back_to: Release | None = None
    not_back: str = ""

    @property
    def is_failure(self) -> bool:
        return self.hold.kind == HoldKind.FAILURE and self.hold.promotion is not None


def situation(hold: Hold, now: datetime, *, to: Release | None = None) -> Situation:
    """A dozen queries or two. `to` is what a rollback is to go to, the last good release by default."""
    stopped = hold.promotion
    if hold.kind == HoldKind.MANUAL or stopped is None:
        return Situation(hold=hold)
    target, step = stopped.target, retrying.stopped_at(stopped)
    active = Promotion.objects.active().with_names().filter(target=target).first()
    rollback = Promotion.objects.open().with_names().filter(target=target, kind=PromotionKind.ROLLBACK).first()
    leaving = newest_there(target, active)
    good = last_good(target.pk, before=leaving.order) if leaving else None
    back_to = to or (good.release if good else None)
    facts = gate_facts(stopped.release, target, now=now, promotion=stopped, by_hand=True)
    ends_it = NEVER_BY_WAITING | {BlockerKind.PIN} if stopped.is_rollback else NEVER_BY_WAITING
    lasting = [blocker.sentence for blocker in gate(facts, now) if blocker.kind in ends_it]
    return Situation(
        hold=hold,
        rolls_back=stopped.is_rollback,
        step=step,
        unknown=bool(step and step.is_deploy and step.state == StepState.ERRORED and step.intended_at),
        under_way=_under_way(rollback or active),
        rollback_under_way=_under_way(rollback),
        since=retrying.obstacle(stopped),
        lasting=" ".join(lasting),
        leaving=leaving,
        back_to=back_to,
        not_back=" ".join(one.sentence for one in forbidden(back_to, target)) if back_to else "",
    )


def _under_way(promotion: Promotion | None) -> str:
    if promotion is None:
        return ""
    what = f"{promotion.get_kind_display()} of {promotion}".replace("Promotion of ", "")
    return f"{what} is under way: abort it first, or wait for its end."


def ways_out_of(hold: Hold, *, rights: Rights | None = None, now: datetime | None = None) -> list[Way]:
    """The ways out, possible or not, the gentlest first; of a hold that was placed by hand only its lifting.

    Without `rights` it isn't asked whose they are.
    """
    return ways_in(situation(hold, now or timezone.now()), rights=rights)


def possible_in_words(found: Situation) -> list[str]:
    """Those that are possible, each as "label: address", for messages."""
    return [f"{way.label}: {way.full_url()}" for way in ways_in(found) if way.possible]


def ways_in(found: Situation, *, rights: Rights | None = None) -> list[Way]:
    """The same, of what has been found out already."""
    by_hand = found.hold.kind == HoldKind.MANUAL or found.hold.promotion is None
    return [_way(way, found, rights) for way in ((WayOut.LIFT,) if by_hand else ORDER)]


def _way(way: WayOut, found: Situation, rights: Rights | None) -> Way:
    hold, refusal = found.hold, why_not(way, found, rights)
    lifts = way is WayOut.LIFT
    place = f"{hold.application} {hold.environment or ''}".strip()
    return Way(
        way=way,
        label=LABELS[way],
        what=_what(way, found),
        command=(
            f'manage.py unhold {place} --resolution "what was done"'
            if lifts
            else f'manage.py wayout {hold.pk} {way.slug} --reason "why"'
        ),
        url=f"{hold.get_absolute_url()}{way.slug}/",
        possible=not refusal,
        why_not=refusal,
        needs="resolution" if lifts else "reason",
    )


def why_not(way: WayOut, found: Situation, rights: Rights | None = None) -> str:
    """Why this way is not possible, and what to do instead; empty when it is."""
    hold = found.hold
    if not hold.is_open:
        return f"{hold.lifted_by} has lifted this hold already: {hold.resolution}"
    if rights is not None and not rights.may_work_on(hold.application):
        return f"Only developers of {hold.application.owner} and release managers may do this."
    if way is WayOut.LIFT:
        return ""
    if hold.kind == HoldKind.MANUAL or hold.promotion is None:
        return "It was placed by hand, so there is nothing to go on with: lift it."
    match way:
        case WayOut.RETRY_STEP:
            return _no_step(found)
        case WayOut.RETRY:
            return _no_retry(found)
        case WayOut.ROLL_BACK:
            return _no_rollback(found)
        case _:
            return _no_going_past(way, hold)


def _no_step(found: Situation) -> str:
    step = found.step
    if not found.is_failure:
        return NOT_OF_A_ROLLBACK
    if step is None:
        return "No step of it failed: retry the promotion instead."
    if step.is_deploy and step.state == StepState.FAILED:
        return "The deploy failed for certain, so there is nothing to look up: retry the promotion instead."
    if found.under_way or found.lasting:
        return found.under_way or found.lasting
    return found.since and f"{found.since} Retry the promotion instead."


def _no_retry(found: Situation) -> str:
    if not found.is_failure:
        return NOT_OF_A_ROLLBACK
    if found.rolls_back and found.since:
        return f"{found.since} Ask for a rollback from there instead."
    return found.under_way or found.lasting


def _no_rollback(found: Situation) -> str:
    if found.rolls_back:
        return NEVER_BACK_AGAIN
    if found.rollback_under_way:
        return found.rollback_under_way
    environment = found.hold.environment
    if found.leaving is None:
        return f"Nothing is live in {environment}, so there is nothing to roll back."
    if found.back_to is None:
        return f"No release older than {found.leaving.version} was verified in {environment} and isn't vetoed."
    return found.not_back


def _no_going_past(way: WayOut, hold: Hold) -> str:
    """Of fixing forward and of a veto: both go by the release that was stopped."""
    if hold.stopped is None:
        return "It isn't recorded which release was stopped: lift the hold instead."
    if way is WayOut.FIX_FORWARD and hold.fix_forward_at is not None:
        return f"{hold.fix_forward_by} has asked for it already: newer releases pass this hold."
    return ""


def _what(way: WayOut, found: Situation) -> str:
    hold, step = found.hold, found.step
    version = hold.promotion.release.version if hold.promotion else ""
    stopped = hold.stopped.version if hold.stopped else version
    match way:
        case WayOut.RETRY_STEP if step is not None and step.is_deploy:
            return f"Looks again what became of the deploy of {version}, and starts it only if it surely never began."
        case WayOut.RETRY_STEP:
            name = step.name if step else "the step"
            return f"Runs {name} of {version} again, and what comes after it. What had passed is not repeated."
        case WayOut.RETRY if found.unknown:
            return f"Deploys {version} anew, with every check. The first deploy may be running still: look first."
        case WayOut.RETRY:
            return f"Deploys {version} anew, with every check."
        case WayOut.FIX_FORWARD:
            return f"Lets releases newer than {stopped} pass. The first that succeeds lifts the hold."
        case WayOut.VETO:
            return f"Never deploys {stopped} again, anywhere. Lifts the hold and goes on with the newest release."
        case WayOut.ROLL_BACK:
            to = found.back_to.version if found.back_to else "the last release that was verified"
            return f"Brings {hold.environment} back to {to}. The rollback leaves a hold of its own."
        case _:
            return "Says what was done about it. What waits goes on."
