"""Booking past what can be overridden, and booking again and again, by the form."""

from datetime import timedelta

from apps_registry.models import Application
from deployer.audit.models import Event
from deployer.calendar.models import Slot, SlotOverride, SlotSeries
from deployer.calendar.recurrence import wall_time
from tests.calendar.bookings import booked
from tests.scene import Scene
from tests.web.calendar.browser import Page
from tests.web.calendar.calls import soon
from tests.web.calendar.slot_desk import BOOK, at_desk, frozen, problems_of, typed

WHY = "A security fix that can't wait."
OVERRIDE = "Override and book"


def refused(today: Scene, **fields: object) -> Page:
    """What a release manager sees when a freeze is in the way."""
    frozen(today)
    return at_desk(today.manager()).open("/slots/new/").send(BOOK, **typed(soon(1), "frontend", **fields))


def offered(page: Page) -> list[str]:
    """The names of what the page offers to override."""
    return [fields.blocker.name for fields in page.response.context["form"].override_fields]


def reason(name: str, text: str) -> dict[str, str]:
    return {f"override-{name.replace(':', '-')}-reason": text}


def until(name: str, text: str) -> dict[str, str]:
    return {f"override-{name.replace(':', '-')}-until": text}


def test_a_release_manager_overrides_each_reason_and_books_all_the_same(today: Scene, frontend: Application) -> None:
    page = refused(today, notes="Kept")
    [name] = offered(page)

    page = page.send(OVERRIDE, **{"override": name, **reason(name, WHY)})

    slot, override = Slot.objects.get(), SlotOverride.objects.get()
    assert page.path == f"/slots/{slot.pk}/"
    assert (override.blocker, override.reason, override.given_by) == (name, WHY, "Sam Doe")
    assert override.expires_at == slot.ends_at
    assert slot.notes == "Kept"
    assert f"Sam Doe lets it pass the freeze {WHY}" in page.text


def test_a_reason_of_a_few_letters_is_refused_and_not_lost(today: Scene, frontend: Application) -> None:
    page = refused(today)
    [name] = offered(page)

    page = page.send(OVERRIDE, **{"override": name, **reason(name, "Because")})

    field = f"id_override-{name.replace(':', '-')}-reason"
    assert problems_of(page)[field] == "Say why the freeze may be passed, in at least 10 characters"
    assert page.fields["override"] == [name]
    assert page.fields[field.removeprefix("id_")] == ["Because"]
    assert not Slot.objects.exists()


def test_an_override_ends_within_the_slot(today: Scene, frontend: Application) -> None:
    page = refused(today)
    [name] = offered(page)
    early, late = soon(1) + timedelta(minutes=10), soon(1) + timedelta(minutes=40)

    too_late = page.send(OVERRIDE, **{"override": name, **reason(name, WHY), **until(name, f"{late:%H:%M}")})
    too_late.send(OVERRIDE, **until(name, f"{early:%H:%M}"))

    assert "An override of a slot ends within it" in too_late.text
    assert SlotOverride.objects.get().expires_at == early


def test_what_is_not_ticked_is_not_overridden(today: Scene, frontend: Application) -> None:
    page = refused(today)
    [name] = offered(page)

    page = page.send(OVERRIDE, **reason(name, WHY))

    assert "This slot can't be booked" in page.text
    assert not Slot.objects.exists()


def test_an_override_alone_does_not_help_against_what_has_none(today: Scene, frontend: Application) -> None:
    booked(today, frontend, at=soon(1))

    page = refused(today)

    assert "Not everything that is said above can be overridden: mend the rest first." in page.text
    assert OVERRIDE not in page.text


def test_one_of_two_overrides_is_not_enough_and_is_kept(today: Scene, frontend: Application) -> None:
    frozen(today, reason="The election.")
    page = refused(today)
    first, second = offered(page)

    page = page.send(OVERRIDE, **{"override": first, **reason(first, WHY)})

    assert not Slot.objects.exists()
    assert page.fields["override"] == [first]
    page.send(OVERRIDE, **{"override": [first, second], **reason(second, "And another good reason.")})
    assert {one.blocker for one in SlotOverride.objects.all()} == {first, second}


