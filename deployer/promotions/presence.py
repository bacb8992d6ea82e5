"""What is, or may be, on a target: the ground of "never backwards" and of rollbacks."""

from dataclasses import dataclass

from apps_registry.models import Target
from deployer.promotions.models import Promotion, Veto
from deployer.promotions.states import PromotionState
from deployer.releases.models import Deployment, Release
from deployer.releases.models.deployment import DeploymentQuerySet

OUTCOME_UNKNOWN = (PromotionState.ERRORED, PromotionState.ABORTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """`live` is what was last seen to be deployed; `maybe` the newest release whose started deploy ended since with
    its outcome unknown."""

    live: Deployment | None
    maybe: Promotion | None

    @property
    def floor(self) -> Release | None:
        """The newest release that is or may be there: nothing older is promoted, only rolled back to."""
        found = [one.release for one in (self.live, self.maybe) if one is not None]
        return max(found, key=lambda release: release.order, default=None)

    @property
    def is_certain(self) -> bool:
        """Whether what is live was verified, and nothing has made that doubtful since."""
        return self.live is not None and self.live.verified_at is not None and self.maybe is None

    def overtook(self, release: Release) -> Promotion | None:
        """The promotion that makes another one of this release pointless: it brought a newer one, or this very one."""
        floor = self.floor
        if floor is None or floor.order < release.order:
            return None
        if floor.order == release.order and not self.is_certain:
            return None
        if self.maybe is not None and self.maybe.release_id == floor.pk:
            return self.maybe
        return getattr(self.live, "promotion", None)


def failed_since(target: Target, live: Deployment | None) -> Promotion | None:
    """The newest release whose started deploy failed after what is live was put there: it may have left damage."""
    failed = Promotion.objects.filter(
        target=target, state=PromotionState.FAILED, deployment=None, steps__intended_at__isnull=False
    )
    if live is not None:
        failed = failed.filter(started_at__gt=live.at)
    return failed.select_related("release").order_by("-release__order").first()


def presence_on(target: Target) -> Presence:
    """Two queries."""
    live = Deployment.objects.live_on(target.pk)
    unknown = Promotion.objects.filter(
        target=target, state__in=OUTCOME_UNKNOWN, deployment=None, steps__intended_at__isnull=False
    )
    if live is not None:
        unknown = unknown.filter(started_at__gt=live.at)
    return Presence(live=live, maybe=unknown.select_related("release").order_by("-release__order").first())


def newest_there(target: Target, active: Promotion | None) -> Release | None:
    """The newest release that is, may be, or is about to be on the target: what a rollback leaves.

    A deploy that failed half-way counts: then what is live is gone back to, by deploying it again.
    """
    presence = presence_on(target)
    failed = failed_since(target, presence.live)
    found = (presence.floor, active and active.release, failed and failed.release)
    return max((one for one in found if one), key=lambda release: release.order, default=None)


def good_there(target_id: int, *, before: int) -> DeploymentQuerySet:
    """What a rollback from the order `before` may go to, the newest deployment first: of older releases that were
    verified there, were not rolled back, and are not vetoed."""
    good = Deployment.objects.good().filter(target=target_id, release__order__lt=before)
    standing = Veto.objects.standing().values("release")
    return good.exclude(release__in=standing).select_related("release").order_by("-id")


def last_good(target_id: int, *, before: int) -> Deployment | None:
    """What a rollback goes to unless another is named."""
    return good_there(target_id, before=before).first()
