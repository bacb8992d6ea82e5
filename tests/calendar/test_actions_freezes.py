"""Declaring, extending and lifting freezes through the actions."""

from datetime import timedelta

import pytest

from apps_registry.models import Team
from deployer.audit.models import Event
from deployer.calendar.actions.freezes import NewFreeze, caught_slots, declare, extend, lift, lift_once
from deployer.calendar.models import Freeze
from deployer.notifications.models import Notification
from deployer.refusal import NotAllowedError, RefusedError
from tests.calendar.bookings import at, booked
from tests.scene import Scene

FRIDAYS = "FREQ=WEEKLY;BYDAY=FR"


def new(scene: Scene, **fields: object) -> NewFreeze:
    values: dict[str, object] = {
        "starts_at": scene.now,
        "ends_at": scene.now + timedelta(hours=1),
        "reason": "An election.",
    }
    return NewFreeze(**values | fields)  # type: ignore[arg-type]


def fridays(scene: Scene) -> Freeze:
    """Every Friday from 16:00 to midnight by the clocks of London."""
    fields = {"starts_at": at("2026-03-06 16:00"), "ends_at": at("2026-03-07 00:00"), "recurrence": FRIDAYS}
    return declare(new=new(scene, **fields), rights=scene.manager(), now=scene.now)


def test_a_freeze_says_what_it_is_for_and_who_declared_it(scene: Scene) -> None:
    application = scene.application(environments=1)

    freeze = declare(
        new=new(scene, environments=[scene.environments[0]], applications=[application], contact="#govuk-incident"),
        rights=scene.manager(),
        now=scene.now,
    )

    assert freeze.scope == "frontend in integration"
    event = Event.objects.about(f"freeze:{freeze.pk}").get()
    assert event.sentence == ("Sam Doe froze frontend in integration, Tuesday 3 March 2026, 12:00 to 13:00 GMT.")
    assert event.reason == "An election."


@pytest.mark.parametrize("scope", ["everything", "an environment", "another team", "another application"])
def test_a_developer_freezes_only_what_is_theirs(scene: Scene, scope: str) -> None:
    scene.application("mine", environments=1)
    other = scene.application("other", environments=1)
    other.owner = Team.objects.create(slug="elsewhere", name="Elsewhere")
    other.save()
    named: dict[str, object] = {
        "everything": {},
        "an environment": {"environments": [scene.environments[0]]},
        "another team": {"teams": [other.owner]},
        "another application": {"applications": [other]},
    }[scope]  # type: ignore[assignment]

    with pytest.raises(NotAllowedError, match="You can freeze your own teams' applications"):
        declare(new=new(scene, **named), rights=scene.person(), now=scene.now)

    assert not Freeze.objects.exists()


def test_a_developer_freezes_and_lifts_their_own_application(scene: Scene) -> None:
    application = scene.application(environments=1)

    freeze = declare(new=new(scene, applications=[application]), rights=scene.person(), now=scene.now)
    lifted = lift(freeze=freeze, reason="It works again.", rights=scene.person(), now=scene.now)

    assert (lifted.lifted_by, lifted.lift_reason) == ("Alex Doe", "It works again.")
    assert not lifted.holds_at(scene.now)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"reason": "  "}, "Say why"),
        ({"ends_at": at("2026-03-03 11:00"), "starts_at": at("2026-03-03 11:30")}, "end after it starts"),
        ({"starts_at": at("2026-03-03 10:00"), "ends_at": at("2026-03-03 11:00")}, "ended already"),
        ({"recurrence": FRIDAYS, "ends_at": None}, "needs an end"),
        ({"recurrence": "every Friday"}, "How it recurs"),
        ({"recurrence": "FREQ=HOURLY"}, "How it recurs"),
    ],
)
def test_a_freeze_that_makes_no_sense_is_refused(scene: Scene, fields: dict[str, object], message: str) -> None:
    with pytest.raises(RefusedError, match=message):
        declare(new=new(scene, **fields), rights=scene.manager(), now=scene.now)

    assert not Freeze.objects.exists()


def test_declaring_tells_the_owners_of_what_waits_and_who_has_booked(scene: Scene) -> None:
    application = scene.application(environments=1, policy="manual")
    release = scene.register(application, "v1")
    booked(scene, application)

    declare(new=new(scene, ends_at=None), rights=scene.manager(), now=scene.now)

    told = {
        (one.event.kind, one.address)
        for one in Notification.objects.select_related("event")
        if "frozen" in one.event.kind
    }
    assert told == {
        ("promotion.frozen", "web@example.org"),
        ("slot.frozen", "alex@example.org"),
        ("slot.frozen", "web@example.org"),
    }
    assert scene.promotion(release, "integration").state == "waiting"


def test_a_freeze_catches_the_slots_in_its_time_and_scope_only(scene: Scene) -> None:
    mine, other = (scene.application(slug, environments=2) for slug in ("mine", "other"))
    inside = booked(scene, mine)
    booked(scene, mine, at=scene.now + timedelta(hours=5))
    booked(scene, other)
    booked(scene, mine, environment=scene.environments[1], at=scene.now + timedelta(hours=2))

    freeze = declare(
        new=new(
            scene,
            environments=[scene.environments[0]],
            applications=[mine],
            ends_at=scene.now + timedelta(hours=4),
        ),
        rights=scene.manager(),
        now=scene.now,
    )

    assert caught_slots(freeze, scene.now) == [inside]


