"""Booking, moving, cancelling and overriding slots through the actions."""

from datetime import timedelta

import pytest

from apps_registry.models import ExclusionGroup
from deployer.audit.models import Event
from deployer.calendar.actions.freezes import NewFreeze, declare
from deployer.calendar.actions.overrides import NewOverride
from deployer.calendar.actions.slots import SlotChange, SlotRefusedError, book, cancel, change, override_slot
from deployer.calendar.models import Slot
from deployer.calendar.spans import Span
from deployer.gates import BlockerKind
from deployer.refusal import NotAllowedError, RefusedError
from tests.calendar.bookings import at, booked, new_slot
from tests.scene import Scene

REASON = "A security fix that can't wait."


def kinds(error: pytest.ExceptionInfo[SlotRefusedError]) -> set[BlockerKind]:
    return {blocker.kind for blocker in error.value.blockers}


def as_it_is(slot: Slot, **fields: object) -> SlotChange:
    values: dict[str, object] = {
        "starts_at": slot.starts_at,
        "ends_at": slot.ends_at,
        "exclusive": slot.exclusive,
        "notes": slot.notes,
        "watched_by": slot.watched_by,
        "sequence": slot.sequence,
    }
    return SlotChange(**values | fields)  # type: ignore[arg-type]


def test_a_booked_slot_is_kept_and_told_in_each_application_s_history(scene: Scene) -> None:
    applications = [scene.application(slug, environments=1) for slug in ("one", "other")]

    slot = booked(scene, *applications)

    assert slot.state == "booked"
    assert slot.due_at == slot.starts_at
    events = Event.objects.about(f"slot:{slot.pk}")
    assert [(event.kind, event.application) for event in events] == [("slot.booked", "one"), ("slot.booked", "other")]
    assert "Tuesday 3 March 2026, 13:00 to 13:30 GMT" in events[0].sentence


def test_a_full_environment_is_refused_with_who_holds_it_and_the_next_free_slot(scene: Scene) -> None:
    one, other = (scene.application(slug, environments=1) for slug in ("one", "other"))
    scene.environments[0].capacity = 1
    scene.environments[0].save()
    first = booked(scene, one)

    with pytest.raises(SlotRefusedError) as refused:
        booked(scene, other)

    assert kinds(refused) == {BlockerKind.CAPACITY}
    assert "one (booked by Alex Doe)" in str(refused.value)
    assert refused.value.next_free == Span(first.ends_at, first.ends_at + timedelta(minutes=30))
    assert Slot.objects.count() == 1


def test_every_reason_is_said_at_once(scene: Scene) -> None:
    environment = scene.environments[0]
    scene.hours(environment)
    mine, other, foreign = (scene.application(slug, environments=1) for slug in ("mine", "other", "foreign"))
    foreign.owner = scene.application("elsewhere", environments=0).owner
    group = ExclusionGroup.objects.create(slug="schema", reason="They share a database schema.")
    group.applications.set([mine, other])
    foreign.archived_at = scene.now
    foreign.save()
    saturday = at("2026-03-07 10:00")
    booked(scene, other, at=at("2026-03-09 10:00"))
    declare(
        new=NewFreeze(starts_at=scene.now, ends_at=None, reason="An election.", environments=[environment]),
        rights=scene.manager(),
        now=scene.now,
    )
    stranger = scene.person("kim", teams=("elsewhere",))

    with pytest.raises(SlotRefusedError) as refused:
        booked(scene, mine, other, foreign, at=saturday, minutes=90, rights=stranger)

    assert kinds(refused) == {
        BlockerKind.ARCHIVED,
        BlockerKind.NOT_YOURS,
        BlockerKind.EXCLUSION,
        BlockerKind.TIME,
        BlockerKind.WINDOW,
        BlockerKind.FREEZE,
    }
    assert refused.value.next_free is None


def test_a_bank_holiday_is_refused_by_its_name_and_the_next_day_is_offered(scene: Scene) -> None:
    application = scene.application(environments=1)
    scene.hours(scene.environments[0])

    with pytest.raises(SlotRefusedError, match="Good Friday") as refused:
        booked(scene, application, at=at("2026-04-03 10:00"))

    assert kinds(refused) == {BlockerKind.HOLIDAY}
    # Easter Monday is one as well, and the clocks have gone forward.
    assert refused.value.next_free == Span(at("2026-04-07 08:30"), at("2026-04-07 09:00"))


