"""Promise 4: nothing gets past a hold, when it is asked for nor in the transaction that admits it."""

from deployer.promotions.actions.hold import lift_holds
from deployer.promotions.actions.promote import promote
from deployer.promotions.actions.ways_out import retry
from deployer.promotions.models import Hold
from tests.scene import ALEX, AS_ALEX, Scene


def test_a_hold_placed_before_admission_keeps_the_release_out(scene: Scene) -> None:
    application = scene.application(environments=1)
    release = scene.register(application, "v1")
    scene.hold(application, reason="The database is moving.")

    scene.run(600)

    promotion = scene.promotion(release, "integration")
    assert promotion.state == "waiting"
    assert "The database is moving." in promotion.waits_for[0].sentence
    assert scene.backend.history == []


def test_a_hold_placed_while_it_runs_lets_it_finish_there_and_nothing_enters_the_next(scene: Scene) -> None:
    scene.backend.duration = 0.3
    application = scene.application(environments=2)
    release = scene.register(application, "v1")
    scene.run(0.1)
    assert scene.states(release) == {"integration": "deploying"}

    scene.hold(application)
    scene.backend.duration = 0
    scene.backend._deploys = {key: (0.0, request) for key, (_, request) in scene.backend._deploys.items()}
    scene.run(600)

    assert scene.states(release) == {"integration": "succeeded", "staging": "waiting"}


def test_a_person_does_not_get_past_a_hold_either(scene: Scene) -> None:
    application = scene.application(environments=1)
    scene.hold(application)
    release = scene.register(application, "v1")

    promotion = promote(release=release, target=application.targets.get(), by=ALEX, now=scene.now)
    scene.run(600)

    promotion.refresh_from_db()
    assert promotion.state == "waiting"
    assert scene.backend.history == []


def test_what_one_hold_lets_pass_another_still_stops(scene: Scene) -> None:
    application = scene.application(environments=1)
    safe = scene.register(application, "v1")
    scene.hold(application, newest_safe=safe)
    scene.hold(application, reason="The database is moving.")

    scene.run(600)

    waits = scene.promotion(safe, "integration").waits_for
    assert len(waits) == 1
    assert "The database is moving." in waits[0].sentence
    assert scene.backend.history == []


def test_to_retry_what_failed_passes_no_other_hold(scene: Scene) -> None:
    application = scene.application(environments=1)
    scene.backend.failing.add(("frontend", "v1", "integration"))
    scene.register(application, "v1")
    scene.run(60)
    hold = Hold.objects.open().get()
    scene.hold(application, reason="The database is moving.")

    promotion = retry(hold=hold, rights=AS_ALEX, reason="It was the network.", now=scene.now)
    scene.run(600)

    promotion.refresh_from_db()
    assert promotion.state == "waiting"
    assert len(scene.backend.history) == 1


def test_when_it_is_lifted_only_the_newest_release_goes_on(scene: Scene) -> None:
    application = scene.application(environments=1)
    scene.hold(application)
    releases = [scene.register(application, f"v{number}") for number in (1, 2, 3)]
    scene.run(60)

    lift_holds(application=application, environment=None, rights=AS_ALEX, resolution="It has moved.", now=scene.now)
    scene.run(60)

    assert [scene.states(release)["integration"] for release in releases] == ["superseded", "superseded", "succeeded"]
    assert scene.promotion(releases[0], "integration").superseded_by is not None
    assert scene.backend.history == [("frontend", "v3", "integration")]
