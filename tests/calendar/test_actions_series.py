"""Slots that recur."""

from datetime import timedelta

import pytest

from deployer.audit.models import Event
from deployer.calendar.actions.freezes import NewFreeze, declare
from deployer.calendar.actions.series import Booked, book_series, end_series, extend_series
from deployer.calendar.actions.slots import SlotRefusedError
from deployer.calendar.models import Slot, SlotSeries
from deployer.refusal import NotAllowedError, RefusedError
from tests.calendar.bookings import at, booked, new_slot
from tests.scene import Scene

TUESDAYS = "FREQ=WEEKLY;BYDAY=TU"


def tuesdays(scene: Scene, rule: str = TUESDAYS) -> Booked:
    """Every Tuesday from 13:00 to 13:30 by the clocks of London."""
    application = scene.application(environments=1)
    first = new_slot(scene, application)
    return book_series(first=first, rule=rule, zone="Europe/London", rights=scene.person(), now=scene.now)


def test_a_series_is_booked_as_far_ahead_as_the_environment_allows(scene: Scene) -> None:
    found = tuesdays(scene)

    starts = [slot.starts_at for slot in found.slots]
    assert starts[0] == at("2026-03-03 13:00")
    assert starts[-1] == at("2026-05-26 12:00"), "the last Tuesday within 90 days, at 13:00 summer time"
    assert len(starts) == 13
    assert found.refused == []


def test_what_comes_within_reach_is_booked_day_by_day(scene: Scene) -> None:
    series = tuesdays(scene).series
    later = scene.now + timedelta(days=8)

    extend_series(series.pk, now=later)
    extend_series(series.pk, now=later)

    assert Slot.objects.filter(series=series).latest("starts_at").starts_at == at("2026-06-02 12:00")
    assert Slot.objects.filter(series=series).count() == 14


def test_times_that_can_not_be_booked_are_left_out_and_said(scene: Scene) -> None:
    scene.hours(scene.environments[0])

    found = tuesdays(scene, "FREQ=DAILY")

    refused = {span.start.date(): reasons[0].sentence for span, reasons in found.refused}
    assert "takes deploys Monday to Thursday" in refused[at("2026-03-07 13:00").date()]
    assert "Good Friday" in refused[at("2026-04-03 13:00").date()]
    assert sum(day.weekday() > 4 for day in refused) == 26, "13 weekends within 90 days"
    assert len(refused) == 26 + 4, "and Good Friday, Easter Monday and two in May"
    assert len(found.slots) == 90 - 30


def test_later_the_booker_is_told_what_could_not_be_booked(scene: Scene) -> None:
    series = tuesdays(scene).series
    fields = {"starts_at": at("2026-06-01 00:00"), "ends_at": at("2026-06-08 00:00"), "reason": "An election."}
    declare(new=NewFreeze(**fields), rights=scene.manager(), now=scene.now)  # type: ignore[arg-type]

    extend_series(series.pk, now=scene.now + timedelta(days=8))

    event = Event.objects.get(kind="slot_series.skipped")
    assert "An election" in event.sentence
    assert event.notifications.get().address == "alex@example.org"


def test_a_series_none_of_whose_times_can_be_booked_is_refused_whole(scene: Scene) -> None:
    scene.hours(scene.environments[0])
    application = scene.application(environments=1)
    first = new_slot(scene, application, at=at("2026-03-07 10:00"))

    with pytest.raises(SlotRefusedError, match="takes deploys Monday to Thursday"):
        book_series(first=first, rule="FREQ=WEEKLY", zone="Europe/London", rights=scene.person(), now=scene.now)

    assert not SlotSeries.objects.exists()


@pytest.mark.parametrize("rule", ["", "weekly", "FREQ=SECONDLY", "FREQ=WEEKLY;BYDAY=XX"])
def test_a_rule_that_makes_no_sense_is_refused(scene: Scene, rule: str) -> None:
    with pytest.raises(RefusedError, match="How it recurs"):
        tuesdays(scene, rule)


def test_ending_a_series_cancels_what_is_to_come_and_books_no_more(scene: Scene) -> None:
    series = tuesdays(scene).series
    scene.now += timedelta(days=1)

    cancelled = end_series(series=series, rights=scene.person(), now=scene.now)
    extend_series(series.pk, now=scene.now + timedelta(days=30))

    assert len(cancelled) == 12
    assert not Slot.objects.filter(series=series, state="booked", starts_at__gt=scene.now).exists()
    with pytest.raises(RefusedError, match="ended already"):
        end_series(series=series, rights=scene.person(), now=scene.now)


def test_another_team_ends_no_series(scene: Scene) -> None:
    series = tuesdays(scene).series

    with pytest.raises(NotAllowedError):
        end_series(series=series, rights=scene.person("kim", teams=("elsewhere",)), now=scene.now)


def test_a_series_ends_when_its_booker_has_left(scene: Scene) -> None:
    series = tuesdays(scene).series
    booker = scene.person().user
    assert booker is not None
    booker.is_active = False
    booker.save()

    extend_series(series.pk, now=scene.now + timedelta(days=8))

    series.refresh_from_db()
    assert series.ended_at is not None
    assert Slot.objects.filter(series=series).count() == 13


def test_a_series_books_by_the_rights_that_its_booker_has_then(scene: Scene) -> None:
    series = tuesdays(scene).series
    booker = scene.person().user
    assert booker is not None
    booker.memberships.all().delete()

    extend_series(series.pk, now=scene.now + timedelta(days=8))

    assert Slot.objects.filter(series=series).count() == 13
    assert "belongs to Web" in Event.objects.get(kind="slot_series.skipped").sentence


def test_a_series_keeps_clear_of_its_own_earlier_slots_of_others(scene: Scene) -> None:
    scene.environments[0].capacity = 1
    scene.environments[0].save()
    other = scene.application("other", environments=1)
    booked(scene, other, at=at("2026-03-10 13:00"))

    found = tuesdays(scene)

    assert [span.start for span, _ in found.refused] == [at("2026-03-10 13:00")]
