"""How a promotion stands with its approvals, as pages show it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps_registry.rights import Rights
from deployer.gates import Blocker, BlockerKind
from deployer.promotions import quorum
from deployer.promotions.models import Approval, Promotion
from deployer.promotions.states import PromotionState


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One person's; an approval that doesn't count is too old, or by someone who may not approve it any more."""

    approval: Approval
    counts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvals:
    """`why_no_answer` and `why_not_approve` are empty for who can; `others` is what it waits for besides."""

    needed: int
    given: int
    answers: Sequence[Answer]
    waits: bool
    until: datetime | None
    others: Sequence[Blocker]
    mine: Approval | None
    why_no_answer: str
    why_not_approve: str

    @property
    def missing(self) -> int:
        return max(0, self.needed - self.given)

    @property
    def may_answer(self) -> bool:
        return self.waits and not self.why_no_answer


def approvals_of(promotion: Promotion, rights: Rights, now: datetime) -> Approvals | None:
    """None for one that needs no approval and has no answer."""
    answers = list(promotion.approvals.all())
    if not (answers or quorum.needs_approval(promotion)):
        return None
    waits = promotion.state == PromotionState.WAITING and quorum.needs_approval(promotion)
    counted = {one.pk for one in quorum.counted(promotion, now)} if waits else {one.pk for one in answers}
    mine = next((one for one in answers if rights.user is not None and one.person_id == rights.user.pk), None)
    return Approvals(
        needed=promotion.target.approvals_needed,
        given=len([one for one in answers if one.pk in counted and not one.rejects]),
        answers=[Answer(approval=one, counts=one.pk in counted) for one in answers],
        waits=waits,
        until=quorum.asked_until(promotion) if waits else None,
        others=[one for one in promotion.waits_for if one.kind != BlockerKind.APPROVAL],
        mine=mine if mine is not None and mine.pk in counted else None,
        why_no_answer=quorum.why_no_answer(promotion, rights) if waits else "",
        why_not_approve=quorum.why_not_approve(promotion, rights) if waits else "",
    )
