"""A newer release passes the hold, and lifts it only by succeeding."""

import pytest

from deployer.promotions.actions.promote import promote, roll_back
from deployer.promotions.actions.ways_out import fix_forward
from deployer.promotions.models import Hold
from deployer.refusal import RefusedError
from tests.promotions.ways.stops import checks_fail, events, mended, stopped_promotion
from tests.scene import ALEX, AS_ALEX, Scene


def fix(scene: Scene, hold: Hold) -> Hold:
    return fix_forward(hold=hold, rights=AS_ALEX, reason="v3 mends it.", now=scene.now)


def test_a_newer_release_that_waited_goes_and_lifts_the_hold_when_it_has_succeeded(scene: Scene) -> None:
    hold = checks_fail(scene)
    release = scene.register(hold.application, "v3")
    scene.run(5)
    assert scene.states(release) == {"integration": "waiting"}

    assert fix(scene, hold).is_open
    scene.run(60)

    hold.refresh_from_db()
    assert scene.states(release) == {"integration": "succeeded"}
    assert (hold.way_out, hold.lifted_by) == ("fix_forward", "Deployer")
    assert hold.resolution == "v3 succeeded in integration: the fix that Alex Doe waited for."
    assert events(hold) == ["hold.fix_forward", "hold.lifted"]


def test_until_it_has_succeeded_the_hold_stays(scene: Scene) -> None:
    hold = checks_fail(scene)
    fix(scene, hold)
    scene.backend.stuck = True

    scene.register(hold.application, "v3")
    scene.run(30)

    hold.refresh_from_db()
    assert hold.is_open


def test_the_release_that_was_stopped_does_not_pass_and_is_told_which_do(scene: Scene) -> None:
    hold = checks_fail(scene)
    stopped = stopped_promotion(hold)
    fix(scene, hold)
    mended(scene)

    promotion = promote(release=stopped.release, target=stopped.target, by=ALEX, now=scene.now)
    scene.run(60)

    promotion.refresh_from_db()
    assert promotion.state == "waiting"
    assert promotion.waits_for[0].sentence.endswith(" Releases newer than v2 pass it.")


def test_when_the_fix_stops_as_well_the_hold_closes_again_beside_that_of_the_fix(scene: Scene) -> None:
    hold = checks_fail(scene)
    fix(scene, hold)
    scene.backend.broken.add(("frontend", "v3", "integration"))
    scene.register(hold.application, "v3")
    scene.run(60)

    v4 = scene.register(hold.application, "v4")
    scene.run(60)

    hold.refresh_from_db()
    assert (hold.is_open, hold.fix_forward_by, hold.fix_forward_at) == (True, "", None)
    assert events(hold) == ["hold.fix_forward", "hold.fix_failed"]
    assert Hold.objects.open().count() == 2
    assert [blocker.kind for blocker in scene.promotion(v4, "integration").waits_for] == ["hold", "hold"]


def test_after_a_rollback_what_is_newer_than_the_release_that_was_left_passes(scene: Scene) -> None:
    application = scene.application(environments=1)
    releases = []
    for version in ("v1", "v2"):
        releases.append(scene.register(application, version))
        scene.run(60)
    roll_back(target=application.targets.get(), by=ALEX, reason="v2 is slow.", now=scene.now)
    scene.run(60)
    hold = Hold.objects.open().get()

    fix(scene, hold)
    again = promote(release=releases[1], target=application.targets.get(), by=ALEX, now=scene.now)
    scene.register(application, "v3")
    scene.run(60)

    again.refresh_from_db()
    hold.refresh_from_db()
    assert again.state == "superseded"
    assert (hold.way_out, scene.live(application)) == ("fix_forward", {"integration": "v3"})


def test_it_is_asked_for_once(scene: Scene) -> None:
    hold = checks_fail(scene)
    fix(scene, hold)

    with pytest.raises(RefusedError, match="Alex Doe has asked for it already"):
        fix(scene, hold)


def test_other_holds_still_count(scene: Scene) -> None:
    hold = checks_fail(scene)
    scene.hold(hold.application, reason="The database is moving.")
    fix(scene, hold)

    release = scene.register(hold.application, "v3")
    scene.run(60)

    sentences = [blocker.sentence for blocker in scene.promotion(release, "integration").waits_for]
    assert len(sentences) == 1
    assert "The database is moving." in sentences[0]
