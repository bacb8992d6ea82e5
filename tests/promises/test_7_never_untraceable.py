"""Promise 7: every change writes its event in the same transaction."""

import pytest
from django.db import transaction

from deployer.audit.actions import record
from deployer.audit.models import AppendOnlyError, Event
from deployer.promotions.actions.abort import abort
from deployer.promotions.actions.hold import lift_holds
from tests.scene import ALEX, AS_ALEX, Scene


class ChangedMyMindError(Exception):
    pass


def test_each_action_leaves_who_what_when_and_why(scene: Scene) -> None:
    application = scene.application(environments=1)
    scene.hold(application)
    release = scene.register(application, "v1")
    promotion = scene.promotion(release, "integration")
    abort(promotion=promotion, by=ALEX, reason="Not this one.", now=scene.now)
    lift_holds(application=application, environment=None, rights=AS_ALEX, resolution="Fine again.", now=scene.now)

    events = {event.kind: event for event in Event.objects.all()}

    assert set(events) == {
        "hold.placed",
        "release.registered",
        "promotion.requested",
        "promotion.aborted",
        "hold.lifted",
    }
    for kind, reason in (
        ("hold.placed", "Stop."),
        ("promotion.aborted", "Not this one."),
        ("hold.lifted", "Fine again."),
    ):
        assert (events[kind].actor_label, events[kind].reason, events[kind].at) == ("Alex Doe", reason, scene.now)


def test_a_change_that_is_rolled_back_takes_its_event_with_it(scene: Scene) -> None:
    application = scene.application(environments=1)

    @transaction.atomic
    def place_and_regret() -> None:
        scene.hold(application)
        raise ChangedMyMindError

    with pytest.raises(ChangedMyMindError):
        place_and_regret()

    assert not Event.objects.exists()
    assert not application.holds.exists()


@pytest.mark.django_db(transaction=True)
def test_an_event_can_not_be_written_outside_a_transaction() -> None:
    with pytest.raises(RuntimeError, match="in the transaction of its change"):
        record("hold.placed", "Stop.", by=ALEX)


def test_events_can_not_be_changed_or_removed(scene: Scene) -> None:
    with transaction.atomic():
        event = record("hold.placed", "Stop.", by=ALEX)

    for attempt in (event.save, event.delete, Event.objects.all().delete, lambda: Event.objects.update(sentence="")):
        with pytest.raises(AppendOnlyError):
            attempt()
