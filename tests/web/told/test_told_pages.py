"""What people were told, what they would be told, and their quiet hours."""

from datetime import time

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.asserts import assertContains, assertNotContains

from apps_registry.models import Application, Environment, Membership, Team, Watcher
from deployer.access.models import User
from deployer.audit.actions import record
from deployer.audit.actor import ENGINE
from deployer.audit.models import Event
from deployer.notifications.models import Notification
from deployer.notifications.routes import routes_of
from tests.web import pages


@pytest.fixture
def app(person: User) -> Application:
    """Owned by the person's team, which has an address."""
    made = pages.application("frontend")
    Team.objects.update(email="web@example.org")
    Membership.objects.create(user=person, team=made.owner)
    person.email = "jo@example.org"
    person.save()
    return made


def stop(slug: str = "frontend", **data: object) -> Event:
    with transaction.atomic():
        return record(
            "promotion.failed",
            f"{slug} v1 to staging failed.",
            by=ENGINE,
            application=slug,
            environment="staging",
            data={"url": "https://deployer.example.org/promotions/1/"} | data,
        )


@pytest.mark.usefixtures("app")
def test_it_lists_what_was_told_to_me_and_my_teams_and_why(reader: Client) -> None:
    stop(authors=[{"name": "Jo", "email": "JO@example.org"}], release="frontend v1")

    rows = pages.rows_of(reader.get("/told/"))

    assert len(rows) == 2
    assert "E-mail, web@example.org" in rows[0]
    assert rows[0].endswith("Web owns frontend.")
    assert "E-mail, jo@example.org" in rows[1]
    assert rows[1].endswith("Jo Okafor wrote a change in frontend v1.")


@pytest.mark.usefixtures("app")
def test_it_can_leave_the_teams_out(reader: Client) -> None:
    stop(authors=[{"name": "Jo", "email": "jo@example.org"}])

    page = reader.get("/told/?to=me")

    assert [row for row in pages.rows_of(page) if "web@example.org" in row] == []
    assert len(pages.rows_of(page)) == 1


@pytest.mark.usefixtures("app")
def test_what_others_were_told_is_not_there(reader: Client) -> None:
    other = pages.application("router", team="edge")
    Team.objects.filter(slug="edge").update(email="edge@example.org")
    stop(other.slug)

    assertNotContains(reader.get("/told/"), "edge@example.org")


def test_who_is_in_no_team_is_told_what_to_do(reader: Client) -> None:
    text = pages.text_of(reader.get("/told/"))

    assert "Nothing yet. Below is what you would be told." in text
    assert "An admin can put you into your team" in text
    assert "has no e-mail address" in text


def test_it_says_what_i_would_be_told(reader: Client, app: Application, person: User) -> None:
    router = pages.application("router", team="edge")
    staging = Environment.objects.get(slug="staging")
    Watcher.objects.create(application=router, kind="user", user=person, environment=staging, events=["errors"])

    text = pages.text_of(reader.get("/told/"))

    assert "frontend What stops or stalls" in text
    assert "By e-mail to web@example.org Web owns frontend." in text
    assert "router New errors of the application Only in Staging By e-mail to jo@example.org" in text


def test_a_page_that_is_not_there_says_so(reader: Client) -> None:
    assertContains(reader.get("/told/?page=7"), "There is nothing on this page")
    assert reader.get("/told/?page=x").status_code == 200


@pytest.mark.usefixtures("app")
def test_an_address_that_is_no_web_address_is_no_link(reader: Client) -> None:
    stop(url="javascript:alert(1)")

    assertNotContains(reader.get("/told/"), "javascript:")


def test_it_takes_as_many_queries_for_many_as_for_one(reader: Client, app: Application) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            reader.get("/told/")
        return len(captured)

    stop()
    few = count()
    for number in range(6):
        other = pages.application(f"app-{number}")
        Watcher.objects.create(application=other, kind="team", team=app.owner)
        stop(other.slug)

    assert count() == few


def test_quiet_hours_are_set_and_taken_away(reader: Client, person: User) -> None:
    answer = reader.post("/told/settings/", {"quiet_from": "22:00", "quiet_until": "7.30"}, follow=True)

    person.refresh_from_db()
    assert (person.quiet_from, person.quiet_until) == (time(22), time(7, 30))
    assertContains(answer, 'value="22:00"')
    assert Event.objects.get(kind="access.user.changed").data["quiet_until"] == [None, "07:30:00"]

    reader.post("/told/settings/", {"quiet_from": "", "quiet_until": ""})

    person.refresh_from_db()
    assert (person.quiet_from, person.quiet_until) == (None, None)


@pytest.mark.parametrize(
    ("start", "end", "why"),
    [
        ("22:00", "", "Say when they end, or leave both empty"),
        ("", "07:00", "Say when they begin, or leave both empty"),
        ("07:00", "07:00", "Quiet hours must end at another time than they begin."),
        ("25:00", "07:00", "Enter a time of the day, such as 14:30"),
    ],
)
def test_what_makes_no_quiet_hours_is_refused_and_nothing_typed_is_lost(
    reader: Client, person: User, start: str, end: str, why: str
) -> None:
    page = reader.post("/told/settings/", {"quiet_from": start, "quiet_until": end})

    assert why in pages.text_of(page)
    assertContains(page, f'value="{start}"')
    person.refresh_from_db()
    assert person.quiet_from is None


@pytest.mark.usefixtures("app")
def test_the_rules_name_my_teams_and_my_address(reader: Client) -> None:
    text = pages.text_of(reader.get("/told/settings/"))

    assert "You are in Web, which owns 1 application: it is told by e-mail to web@example.org." in text
    assert "by its e-mail address, jo@example.org" in text


def test_a_team_without_an_address_is_named_as_one_that_nobody_hears(reader: Client, app: Application) -> None:
    Team.objects.update(email="")

    assertContains(reader.get("/told/settings/"), "so nobody is told")


def test_of_an_application_it_says_who_is_told(app: Application, person: User) -> None:
    Team.objects.update(slack_channel="#web", alerts_channel="#alerts", quiet_from="22:00", quiet_until="07:00")
    Watcher.objects.create(application=app, kind="user", user=person, events=["errors", "trust"])
    Watcher.objects.create(
        application=app, kind="webhook", address="https://example.org/?key=hunter2", connection="hook"
    )
    owner, jo, hook = routes_of(Application.objects.get())

    assert owner.why == "Web owns frontend."
    assert len(owner.how) == 3
    assert owner.quiet == "from 22:00 until 07:00, Europe/London"
    assert (jo.who, jo.what) == ("Jo Okafor", ["New errors of the application", "Trust issues and roll-out"])
    assert hook.who == "https://example.org/"
    assert "hunter2" not in str(hook)


@pytest.mark.parametrize("address", ["/told/", "/told/settings/"])
def test_who_is_not_signed_in_is_asked_to(client: Client, db: None, address: str) -> None:
    assert client.get(address)["Location"].startswith("/sign-in/")


def test_what_could_not_be_sent_says_why(reader: Client, app: Application) -> None:
    stop()
    Notification.objects.update(state="failed", due_at=None, error="The mail server refuses web@example.org.")

    assertContains(reader.get("/told/"), "Given up: The mail server refuses web@example.org.")
