"""The main job: a release that CI registers reaches production by itself."""

from deployer.audit.models import Event
from deployer.promotions.models import Hold, Promotion
from tests.scene import Scene


def test_a_registered_release_reaches_production_by_itself(scene: Scene) -> None:
    application = scene.application()

    release = scene.register(application, "v1")
    scene.run(60)

    assert scene.states(release) == {"integration": "succeeded", "staging": "succeeded", "production": "succeeded"}
    assert scene.live(application) == {"integration": "v1", "staging": "v1", "production": "v1"}
    assert scene.backend.history == [("frontend", "v1", name) for name in ("integration", "staging", "production")]
    assert set(scene.backend.starts.values()) == {1}


def test_a_failed_smoke_test_stops_the_line_and_leaves_production_alone(scene: Scene) -> None:
    application = scene.application()
    scene.register(application, "v1")
    scene.run(60)
    scene.backend.broken.add(("frontend", "v2", "staging"))

    release = scene.register(application, "v2")
    scene.run(600)

    assert scene.states(release) == {"integration": "succeeded", "staging": "failed"}
    assert scene.live(application) == {"integration": "v2", "staging": "v2", "production": "v1"}
    hold = Hold.objects.open().get()
    assert (hold.application, hold.environment) == (application, scene.environments[1])
    assert "Smoke test" in hold.reason


def test_every_state_has_its_event_in_order(scene: Scene) -> None:
    application = scene.application(environments=1)
    release = scene.register(application, "v1")
    scene.run(60)

    kinds = list(
        Event.objects.about_promotion(Promotion.objects.get(release=release).pk).values_list("kind", flat=True)
    )

    assert kinds == [
        "promotion.requested",
        "promotion.started",
        "promotion.step_passed",
        "promotion.verifying",
        "promotion.step_passed",
        "promotion.succeeded",
    ]
