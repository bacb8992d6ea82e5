"""What a target can be rolled back to."""

from apps_registry.models import Target
from deployer.promotions.models import Pin, Promotion
from deployer.promotions.presence import good_there, newest_there
from deployer.releases.models import Deployment
from deployer.releases.models.deployment import DeploymentQuerySet

MOST = 20
"""So many releases are offered; an older one can be named in a call (docs/api.md)."""
LOOKED_THROUGH = 10 * MOST
"""Deployments: a release that was gone back to often has several."""


def ways_back(target: Target) -> list[Deployment]:
    """Of each release that a rollback may go to the newest deployment that was verified there, the last one first."""
    found: dict[int, Deployment] = {}
    for deployment in _good(target)[:LOOKED_THROUGH]:
        found.setdefault(deployment.release_id, deployment)
    return list(found.values())[:MOST]


def has_way_back(target: Target) -> bool:
    return _good(target).exists()


def _good(target: Target) -> DeploymentQuerySet:
    """Older than the newest that is, may be, or is about to be there; never one that is vetoed or was rolled back, and
    where the target is pinned only what it is pinned to."""
    active = Promotion.objects.active().with_names().filter(target=target).first()
    leaving = newest_there(target, active)
    if leaving is None:
        return Deployment.objects.none()
    good = good_there(target.pk, before=leaving.order)
    pin = Pin.objects.standing().filter(target=target).first()
    return good if pin is None else good.filter(release=pin.release_id)
