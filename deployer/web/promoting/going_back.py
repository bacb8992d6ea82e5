"""What a target can be rolled back to."""

from apps_registry.models import Target
from deployer.promotions.models import Pin, Promotion, Veto
from deployer.promotions.presence import newest_there
from deployer.releases.models import Deployment


def ways_back(target: Target) -> list[Deployment]:
    """Of each release that a rollback may go to the newest deployment that was verified there, the last one first.

    Older than the newest that is, may be, or is about to be there; never one that is vetoed or was rolled back, and
    where the target is pinned only what it is pinned to.
    """
    active = Promotion.objects.active().with_names().filter(target=target).first()
    leaving = newest_there(target, active)
    if leaving is None:
        return []
    good = Deployment.objects.good().filter(target=target, release__order__lt=leaving.order)
    standing = Veto.objects.standing().values("release")
    good = good.exclude(release__in=standing)
    pin = Pin.objects.standing().filter(target=target).first()
    if pin is not None:
        good = good.filter(release=pin.release_id)
    found: dict[int, Deployment] = {}
    for deployment in good.select_related("release").order_by("-id"):
        found.setdefault(deployment.release_id, deployment)
    return list(found.values())
