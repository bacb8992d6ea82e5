"""The calendar in the admin: hours and closing days are edited with clear refusals, the rest is looked at."""

from datetime import date, datetime, time
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.asserts import assertNotContains

from apps_registry.models import Environment
from deployer.audit.models import Event
from deployer.calendar.actions.freezes import NewFreeze, declare, lift_once
from deployer.calendar.actions.overrides import NewOverride
from deployer.calendar.actions.series import book_series
from deployer.calendar.actions.slots import book
from deployer.calendar.models import ClosedDay, EnvironmentCalendar, Freeze, OpenHours, Slot, SlotOverride, SlotSeries
from deployer.promotions.actions.override import override_promotion
from deployer.promotions.models import PromotionOverride
from tests.apps_registry.admin.pages import (
    add_inline,
    add_page,
    address,
    change_page,
    errors_on,
    fill,
    form_on,
    saved,
    send,
)
from tests.apps_registry.factories import make_environment, make_user
from tests.calendar.bookings import at, new_slot
from tests.scene import Scene
from tests.web.pages import text_of

HOURS = "open_hours"


@pytest.fixture
def browser(db: None) -> Client:
    """An admin's browser."""
    client = Client()
    client.force_login(make_user(username="ada", first_name="Ada", is_staff=True, is_superuser=True))
    return client


def calendar_of(environment: Environment, *rows: tuple[int, str, str]) -> EnvironmentCalendar:
    """A calendar with these hours: weekday, opens, closes."""
    calendar = EnvironmentCalendar.objects.create(environment=environment)
    for weekday, opens, closes in rows:
        OpenHours.objects.create(
            calendar=calendar, weekday=weekday, opens=time.fromisoformat(opens), closes=time.fromisoformat(closes)
        )
    return calendar


def with_hours(browser: Client, calendar: EnvironmentCalendar, *rows: tuple[int, str, str]) -> Any:
    """Add these hours on the calendar's page and send it."""
    url = change_page(calendar)
    fields = form_on(browser, url, EnvironmentCalendar)
    for weekday, opens, closes in rows:
        add_inline(fields, HOURS, weekday=weekday, opens=opens, closes=closes)
    return send(browser, url, fields)


def test_hours_are_given_to_an_environment_and_told_in_the_audit(browser: Client) -> None:
    environment = make_environment(slug="production")
    url = add_page(EnvironmentCalendar)
    fields = fill(form_on(browser, url, EnvironmentCalendar), environment=environment.pk)
    add_inline(fields, HOURS, weekday=0, opens="09:30", closes="17:00")
    add_inline(fields, HOURS, weekday=4, opens="22:00", closes="02:00")

    assert saved(send(browser, url, fields))

    assert [str(one) for one in OpenHours.objects.all()] == ["Monday 09:30 to 17:00", "Friday 22:00 to 02:00"]
    events = Event.objects.order_by("id")
    assert [(one.kind, one.environment) for one in events] == [
        ("calendar.environment_calendar.created", "production"),
        ("calendar.open_hours.created", "production"),
        ("calendar.open_hours.created", "production"),
    ]
    assert "Monday 09:30 to 17:00, Friday 22:00 to 02:00 the next day" in text_of(
        browser.get(address(EnvironmentCalendar, "changelist"))
    )


def test_changed_and_removed_hours_are_told_with_what_was(browser: Client) -> None:
    calendar = calendar_of(make_environment(slug="production"), (0, "09:30", "17:00"), (1, "09:30", "17:00"))
    url = change_page(calendar)
    fields = form_on(browser, url, EnvironmentCalendar)
    fill(fields, zone="Europe/Paris", **{f"{HOURS}-0-closes": "16:00", f"{HOURS}-1-DELETE": "on"})

    assert saved(send(browser, url, fields))

    sentences = [one.sentence for one in Event.objects.order_by("id")]
    assert [one.partition(":")[0] for one in sentences] == [
        "Changed the environment's calendar calendar of production",
        "Changed the open hours Monday 09",
        "Removed the open hours Tuesday 09",
    ]
    assert "zone from Europe/London to Europe/Paris" in sentences[0]
    assert "closes from 17:00:00 to 16:00:00" in sentences[1]


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"zone": "London"}, {"zone": "'London' is not a time zone: use an IANA name such as Europe/London."}),
        (
            {"holidays_country": "XX"},
            {
                "holidays_country": "The holidays of 'XX' are not known: use a code of ISO 3166 such as GB, or leave "
                "it empty for none."
            },
        ),
        (
            {"holidays_subdivision": "LONDON"},
            {
                "holidays_subdivision": "The holidays of 'LONDON' in GB are not known: one of ENG, NIR, SCT, WLS, or "
                "leave it empty."
            },
        ),
        (
            {"slot_minutes": "90"},
            {"__all__": "The longest slot can't be shorter than the usual one."},
        ),
        ({"promotion_minutes": "1441"}, {"promotion_minutes": "Ensure this value is less than or equal to 1440."}),
        ({"book_ahead_days": "0"}, {"book_ahead_days": "Ensure this value is greater than or equal to 1."}),
    ],
)
def test_what_is_wrong_is_said_at_its_field_with_what_to_write(
    browser: Client, fields: dict[str, str], errors: dict[str, str]
) -> None:
    calendar = calendar_of(make_environment())
    url = change_page(calendar)

    found = errors_on(send(browser, url, fill(form_on(browser, url, EnvironmentCalendar), **fields)))

    assert found == {name: [error] for name, error in errors.items()}
    assert not Event.objects.exists()


