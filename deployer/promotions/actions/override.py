"""A person lets one promotion pass one named blocker."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from apps_registry.rights import Rights
from deployer.calendar.actions.overrides import LONGEST, NewOverride, check_override
from deployer.promotions.engine.advance import locked, settle
from deployer.promotions.engine.facts import gate_facts
from deployer.promotions.lines import record_event
from deployer.promotions.models import Promotion, PromotionOverride
from deployer.promotions.rules import gate
from deployer.promotions.states import PromotionState
from deployer.refusal import RefusedError


@transaction.atomic
def override_promotion(
    *, promotion: Promotion, new: NewOverride, rights: Rights, now: datetime | None = None
) -> PromotionOverride:
    """Let a waiting promotion pass one of its blockers, and look at it at once.

    Raises as `check_override` does, and RefusedError when it no longer waits.
    """
    now = now or timezone.now()
    with locked(promotion.pk) as found:
        if found is None or found.state != PromotionState.WAITING:
            promotion.refresh_from_db()
            raise RefusedError(f"{promotion} no longer waits: it is {promotion.get_state_display().lower()}.")
        blockers = gate(gate_facts(found.release, found.target, now=now, promotion=found), now)
        sentence = check_override(new, among=blockers, rights=rights, now=now, latest=now + LONGEST)
        override = PromotionOverride.objects.create(
            promotion=found,
            blocker=new.blocker,
            sentence=sentence,
            reason=new.reason.strip(),
            given_by=rights.actor.label,
            given_at=now,
            expires_at=new.expires_at,
        )
        record_event(
            found,
            "overridden",
            f"{rights.actor} let {found} pass what blocks it. {sentence}",
            by=rights.actor,
            now=now,
            reason=new.reason.strip(),
            blocker=new.blocker,
            expires_at=new.expires_at.isoformat(),
            url=found.full_url(),
        )
        settle(found, now)
        return override
