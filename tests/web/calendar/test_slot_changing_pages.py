"""Moving, extending, editing and cancelling a slot by its pages, and who may."""

from datetime import timedelta

import pytest

from apps_registry.models import Application
from deployer.access.models.user import Role
from deployer.calendar.actions.slots import SlotChange, cancel, change
from deployer.calendar.models import EnvironmentCalendar, Slot
from deployer.calendar.states import SlotState
from tests.calendar.bookings import booked
from tests.scene import Scene
from tests.web.calendar.browser import Page
from tests.web.calendar.calls import soon
from tests.web.calendar.slot_desk import SAVE, at_desk, frozen, main_form, problems_of

QUARTER = timedelta(minutes=15)


@pytest.fixture
def slot(today: Scene, frontend: Application) -> Slot:
    return booked(today, frontend, at=soon(2), notes="The plan", watched_by="Kim Lee")


def form_of(today: Scene, slot: Slot, query: str = "") -> Page:
    return main_form(at_desk(today.person()).open(f"/slots/{slot.pk}/change/{query}"))


def under_way(today: Scene, frontend: Application) -> Slot:
    """One that began ten minutes ago."""
    now = today.now
    today.now = now - timedelta(minutes=20)
    begun = booked(today, frontend, at=now - timedelta(minutes=10))
    today.run(until=now)
    begun.refresh_from_db()
    assert begun.state == SlotState.OPEN
    return begun


def test_the_form_shows_the_slot_as_it_is_and_saving_that_changes_no_time(today: Scene, slot: Slot) -> None:
    page = form_of(today, slot)
    before = slot.span

    page = page.send(SAVE)

    slot.refresh_from_db()
    assert page.path == slot.get_absolute_url()
    assert slot.span == before
    assert (slot.notes, slot.watched_by, slot.sequence) == ("The plan", "Kim Lee", 1)


def test_it_is_moved(today: Scene, slot: Slot) -> None:
    start = soon(30)

    page = form_of(today, slot).send(
        SAVE, date=start.date().isoformat(), start=f"{start:%H:%M}", end=f"{start + QUARTER:%H:%M}"
    )

    slot.refresh_from_db()
    assert slot.span == (start, start + QUARTER)
    assert "Changed:" in page.text


def test_its_release_notes_watcher_and_exclusiveness_are_edited(
    today: Scene, frontend: Application, slot: Slot
) -> None:
    release = today.register(frontend, "v12")

    form_of(today, slot).send(SAVE, version="v12", notes="", watched_by="Jo", exclusive="on")

    slot.refresh_from_db()
    assert (slot.notes, slot.watched_by, slot.exclusive) == ("", "Jo", True)
    assert slot.bookings.get().release == release


def test_a_release_that_there_is_not_is_told(today: Scene, slot: Slot) -> None:
    page = form_of(today, slot).send(SAVE, version="v99", notes="Kept")

    assert problems_of(page) == {"id_version_0": "frontend has no release yet: leave the release out"}
    assert main_form(page).fields["notes"] == ["Kept"]


@pytest.mark.parametrize("minutes", [15, 30])
def test_it_is_extended_by_one_press(today: Scene, slot: Slot, minutes: int) -> None:
    page = at_desk(today.person()).open(slot.get_absolute_url())

    page = page.send(f"Extend by {minutes} minutes")

    before = slot.ends_at
    slot.refresh_from_db()
    assert slot.ends_at == before + timedelta(minutes=minutes)
    assert "Extended:" in page.text
    assert (slot.notes, slot.watched_by) == ("The plan", "Kim Lee")


def test_an_extension_that_is_refused_says_why_and_shows_what_was_tried(today: Scene, slot: Slot) -> None:
    tight = EnvironmentCalendar.objects.create(environment=slot.environment, longest_slot_minutes=30)

    page = at_desk(today.person()).open(slot.get_absolute_url()).send("Extend by 15 minutes")

    assert tight.longest_slot_minutes == 30
    assert problems_of(page)["id_end"] == "A slot in integration is at most 30 minutes long."
    assert main_form(page).fields["end"] == [f"{slot.ends_at + QUARTER:%H:%M}"]


def test_a_move_into_a_freeze_is_refused_and_the_next_free_time_is_taken_by_one_press(today: Scene, slot: Slot) -> None:
    freeze = frozen(today, start=soon(20), hours=2)
    start = soon(21)

    page = form_of(today, slot).send(
        SAVE,
        date=start.date().isoformat(),
        start=f"{start:%H:%M}",
        end=f"{start + timedelta(minutes=30):%H:%M}",
        notes="Kept",
    )

    assert "The slot can't be changed to that" in page.text
    assert "Everything is frozen by Sam Doe" in page.text
    main_form(page).send("Move it there")
    slot.refresh_from_db()
    assert freeze.ends_at is not None
    assert slot.starts_at >= freeze.ends_at
    assert slot.ends_at - slot.starts_at == timedelta(minutes=30)
    assert slot.notes == "Kept"


def test_the_form_is_filled_in_with_a_time_from_the_address(today: Scene, slot: Slot) -> None:
    start = soon(40)

    page = form_of(today, slot, f"?start={start:%Y-%m-%dT%H:%MZ}")

    assert page.fields["start"] == [f"{start:%H:%M}"]
    page.send(SAVE)
    slot.refresh_from_db()
    assert slot.span == (start, start + timedelta(minutes=30))


