"""People's yes or no to a promotion that waits for it."""

from datetime import datetime

from django.utils import timezone

from apps_registry.rights import Rights
from deployer.access.models import User
from deployer.promotions import quorum
from deployer.promotions.engine.advance import locked, settle
from deployer.promotions.engine.asking import end, record_answer
from deployer.promotions.models import Approval, Promotion
from deployer.promotions.states import PromotionState
from deployer.refusal import NotAllowedError, RefusedError


def approve(*, promotion: Promotion, rights: Rights, comment: str = "", now: datetime | None = None) -> Approval:
    """Say yes; the last yes that was needed lets it go at once, when nothing else is in its way.

    Raises NotAllowedError for who can't approve it, saying why, RefusedError when it needs no approval, waits no more,
    or has theirs already. One that is too old to count can be given again.
    """
    now = now or timezone.now()
    with locked(promotion.pk) as found:
        waiting, person = _answered(found, promotion, rights)
        if why := quorum.why_not_approve(waiting, rights):
            raise NotAllowedError(why)
        if any(one.person_id == person.pk for one in quorum.counted(waiting, now)):
            raise RefusedError("You have approved it already.")
        approval = _answer(waiting, person, rights, rejects=False, reason=comment.strip(), now=now)
        given = [one.name for one in quorum.counted(waiting, now)]
        record_answer(
            waiting,
            "given",
            f"{rights.actor} approved {waiting}: {len(given)} of {waiting.target.approvals_needed}.",
            by=rights.actor,
            now=now,
            reason=approval.reason,
            needed=waiting.target.approvals_needed,
            given=given,
        )
        settle(waiting, now)
        promotion.state = waiting.state
        return approval


def reject(*, promotion: Promotion, rights: Rights, reason: str, now: datetime | None = None) -> Approval:
    """Say no, which ends it; who approved it before may. Who asked for it and its authors may too.

    Raises NotAllowedError for who may not work on the application, RefusedError without a reason, when it needs no
    approval, or waits no more.
    """
    now = now or timezone.now()
    if not reason.strip():
        raise RefusedError("Say why: a rejection needs a reason.")
    with locked(promotion.pk) as found:
        waiting, person = _answered(found, promotion, rights)
        approval = _answer(waiting, person, rights, rejects=True, reason=reason.strip(), now=now)
        outcome = f"Rejected by {rights.actor}: {approval.reason}"
        sentence = f"{rights.actor} rejected {waiting}."
        end(waiting, "rejected", sentence, outcome=outcome, by=rights.actor, now=now, reason=approval.reason)
        promotion.state = waiting.state
        return approval


def _answered(found: Promotion | None, asked: Promotion, rights: Rights) -> tuple[Promotion, User]:
    """The promotion that can be answered, and who answers."""
    if found is None or found.state != PromotionState.WAITING:
        asked.refresh_from_db()
        raise RefusedError(f"{asked} no longer waits: it is {asked.get_state_display().lower()}.")
    if found.application.is_archived:
        raise RefusedError(f"{found.application} is archived: nothing of it is deployed.")
    if not quorum.needs_approval(found):
        what = "a rollback needs no approval" if found.is_rollback else f"{found.target} needs no approval"
        raise RefusedError(f"Nobody needs to approve it: {what}. It can be aborted.")
    if why := quorum.why_no_answer(found, rights):
        raise NotAllowedError(why)
    if rights.user is None:
        raise NotAllowedError("Only a person can approve or reject.")
    return found, rights.user


def _answer(
    promotion: Promotion, person: User, rights: Rights, *, rejects: bool, reason: str, now: datetime
) -> Approval:
    """Theirs, in the place of what they said before."""
    approval, _ = Approval.objects.update_or_create(
        promotion=promotion,
        person=person,
        defaults={"name": rights.actor.label, "rejects": rejects, "reason": reason, "at": now},
    )
    return approval
