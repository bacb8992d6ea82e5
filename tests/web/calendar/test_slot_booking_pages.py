"""Booking a slot by the form: what is typed, what is refused and what is offered instead, and who may."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps_registry.models import Application, Environment
from deployer.access.models.user import Role
from deployer.calendar.models import Slot
from tests.calendar.bookings import booked
from tests.scene import Scene
from tests.web.calendar.calls import soon
from tests.web.calendar.slot_desk import BOOK, at_desk, frozen, problems_of, typed


def only_slot() -> Slot:
    return Slot.objects.with_names().get()


def test_a_slot_is_booked_as_it_was_typed(today: Scene, frontend: Application) -> None:
    start = soon(2)

    page = (
        at_desk(today.person())
        .open("/slots/new/")
        .send(BOOK, **typed(start, "frontend", notes="Mend\r\nthe titles.", exclusive="on"))
    )

    slot = only_slot()
    assert page.path == f"/slots/{slot.pk}/"
    assert "Booked: integration for frontend," in page.text
    assert (slot.starts_at, slot.ends_at) == (start, start + timedelta(minutes=30))
    assert (slot.environment.slug, slot.names, slot.exclusive) == ("integration", "frontend", True)
    assert (slot.notes, slot.watched_by, slot.booked_by) == ("Mend\nthe titles.", "Alex Doe", "Alex Doe")


def test_several_applications_are_typed_in_rows_or_in_one(today: Scene, frontend: Application) -> None:
    for slug in ("router", "whitehall"):
        today.application(slug)

    at_desk(today.person()).open("/slots/new/").send(BOOK, **typed(soon(), "Frontend, router", "whitehall"))

    assert only_slot().names == "frontend, router, whitehall"


def test_a_release_is_booked_for_the_application_in_its_row(today: Scene, frontend: Application) -> None:
    today.application("router")
    release = today.register(frontend, "v12")

    fields = typed(soon(), "router", "frontend", version=["", "v12"])
    at_desk(today.person()).open("/slots/new/").send(BOOK, **fields)

    assert [(str(one.application), one.release) for one in only_slot().bookings.all()] == [
        ("frontend", release),
        ("router", None),
    ]


def test_the_newest_releases_are_offered_once_the_application_is_known(today: Scene, frontend: Application) -> None:
    for number in range(1, 13):
        today.register(frontend, f"v{number}")

    page = at_desk(today.person()).open("/slots/new/?application=frontend")

    offered = page.source.split('<datalist id="versions_0">')[1].split("</datalist>")[0]
    assert offered.count("<option") == 10
    assert offered.index("v12") < offered.index("v11") < offered.index("v3")


def test_the_form_is_filled_in_from_the_address(today: Scene, frontend: Application) -> None:
    today.register(frontend, "v12")
    start = soon(3)
    query = {
        "application": ["frontend", "router"],
        "version": "v12",
        "environment": "staging",
        "start": start.isoformat(),
        "end": (start + timedelta(minutes=45)).isoformat(),
    }

    fields = at_desk(today.person()).open(f"/slots/new/?{urlencode(query, doseq=True)}").fields

    assert (fields["application"], fields["version"]) == (["frontend", "router"], ["v12", ""])
    assert (fields["environment"], fields["length"]) == (["staging"], ["until"])
    assert (fields["date"], fields["start"]) == ([start.date().isoformat()], [f"{start:%H:%M}"])
    assert fields["end"] == [f"{start + timedelta(minutes=45):%H:%M}"]


def test_an_address_without_a_time_is_filled_in_with_the_next_free_one(today: Scene, frontend: Application) -> None:
    booked(today, frontend, at=today.now, minutes=60)

    page = at_desk(today.person()).open("/slots/new/?application=frontend&environment=integration")

    page.send(BOOK)
    later = Slot.objects.exclude(starts_at=today.now).get()
    assert later.starts_at == today.now + timedelta(minutes=60) + (-today.now.minute % 5) * timedelta(minutes=1)


@pytest.mark.parametrize(
    "query", ["start=yesterday", "start=0001-01-01T00:00Z", "environment=moon", "application=%00", "end=9999"]
)
def test_what_makes_no_sense_in_an_address_is_left_open(today: Scene, frontend: Application, query: str) -> None:
    page = at_desk(today.person()).open(f"/slots/new/?{query}")

    assert page.status == 200
    assert page.fields["start"] == [""]


def test_another_row_is_added_and_removed_and_nothing_typed_is_lost(today: Scene, frontend: Application) -> None:
    page = at_desk(today.person()).open("/slots/new/")
    fields = typed(soon(), "frontend", version=["v1"], notes="Look at the queue", exclusive="on", date="31/2/2027")

    two = page.send("Add another application", **fields)
    one = two.send("Remove", application=["frontend", "router"], version=["v1", ""])

    assert two.fields["application"] == ["frontend", ""]
    assert one.fields["application"] == ["frontend"]
    for shown in (two, one):
        assert (shown.fields["version"][0], shown.fields["notes"]) == ("v1", ["Look at the queue"])
        assert (shown.fields["exclusive"], shown.fields["date"]) == (["on"], ["31/2/2027"])
        assert "There is a problem" not in shown.text


def test_the_next_free_time_is_found_from_the_typed_one_on(today: Scene, frontend: Application) -> None:
    start = soon(1)
    booked(today, frontend, at=start, minutes=60)

    page = at_desk(today.person()).open("/slots/new/").send("Find the next free time", **typed(start, "frontend"))

    assert "The next free time is filled in below" in page.text
    assert Slot.objects.count() == 1
    page.send(BOOK)
    assert Slot.objects.filter(starts_at__gte=start + timedelta(minutes=60)).count() == 1


def test_without_a_typed_time_the_next_free_one_is_looked_for_from_now_on(today: Scene, frontend: Application) -> None:
    fields = typed(today.now, "frontend", date="", start="")

    page = at_desk(today.person()).open("/slots/new/").send("Find the next free time", **fields)

    assert page.fields["start"] != [""]
    assert "The next free time is filled in below" in page.text


def test_every_reason_is_said_with_who_can_lift_it_and_nothing_typed_is_lost(
    today: Scene, frontend: Application
) -> None:
    start = soon(1)
    booked(today, frontend, at=start)
    freeze = frozen(today, contact="#releases")
    other = today.person("kim", teams=("whitehall",))

    page = at_desk(other).open("/slots/new/").send(BOOK, **typed(start, "frontend", notes="It must go"))

    problems = problems_of(page)
    assert "This slot can't be booked" in page.text
    assert "frontend belongs to Web, and you are not in that team." in problems["id_application_0"]
    assert "Everything is frozen by Sam Doe: The Budget. Contact: #releases." in page.text
    assert "Sam Doe or a release manager can lift it" in page.text
    assert f'href="{freeze.get_absolute_url()}"' in page.source
    assert "frontend has a slot then already, booked by Alex Doe." in page.text
    assert "The next free time" not in page.text.replace("Find the next free time", "")
    assert (page.fields["notes"], page.fields["application"]) == (["It must go"], ["frontend"])
    assert Slot.objects.count() == 1


def test_the_next_free_time_is_offered_and_booked_by_one_press(today: Scene, frontend: Application) -> None:
    freeze = frozen(today)
    page = at_desk(today.person()).open("/slots/new/").send(BOOK, **typed(soon(1), "frontend", notes="It can wait"))

    page.send("Book that time")

    slot = only_slot()
    assert freeze.ends_at is not None
    assert freeze.ends_at <= slot.starts_at < freeze.ends_at + timedelta(minutes=5)
    assert slot.notes == "It can wait"


def test_the_next_free_time_can_be_put_into_the_form(today: Scene, frontend: Application) -> None:
    frozen(today)
    refused = at_desk(today.person()).open("/slots/new/").send(BOOK, **typed(soon(1), "frontend", notes="It can wait"))

    page = refused.send("Put it into the form")

    assert not Slot.objects.exists()
    assert page.fields["notes"] == ["It can wait"]
    assert page.fields["start"] != refused.fields["start"]
    assert "can't be booked" not in page.text


@pytest.mark.parametrize(
    ("fields", "anchor", "said"),
    [
        ({"application": ["frontnd"]}, "id_application_0", "There is no application “frontnd”: did you mean frontend?"),
        ({"application": ["x" * 500]}, "id_application_0", "There is no application “xxx"),
        ({"application": ["fr\0ntend"]}, "id_application_0", "There is no application"),
        ({"application": [""]}, "id_application_0", "at least one application"),
        ({"application": ["frontend", "frontend"]}, "id_application_1", "frontend is there twice"),
        ({"version": ["v99"]}, "id_version_0", "frontend has no release “v99”: its newest are v12"),
        ({"version": ["\0"]}, "id_version_0", "frontend has no release"),
        ({"application": [""], "version": ["v12"]}, "id_application_0", "Enter the application that “v12” is"),
        ({"environment": "moon"}, "id_environment", "Choose one of these environments"),
        ({"environment": None}, "id_environment", "Choose the environment"),
        ({"date": "31/2/2027"}, "id_date", "Enter a day that exists"),
        ({"date": ""}, "id_date", "Enter the day on which it starts"),
        ({"date": "0001-01-01"}, "id_date", "Enter a year from 2000 to 2199"),
        ({"date": "9999-12-31"}, "id_date", "Enter a year from 2000 to 2199"),
        ({"start": "25:99"}, "id_start", "Enter a time of the day"),
        ({"start": "\0"}, "id_start", "Enter a time of the day"),
        ({"start": ""}, "id_start", "Enter the time at which it starts"),
        ({"length": "for ever"}, "id_length", "Choose one of these lengths"),
        ({"length": "until", "end": ""}, "id_end", "Enter the time at which it ends"),
        ({"length": "usual", "end": "14:00"}, "id_end", "Choose “Until a time” for this one to count"),
        ({"notes": "n" * 5001}, "id_notes", "The notes must be at most 5000 characters long"),
        ({"notes": "a\0b"}, "id_notes", "The notes must not have control characters"),
        ({"watched_by": "n" * 151}, "id_watched_by", "must be at most 150 characters long"),
        ({"repeat": "hourly"}, "id_repeat", "Choose one of these ways to repeat it"),
        ({"repeat": "rule", "rule": ""}, "id_rule", "Enter the rule, such as"),
        ({"repeat": "weekly", "version": ["v12"]}, "id_version_0", "leave the release out"),
    ],
)
def test_bad_input_is_told_at_its_field_and_not_lost(
    today: Scene, frontend: Application, fields: dict[str, object], anchor: str, said: str
) -> None:
    today.register(frontend, "v12")
    sent = typed(soon(), "frontend", notes="Kept") | fields

    page = at_desk(today.person()).open("/slots/new/").send(BOOK, **sent)

    assert said in problems_of(page)[anchor]
    assert not Slot.objects.exists()
    for name in {"application", "version", "date", "start", "notes", "watched_by", "rule"} & sent.keys():
        value = sent[name] if isinstance(sent[name], list) else [sent[name]]
        assert page.fields[name][: len(value)] == value


def test_a_time_that_was_typed_in_another_way_is_shown_in_the_browsers(today: Scene, frontend: Application) -> None:
    fields = typed(soon(), "unknown", date="3 March 2027", start="2.30 pm")

    page = at_desk(today.person()).open("/slots/new/").send(BOOK, **fields)

    assert (page.fields["date"], page.fields["start"]) == (["2027-03-03"], ["14:30"])


def test_many_applications_are_said_in_short(today: Scene) -> None:
    slugs = [today.application(f"{number:02}-{'app' * 20}", environments=1).slug for number in range(5)]
    today.environments[0].capacity = 9
    today.environments[0].save()
    slugs += [today.application(f"zoo-{number}", environments=1).slug for number in range(3)]

    page = at_desk(today.person()).open("/slots/new/").send(BOOK, **typed(soon(), " ".join(slugs)))

    assert f"{slugs[4]} and 3 more, " in page.text


def test_fifty_applications_are_the_most(today: Scene) -> None:
    slugs = [today.application(f"app-{number}", environments=1).slug for number in range(51)]

    page = at_desk(today.person()).open("/slots/new/").send(BOOK, **typed(soon(), " ".join(slugs)))

    assert "A slot has at most 50 applications: book several." in page.text
    assert len(page.fields["application"]) == 51


def test_a_viewer_is_told_why_they_can_not_book(today: Scene, frontend: Application) -> None:
    vera = at_desk(today.person("vera", role=Role.VIEWER, teams=()))
    developer = at_desk(today.person()).open("/slots/new/")

    page = vera.open("/slots/new/")
    developer.client.force_login(today.person("vera").user)  # type: ignore[arg-type]
    sent = developer.client.post("/slots/new/", typed(soon(), "frontend") | {"csrfmiddlewaretoken": "x"})

    assert "Your account may look at everything and book nothing" in page.text
    assert page.forms == []
    assert sent.status_code == 403
    assert not Slot.objects.exists()


def test_who_is_in_no_team_is_told_so(today: Scene, frontend: Application) -> None:
    page = at_desk(today.person("lee", teams=())).open("/slots/new/")

    assert "You are in no team yet" in page.text
    assert page.forms == []


def test_a_release_manager_books_for_every_team(today: Scene, frontend: Application) -> None:
    at_desk(today.manager()).open("/slots/new/").send(BOOK, **typed(soon(), "frontend"))

    assert only_slot().booked_by == "Sam Doe"


def queries_of_the_book_page(today: Scene, applications: int) -> int:
    environment, owner = Environment.objects.order_by("position")[0], today.application("first").owner
    made = Application.objects.bulk_create(
        Application(slug=f"app-{number}", name=f"App {number}", owner=owner) for number in range(applications)
    )
    for application in made:
        application.targets.create(environment=environment)
    browser = at_desk(today.person())
    with CaptureQueriesContext(connection) as queries:
        page = browser.open("/slots/new/")
    assert page.source.count("<option value=") == applications + 1
    return len(queries)


@pytest.mark.parametrize("applications", [10, 300])
def test_the_form_asks_the_same_few_things_of_any_number_of_applications(today: Scene, applications: int) -> None:
    assert queries_of_the_book_page(today, applications) <= 10