def test_a_slot_lies_within_the_hours_from_start_to_end(scene: Scene) -> None:
    application = scene.application(environments=1)
    scene.hours(scene.environments[0])

    booked(scene, application, at=at("2026-03-06 15:30"))
    with pytest.raises(SlotRefusedError) as refused:
        booked(scene, application, at=at("2026-03-06 16:00"))

    assert kinds(refused) == {BlockerKind.WINDOW}
    assert refused.value.next_free == Span(at("2026-03-09 09:30"), at("2026-03-09 10:00"))


def test_the_next_free_slot_keeps_clear_of_exclusive_slots_and_exclusions(scene: Scene) -> None:
    one, other, third = (scene.application(slug, environments=1) for slug in ("one", "other", "third"))
    ExclusionGroup.objects.create(slug="pair", reason="They share a queue.").applications.set([one, other])
    start = scene.now + timedelta(hours=1)
    booked(scene, one, at=start)
    booked(scene, third, at=start + timedelta(minutes=30), exclusive=True)

    with pytest.raises(SlotRefusedError, match="They share a queue") as refused:
        booked(scene, other, at=start)

    assert refused.value.next_free == Span(start + timedelta(minutes=60), start + timedelta(minutes=90))


def test_a_release_of_another_application_is_refused(scene: Scene) -> None:
    one, other = (scene.application(slug, environments=1) for slug in ("one", "other"))
    release = scene.register(other, "v1")

    with pytest.raises(RefusedError, match="no release of an application in this slot"):
        booked(scene, one, release=release)


def test_an_application_that_is_named_twice_is_refused(scene: Scene) -> None:
    application = scene.application(environments=1)

    with pytest.raises(RefusedError, match="frontend is named twice"):
        booked(scene, application, application)


def test_a_viewer_and_another_team_book_nothing_and_a_manager_books_everything(scene: Scene) -> None:
    application = scene.application(environments=1)
    for rights in (scene.person("viewer", role="viewer"), scene.person("kim", teams=("elsewhere",))):  # type: ignore[arg-type]
        with pytest.raises(SlotRefusedError, match="belongs to Web"):
            booked(scene, application, rights=rights)

    assert booked(scene, application, rights=scene.manager()).state == "booked"


def test_a_manager_books_outside_hours_with_an_override_that_names_the_blocker(scene: Scene) -> None:
    application = scene.application(environments=1)
    scene.hours(scene.environments[0])
    new = new_slot(scene, application, at=at("2026-03-07 10:00"))
    override = NewOverride(blocker="window", reason=REASON, expires_at=new.ends_at)

    slot = book(new=new, rights=scene.manager(), overrides=[override], now=scene.now)

    stored = slot.overrides.get()
    assert (stored.blocker, stored.given_by, stored.reason) == ("window", "Sam Doe", REASON)
    assert Event.objects.about(f"slot:{slot.pk}").filter(kind="slot.overridden").get().reason == REASON


def test_an_override_of_something_that_does_not_block_is_refused(scene: Scene) -> None:
    application = scene.application(environments=1)
    new = new_slot(scene, application)
    override = NewOverride(blocker="window", reason=REASON, expires_at=new.ends_at)

    with pytest.raises(RefusedError, match="Nothing named 'window' blocks it"):
        book(new=new, rights=scene.manager(), overrides=[override], now=scene.now)


def test_a_developer_can_not_override_even_at_booking(scene: Scene) -> None:
    application = scene.application(environments=1)
    scene.hours(scene.environments[0])
    new = new_slot(scene, application, at=at("2026-03-07 10:00"))
    override = NewOverride(blocker="window", reason=REASON, expires_at=new.ends_at)

    with pytest.raises(NotAllowedError):
        book(new=new, rights=scene.person(), overrides=[override], now=scene.now)

    assert not Slot.objects.exists()


