"""What followed a hold: the promotion by which it went on, what is recorded about it, and who was told."""

from collections.abc import Sequence

from django.db.models import Q

from deployer.audit.models import Event
from deployer.notifications.models import Notification
from deployer.promotions.models import Hold, Promotion, PromotionKind
from deployer.promotions.models.hold import WayOut
from deployer.promotions.states import STOPPED, PromotionState

STOPS = [f"promotion.{state.value}" for state in STOPPED] + ["promotion.held"]
"""The events that say why there is a hold, besides those about the hold itself."""


def followed_by(hold: Hold) -> Promotion | None:
    """The promotion that its way out started, or that ended it by passing; None when it was merely lifted."""
    if hold.lifted_at is None:
        return None
    here = Promotion.objects.with_names().filter(target__application=hold.application).order_by("id")
    if hold.environment is not None:
        here = here.in_environment(hold.environment.pk)
    since = Q(created_at__gte=hold.lifted_at) | Q(started_at__gte=hold.lifted_at)
    newer = here.filter(since, kind=PromotionKind.FORWARD, release__order__gt=hold.stopped.order if hold.stopped else 0)
    found = {
        WayOut.RETRY_STEP: here.filter(retry_of=hold.promotion),
        WayOut.RETRY: here.filter(retry_of=hold.promotion),
        WayOut.VETO: newer,
        WayOut.ROLL_BACK: here.filter(kind=PromotionKind.ROLLBACK, created_at__gte=hold.lifted_at),
        WayOut.FIX_FORWARD: here.filter(state=PromotionState.SUCCEEDED, finished_at=hold.lifted_at),
    }
    return found[WayOut(hold.way_out)].first() if hold.way_out in found else None


def events_about(hold: Hold) -> list[Event]:
    """What happened to it, in order, each with whom it told. Two queries."""
    about = Q(subject=f"hold:{hold.pk}")
    if hold.promotion_id is not None:
        about |= Q(promotion_id=hold.promotion_id, kind__in=STOPS)
    return list(Event.objects.filter(about).order_by("id").prefetch_related("notifications"))


def told_of(events: Sequence[Event]) -> list[Notification]:
    """Who was told that the line stopped."""
    return [one for event in events if event.kind in (*STOPS, "hold.placed") for one in event.notifications.all()]
