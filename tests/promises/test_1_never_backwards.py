"""Promise 1: no promotion moves a target to an older release, except a rollback that was asked for."""

import pytest

from deployer.gates import BlockerKind
from deployer.promotions.actions.hold import lift_holds
from deployer.promotions.actions.promote import promote, roll_back
from deployer.promotions.models import Promotion
from deployer.refusal import BlockedError
from tests.scene import ALEX, AS_ALEX, Scene


def test_an_older_release_is_refused_by_hand(scene: Scene) -> None:
    application = scene.application()
    old, new = scene.register(application, "v1"), scene.register(application, "v2")
    scene.run(120)
    production = application.targets.get(environment__slug="production")
    assert scene.live(application)["production"] == "v2"

    with pytest.raises(BlockedError) as refused:
        promote(release=old, target=production, by=ALEX, now=scene.now)

    assert BlockerKind.BACKWARDS in [blocker.kind for blocker in refused.value.blockers]
    assert new.number > old.number


def test_an_older_release_that_waited_is_superseded_when_a_newer_one_overtakes_it(scene: Scene) -> None:
    application = scene.application(environments=2)
    staging = application.targets.get(environment__slug="staging")
    staging.policy = "manual"
    staging.save()
    old = scene.register(application, "v1")
    scene.run(60)
    new = scene.register(application, "v2")
    scene.run(60)
    promote(release=new, target=staging, by=ALEX, now=scene.now)
    scene.run(60)

    assert scene.states(old)["staging"] == "superseded"
    assert scene.live(application)["staging"] == "v2"
    assert ("frontend", "v1", "staging") not in scene.backend.history


def test_a_deploy_whose_outcome_is_unknown_counts_as_there(scene: Scene) -> None:
    application = scene.application(environments=1)
    target = application.targets.get()
    first, second = scene.register(application, "v1"), None
    scene.run(60)
    scene.backend.stuck = True
    middle = scene.register(application, "v2")
    second = scene.register(application, "v3")
    scene.run(3 * 3600)
    assert scene.states(second)["integration"] == "errored"
    lift_holds(
        application=application,
        environment=target.environment,
        rights=AS_ALEX,
        resolution="looked at it",
        now=scene.now,
    )

    with pytest.raises(BlockedError, match="v3, which is or may be live"):
        promote(release=middle, target=target, by=ALEX, now=scene.now)

    assert scene.live(application)["integration"] == first.version


def test_a_rollback_that_a_person_asks_for_goes_back(scene: Scene) -> None:
    application = scene.application(environments=1)
    target = application.targets.get()
    for version in ("v1", "v2"):
        scene.register(application, version)
        scene.run(60)

    promotion = roll_back(target=target, by=ALEX, reason="v2 is slow", now=scene.now)
    scene.run(60)

    assert Promotion.objects.get(pk=promotion.pk).state == "succeeded"
    assert scene.live(application)["integration"] == "v1"
    assert scene.backend.history[-1] == ("frontend", "v1", "integration")


def test_after_a_deploy_that_failed_half_way_what_is_live_is_deployed_again(scene: Scene) -> None:
    application = scene.application(environments=1)
    for version in ("v1", "v2"):
        scene.register(application, version)
        scene.run(60)
    scene.backend.failing.add(("frontend", "v3", "integration"))
    scene.register(application, "v3")
    scene.run(60)

    promotion = roll_back(target=application.targets.get(), by=ALEX, reason="v3 left damage", now=scene.now)
    scene.run(60)

    assert promotion.release.version == "v2"
    assert scene.backend.history[-1] == ("frontend", "v2", "integration")
    assert scene.live(application) == {"integration": "v2"}