def test_a_moved_slot_gives_its_old_time_back(scene: Scene) -> None:
    one, other = (scene.application(slug, environments=1) for slug in ("one", "other"))
    scene.environments[0].capacity = 1
    scene.environments[0].save()
    slot = booked(scene, one)
    later = slot.starts_at + timedelta(hours=2)

    moved = change(
        slot=slot,
        to=as_it_is(slot, starts_at=later, ends_at=later + timedelta(minutes=30)),
        rights=scene.person(),
        now=scene.now,
    )

    assert (moved.starts_at, moved.due_at, moved.sequence) == (later, later, 1)
    assert booked(scene, other).state == "booked"
    assert Event.objects.filter(kind="slot.moved", application="one").count() == 1


def test_a_slot_can_be_extended_over_its_own_time_but_not_over_another_s(scene: Scene) -> None:
    one, other = (scene.application(slug, environments=1) for slug in ("one", "other"))
    scene.environments[0].capacity = 1
    scene.environments[0].save()
    slot = booked(scene, one)
    booked(scene, other, at=slot.starts_at + timedelta(minutes=45))

    longer = change(
        slot=slot,
        to=as_it_is(slot, ends_at=slot.starts_at + timedelta(minutes=45)),
        rights=scene.person(),
        now=scene.now,
    )
    with pytest.raises(SlotRefusedError, match="is full then: other"):
        change(
            slot=longer,
            to=as_it_is(longer, ends_at=slot.starts_at + timedelta(minutes=50)),
            rights=scene.person(),
            now=scene.now,
        )

    longer.refresh_from_db()
    assert longer.ends_at == slot.starts_at + timedelta(minutes=45)


def test_a_change_of_what_somebody_else_has_changed_meanwhile_is_refused(scene: Scene) -> None:
    slot = booked(scene, scene.application(environments=1))
    seen = as_it_is(slot, notes="From the second window.")
    change(slot=slot, to=as_it_is(slot, notes="From the first window."), rights=scene.person(), now=scene.now)

    with pytest.raises(RefusedError, match="Somebody else has changed this slot meanwhile"):
        change(slot=slot, to=seen, rights=scene.person(), now=scene.now)


def test_notes_can_be_changed_although_a_freeze_catches_the_slot(scene: Scene) -> None:
    slot = booked(scene, scene.application(environments=1))
    freeze = NewFreeze(starts_at=scene.now, ends_at=None, reason="An election.")
    declare(new=freeze, rights=scene.manager(), now=scene.now)

    changed = change(slot=slot, to=as_it_is(slot, notes="Ask Kim first."), rights=scene.person(), now=scene.now)

    assert changed.notes == "Ask Kim first."


def test_a_cancelled_slot_gives_its_time_back_and_can_not_be_changed_again(scene: Scene) -> None:
    application = scene.application(environments=1)
    slot = booked(scene, application)

    cancel(slot=slot, rights=scene.person(), reason="Not needed.", now=scene.now)

    slot.refresh_from_db()
    assert (slot.state, slot.due_at) == ("cancelled", None)
    assert booked(scene, application).state == "booked"
    with pytest.raises(RefusedError, match="cancelled already"):
        cancel(slot=slot, rights=scene.person(), now=scene.now)


def test_another_team_changes_and_cancels_nothing(scene: Scene) -> None:
    slot = booked(scene, scene.application(environments=1))
    stranger = scene.person("kim", teams=("elsewhere",))

    with pytest.raises(NotAllowedError, match="Alex Doe booked this slot"):
        cancel(slot=slot, rights=stranger, now=scene.now)
    with pytest.raises(NotAllowedError):
        change(slot=slot, to=as_it_is(slot, notes="Mine now."), rights=stranger, now=scene.now)


def test_a_slot_that_a_freeze_has_caught_can_be_let_through_by_name(scene: Scene) -> None:
    application = scene.application(environments=1)
    slot = booked(scene, application)
    freeze = declare(
        new=NewFreeze(starts_at=scene.now, ends_at=None, reason="An election."), rights=scene.manager(), now=scene.now
    )
    new = NewOverride(blocker=f"freeze:{freeze.pk}", reason=REASON, expires_at=slot.ends_at)

    override_slot(slot=slot, new=new, rights=scene.manager(), now=scene.now)

    release = scene.register(application, "v1")
    scene.run(3500)
    assert scene.states(release) == {"integration": "waiting"}
    scene.run(200)
    assert scene.states(release) == {"integration": "succeeded"}
