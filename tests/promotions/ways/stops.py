"""Lines that have stopped, each for its own reason; v1 is live and verified in integration before."""

from typing import Any

from deployer.audit.models import Event
from deployer.promotions.models import Hold, Promotion
from tests.scene import Scene

V2 = ("frontend", "v2", "integration")


def checks_fail(scene: Scene, *, environments: int = 1, **target: Any) -> Hold:
    """v2 is live in integration, where its smoke test failed."""
    return _stopped(scene, environments, target, broken=True)


def deploy_fails(scene: Scene, **target: Any) -> Hold:
    """The deploy of v2 failed for certain."""
    return _stopped(scene, 1, target, broken=False)


def _stopped(scene: Scene, environments: int, target: dict[str, Any], *, broken: bool) -> Hold:
    application = scene.application(environments=environments, **target)
    scene.register(application, "v1")
    scene.run(120)
    (scene.backend.broken if broken else scene.backend.failing).add(V2)
    scene.register(application, "v2")
    scene.run(60)
    return Hold.objects.open().get()


def outcome_unknown(scene: Scene, **target: Any) -> Hold:
    """The deploy of v2 was started and did not end in its time; it can be found out now."""
    application = scene.application(environments=1, deploy_timeout=60, **target)
    scene.register(application, "v1")
    scene.run(60)
    scene.backend.stuck = True
    scene.register(application, "v2")
    scene.run(600)
    scene.backend.stuck = False
    return Hold.objects.open().get()


def mended(scene: Scene) -> None:
    scene.backend.broken.clear()
    scene.backend.failing.clear()


def stopped_promotion(hold: Hold) -> Promotion:
    assert hold.promotion is not None
    return Promotion.objects.with_names().get(pk=hold.promotion.pk)


def starts(scene: Scene, version: str) -> int:
    """How often the backend was told to deploy this version."""
    return sum(one == version for _, one, _ in scene.backend.history)


def events(hold: Hold) -> list[str]:
    """What was written about holds of its application, in order."""
    found = Event.objects.filter(kind__startswith="hold.", application=hold.application.slug)
    return [event.kind for event in found.order_by("pk")]
