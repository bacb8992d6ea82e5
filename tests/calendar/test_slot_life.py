"""What slots do by themselves: promote, reserve, end as finished or missed."""

from datetime import timedelta

import pytest

from deployer.audit.models import Event
from deployer.calendar.actions.freezes import NewFreeze, declare
from deployer.calendar.models import Slot
from deployer.notifications.models import Notification
from deployer.promotions.slots import keep_slot
from tests.calendar.bookings import booked
from tests.scene import Scene


def state_of(slot: Slot) -> str:
    slot.refresh_from_db()
    return slot.state


def test_a_release_that_is_booked_is_promoted_at_the_start_in_the_bookers_name(scene: Scene) -> None:
    application = scene.application(environments=1, policy="manual")
    release = scene.register(application, "v1")
    slot = booked(scene, application, release=release)

    scene.run(3590)
    assert scene.states(release) == {"integration": "waiting"}
    assert state_of(slot) == "booked"

    scene.run(120)
    promotion = scene.promotion(release, "integration")
    assert (promotion.state, promotion.requested_by) == ("succeeded", "Alex Doe")
    assert promotion.started_at is not None
    assert promotion.started_at >= slot.starts_at


def test_a_booked_release_of_an_automatic_target_waits_for_its_slot(scene: Scene) -> None:
    application = scene.application(environments=2)
    release = scene.register(application, "v1")
    slot = booked(scene, application, release=release, environment=scene.environments[1])

    scene.run(3000)
    promotion = scene.promotion(release, "staging")
    assert [(one.kind, one.until) for one in promotion.waits_for] == [("no_slot", slot.starts_at)]

    scene.run(1200)
    assert scene.states(release) == {"integration": "succeeded", "staging": "succeeded"}
    promotion.refresh_from_db()
    assert promotion.started_at is not None
    assert promotion.started_at >= slot.starts_at


def test_a_slot_whose_releases_are_live_is_over_and_its_place_free_again(scene: Scene) -> None:
    application = scene.application(environments=1, policy="manual")
    release = scene.register(application, "v1")
    slot = booked(scene, application, release=release)

    scene.run(3600 + 300)

    assert state_of(slot) == "finished"
    assert "live and verified" in slot.outcome
    assert not Slot.objects.kept().exists()


def test_a_slot_without_a_release_stays_to_its_end_and_tells_what_went(scene: Scene) -> None:
    application = scene.application(environments=1, slot_policy="required")
    release = scene.register(application, "v1")
    slot = booked(scene, application)

    scene.run(3600 + 600)
    assert scene.states(release) == {"integration": "succeeded"}
    assert state_of(slot) == "open"

    scene.run(1800)
    assert state_of(slot) == "finished"
    assert slot.outcome == "frontend v1 succeeded."


def test_a_slot_in_which_nothing_went_is_missed_and_its_booker_told(scene: Scene) -> None:
    application = scene.application(environments=1)
    slot = booked(scene, application)

    scene.run(3600 + 1800)

    assert state_of(slot) == "missed"
    event = Event.objects.get(kind="slot.missed")
    assert {"alex@example.org", "web@example.org"} <= set(
        Notification.objects.filter(event=event).values_list("address", flat=True)
    )


def test_a_slot_that_passed_while_deployer_was_down_is_missed_and_says_so(scene: Scene) -> None:
    application = scene.application(environments=1, policy="manual")
    release = scene.register(application, "v1")
    slot = booked(scene, application, release=release)

    scene.now += timedelta(hours=3)
    scene.run(60)

    assert state_of(slot) == "missed"
    assert "Deployer was down" in slot.outcome
    assert scene.states(release) == {"integration": "waiting"}


def test_a_slot_that_began_while_deployer_was_down_is_used_for_what_is_left_of_it(scene: Scene) -> None:
    application = scene.application(environments=1, policy="manual")
    release = scene.register(application, "v1")
    booked(scene, application, release=release)

    scene.now += timedelta(minutes=75)
    scene.run(60)

    assert scene.states(release) == {"integration": "succeeded"}


