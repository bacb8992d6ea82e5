"""Staying on a release: nothing else comes there until the pin is removed."""

import pytest

from apps_registry.models import Application, Target
from deployer.access.models.user import Role
from deployer.audit.models import Event
from deployer.promotions.actions.pins import pin, unpin
from deployer.promotions.actions.promote import promote, roll_back
from deployer.promotions.actions.vetoes import veto
from deployer.promotions.models import Hold, Pin, Promotion, PromotionKind
from deployer.promotions.models.hold import HoldKind
from deployer.refusal import BlockedError, NotAllowedError, RefusedError
from deployer.releases.models import Release
from tests.scene import ALEX, Scene

WHY = "The audit looks at it."


@pytest.fixture
def application(scene: Scene) -> Application:
    return scene.application(environments=1)


def target_of(application: Application, environment: str = "integration") -> Target:
    return application.targets.get(environment__slug=environment)


def live(scene: Scene, application: Application, *versions: str) -> list[Release]:
    """The releases, gone live one after the other."""
    found = []
    for version in versions:
        found.append(scene.register(application, version))
        scene.run()
    return found


def pinned(scene: Scene, release: Release, environment: str = "integration") -> Pin:
    target = target_of(release.application, environment)
    return pin(target=target, release=release, rights=scene.person(), reason=WHY, now=scene.now)


def test_another_release_waits_and_says_who_pinned_it_and_why(scene: Scene, application: Application) -> None:
    (old,) = live(scene, application, "v1")
    pinned(scene, old)

    new = scene.register(application, "v2")
    scene.run(600)

    blocker = scene.promotion(new, "integration").waits_for[0]
    assert blocker.sentence == "frontend stays on v1 in integration, pinned by Alex Doe: The audit looks at it."
    assert (blocker.who, blocker.link) == ("Web can remove the pin", "/applications/frontend/")
    assert scene.live(application) == {"integration": "v1"}


def test_a_person_s_promotion_waits_as_well(scene: Scene, application: Application) -> None:
    (old,) = live(scene, application, "v1")
    pinned(scene, old)
    new = scene.register(application, "v2")

    promotion = promote(release=new, target=target_of(application), by=ALEX, now=scene.now)

    assert [blocker.kind for blocker in promotion.waits_for] == ["pin"]


def test_it_counts_in_its_own_environment_only(scene: Scene) -> None:
    application = scene.application(environments=2)
    (old,) = live(scene, application, "v1")
    pinned(scene, old, "staging")

    new = scene.register(application, "v2")
    scene.run()

    assert scene.states(new) == {"integration": "succeeded", "staging": "waiting"}


def test_what_waited_goes_on_as_soon_as_the_pin_is_removed(scene: Scene, application: Application) -> None:
    (old,) = live(scene, application, "v1")
    placed = pinned(scene, old)
    new = scene.register(application, "v2")
    scene.run()

    unpin(pin=placed, rights=scene.person("kim"), reason="The audit is over.", now=scene.now)
    assert scene.promotion(new, "integration").due_at == scene.now
    scene.run()

    assert scene.live(application) == {"integration": "v2"}
    event = Event.objects.get(kind="pin.removed")
    assert event.sentence == "Kim Doe removed the pin of frontend in integration to v1: The audit is over."
    assert (event.application, event.environment, event.release_id) == ("frontend", "integration", old.pk)


def test_of_what_waited_the_newest_goes(scene: Scene, application: Application) -> None:
    (old,) = live(scene, application, "v1")
    placed = pinned(scene, old)
    second, third = scene.register(application, "v2"), scene.register(application, "v3")
    scene.run()

    unpin(pin=placed, rights=scene.person(), reason="Over.", now=scene.now)
    scene.run()

    assert (scene.states(second)["integration"], scene.states(third)["integration"]) == ("superseded", "succeeded")


def test_the_pinned_release_itself_goes_though_a_newer_one_waits(scene: Scene) -> None:
    application = scene.application(environments=1, policy="manual")
    wanted = scene.register(application, "v1")
    placed = pinned(scene, wanted)
    scene.register(application, "v2")

    promote(release=wanted, target=target_of(application), by=ALEX, now=scene.now)
    scene.run()

    assert placed.release == wanted
    assert scene.live(application) == {"integration": "v1"}


def test_the_pinned_release_is_not_superseded_by_a_newer_one_that_must_wait(
    scene: Scene, application: Application
) -> None:
    wanted, newer = scene.register(application, "v1"), scene.register(application, "v2")
    pinned(scene, wanted)

    scene.run()

    assert scene.live(application) == {"integration": "v1"}
    assert scene.states(newer) == {"integration": "waiting"}


def test_a_pin_brings_nothing_by_itself(scene: Scene, application: Application) -> None:
    old, _ = live(scene, application, "v1", "v2")

    pinned(scene, old)
    scene.run(600)

    assert scene.live(application) == {"integration": "v2"}