def test_a_freeze_that_allows_deploys_by_hand_catches_no_slot(scene: Scene) -> None:
    booked(scene, scene.application(environments=1))

    freeze = declare(new=new(scene, ends_at=None, allows_by_hand=True), rights=scene.manager(), now=scene.now)

    assert caught_slots(freeze, scene.now) == []


def test_an_extended_freeze_holds_longer(scene: Scene) -> None:
    freeze = declare(new=new(scene), rights=scene.manager(), now=scene.now)
    later = scene.now + timedelta(hours=3)

    extended = extend(freeze=freeze, ends_at=later, rights=scene.manager(), now=scene.now)

    assert extended.holds_at(later - timedelta(seconds=1))
    assert not extended.holds_at(later)
    assert Event.objects.filter(kind="freeze.extended").exists()


def test_what_is_over_is_neither_extended_nor_lifted(scene: Scene) -> None:
    freeze = declare(new=new(scene), rights=scene.manager(), now=scene.now)
    scene.now += timedelta(hours=2)

    with pytest.raises(RefusedError, match="over"):
        extend(freeze=freeze, ends_at=scene.now + timedelta(hours=1), rights=scene.manager(), now=scene.now)
    with pytest.raises(RefusedError, match="over already"):
        lift(freeze=freeze, reason="It is over.", rights=scene.manager(), now=scene.now)


def test_lifting_needs_a_reason(scene: Scene) -> None:
    freeze = declare(new=new(scene), rights=scene.manager(), now=scene.now)

    with pytest.raises(RefusedError, match="Say why"):
        lift(freeze=freeze, reason=" ", rights=scene.manager(), now=scene.now)


def test_a_freeze_recurs_by_the_wall_clock_over_the_clock_change(scene: Scene) -> None:
    freeze = fridays(scene)

    assert freeze.holds_at(at("2026-03-27 16:00"))
    assert not freeze.holds_at(at("2026-04-03 14:59"))
    assert freeze.holds_at(at("2026-04-03 15:00"))
    assert not freeze.holds_at(at("2026-04-03 23:00"))


def test_christmas_is_frozen_every_year_and_over_the_new_year(scene: Scene) -> None:
    fields = {
        "starts_at": at("2026-12-22 00:00"),
        "ends_at": at("2027-01-04 00:00"),
        "recurrence": "FREQ=YEARLY",
    }
    freeze = declare(new=new(scene, **fields), rights=scene.manager(), now=scene.now)

    assert [freeze.holds_at(at(text)) for text in ("2026-12-21 23:59", "2027-01-03 23:59", "2028-12-31 12:00")] == [
        False,
        True,
        True,
    ]
    assert not freeze.holds_at(at("2029-01-04 00:00"))


def test_one_time_of_a_recurring_freeze_is_lifted_and_the_next_still_holds(scene: Scene) -> None:
    freeze = fridays(scene)

    lift_once(
        freeze=freeze,
        occurrence=at("2026-03-13 16:00"),
        reason="A quiet week.",
        rights=scene.manager(),
        now=scene.now,
    )

    freeze = Freeze.objects.with_scope().get(pk=freeze.pk)
    assert [freeze.holds_at(at(f"2026-03-{day:02} 17:00")) for day in (6, 13, 20)] == [True, False, True]


@pytest.mark.parametrize("occurrence", ["2026-03-12 16:00", "2026-03-13 15:00", "2026-02-27 16:00"])
def test_a_time_that_the_freeze_does_not_have_can_not_be_lifted(scene: Scene, occurrence: str) -> None:
    freeze = fridays(scene)

    with pytest.raises(RefusedError, match="no such time"):
        lift_once(
            freeze=freeze, occurrence=at(occurrence), reason="A quiet week.", rights=scene.manager(), now=scene.now
        )


def test_a_time_that_is_lifted_already_is_not_lifted_again(scene: Scene) -> None:
    freeze = fridays(scene)
    first = at("2026-03-13 16:00")
    lift_once(freeze=freeze, occurrence=first, reason="A quiet week.", rights=scene.manager(), now=scene.now)

    with pytest.raises(RefusedError, match="no such time"):
        lift_once(freeze=freeze, occurrence=first, reason="A quiet week.", rights=scene.manager(), now=scene.now)


def test_the_engine_keeps_out_of_each_time_of_a_recurring_freeze(scene: Scene) -> None:
    application = scene.application(environments=1)
    fridays(scene)
    scene.now = at("2026-03-13 23:45")
    release = scene.register(application, "v1")

    scene.run(600)
    promotion = scene.promotion(release, "integration")
    assert promotion.state == "waiting"
    assert promotion.waits_for[0].until == at("2026-03-14 00:00")

    scene.run(until=at("2026-03-14 00:02"))
    assert scene.states(release) == {"integration": "succeeded"}
