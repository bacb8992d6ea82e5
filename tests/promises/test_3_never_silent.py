"""Promise 3: every release moves, waits for a shown reason, or has stopped and its team was told."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from deployer.audit.models import Event
from deployer.gates import BlockerKind
from deployer.notifications.compose import compose
from deployer.notifications.models import Notification
from deployer.promotions.actions.hold import lift_hold
from deployer.promotions.models import Hold, Promotion, Stall
from tests.scene import Scene


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ({"policy": "manual"}, BlockerKind.MANUAL),
        ({"policy": "manual", "deployer": "", "deployer_config": {}}, BlockerKind.NOT_CONFIGURED),
    ],
)
def test_what_waits_says_why_and_who_can_change_it(scene: Scene, target: dict[str, Any], kind: BlockerKind) -> None:
    application = scene.application(environments=1, **target)
    release = scene.register(application, "v1")

    scene.run(60)

    promotion = scene.promotion(release, "integration")
    assert promotion.state == "waiting"
    assert kind in [blocker.kind for blocker in promotion.waits_for]
    assert all(blocker.sentence and blocker.who for blocker in promotion.waits_for)
    assert promotion.due_at is not None


def test_what_stops_is_told_to_the_owning_team_in_the_same_transaction(scene: Scene) -> None:
    application = scene.application(environments=1)
    scene.backend.failing.add(("frontend", "v1", "integration"))
    release = scene.register(application, "v1")

    scene.run(60)

    told = Notification.objects.get(address="web@example.org")
    assert told.event.kind == "promotion.failed"
    assert "The new pods did not start." in compose([told]).body
    assert Hold.objects.get().full_url() + "retry/" in compose([told]).body
    assert scene.promotion(release, "integration").full_url() in compose([told]).body


def test_every_open_promotion_has_a_timer_and_every_step_outside_too(scene: Scene) -> None:
    scene.backend.duration = 3600
    application = scene.application()
    scene.register(application, "v1")

    scene.run(30)

    promotion = Promotion.objects.open().get()
    assert promotion.due_at is not None
    assert promotion.steps.get(state="running").due_at is not None


def test_a_deploy_that_never_ends_is_reported_as_unknown(scene: Scene) -> None:
    scene.backend.stuck = True
    application = scene.application(environments=1, deploy_timeout=900)
    release = scene.register(application, "v1")

    scene.run(1000)

    promotion = scene.promotion(release, "integration")
    assert promotion.state == "errored"
    assert "did not end in time" in promotion.outcome
    assert Notification.objects.filter(event__kind="promotion.errored").exists()


def test_what_does_not_move_is_told_again_and_again_until_it_does(scene: Scene) -> None:
    """After one hour, two, four, eight and sixteen."""
    application = scene.application(environments=1)
    scene.backend.failing.add(("frontend", "v1", "integration"))
    scene.register(application, "v1")
    scene.run(60)
    hold = Hold.objects.get()

    for _ in range(48):
        scene.run(1800)
        scene.watch()
    told = Notification.objects.filter(event__kind="stall.told", address="web@example.org").count()
    lift_hold(hold=hold, rights=scene.person(), resolution="Fixed.", now=scene.now)
    for _ in range(48):
        scene.run(1800)
        scene.watch()

    assert told == 5
    assert Notification.objects.filter(event__kind="stall.told", address="web@example.org").count() == told
    assert Event.objects.filter(kind="stall.ended").count() == 1


@pytest.mark.parametrize("target", [{"policy": "manual"}, {"deploy_timeout": 60}, {"slot_policy": "required"}])
def test_nothing_is_open_for_days_without_having_been_told(
    scene: Scene, settings: Settings, target: dict[str, Any]
) -> None:
    settings.RECHECK_SECONDS = 14400
    scene.backend.stuck = True
    application = scene.application(environments=1, **target)
    scene.register(application, "v1")

    for _ in range(4 * 6):
        scene.run(14400)
        scene.watch()

    stalled = Stall.objects.going_on().filter(told__gt=0)
    assert set(Promotion.objects.open()) <= {stall.promotion for stall in stalled}
    assert set(Hold.objects.open()) <= {stall.hold for stall in stalled}
    assert stalled.exists()


def test_when_deployer_itself_does_not_move_its_operators_are_told(scene: Scene, settings: Settings) -> None:
    settings.FALLBACK_EMAIL = "operators@example.org"
    scene.register(scene.application(environments=1), "v1")

    for _ in range(15):
        scene.now += timedelta(minutes=1)
        scene.watch()

    told = Notification.objects.get(address="operators@example.org")
    assert told.event.sentence.startswith("Deployer itself does not move: 1 thing is overdue")