def test_an_override_that_a_better_time_has_no_need_of_is_left_out(today: Scene, frontend: Application) -> None:
    page = refused(today)
    [name] = offered(page)
    later = soon(5)

    page.send(
        OVERRIDE,
        **{"override": name, **reason(name, WHY)},
        date=later.date().isoformat(),
        start=f"{later:%H:%M}",
    )

    assert Slot.objects.get().starts_at == later
    assert not SlotOverride.objects.exists()


def test_a_developer_is_offered_no_override_and_gets_none_by_sending_one(today: Scene, frontend: Application) -> None:
    freeze = frozen(today)
    page = at_desk(today.person()).open("/slots/new/").send(BOOK, **typed(soon(1), "frontend"))
    name = f"freeze:{freeze.pk}"

    sent = page.send(BOOK, **{"override": name, **reason(name, WHY)})

    for shown in (page, sent):
        assert "Everything is frozen" in shown.text
        assert "book it all the same" not in shown.text
    assert not Slot.objects.exists()


def test_a_weekly_slot_is_booked_on_the_same_day_as_far_ahead_as_one_may(today: Scene, frontend: Application) -> None:
    start = soon(2)

    page = at_desk(today.person()).open("/slots/new/").send(BOOK, **typed(start, "frontend", repeat="weekly"))

    series = SlotSeries.objects.get()
    assert page.path == f"/slots/series/{series.pk}/"
    assert "Booked 13 slots, the first" in page.text
    assert {wall_time(slot.starts_at, series.zone).weekday() for slot in series.slots.all()} == {
        wall_time(start, series.zone).weekday()
    }


def test_a_rule_of_ones_own_is_taken_with_its_name_or_without(today: Scene, frontend: Application) -> None:
    fields = typed(soon(2), "frontend", repeat="rule", rule="RRULE:FREQ=DAILY;COUNT=3")

    at_desk(today.person()).open("/slots/new/").send(BOOK, **fields)

    assert SlotSeries.objects.get().rule == "FREQ=DAILY;COUNT=3"
    assert Slot.objects.count() == 3


def test_times_of_a_series_that_can_not_be_booked_are_left_out_and_told(today: Scene, frontend: Application) -> None:
    frozen(today, start=soon(24), hours=6)
    fields = typed(soon(2), "frontend", repeat="rule", rule="FREQ=DAILY;COUNT=3")

    page = at_desk(today.person()).open("/slots/new/").send(BOOK, **fields)

    assert Slot.objects.count() == 2
    assert "1 of the times could not be booked" in page.text
    assert "was not booked: Everything is frozen by Sam Doe: The Budget." in page.text
    assert Event.objects.get(kind="slot_series.skipped").actor_label == "Alex Doe"


def test_a_rule_that_makes_no_sense_is_told_and_not_lost(today: Scene, frontend: Application) -> None:
    fields = typed(soon(2), "frontend", repeat="rule", rule="EVERY SECOND TUESDAY")

    page = at_desk(today.person()).open("/slots/new/").send(BOOK, **fields)

    assert "How it recurs:" in page.text
    assert page.fields["rule"] == ["EVERY SECOND TUESDAY"]
    assert not SlotSeries.objects.exists()


def test_a_series_of_which_nothing_can_be_booked_is_refused_whole(today: Scene, frontend: Application) -> None:
    fields = typed(soon(2), "frontend", repeat="weekly")

    page = at_desk(today.person("kim", teams=("whitehall",))).open("/slots/new/").send(BOOK, **fields)

    assert "frontend belongs to Web" in page.text
    assert not SlotSeries.objects.exists()
    assert not Slot.objects.exists()