def test_what_somebody_else_has_changed_meanwhile_is_not_lost_unseen(today: Scene, slot: Slot) -> None:
    page = form_of(today, slot)
    theirs = SlotChange(
        starts_at=slot.starts_at,
        ends_at=slot.ends_at + QUARTER,
        exclusive=False,
        notes="Theirs",
        watched_by="Jo",
    )
    change(slot=slot, to=theirs, rights=today.person("jo"), now=today.now)

    page = page.send(SAVE, notes="Mine")

    slot.refresh_from_db()
    assert slot.notes == "Theirs"
    assert "Somebody else has changed this slot meanwhile" in page.text
    assert "What you typed is still below" in page.text
    assert f"{slot.ends_at:%H:%M} UTC" in page.text
    main_form(page).send(SAVE)
    slot.refresh_from_db()
    assert slot.notes == "Mine"


def test_one_that_somebody_has_cancelled_meanwhile_leads_back_to_its_page(today: Scene, slot: Slot) -> None:
    page = form_of(today, slot)
    cancel(slot=slot, rights=today.person("jo"), now=today.now)

    page = page.send(SAVE, notes="Mine")

    assert page.path == slot.get_absolute_url()
    assert "It is cancelled, so there is nothing left to change." in page.text


@pytest.mark.parametrize("sequence", ["", "x", "-1", "9" * 30, "\0"])
def test_a_form_whose_number_can_not_be_read_changes_nothing(today: Scene, slot: Slot, sequence: str) -> None:
    page = form_of(today, slot).send(SAVE, notes="Mine", sequence=sequence)

    slot.refresh_from_db()
    assert slot.notes == "The plan"
    assert "Somebody else has changed this slot meanwhile" in page.text


def test_one_that_is_under_way_keeps_its_start_and_what_it_is_for(today: Scene, frontend: Application) -> None:
    begun = under_way(today, frontend)
    end = begun.ends_at + timedelta(minutes=10)

    page = form_of(today, begun)

    assert "It is under way" in page.text
    assert not {"date", "start", "version", "exclusive"} & page.fields.keys()
    page.send(SAVE, end=f"{end:%H:%M}", notes="Longer than thought")
    before = begun.starts_at
    begun.refresh_from_db()
    assert (begun.starts_at, begun.ends_at, begun.notes) == (before, end, "Longer than thought")


def test_one_that_is_under_way_does_not_end_in_the_past(today: Scene, frontend: Application) -> None:
    begun = under_way(today, frontend)

    page = form_of(today, begun).send(SAVE, end=f"{begun.starts_at + timedelta(minutes=5):%H:%M}")

    assert "It would have ended already" in page.text
    assert "The slot can't be changed to that" in page.text


@pytest.mark.parametrize("path", ["change/", "cancel/"])
@pytest.mark.parametrize(("role", "teams"), [(Role.VIEWER, ()), (Role.DEVELOPER, ("whitehall",))])
def test_whoever_may_not_change_it_is_told_who_may(
    today: Scene, slot: Slot, path: str, role: Role, teams: tuple[str, ...]
) -> None:
    browser = at_desk(today.person("kim", role=role, teams=teams))

    page = browser.open(f"/slots/{slot.pk}/{path}")

    assert page.status == 403
    assert "Alex Doe booked it: they, its teams or a release manager can change or cancel it." in page.text
    browser.client.handler.enforce_csrf_checks = False
    assert browser.client.post(f"/slots/{slot.pk}/{path}", {"extend": "15", "sequence": "0"}).status_code == 403
    slot.refresh_from_db()
    assert (slot.state, slot.sequence) == (SlotState.BOOKED, 0)


@pytest.mark.parametrize("who", ["its team", "a release manager"])
def test_its_team_and_release_managers_may_change_what_another_booked(today: Scene, slot: Slot, who: str) -> None:
    person = today.person("jo") if who == "its team" else today.manager()

    main_form(at_desk(person).open(f"/slots/{slot.pk}/change/")).send(SAVE, notes="Theirs")

    slot.refresh_from_db()
    assert slot.notes == "Theirs"


@pytest.mark.parametrize("path", ["change/", "cancel/"])
def test_one_that_has_ended_leads_back_to_its_page(today: Scene, slot: Slot, path: str) -> None:
    cancel(slot=slot, rights=today.person(), now=today.now)

    page = at_desk(today.person()).open(f"/slots/{slot.pk}/{path}")

    assert page.path == slot.get_absolute_url()
    assert "It is cancelled, so there is nothing left to change." in page.text


@pytest.mark.parametrize("reason", ["", "The tests are red"])
def test_it_is_cancelled_with_a_reason_or_without(today: Scene, slot: Slot, reason: str) -> None:
    page = at_desk(today.person()).open(f"/slots/{slot.pk}/cancel/")
    assert "Cancel this slot?" in page.text

    page = page.send("Cancel the slot", reason=reason)

    slot.refresh_from_db()
    assert slot.state == SlotState.CANCELLED
    assert page.path == slot.get_absolute_url()
    assert f"Cancelled by Alex Doe. {reason}".strip() in page.text


def test_a_reason_that_is_too_long_cancels_nothing_and_is_not_lost(today: Scene, slot: Slot) -> None:
    page = at_desk(today.person()).open(f"/slots/{slot.pk}/cancel/").send("Cancel the slot", reason="r" * 1001)

    slot.refresh_from_db()
    assert slot.state == SlotState.BOOKED
    assert "The reason must be at most 1000 characters long" in page.text
    assert page.fields["reason"] == ["r" * 1001]


def test_looking_at_the_question_cancels_nothing(today: Scene, slot: Slot) -> None:
    at_desk(today.person()).open(f"/slots/{slot.pk}/cancel/?reason=x")

    slot.refresh_from_db()
    assert slot.state == SlotState.BOOKED
