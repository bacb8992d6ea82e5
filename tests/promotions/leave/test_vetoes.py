"""Never again: a vetoed release is not brought anywhere any more, whichever way."""

import pytest

from apps_registry.models import Application, Target
from deployer.access.models.user import Role
from deployer.audit.models import Event
from deployer.promotions.actions.abort import abort
from deployer.promotions.actions.pins import pin
from deployer.promotions.actions.promote import promote, roll_back
from deployer.promotions.actions.vetoes import veto, withdraw_veto
from deployer.promotions.models import Hold, Promotion, PromotionKind, Veto
from deployer.refusal import BlockedError, NotAllowedError, RefusedError
from tests.scene import ALEX, Scene

WHY = "It loses mail."


def first_target(application: Application) -> Target:
    return application.targets.get(environment__slug="integration")


@pytest.fixture
def manual(scene: Scene) -> Application:
    """Its releases wait for a person everywhere."""
    return scene.application(environments=1, policy="manual")


def test_a_veto_says_who_and_why_in_its_event_and_ends_what_waits(scene: Scene, manual: Application) -> None:
    release = scene.register(manual, "v1")
    scene.run(1)

    veto(release=release, rights=scene.person(), reason=WHY, now=scene.now)
    scene.run(1)

    promotion = scene.promotion(release, "integration")
    assert (promotion.state, promotion.outcome) == ("aborted", "v1 was vetoed by Alex Doe: It loses mail.")
    event = Event.objects.get(kind="veto.placed")
    assert event.sentence == "Alex Doe vetoed frontend v1: It loses mail."
    assert (event.application, event.release_id, event.reason) == ("frontend", release.pk, WHY)
    assert event.data["url"].endswith("/applications/frontend/")


def test_it_is_aborted_at_once_by_the_wake_up_not_at_the_next_look(scene: Scene, manual: Application) -> None:
    release = scene.register(manual, "v1")
    scene.run(1)

    veto(release=release, rights=scene.person(), reason=WHY, now=scene.now)

    assert scene.promotion(release, "integration").due_at == scene.now


def test_who_asks_for_it_is_refused_at_once_with_the_reason(scene: Scene, manual: Application) -> None:
    release = scene.register(manual, "v1")
    veto(release=release, rights=scene.person(), reason=WHY, now=scene.now)
    scene.run(1)

    with pytest.raises(BlockedError, match=r"v1 was vetoed by Alex Doe: It loses mail\."):
        promote(release=release, target=first_target(manual), by=ALEX, now=scene.now)


def test_what_is_being_deployed_ends_here_and_goes_no_further(scene: Scene) -> None:
    application = scene.application(environments=2)
    scene.backend.stuck = True
    release = scene.register(application, "v1")
    scene.run(5)
    veto(release=release, rights=scene.person(), reason=WHY, now=scene.now)
    scene.backend.stuck = False
    scene.run()

    assert scene.states(release) == {"integration": "succeeded", "staging": "aborted"}
    assert scene.live(application) == {"integration": "v1"}
    assert "was vetoed by Alex Doe" in scene.promotion(release, "staging").outcome


def test_an_older_release_that_waits_is_not_superseded_by_a_vetoed_one(scene: Scene) -> None:
    application = scene.application(environments=1)
    older, newer = scene.register(application, "v1"), scene.register(application, "v2")
    veto(release=newer, rights=scene.person(), reason=WHY, now=scene.now)

    scene.run()

    assert scene.states(older) == {"integration": "succeeded"}
    assert scene.states(newer) == {"integration": "aborted"}


def test_the_vetoed_release_lets_every_release_behind_it_go(scene: Scene) -> None:
    application = scene.application(environments=1, policy="manual", batching="every")
    bad, good = scene.register(application, "v1"), scene.register(application, "v2")
    scene.run(1)
    veto(release=bad, rights=scene.person(), reason=WHY, now=scene.now)

    promote(release=good, target=first_target(application), by=ALEX, now=scene.now)
    scene.run()

    assert scene.states(good) == {"integration": "succeeded"}


def test_a_rollback_to_it_is_refused_and_one_that_waits_is_aborted(scene: Scene) -> None:
    application = scene.application(environments=1)
    old, new = scene.register(application, "v1"), None
    scene.run()
    new = scene.register(application, "v2")
    scene.run()
    target = first_target(application)
    first = roll_back(target=target, by=ALEX, reason="Slow.", now=scene.now)

    veto(release=old, rights=scene.person(), reason=WHY, now=scene.now)
    scene.run()

    first.refresh_from_db()
    assert (first.state, first.started_at) == ("aborted", None)
    assert scene.live(application) == {"integration": new.version}
    with pytest.raises(RefusedError, match="v1 was vetoed by Alex Doe"):
        roll_back(target=target, by=ALEX, reason="Slow.", to=old, now=scene.now)


def test_the_policy_does_not_roll_back_to_it(scene: Scene) -> None:
    application = scene.application(environments=1, rollback="on_failed")
    old = scene.register(application, "v1")
    scene.run()
    veto(release=old, rights=scene.person(), reason=WHY, now=scene.now)
    scene.backend.broken.add(("frontend", "v2", "integration"))
    scene.register(application, "v2")
    scene.run(600)

    assert scene.live(application) == {"integration": "v2"}
    assert not Promotion.objects.filter(kind=PromotionKind.ROLLBACK).exists()
    assert Hold.objects.open().count() == 1