@pytest.mark.parametrize(("country", "part", "stored"), [("gb", "ENG", ("GB", "ENG")), ("", "ENG", ("", ""))])
def test_a_country_is_taken_in_small_letters_and_none_has_no_subdivision(
    browser: Client, country: str, part: str, stored: tuple[str, str]
) -> None:
    calendar = calendar_of(make_environment())
    url = change_page(calendar)
    fields = fill(form_on(browser, url, EnvironmentCalendar), holidays_country=country, holidays_subdivision=part)

    assert saved(send(browser, url, fields))

    calendar.refresh_from_db()
    assert (calendar.holidays_country, calendar.holidays_subdivision) == stored


@pytest.mark.parametrize(
    ("there", "added", "said"),
    [
        ((0, "09:30", "17:00"), (0, "16:00", "18:00"), "Monday 09:30 to 17:00"),
        ((0, "09:30", "17:00"), (0, "09:30", "10:00"), "Monday 09:30 to 17:00"),
        ((0, "22:00", "04:00"), (1, "03:00", "05:00"), "Monday 22:00 to 04:00"),
        ((6, "22:00", "04:00"), (0, "03:00", "05:00"), "Sunday 22:00 to 04:00"),
        ((0, "00:00", "00:00"), (0, "12:00", "13:00"), "Monday 00:00 to 00:00"),
    ],
)
def test_hours_that_overlap_are_refused_at_the_later_row(
    browser: Client, there: tuple[int, str, str], added: tuple[int, str, str], said: str
) -> None:
    calendar = calendar_of(make_environment(), there)

    errors = errors_on(with_hours(browser, calendar, added))

    assert errors == {f"{HOURS}-1-opens": [f"This overlaps {said}: change one of them, or join the two."]}
    assert OpenHours.objects.count() == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((0, "09:30", "12:00"), (0, "12:00", "17:00")),
        ((0, "22:00", "04:00"), (1, "04:00", "05:00")),
        ((6, "22:00", "00:00"), (0, "00:00", "05:00")),
        ((0, "00:00", "00:00"), (1, "00:00", "00:00")),
    ],
)
def test_hours_that_only_touch_are_taken(
    browser: Client, one: tuple[int, str, str], other: tuple[int, str, str]
) -> None:
    assert saved(with_hours(browser, calendar_of(make_environment(), one), other))

    assert OpenHours.objects.count() == 2


def test_hours_that_close_when_they_open_are_refused_and_all_day_is_offered(browser: Client) -> None:
    errors = errors_on(with_hours(browser, calendar_of(make_environment()), (0, "09:30", "09:30")))

    assert errors == {
        f"{HOURS}-0-closes": ["It closes when it opens: give another time, or 00:00 and 00:00 for all day."]
    }


def test_hours_that_are_removed_overlap_nothing(browser: Client) -> None:
    calendar = calendar_of(make_environment(), (0, "09:30", "17:00"))
    url = change_page(calendar)
    fields = fill(form_on(browser, url, EnvironmentCalendar), **{f"{HOURS}-0-DELETE": "on"})
    add_inline(fields, HOURS, weekday=0, opens="10:00", closes="16:00")

    assert saved(send(browser, url, fields))

    assert [str(one) for one in OpenHours.objects.all()] == ["Monday 10:00 to 16:00"]


def test_a_closing_day_of_all_environments_is_added_and_told(browser: Client) -> None:
    url = add_page(ClosedDay)
    fields = fill(form_on(browser, url, ClosedDay), day="2026-11-26", name="The Budget")

    assert saved(send(browser, url, fields))

    assert Event.objects.get().sentence == "Added the closed day The Budget on 26 November 2026."
    listed = text_of(browser.get(address(ClosedDay, "changelist")))
    assert "26 Nov 2026 Thursday The Budget all" in listed


@pytest.mark.parametrize("where", ["one", "all"])
def test_a_day_is_closed_once_in_the_same_place(browser: Client, where: str) -> None:
    environment = make_environment() if where == "one" else None
    ClosedDay.objects.create(environment=environment, day=date(2026, 11, 26), name="The Budget")
    url = add_page(ClosedDay)
    place = environment.pk if environment else ""
    fields = fill(form_on(browser, url, ClosedDay), environment=place, day="2026-11-26", name="Again")

    errors = errors_on(send(browser, url, fields))

    assert errors == {"day": ["It is closed on that day already (The Budget): change that one."]}


