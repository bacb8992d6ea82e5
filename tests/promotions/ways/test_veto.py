"""The stopped release is vetoed, and the line goes on with the newest that may go."""

from deployer.promotions.actions.promote import roll_back
from deployer.promotions.actions.vetoes import veto
from deployer.promotions.actions.ways_out import veto_and_go_on
from deployer.promotions.models import Hold, Promotion, Veto
from tests.promotions.ways.stops import checks_fail, stopped_promotion
from tests.scene import ALEX, AS_ALEX, Scene


def go_on(scene: Scene, hold: Hold) -> Promotion | None:
    return veto_and_go_on(hold=hold, rights=AS_ALEX, reason="It loses data.", now=scene.now)


def test_the_newest_release_goes_instead(scene: Scene) -> None:
    hold = checks_fail(scene)
    for version in ("v3", "v4"):
        scene.register(hold.application, version)
        scene.run(1)

    promotion = go_on(scene, hold)
    scene.run(60)

    assert promotion is not None
    promotion.refresh_from_db()
    hold.refresh_from_db()
    assert (promotion.state, promotion.release.version, promotion.requested_by) == ("succeeded", "v4", "Alex Doe")
    assert (hold.way_out, hold.resolution) == ("veto", "Alex Doe vetoed v2: It loses data.")
    standing = Veto.objects.standing().get()
    assert (standing.release.version, standing.reason) == ("v2", "It loses data.")
    assert scene.live(hold.application) == {"integration": "v4"}


def test_without_a_newer_one_the_line_goes_on_with_the_next_that_comes(scene: Scene) -> None:
    hold = checks_fail(scene)

    assert go_on(scene, hold) is None

    scene.register(hold.application, "v3")
    scene.run(60)
    assert scene.live(hold.application) == {"integration": "v3"}


def test_only_what_has_succeeded_in_the_environment_before_goes_on(scene: Scene) -> None:
    application = scene.application(environments=2)
    for version in ("v1", "v2"):
        scene.backend.broken.add(("frontend", "v2", "staging"))
        scene.register(application, version)
        scene.run(120)
    hold = Hold.objects.open().get()
    scene.register(application, "v3")
    scene.run(60)
    scene.backend.broken.add(("frontend", "v4", "integration"))
    scene.register(application, "v4")
    scene.run(60)

    promotion = go_on(scene, hold)
    scene.run(60)

    assert promotion is not None
    assert (promotion.release.version, promotion.environment.slug) == ("v3", "staging")
    assert scene.live(application)["staging"] == "v3"


def test_after_a_rollback_it_is_the_release_that_was_left_that_is_vetoed(scene: Scene) -> None:
    first = checks_fail(scene)
    roll_back(target=stopped_promotion(first).target, by=ALEX, reason="v2 is bad.", now=scene.now)
    scene.run(60)
    hold = Hold.objects.open().get(kind="rollback")

    go_on(scene, hold)

    assert Veto.objects.standing().get().release.version == "v2"


def test_one_that_is_vetoed_already_stays_so_and_the_line_goes_on(scene: Scene) -> None:
    hold = checks_fail(scene)
    assert hold.stopped is not None
    veto(release=hold.stopped, rights=AS_ALEX, reason="I saw it first.", now=scene.now)
    scene.register(hold.application, "v3")

    go_on(scene, hold)
    scene.run(60)

    assert Veto.objects.get().reason == "I saw it first."
    assert scene.live(hold.application) == {"integration": "v3"}