def test_a_rollback_goes_to_the_pinned_release_and_to_no_other(scene: Scene, application: Application) -> None:
    first, second, _ = live(scene, application, "v1", "v2", "v3")
    pinned(scene, second)
    target = target_of(application)

    with pytest.raises(BlockedError, match="stays on v2 in integration, pinned by Alex Doe"):
        roll_back(target=target, by=ALEX, reason="Slow.", to=first, now=scene.now)
    assert not Promotion.objects.filter(kind=PromotionKind.ROLLBACK).exists()
    assert not Hold.objects.filter(kind=HoldKind.ROLLBACK).exists()

    roll_back(target=target, by=ALEX, reason="Slow.", to=second, now=scene.now)
    scene.run()
    assert scene.live(application) == {"integration": "v2"}


def test_the_policy_does_not_roll_back_against_a_pin(scene: Scene) -> None:
    application = scene.application(environments=1, rollback="on_failed")
    live(scene, application, "v1")
    new = scene.register(application, "v2")
    pinned(scene, new)
    scene.backend.broken.add(("frontend", "v2", "integration"))
    scene.run(600)

    assert scene.states(new) == {"integration": "failed"}
    assert not Promotion.objects.filter(kind=PromotionKind.ROLLBACK).exists()
    assert Hold.objects.open().count() == 1


def test_what_is_being_deployed_when_it_is_pinned_goes_on_to_its_end(scene: Scene, application: Application) -> None:
    (old,) = live(scene, application, "v1")
    scene.backend.stuck = True
    scene.register(application, "v2")
    scene.run(5)

    pinned(scene, old)
    scene.backend.stuck = False
    scene.run()

    assert scene.live(application) == {"integration": "v2"}


def test_a_target_is_pinned_once_and_whoever_comes_later_is_told_by_whom(
    scene: Scene, application: Application
) -> None:
    first, second = live(scene, application, "v1", "v2")
    pinned(scene, first)

    with pytest.raises(RefusedError, match="pinned already, to v1 by Alex Doe: remove that pin first"):
        pinned(scene, second)

    assert Pin.objects.get().release == first


def test_it_can_be_pinned_anew_but_a_pin_is_removed_once(scene: Scene, application: Application) -> None:
    (release,) = live(scene, application, "v1")
    first = pinned(scene, release)
    unpin(pin=first, rights=scene.person("kim"), reason="Over.", now=scene.now)

    with pytest.raises(RefusedError, match="removed already, by Kim Doe"):
        unpin(pin=first, rights=scene.person(), reason="Over.", now=scene.now)
    pinned(scene, release)

    assert Pin.objects.standing().count() == 1


def test_a_vetoed_release_is_not_pinned(scene: Scene, application: Application) -> None:
    (release,) = live(scene, application, "v1")
    veto(release=release, rights=scene.person("kim"), reason="It loses mail.", now=scene.now)

    with pytest.raises(RefusedError, match="frontend v1 was vetoed by Kim Doe, so nothing can stay on it"):
        pinned(scene, release)


def test_another_application_s_release_is_not_pinned(scene: Scene, application: Application) -> None:
    other = scene.register(scene.application("router", environments=1), "v7")

    with pytest.raises(RefusedError, match="router v7 is not a release of frontend"):
        pin(target=target_of(application), release=other, rights=scene.person(), reason=WHY, now=scene.now)


def test_a_rollback_that_is_under_way_is_not_overtaken_by_a_pin(scene: Scene, application: Application) -> None:
    first, second = live(scene, application, "v1", "v2")
    roll_back(target=target_of(application), by=ALEX, reason="Slow.", now=scene.now)

    with pytest.raises(RefusedError, match="A rollback to v1 is under way there"):
        pinned(scene, second)
    pinned(scene, first)
    scene.run()

    assert scene.live(application) == {"integration": "v1"}


@pytest.mark.parametrize("reason", ["", " \t"])
def test_both_need_a_reason(scene: Scene, application: Application, reason: str) -> None:
    (release,) = live(scene, application, "v1")
    with pytest.raises(RefusedError, match="a pin needs a reason"):
        pin(target=target_of(application), release=release, rights=scene.person(), reason=reason, now=scene.now)
    placed = pinned(scene, release)

    with pytest.raises(RefusedError, match="removing a pin needs a reason"):
        unpin(pin=placed, rights=scene.person(), reason=reason, now=scene.now)


def test_only_who_may_work_on_the_application_can(scene: Scene, application: Application) -> None:
    (release,) = live(scene, application, "v1")
    others = (scene.person("vera", role=Role.VIEWER, teams=("web",)), scene.person("olli", teams=("other",)))
    for rights in others:
        with pytest.raises(NotAllowedError, match="may pin it to a release"):
            pin(target=target_of(application), release=release, rights=rights, reason=WHY, now=scene.now)
    placed = pinned(scene, release)

    for rights in others:
        with pytest.raises(NotAllowedError, match="may remove this pin"):
            unpin(pin=placed, rights=rights, reason=WHY, now=scene.now)

    assert Pin.objects.standing().count() == 1