def test_a_target_that_needs_a_slot_waits_for_its_own_and_says_when_it_begins(scene: Scene) -> None:
    application = scene.application(environments=1, slot_policy="required")
    release = scene.register(application, "v1")
    scene.run(60)
    promotion = scene.promotion(release, "integration")
    assert [blocker.kind for blocker in promotion.waits_for] == ["no_slot"]
    assert promotion.waits_for[0].until is None

    slot = booked(scene, application)
    scene.run(60)

    promotion.refresh_from_db()
    assert promotion.waits_for[0].until == slot.starts_at
    scene.run(until=slot.starts_at + timedelta(seconds=60))
    assert scene.states(release) == {"integration": "succeeded"}


def test_a_slot_reserves_the_place_against_automatic_promotions(scene: Scene) -> None:
    scene.environments[0].capacity = 1
    scene.environments[0].save()
    mine, other = (scene.application(slug, environments=1) for slug in ("mine", "other"))
    slot = booked(scene, mine)
    scene.run(until=slot.starts_at - timedelta(minutes=20))

    release = scene.register(other, "v1")
    scene.run(300)

    promotion = scene.promotion(release, "integration")
    assert [blocker.kind for blocker in promotion.waits_for] == ["slot"]
    assert promotion.waits_for[0].until == slot.ends_at
    scene.run(until=slot.ends_at + timedelta(seconds=120))
    assert scene.states(release) == {"integration": "succeeded"}


def test_an_exclusive_slot_keeps_everything_out_and_lets_its_own_in(scene: Scene) -> None:
    mine, other = (scene.application(slug, environments=1) for slug in ("mine", "other"))
    slot = booked(scene, mine, exclusive=True)
    scene.run(until=slot.starts_at)

    releases = [scene.register(application, "v1") for application in (mine, other)]
    scene.run(300)

    assert [scene.states(release)["integration"] for release in releases] == ["succeeded", "waiting"]


def test_a_freeze_that_catches_a_slot_tells_its_booker_and_keeps_its_release_out(scene: Scene) -> None:
    application = scene.application(environments=1, policy="manual")
    release = scene.register(application, "v1")
    slot = booked(scene, application, release=release)

    freeze = NewFreeze(starts_at=scene.now, ends_at=scene.now + timedelta(days=1), reason="An incident.")
    declare(new=freeze, rights=scene.manager(), now=scene.now)
    scene.run(2 * 3600)

    event = Event.objects.get(kind="slot.frozen")
    told = Notification.objects.filter(event=event).values_list("address", flat=True)
    assert "alex@example.org" in told
    assert state_of(slot) == "missed"
    assert scene.backend.history == []


def test_a_slot_whose_application_is_on_hold_promotes_nothing(scene: Scene) -> None:
    application = scene.application(environments=1, policy="manual")
    release = scene.register(application, "v1")
    booked(scene, application, release=release)
    scene.hold(application)

    scene.run(2 * 3600)

    assert scene.backend.history == []


@pytest.mark.parametrize("times", [1, 3])
def test_looking_at_a_slot_again_and_again_promotes_it_once(scene: Scene, times: int) -> None:
    application = scene.application(environments=1, policy="manual")
    release = scene.register(application, "v1")
    slot = booked(scene, application, release=release)
    scene.now = slot.starts_at

    for _ in range(times):
        keep_slot(slot.pk, now=scene.now)
    scene.run(60)

    assert scene.backend.history == [("frontend", "v1", "integration")]
    assert Event.objects.filter(kind="slot.started").count() == 1


def test_a_release_that_can_not_go_is_said_to_the_booker(scene: Scene) -> None:
    application = scene.application(environments=1)
    old = scene.register(application, "v1")
    slot = booked(scene, application, release=old)
    scene.register(application, "v2")
    scene.run(60)

    scene.run(until=slot.starts_at + timedelta(seconds=60))

    event = Event.objects.get(kind="slot.not_promoted")
    assert "v1 is older than v2" in event.sentence
