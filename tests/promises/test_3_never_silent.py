"""Promise 3: every release moves, waits for a shown reason, or has stopped and its team was told."""

from typing import Any

import pytest

from deployer.gates import BlockerKind
from deployer.notifications.models import Notification
from deployer.promotions.models import Promotion
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
    assert "The new pods did not start." in told.body
    assert "manage.py unhold frontend integration" in told.body
    assert scene.promotion(release, "integration").full_url() in told.body


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
