"""Slots and freezes as iCalendar: what is written, and that it is so to the letter of RFC 5545."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar
from pytest_django import Settings

from apps_registry.models import Application, Environment, Team
from deployer.calendar.actions.freezes import NewFreeze, declare, extend, lift, lift_once
from deployer.calendar.actions.overrides import NewOverride
from deployer.calendar.actions.slots import SlotChange, book, cancel, change
from deployer.calendar.models import Freeze, Slot
from deployer.calendar.spans import Span
from deployer.web.calendar.feeds import ics, selection
from deployer.web.calendar.feeds.entries import Entry, Feed
from tests.calendar.bookings import at, booked, new_slot
from tests.scene import NOON, Scene
from tests.web.calendar import strict_ics
from tests.web.calendar.strict_ics import Part

ENTRY: dict[str, Any] = {
    "uid": "0123@deployer",
    "sequence": 2,
    "made_at": NOON - timedelta(days=1),
    "changed_at": NOON,
    "span": Span(NOON + timedelta(hours=1), NOON + timedelta(hours=2)),
    "summary": "frontend v12 to production",
    "description": "Booked by Alex Doe.",
    "location": "Production",
    "categories": ("Slot", "Production"),
    "url": "https://deployer.example.org/slots/12/",
}
AWKWARD = [
    'commas, semicolons; colons: and "quotes"',
    r"backslashes: C:\New\names \\ \; \,",
    "ends in a backslash\\",
    "two lines\nand a third\n\nafter a blank one",
    "🚀 naïve 東京 👩‍👩‍👧‍👦 e\u0301",
    "🚀" * 200,
    "long " * 2000,
    "BEGIN:VEVENT\nUID:not-an-event",
]


def written(**fields: Any) -> bytes:
    return ics.write_feed(feed(Entry(**ENTRY | fields)))


def feed(*entries: Entry, notice: str = "") -> Feed:
    return Feed(name="Deployer: my slots", day=at("2026-03-03 00:00"), entries=entries, notice=notice)


def event(**fields: Any) -> Part:
    [found] = strict_ics.events(written(**fields))
    return found


def of_slots(scene: Scene, *, now: datetime | None = None) -> list[Part]:
    """The events of the feed of the first environment."""
    environment = scene.environments[0]
    return strict_ics.events(ics.write_feed(selection.slots_in(environment, now or scene.now)))


def of_freezes(scene: Scene, *, now: datetime | None = None, **wanted: Any) -> list[Part]:
    return strict_ics.events(ics.write_feed(selection.freezes(now or scene.now, **wanted)))


def times(events: list[Part]) -> list[tuple[str, str]]:
    return [(one.raw("DTSTART"), one.raw("DTEND")) for one in events]


def frozen(scene: Scene, **fields: Any) -> Freeze:
    values: dict[str, Any] = {
        "starts_at": scene.now,
        "ends_at": scene.now + timedelta(hours=1),
        "reason": "An election.",
    }
    return declare(new=NewFreeze(**values | fields), rights=scene.manager(), now=scene.now)


# --- How it is written


def test_a_feed_is_a_snapshot_with_a_name_that_asks_to_be_looked_at_again() -> None:
    calendar = strict_ics.read(written())

    assert calendar.properties == [
        ("VERSION", "2.0"),
        ("PRODID", "-//Deployer//Release calendar//EN"),
        ("CALSCALE", "GREGORIAN"),
        ("NAME", "Deployer: my slots"),
        ("X-WR-CALNAME", "Deployer: my slots"),
        ("REFRESH-INTERVAL;VALUE=DURATION", "PT15M"),
        ("X-PUBLISHED-TTL", "PT15M"),
    ]


def test_an_event_has_what_programs_know_it_by_and_show() -> None:
    assert dict(event().properties) == {
        "UID": "0123@deployer",
        "SEQUENCE": "2",
        "DTSTAMP": "20260303T120000Z",
        "LAST-MODIFIED": "20260303T120000Z",
        "CREATED": "20260302T120000Z",
        "DTSTART": "20260303T130000Z",
        "DTEND": "20260303T140000Z",
        "SUMMARY": "frontend v12 to production",
        "DESCRIPTION": "Booked by Alex Doe.",
        "LOCATION": "Production",
        "CATEGORIES": "Slot,Production",
        "URL": "https://deployer.example.org/slots/12/",
        "STATUS": "CONFIRMED",
        "TRANSP": "OPAQUE",
    }


def test_what_is_called_off_is_cancelled_and_keeps_nobody_busy() -> None:
    found = event(cancelled=True, keeps_busy=False)

    assert (found.raw("STATUS"), found.raw("TRANSP")) == ("CANCELLED", "TRANSPARENT")


@pytest.mark.parametrize("text", AWKWARD)
@pytest.mark.parametrize("name", ["summary", "description", "location"])
def test_text_comes_back_as_it_was_written(name: str, text: str) -> None:
    assert event(**{name: text}).text(name.upper()) == text


@pytest.mark.parametrize("text", AWKWARD)
def test_icalendar_itself_reads_back_what_was_written(text: str) -> None:
    [found] = Calendar.from_ical(written(summary=text, description=text, categories=("Slot", text))).events

    assert (str(found["SUMMARY"]), str(found["DESCRIPTION"]), found.categories) == (text, text, ["Slot", text])
    assert (found.start, found.end) == ENTRY["span"]
    assert (found["UID"], found["SEQUENCE"], found["URL"]) == (ENTRY["uid"], 2, ENTRY["url"])
    assert (found.DTSTAMP, found.LAST_MODIFIED, found.created) == (NOON, NOON, ENTRY["made_at"])


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029"), max_size=300))
def test_any_text_comes_back_as_it_was_written(text: str) -> None:
    found = event(description=f"x{text}", categories=(f"x{text}", "y"))

    assert (found.text("DESCRIPTION"), found.texts("CATEGORIES")) == (f"x{text}", [f"x{text}", "y"])


@pytest.mark.parametrize("new_line", ["\n", "\r\n", "\r", "\u2028", "\u0085", "\v"])
def test_every_kind_of_new_line_becomes_one(new_line: str) -> None:
    assert event(description=f"one{new_line}two").text("DESCRIPTION") == "one\ntwo"


def test_control_characters_for_which_programs_refuse_a_feed_are_left_out() -> None:
    controls = "".join(map(chr, (*range(9), *range(14, 28), 31, 127)))

    assert event(description=f"a{controls}\tb").text("DESCRIPTION") == "a\tb"


def test_ten_thousand_characters_of_notes_are_folded() -> None:
    found = event(description="é" * 10_000)

    assert found.text("DESCRIPTION") == "é" * 10_000


def test_a_feed_without_events_has_a_component_as_every_calendar_must() -> None:
    calendar = strict_ics.read(ics.write_feed(feed()))

    assert [part.name for part in calendar.parts] == ["VTIMEZONE"]
    assert Calendar.from_ical(ics.write_feed(feed())).events == []


def test_what_is_left_out_is_said_in_the_description_of_the_calendar() -> None:
    calendar = strict_ics.read(ics.write_feed(feed(notice="Only 5,000 slots are shown.")))

    assert calendar.text("DESCRIPTION") == calendar.text("X-WR-CALDESC") == "Only 5,000 slots are shown."


def test_a_file_of_one_event_names_no_calendar_that_programs_would_make() -> None:
    calendar = strict_ics.read(ics.write_file(Entry(**ENTRY)))

    assert [name for name, _ in calendar.properties] == ["VERSION", "PRODID", "CALSCALE"]
    assert [one.raw("UID") for one in calendar.named("VEVENT")] == ["0123@deployer"]


@pytest.mark.parametrize(
    "changed",
    [
        {"summary": "x"},
        {"sequence": 3},
        {"changed_at": NOON + timedelta(seconds=1)},
        {"cancelled": True},
        {"url": "x:"},
    ],
)
def test_the_etag_is_another_as_soon_as_anything_that_is_written_is(changed: dict[str, Any]) -> None:
    assert feed(Entry(**ENTRY)).etag == feed(Entry(**ENTRY)).etag
    assert feed(Entry(**ENTRY)).etag != feed(Entry(**ENTRY | changed)).etag


# --- Slots


def test_a_slot_says_what_goes_where_who_booked_it_and_who_watches(scene: Scene, settings: Settings) -> None:
    settings.BASE_URL = "https://deployer.example.org"
    application = scene.application(environments=1)
    release = scene.register(application, "v12")
    slot = booked(scene, application, release=release, watched_by="Sam Doe", notes="Mind the cache; twice, please.\n")

    [found] = of_slots(scene)

    address = f"https://deployer.example.org/slots/{slot.pk}/"
    assert found.text("SUMMARY") == "frontend v12 to integration"
    assert found.text("DESCRIPTION") == (
        "Booked by Alex Doe.\nWatched by Sam Doe.\n\n- frontend v12\n\nMind the cache; twice, please.\n\n" + address
    )
    assert (found.text("LOCATION"), found.texts("CATEGORIES")) == ("Integration", ["Slot", "Integration"])
    assert (found.raw("URL"), found.raw("UID")) == (address, f"{slot.uid}@deployer")
    assert times([found]) == [("20260303T130000Z", "20260303T133000Z")]
    assert (found.raw("SEQUENCE"), found.raw("STATUS"), found.raw("CREATED")) == ("0", "CONFIRMED", "20260303T120000Z")


def test_a_slot_for_several_applications_names_them(scene: Scene) -> None:
    applications = [scene.application(slug, environments=1) for slug in ("frontend", "router")]
    booked(scene, *applications, release=scene.register(applications[1], "0123456789abcdef0123456789abcdef01234567"))

    [found] = of_slots(scene)

    assert found.text("SUMMARY") == "frontend and router 0123456789ab to integration"
    assert "- router 0123456789abcdef0123456789abcdef01234567\n" in found.text("DESCRIPTION")


def test_a_slot_for_many_applications_has_a_title_that_fits_and_lists_them_all(scene: Scene) -> None:
    applications = [scene.application(f"app-{letter}", environments=1) for letter in "abcde"]
    booked(scene, *applications)

    [found] = of_slots(scene)

    assert found.text("SUMMARY") == "app-a, app-b, app-c and 2 more to integration"
    assert all(f"- app-{letter}\n" in found.text("DESCRIPTION") for letter in "abcde")


def test_a_slot_that_is_exclusive_says_so_and_who_let_it_pass_what(scene: Scene) -> None:
    frozen(scene, ends_at=scene.now + timedelta(days=1))
    new = new_slot(scene, scene.application(environments=1), exclusive=True)
    blocker = f"freeze:{Freeze.objects.get().pk}"
    override = NewOverride(blocker=blocker, reason="The ministers agreed.", expires_at=new.ends_at)
    book(new=new, rights=scene.manager(), overrides=[override], now=scene.now)

    [found] = of_slots(scene)

    assert "Exclusive: nothing else is deployed there meanwhile.\n" in found.text("DESCRIPTION")
    assert "Overridden by Sam Doe: The ministers agreed. It passes: " in found.text("DESCRIPTION")


def test_a_slot_that_was_moved_is_the_same_event_in_a_later_version(scene: Scene) -> None:
    slot = booked(scene, scene.application(environments=1))
    later = scene.now + timedelta(minutes=10)

    moved(scene, slot, by=timedelta(hours=2), now=later)

    [found] = of_slots(scene)
    assert (found.raw("UID"), found.raw("SEQUENCE")) == (f"{slot.uid}@deployer", "1")
    assert times([found]) == [("20260303T150000Z", "20260303T153000Z")]
    assert found.raw("DTSTAMP") == found.raw("LAST-MODIFIED") == "20260303T121000Z"
    assert found.raw("CREATED") == "20260303T120000Z"


def moved(scene: Scene, slot: Slot, *, by: timedelta, now: datetime) -> Slot:
    to = SlotChange(
        starts_at=slot.starts_at + by, ends_at=slot.ends_at + by, exclusive=False, notes=slot.notes, watched_by=""
    )
    return change(slot=slot, to=to, rights=scene.person(), now=now)


def test_a_slot_that_was_cancelled_stays_for_four_weeks_as_cancelled(scene: Scene) -> None:
    slot = booked(scene, scene.application(environments=1), at=scene.now + timedelta(days=60))

    cancel(slot=slot, rights=scene.person(), reason="Not ready.", now=scene.now)

    [found] = of_slots(scene)
    assert (found.raw("STATUS"), found.raw("TRANSP"), found.raw("SEQUENCE")) == ("CANCELLED", "TRANSPARENT", "1")
    assert found.text("SUMMARY") == "Cancelled: frontend to integration"
    assert "Cancelled by Alex Doe. Not ready.\n" in found.text("DESCRIPTION")
    assert len(of_slots(scene, now=scene.now + timedelta(days=28))) == 1
    assert of_slots(scene, now=scene.now + timedelta(days=29)) == []


def test_a_slot_that_was_missed_is_cancelled_in_a_later_version(scene: Scene) -> None:
    booked(scene, scene.application(environments=1))
    [before] = of_slots(scene)

    scene.run(7200)

    [found] = of_slots(scene)
    assert found.text("SUMMARY") == "Missed: frontend to integration"
    assert "Nothing was promoted in it." in found.text("DESCRIPTION")
    assert (found.raw("STATUS"), found.raw("UID")) == ("CANCELLED", before.raw("UID"))
    assert int(found.raw("SEQUENCE")) > int(before.raw("SEQUENCE"))
    assert found.raw("LAST-MODIFIED") == "20260303T133000Z"


def test_a_slot_that_was_used_stays_confirmed(scene: Scene) -> None:
    application = scene.application(environments=1, slot_policy="required")
    booked(scene, application, release=scene.register(application, "v12"))

    scene.run(7200)

    [found] = of_slots(scene)
    assert (Slot.objects.get().state, found.raw("STATUS")) == ("finished", "CONFIRMED")
    assert "live and verified" in found.text("DESCRIPTION")


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        ("2026-03-29", ("20260329T003000Z", "20260329T010000Z")),
        ("2026-10-25", ("20261025T003000Z", "20261025T010000Z")),
    ],
)
def test_slots_in_the_nights_of_the_clock_changes_are_in_utc(scene: Scene, day: str, hours: tuple[str, str]) -> None:
    start = at(f"{day} 00:30")
    scene.now = start - timedelta(days=1)
    booked(scene, scene.application(environments=1), at=start)

    assert times(of_slots(scene)) == [hours]


def test_a_feed_goes_from_thirty_days_back_to_four_hundred_ahead(scene: Scene) -> None:
    application = scene.application(environments=1)
    today = at("2026-03-03 00:00")
    for start in (
        today - timedelta(days=30, hours=1),
        today - timedelta(days=30),
        today + timedelta(days=399, hours=23),
    ):
        slot_row(scene, application, start)

    assert [one.raw("DTSTART") for one in of_slots(scene)] == ["20260201T000000Z", "20270406T230000Z"]


def slot_row(scene: Scene, application: Application, start: datetime) -> Slot:
    """Where no booking would be allowed."""
    slot = Slot.objects.create(
        environment=scene.environments[0],
        starts_at=start,
        ends_at=start + timedelta(minutes=30),
        booked_by="Alex Doe",
        booked_at=scene.now,
        due_at=start,
    )
    slot.bookings.create(application=application)
    return slot


def test_of_too_many_slots_the_nearest_are_shown_and_that_is_said(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "MOST", 3)
    application = scene.application(environments=1)
    for days in (-20, -2, 1, 5):
        slot_row(scene, application, scene.now + timedelta(days=days))

    found = selection.slots_in(scene.environments[0], scene.now)

    assert [(entry.span.start - scene.now).days for entry in found.entries] == [-2, 1, 5]
    assert found.notice == "Only 3 slots are shown: those that are furthest ahead or longest over are left out."


# --- Freezes


def test_a_freeze_says_why_what_is_allowed_and_whom_to_ask(scene: Scene, settings: Settings) -> None:
    settings.BASE_URL = "https://deployer.example.org"
    application = scene.application(environments=1)
    freeze = frozen(
        scene,
        applications=[application],
        environments=[scene.environments[2]],
        contact="#govuk-incident",
        allows_by_hand=True,
    )

    [found] = of_freezes(scene)

    address = f"https://deployer.example.org/freezes/{freeze.pk}/"
    assert found.text("SUMMARY") == "Freeze: frontend in production"
    assert found.text("DESCRIPTION") == (
        "An election.\n\nfrontend in production. Declared by Sam Doe.\nContact: #govuk-incident\n"
        f"Still allowed: rollbacks and deploys that a person starts.\n\n{address}"
    )
    assert (found.text("LOCATION"), found.texts("CATEGORIES")) == ("Production", ["Freeze", "Production"])
    assert times([found]) == [("20260303T120000Z", "20260303T130000Z")]
    assert (found.raw("TRANSP"), found.raw("STATUS"), found.raw("URL")) == ("TRANSPARENT", "CONFIRMED", address)


def test_a_freeze_of_everything_is_everywhere(scene: Scene) -> None:
    frozen(scene, allows_rollbacks=False)

    [found] = of_freezes(scene)

    assert (found.text("SUMMARY"), found.text("LOCATION")) == ("Freeze: Everything", "Every environment")
    assert "Still allowed: nothing.\n" in found.text("DESCRIPTION")


def test_a_freeze_until_lifted_ends_where_the_feed_does_and_says_so(scene: Scene) -> None:
    frozen(scene, ends_at=None)

    [found] = of_freezes(scene)

    assert times([found]) == [("20260303T120000Z", "20270407T000000Z")]
    assert "until it is lifted. This feed shows it as far as it reaches: 7 April 2027.\n" in found.text("DESCRIPTION")


def test_a_freeze_that_was_lifted_ends_then(scene: Scene) -> None:
    freeze = frozen(scene, ends_at=None)
    [before] = of_freezes(scene)

    lift(freeze=freeze, reason="It is over", rights=scene.manager(), now=scene.now + timedelta(seconds=90.7))

    [found] = of_freezes(scene)
    assert times([found]) == [("20260303T120000Z", "20260303T120130Z")]
    assert "Lifted by Sam Doe: It is over.\n" in found.text("DESCRIPTION")
    assert (found.raw("UID"), found.raw("SEQUENCE")) == (before.raw("UID"), "1")
    assert found.raw("LAST-MODIFIED") == "20260303T120130Z"


def test_a_freeze_that_was_lifted_within_its_first_second_still_ends_after_it_starts(scene: Scene) -> None:
    freeze = frozen(scene)

    lift(freeze=freeze, reason="A slip.", rights=scene.manager(), now=scene.now + timedelta(seconds=0.5))

    assert times(of_freezes(scene)) == [("20260303T120000Z", "20260303T120001Z")]


def test_a_freeze_that_was_extended_is_the_same_event_in_a_later_version(scene: Scene) -> None:
    freeze = frozen(scene)
    [before] = of_freezes(scene)

    extend(freeze=freeze, ends_at=at("2026-03-03 18:00"), rights=scene.manager(), now=scene.now + timedelta(minutes=5))

    [found] = of_freezes(scene)
    assert (found.raw("UID"), found.raw("SEQUENCE")) == (before.raw("UID"), "1")
    assert (found.raw("DTEND"), found.raw("LAST-MODIFIED")) == ("20260303T180000Z", "20260303T120500Z")


def test_a_freeze_that_recurs_is_an_event_each_time_by_the_wall_clock_over_both_clock_changes(scene: Scene) -> None:
    frozen(scene, starts_at=at("2026-03-06 16:00"), ends_at=at("2026-03-07 00:00"), recurrence="FREQ=WEEKLY;BYDAY=FR")

    events = of_freezes(scene)

    found = dict(times(events))
    assert len(found) == 57
    assert len({one.raw("UID") for one in events}) == 57
    assert {start: found[start] for start in ("20260327T160000Z", "20260403T150000Z")} == {
        "20260327T160000Z": "20260328T000000Z",
        "20260403T150000Z": "20260403T230000Z",
    }
    assert {start: found[start] for start in ("20261023T150000Z", "20261030T160000Z")} == {
        "20261023T150000Z": "20261023T230000Z",
        "20261030T160000Z": "20261031T000000Z",
    }
    assert all(
        "It recurs: FREQ=WEEKLY;BYDAY=FR, by the clock of Europe/London.\n" in one.text("DESCRIPTION") for one in events
    )


def test_a_freeze_over_the_hour_that_is_missing_or_comes_twice_lasts_as_long_as_it_does(scene: Scene) -> None:
    frozen(scene, starts_at=at("2026-03-08 00:30"), ends_at=at("2026-03-08 03:00"), recurrence="FREQ=WEEKLY;BYDAY=SU")

    found = dict(times(of_freezes(scene)))

    assert found["20260329T003000Z"] == "20260329T020000Z"
    assert found["20261024T233000Z"] == "20261025T030000Z"


def test_one_time_that_was_lifted_is_left_out_or_ends_then(scene: Scene) -> None:
    freeze = frozen(
        scene, starts_at=at("2026-03-03 12:00"), ends_at=at("2026-03-03 18:00"), recurrence="FREQ=WEEKLY;COUNT=4"
    )
    lift_once(
        freeze=freeze, occurrence=at("2026-03-17 12:00"), reason="Budget day.", rights=scene.manager(), now=scene.now
    )
    lift_once(
        freeze=freeze,
        occurrence=at("2026-03-03 12:00"),
        reason="All calm.",
        rights=scene.manager(),
        now=at("2026-03-03 14:00"),
    )

    events = of_freezes(scene)

    assert times(events) == [
        ("20260303T120000Z", "20260303T140000Z"),
        ("20260310T120000Z", "20260310T180000Z"),
        ("20260324T120000Z", "20260324T180000Z"),
    ]
    assert "Lifted this time by Sam Doe: All calm.\n" in events[0].text("DESCRIPTION")
    assert "Lifted" not in events[1].text("DESCRIPTION")
    assert {one.raw("SEQUENCE") for one in events} == {"2"}


def test_a_freeze_that_recurred_until_it_was_lifted_keeps_only_the_times_that_were(scene: Scene) -> None:
    freeze = frozen(scene, starts_at=at("2026-03-03 12:00"), ends_at=at("2026-03-03 18:00"), recurrence="FREQ=DAILY")

    lift(freeze=freeze, reason="It is over.", rights=scene.manager(), now=at("2026-03-04 13:00"))

    events = of_freezes(scene)
    assert times(events) == [("20260303T120000Z", "20260303T180000Z"), ("20260304T120000Z", "20260304T130000Z")]
    assert ["Lifted by" in one.text("DESCRIPTION") for one in events] == [False, True]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, {"all", "team", "app", "other", "production"}),
        ({"application": "frontend"}, {"all", "team", "app", "production"}),
        ({"team": "web"}, {"all", "team", "app", "production"}),
        ({"team": "data"}, {"all", "other", "production"}),
        ({"environment": "integration"}, {"all", "team", "app", "other"}),
        ({"application": "frontend", "environment": "integration"}, {"all", "team", "app"}),
        ({"team": "data", "application": "frontend"}, {"all", "production"}),
    ],
)
def test_the_freezes_that_touch_what_is_asked_for(scene: Scene, wanted: dict[str, str], found: set[str]) -> None:
    application, other = scene.application("frontend", environments=1), scene.application("search", environments=1)
    other.owner = Team.objects.create(slug="data", name="Data")
    other.save()
    frozen(scene, reason="all")
    frozen(scene, reason="team", teams=[application.owner])
    frozen(scene, reason="app", applications=[application])
    frozen(scene, reason="other", applications=[other])
    frozen(scene, reason="production", environments=[scene.environments[2]])
    rows: dict[str, Any] = {"team": Team, "application": Application, "environment": Environment}

    events = of_freezes(scene, **{name: rows[name].objects.get(slug=slug) for name, slug in wanted.items()})

    assert {one.text("DESCRIPTION").split("\n")[0] for one in events} == found


def test_a_team_that_owns_nothing_sees_the_freezes_that_name_it(scene: Scene) -> None:
    team = Team.objects.create(slug="data", name="Data")
    frozen(scene, teams=[team])

    assert len(of_freezes(scene, team=team)) == 1


def test_of_too_many_times_of_freezes_the_nearest_are_shown(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "MOST", 3)
    frozen(scene, starts_at=at("2026-03-03 12:00"), ends_at=at("2026-03-03 13:00"), recurrence="FREQ=DAILY;COUNT=9")

    found = selection.freezes(at("2026-03-10 12:00"))

    assert [entry.span.start for entry in found.entries] == [
        at("2026-03-09 12:00"),
        at("2026-03-10 12:00"),
        at("2026-03-11 12:00"),
    ]
    assert (
        found.notice == "Only 3 times of freezes are shown: those that are furthest ahead or longest over are left out."
    )