def test_once_withdrawn_it_can_be_asked_for_again_and_nothing_is_by_itself(scene: Scene, manual: Application) -> None:
    release = scene.register(manual, "v1")
    placed = veto(release=release, rights=scene.person(), reason=WHY, now=scene.now)
    scene.run(1)

    withdraw_veto(veto=placed, rights=scene.person("kim"), reason="It was the network.", now=scene.now)
    scene.run()
    assert scene.states(release) == {"integration": "aborted"}

    promote(release=release, target=first_target(manual), by=ALEX, now=scene.now)
    scene.run()
    assert scene.states(release) == {"integration": "succeeded"}
    event = Event.objects.get(kind="veto.withdrawn")
    assert event.sentence == "Kim Doe withdrew the veto of frontend v1: It was the network."
    placed.refresh_from_db()
    assert (placed.withdrawn_by, placed.withdrawn_at is not None) == ("Kim Doe", True)


def test_it_is_vetoed_once_and_whoever_comes_later_is_told_by_whom(scene: Scene, manual: Application) -> None:
    release = scene.register(manual, "v1")
    veto(release=release, rights=scene.person(), reason=WHY, now=scene.now)

    with pytest.raises(RefusedError, match="vetoed already, by Alex Doe: It loses mail"):
        veto(release=release, rights=scene.person("kim"), reason="Me too.", now=scene.now)

    assert Veto.objects.count() == 1


def test_it_can_be_vetoed_anew_after_a_withdrawal_but_not_withdrawn_twice(scene: Scene, manual: Application) -> None:
    release, alex = scene.register(manual, "v1"), scene.person()
    first = veto(release=release, rights=alex, reason=WHY, now=scene.now)
    withdraw_veto(veto=first, rights=alex, reason="A mistake.", now=scene.now)

    with pytest.raises(RefusedError, match="withdrawn already, by Alex Doe"):
        withdraw_veto(veto=first, rights=alex, reason="A mistake.", now=scene.now)
    veto(release=release, rights=alex, reason="It does lose mail.", now=scene.now)

    assert Veto.objects.standing().count() == 1


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_both_need_a_reason(scene: Scene, manual: Application, reason: str) -> None:
    release, alex = scene.register(manual, "v1"), scene.person()
    with pytest.raises(RefusedError, match="a veto needs a reason"):
        veto(release=release, rights=alex, reason=reason, now=scene.now)
    placed = veto(release=release, rights=alex, reason=WHY, now=scene.now)

    with pytest.raises(RefusedError, match="withdrawing a veto needs a reason"):
        withdraw_veto(veto=placed, rights=alex, reason=reason, now=scene.now)

    assert Veto.objects.standing().count() == 1


def test_only_who_may_work_on_the_application_can(scene: Scene, manual: Application) -> None:
    release = scene.register(manual, "v1")
    others = (scene.person("vera", role=Role.VIEWER, teams=("web",)), scene.person("olli", teams=("other",)))
    for rights in others:
        with pytest.raises(NotAllowedError, match="Only developers of Web"):
            veto(release=release, rights=rights, reason=WHY, now=scene.now)
    placed = veto(release=release, rights=scene.manager(), reason=WHY, now=scene.now)

    for rights in others:
        with pytest.raises(NotAllowedError, match="may withdraw this veto"):
            withdraw_veto(veto=placed, rights=rights, reason=WHY, now=scene.now)

    assert Veto.objects.standing().count() == 1


def test_a_release_that_a_target_stays_on_is_not_vetoed_before_its_pin_is_removed(scene: Scene) -> None:
    application = scene.application(environments=1)
    release = scene.register(application, "v1")
    pin(target=first_target(application), release=release, rights=scene.person("kim"), reason="Audit.", now=scene.now)

    with pytest.raises(RefusedError, match="pinned to v1, by Kim Doe: remove that pin first"):
        veto(release=release, rights=scene.person(), reason=WHY, now=scene.now)


def test_the_one_before_it_can_be_asked_for_instead(scene: Scene) -> None:
    application = scene.application(environments=1, policy="manual")
    older, newer = scene.register(application, "v1"), scene.register(application, "v2")
    veto(release=newer, rights=scene.person(), reason=WHY, now=scene.now)

    promotion = promote(release=older, target=first_target(application), by=ALEX, now=scene.now)
    scene.run()

    promotion.refresh_from_db()
    assert promotion.state == "succeeded"


def test_an_abort_that_was_asked_for_before_the_veto_stays_what_it_was(scene: Scene, manual: Application) -> None:
    release = scene.register(manual, "v1")
    abort(promotion=scene.promotion(release, "integration"), by=ALEX, reason="Not yet.", now=scene.now)

    veto(release=release, rights=scene.person(), reason=WHY, now=scene.now)
    scene.run()

    assert scene.promotion(release, "integration").outcome == "Aborted by Alex Doe: Not yet."
