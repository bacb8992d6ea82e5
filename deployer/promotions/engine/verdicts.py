"""What people have said about a release or a target, as the rules look at it: vetoes, pins, approvals."""

from datetime import datetime

from apps_registry.models import Target
from deployer.gates import Blocker, BlockerKind
from deployer.promotions import quorum
from deployer.promotions.models import Pin, Promotion, Veto
from deployer.promotions.rules import ApprovalFacts, GateFacts, PinFacts, VetoFacts, pinned, vetoed
from deployer.releases.models import Release


def veto_facts(release: Release) -> VetoFacts | None:
    veto = Veto.objects.standing().filter(release=release).first()
    if veto is None:
        return None
    return VetoFacts(reason=veto.reason, placed_by=veto.placed_by, link=release.application.get_absolute_url())


def pin_facts(target: Target) -> PinFacts | None:
    pin = Pin.objects.standing().filter(target=target).select_related("release").first()
    if pin is None:
        return None
    return PinFacts(
        version=pin.release.version,
        order=pin.release.order,
        reason=pin.reason,
        placed_by=pin.placed_by,
        link=target.application.get_absolute_url(),
    )


def approval_facts(target: Target, promotion: Promotion | None, now: datetime) -> ApprovalFacts | None:
    """Without a promotion nobody can have been asked; no query where nobody needs to approve."""
    if target.approvals_needed == 0:
        return None
    if promotion is None:
        return ApprovalFacts(needed=target.approvals_needed)
    return ApprovalFacts(
        needed=target.approvals_needed,
        given=tuple(approval.name for approval in quorum.counted(promotion, now)),
        asked_until=quorum.asked_until(promotion),
        had_others=any(one["kind"] != BlockerKind.APPROVAL for one in promotion.blockers),
        link=f"{promotion.get_absolute_url()}approve/",
    )


def forbidden(release: Release, target: Target) -> list[Blocker]:
    """What forbids to bring the release there in any way, also by a rollback: its veto, or a pin to another."""
    facts = GateFacts(
        application=target.application.slug,
        environment=target.environment.slug,
        owner=target.application.owner.name,
        version=release.version,
        order=release.order,
        veto=veto_facts(release),
        pin=pin_facts(target),
    )
    return [*vetoed(facts), *pinned(facts)]
