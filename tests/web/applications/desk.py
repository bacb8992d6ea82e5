"""What tests of these pages share: who looks, and a target on which a rollback was tried."""

from apps_registry.models import Application, Target
from apps_registry.models.target import Policy
from apps_registry.policies import set_policy
from apps_registry.rights import Rights
from deployer.access.models.user import Role
from deployer.promotions.models import Promotion, PromotionKind
from deployer.promotions.states import PromotionState
from deployer.releases.actions import NewRelease, register_release
from tests.scene import CI, Scene
from tests.web.calendar.browser import Browser

REASON = "The team is on call all week."


def target_in(application: Application, environment: str) -> Target:
    found = Target.objects.select_related("application__owner", "environment")
    return found.get(application=application, environment__slug=environment)


def rollback_tried(scene: Scene, target: Target) -> None:
    """A rollback that succeeded there."""
    release, _ = register_release(
        application=target.application, new=NewRelease(version="v0", commit="c0ffee"), by=CI, now=scene.now
    )
    Promotion.objects.create(
        release=release,
        target=target,
        kind=PromotionKind.ROLLBACK,
        state=PromotionState.SUCCEEDED,
        finished_at=scene.now,
    )


def make_automatic(scene: Scene, application: Application, environment: str) -> None:
    target = target_in(application, environment)
    set_policy(target=target, policy=Policy.AUTOMATIC, rights=scene.manager(), override_reason=REASON, now=scene.now)


def viewer(scene: Scene) -> Rights:
    return scene.person("vera", role=Role.VIEWER, teams=())


def stranger(scene: Scene) -> Rights:
    """A developer of another team."""
    return scene.person("olga", teams=("platform",))


def everybody(scene: Scene) -> dict[str, Browser]:
    """A browser for each role."""
    return {
        "viewer": Browser(viewer(scene)),
        "stranger": Browser(stranger(scene)),
        "developer": Browser(scene.person()),
        "manager": Browser(scene.manager()),
    }