def test_a_closing_day_can_be_renamed(browser: Client) -> None:
    closed = ClosedDay.objects.create(day=date(2026, 11, 26), name="The Budget")
    url = change_page(closed)

    assert saved(send(browser, url, fill(form_on(browser, url, ClosedDay), name="Budget day")))

    closed.refresh_from_db()
    assert closed.name == "Budget day"


@pytest.fixture
def records(scene: Scene) -> Scene:
    """A freeze with a lifted time, a slot with an override, a series and an overridden promotion."""
    scene.now = at("2026-03-06 16:30")
    application = scene.application(environments=1)
    fridays = NewFreeze(
        starts_at=at("2026-03-06 16:00"),
        ends_at=at("2026-03-07 00:00"),
        recurrence="FREQ=WEEKLY",
        reason="Nobody deploys on a Friday evening.",
        applications=[application],
    )
    freeze = declare(new=fridays, rights=scene.manager(), now=scene.now)
    lift_once(
        freeze=freeze,
        occurrence=at("2026-03-13 16:00"),
        reason="A quiet week.",
        rights=scene.manager(),
        now=scene.now,
    )
    released = scene.register(application, "v1")
    scene.run(1)
    book(
        new=new_slot(scene, application, at=at("2026-03-20 17:00"), release=released),
        rights=scene.manager(),
        overrides=[override(f"freeze:{freeze.pk}", at("2026-03-20 17:30"))],
        now=scene.now,
    )
    book_series(
        first=new_slot(scene, application, at=at("2026-03-09 10:00")),
        rule="FREQ=WEEKLY",
        zone="Europe/London",
        rights=scene.person(),
        now=scene.now,
    )
    promotion = scene.promotion(released, "integration")
    override_promotion(
        promotion=promotion,
        new=override(f"freeze:{freeze.pk}", at("2026-03-06 18:00")),
        rights=scene.manager(),
        now=scene.now,
    )
    return scene


def override(blocker: str, expires_at: datetime) -> NewOverride:
    return NewOverride(blocker=blocker, reason="A security fix that can't wait.", expires_at=expires_at)


RECORDS: list[tuple[type[Model], str]] = [
    (Freeze, "frontend in every environment"),
    (Slot, "frontend v1"),
    (SlotSeries, "FREQ=WEEKLY"),
    (SlotOverride, "Sam Doe"),
    (PromotionOverride, "frontend v1 to integration"),
]


@pytest.mark.parametrize(("model", "words"), RECORDS)
def test_what_changes_through_actions_is_only_looked_at(
    browser: Client, records: Scene, model: type[Model], words: str
) -> None:
    row = model._default_manager.first()
    assert row is not None

    page = browser.get(change_page(row))

    assert words in text_of(browser.get(address(model, "changelist")))
    assertNotContains(page, 'name="_save"')
    assertNotContains(page, "deletelink")
    assert browser.post(change_page(row), {}).status_code == 403
    assert browser.get(add_page(model)).status_code == 403


@pytest.mark.parametrize(("model", "words"), RECORDS)
@pytest.mark.parametrize(("sought", "found"), [("frontend", True), ("publisher", False)])
def test_it_is_found_by_its_application(
    browser: Client, records: Scene, model: type[Model], words: str, sought: str, found: bool
) -> None:
    assert (words in text_of(browser.get(address(model, "changelist"), {"q": sought}))) is found


def test_a_freeze_shows_its_times_that_were_lifted_and_a_slot_its_applications(browser: Client, records: Scene) -> None:
    freeze, slot = Freeze.objects.get(), Slot.objects.filter(overrides__isnull=False).get()

    assert "A quiet week." in text_of(browser.get(change_page(freeze)))
    assert "A security fix that can't wait." in text_of(browser.get(change_page(slot)))


@pytest.mark.parametrize("model", [Freeze, Slot])
def test_a_list_takes_as_many_queries_for_many_as_for_one(browser: Client, records: Scene, model: type[Model]) -> None:
    application = records.application("other", environments=1)
    few = queries(browser, model)

    for number in range(5):
        new = NewFreeze(starts_at=records.now, ends_at=None, reason="Why.", applications=[application])
        declare(new=new, rights=records.manager(), now=records.now)
        slot = new_slot(records, application, at=at(f"2026-04-{number + 13} 10:00"))
        Slot.objects.create(
            environment=slot.environment, starts_at=slot.starts_at, ends_at=slot.ends_at, due_at=slot.starts_at
        ).bookings.create(application=application)

    assert queries(browser, model) == few


def queries(browser: Client, model: type[Model]) -> int:
    with CaptureQueriesContext(connection) as captured:
        browser.get(address(model, "changelist"))
    return len(captured)
