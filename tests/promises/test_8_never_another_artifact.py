"""Promise 8: what reaches production is the very release that was verified before it."""

import pytest

from deployer.promotions.actions.promote import promote
from deployer.releases.actions import VersionTakenError
from deployer.releases.models import Release
from deployer.releases.models.release import ImmutableError
from tests.scene import ALEX, Scene


def test_the_same_version_with_another_commit_is_refused(scene: Scene) -> None:
    application = scene.application()
    scene.register(application, "v1", commit="a" * 40)

    with pytest.raises(VersionTakenError, match="already registered with the commit aaaa"):
        scene.register(application, "v1", commit="b" * 40)

    assert Release.objects.get().commit == "a" * 40


def test_a_release_can_not_be_changed(scene: Scene) -> None:
    release = scene.register(scene.application(), "v1")
    release.commit = "b" * 40

    with pytest.raises(ImmutableError):
        release.save()


def test_a_release_that_did_not_succeed_before_does_not_enter_production(scene: Scene) -> None:
    application = scene.application()
    scene.backend.broken.add(("frontend", "v1", "integration"))
    release = scene.register(application, "v1")
    scene.run(60)
    production = application.targets.get(environment__slug="production")

    promotion = promote(release=release, target=production, by=ALEX, now=scene.now)
    scene.run(600)

    promotion.refresh_from_db()
    assert promotion.state == "waiting"
    assert "v1 has not succeeded in staging yet." in [blocker.sentence for blocker in promotion.waits_for]
    assert scene.backend.history == [("frontend", "v1", "integration")]


def test_each_environment_is_asked_for_the_same_version_and_commit(scene: Scene) -> None:
    application = scene.application()
    release = scene.register(application, "v1")
    scene.run(60)

    asked = {(request["version"], request["commit"]) for _, request in scene.backend._deploys.values()}

    assert asked == {("v1", release.commit)}
    assert len(scene.backend.history) == 3
