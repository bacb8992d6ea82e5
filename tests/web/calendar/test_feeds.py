"""The feeds at their secret addresses, and the page where a person makes theirs."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse, HttpResponseBase
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.http import http_date
from pytest_django import Settings
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from apps_registry.models import Application, Membership, Team, Watcher
from apps_registry.rights import Rights
from deployer.access.models import User
from deployer.audit.models import Event
from deployer.calendar.actions.feeds import renew_address
from deployer.calendar.actions.freezes import NewFreeze, declare
from deployer.calendar.actions.slots import cancel
from deployer.calendar.models import FeedAddress, Slot, SlotApplication
from deployer.refusal import RefusedError
from deployer.web.calendar.feeds.entries import Entry, Feed
from deployer.web.calendar.feeds.views import SETTLED, answer
from tests.calendar.bookings import booked
from tests.scene import NOON, Scene
from tests.web.calendar import strict_ics
from tests.web.calendar.test_ics import ENTRY
from tests.web.pages import text_of

KINDS = ["my.ics", "teams/web.ics", "applications/frontend.ics", "environments/integration.ics", "freezes.ics"]


def user_of(rights: Rights) -> User:
    assert rights.user is not None
    return rights.user


def secret_of(rights: Rights) -> str:
    """A new one."""
    user = user_of(rights)
    made_at = FeedAddress.objects.filter(user=user).values_list("made_at", flat=True).first()
    return renew_address(user=user, replaces=made_at)


def summaries(response: HttpResponseBase) -> list[str]:
    return [one.text("SUMMARY") for one in strict_ics.events(response.content)]  # type: ignore[attr-defined]


@pytest.fixture
def booking(today: Scene, frontend: Application) -> Slot:
    """Alex's, of tomorrow."""
    return booked(today, frontend, at=today.now + timedelta(days=1))


@pytest.fixture
def secret(today: Scene, booking: Slot) -> str:
    """Alex's."""
    return secret_of(today.person())


# --- Who may read


@pytest.mark.parametrize("kind", KINDS)
def test_whoever_has_the_secret_reads_without_signing_in(client: Client, today: Scene, secret: str, kind: str) -> None:
    declare(
        new=NewFreeze(starts_at=today.now, ends_at=None, reason="An election."), rights=today.manager(), now=today.now
    )

    response = client.get(f"/feeds/{secret}/{kind}")

    assert response.status_code == 200
    assert response["content-type"] == "text/calendar; charset=utf-8"
    assert summaries(response) == ["Freeze: Everything" if kind == "freezes.ics" else "frontend to integration"]
    assert not response.cookies


@pytest.mark.parametrize("wrong", ["dpf_wrong", "hidden", "a%00b", "%F0%9F%9A%80", "x" * 500, "my.ics"])
def test_nobody_reads_with_another_secret(client: Client, secret: str, wrong: str) -> None:
    for kind in (*KINDS, "nothing.ics", "", "teams/no such.ics"):
        response = client.get(f"/feeds/{wrong}/{kind}")

        assert response.status_code == 404
        assert response["content-type"] == "text/plain; charset=utf-8"
        assert response["referrer-policy"] == "no-referrer"


def test_the_digest_that_is_stored_opens_nothing(client: Client, secret: str) -> None:
    digest = FeedAddress.objects.get().digest

    assert client.get(f"/feeds/{digest}/my.ics").status_code == 404
    assert secret not in str(FeedAddress.objects.values().get())


def test_a_renewed_address_opens_nothing_and_the_new_one_does(client: Client, today: Scene, secret: str) -> None:
    new = secret_of(today.person())

    for kind in KINDS:
        assert client.get(f"/feeds/{secret}/{kind}").status_code == 404
        assert client.get(f"/feeds/{new}/{kind}").status_code == 200


def test_the_address_of_a_person_who_may_no_longer_sign_in_opens_nothing(
    client: Client, today: Scene, secret: str
) -> None:
    User.objects.filter(pk=user_of(today.person()).pk).update(is_active=False)

    for kind in KINDS:
        assert client.get(f"/feeds/{secret}/{kind}").status_code == 404


def test_it_is_the_feed_of_whose_secret_it_is_whoever_is_signed_in(client: Client, today: Scene, secret: str) -> None:
    other = today.person("jo", teams=())
    client.force_login(user_of(other))

    assert summaries(client.get(f"/feeds/{secret}/my.ics")) == ["frontend to integration"]
    assert summaries(client.get(f"/feeds/{secret_of(other)}/my.ics")) == []


def test_it_is_the_same_to_the_byte_whichever_zone_the_reader_has(client: Client, today: Scene, secret: str) -> None:
    before = client.get(f"/feeds/{secret}/my.ics").content
    reader = user_of(today.person("jo"))
    User.objects.filter(pk=reader.pk).update(time_zone="Pacific/Auckland")
    client.force_login(reader)

    assert client.get(f"/feeds/{secret}/my.ics").content == before


# --- What is in them


def test_my_slots_are_what_i_booked_what_i_watch_and_what_is_my_teams(client: Client, today: Scene) -> None:
    mine, watched, elsewhere = (today.application(slug, environments=1) for slug in ("mine", "watched", "elsewhere"))
    Application.objects.exclude(pk=mine.pk).update(owner=Team.objects.create(slug="data", name="Data"))
    me = today.person()
    Watcher.objects.create(application=watched, kind="user", user=me.user)
    hours = iter(range(1, 9))

    def by_others(application: Application, **fields: Any) -> None:
        start = today.now + timedelta(hours=next(hours))
        booked(today, application, at=start, rights=today.manager(), **fields)

    by_others(mine, notes="team's")
    by_others(watched, notes="watched application")
    by_others(elsewhere, watched_by="Sam Doe, alex doe", notes="watched by name")
    by_others(elsewhere, watched_by="Alex Doerr", notes="another's")
    Slot.objects.update(booker=None)
    by_others(elsewhere, notes="booked by me")
    Slot.objects.exclude(booker=None).update(booker=me.user)

    response = client.get(f"/feeds/{secret_of(me)}/my.ics")

    found = [one.text("DESCRIPTION").split("\n\n")[2] for one in strict_ics.events(response.content)]
    assert found == ["team's", "watched application", "watched by name", "booked by me"]


@pytest.mark.parametrize(("environment", "found"), [("integration", 1), ("staging", 0)])
def test_who_watches_an_application_in_one_environment_has_the_slots_there(
    client: Client, today: Scene, frontend: Application, environment: str, found: int
) -> None:
    watcher = today.person("jo", teams=())
    where = next(one for one in today.environments if one.slug == environment)
    Watcher.objects.create(application=frontend, environment=where, kind="user", user=watcher.user)
    booked(today, frontend)

    assert len(summaries(client.get(f"/feeds/{secret_of(watcher)}/my.ics"))) == found


@pytest.mark.parametrize("watched_by", ["jo", "JO@example.org", "Sam Doe and Jo Doe", "Sam Doe / Jo Doe", " Jo Doe "])
def test_who_watches_is_found_by_each_of_their_names(
    client: Client, today: Scene, frontend: Application, watched_by: str
) -> None:
    watcher = today.person("jo", teams=())
    booked(today, frontend, watched_by=watched_by)

    assert len(summaries(client.get(f"/feeds/{secret_of(watcher)}/my.ics"))) == 1


def test_a_slot_that_is_mine_in_several_ways_is_there_once(client: Client, today: Scene, frontend: Application) -> None:
    me = today.person(teams=("web", "data"))
    for environment in (None, today.environments[0]):
        Watcher.objects.create(application=frontend, environment=environment, kind="user", user=me.user)
    router = today.application("router")
    booked(today, frontend, router, watched_by="Alex Doe")

    assert summaries(client.get(f"/feeds/{secret_of(me)}/my.ics")) == ["frontend and router to integration"]


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("teams/web.ics", {"frontend to integration", "frontend to staging"}),
        ("teams/data.ics", {"search to integration"}),
        ("applications/frontend.ics", {"frontend to integration", "frontend to staging"}),
        ("applications/search.ics", {"search to integration"}),
        ("environments/integration.ics", {"frontend to integration", "search to integration"}),
        ("environments/production.ics", set()),
    ],
)
def test_teams_applications_and_environments_have_their_own(
    client: Client, today: Scene, frontend: Application, kind: str, found: set[str]
) -> None:
    search = today.application("search")
    search.owner = Team.objects.create(slug="data", name="Data")
    search.save()
    booked(today, frontend)
    booked(today, frontend, environment=today.environments[1])
    booked(today, search, rights=today.manager())

    assert set(summaries(client.get(f"/feeds/{secret_of(today.person())}/{kind}"))) == found


def test_freezes_are_filtered_by_what_the_address_asks_for(client: Client, today: Scene, secret: str) -> None:
    until = today.now + timedelta(days=1)
    for reason, environments in (("An election.", ()), ("A move.", today.environments[1:2])):
        new = NewFreeze(starts_at=today.now, ends_at=until, reason=reason, environments=environments)
        declare(new=new, rights=today.manager(), now=today.now)

    response = client.get(f"/feeds/{secret}/freezes.ics?application=frontend&environment=production&team=")

    assert summaries(response) == ["Freeze: Everything"]
    assert b"\r\nNAME:Deployer: freezes of frontend in production\r\n" in response.content


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("teams/nobody.ics", "team"),
        ("applications/nothing.ics", "application"),
        ("environments/nowhere.ics", "environment"),
        ("freezes.ics?team=nobody", "team"),
        ("freezes.ics?application=a%00b", "application"),
        ("freezes.ics?environment=nowhere", "environment"),
    ],
)
def test_what_there_is_not_is_said(client: Client, secret: str, address: str, what: str) -> None:
    response = client.get(f"/feeds/{secret}/{address}")

    assertContains(response, f"There is no {what} of this name.", status_code=404)
    assert response["referrer-policy"] == "no-referrer"


# --- How programs fetch them


def test_an_answer_is_private_and_sends_its_address_nowhere(client: Client, secret: str) -> None:
    response = client.get(f"/feeds/{secret}/my.ics")

    assert response["cache-control"] == "private, max-age=0, must-revalidate"
    assert response["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("kind", KINDS)
def test_a_program_that_has_it_already_is_not_sent_it_again(client: Client, secret: str, kind: str) -> None:
    etag = client.get(f"/feeds/{secret}/{kind}")["etag"]

    again = client.get(f"/feeds/{secret}/{kind}", headers={"if-none-match": f'"other", {etag}'})

    assert (again.status_code, again.content, again["etag"]) == (304, b"", etag)
    assert again["cache-control"] == "private, max-age=0, must-revalidate"


def test_a_change_is_sent(client: Client, today: Scene, booking: Slot, secret: str) -> None:
    etag = client.get(f"/feeds/{secret}/my.ics")["etag"]
    cancel(slot=booking, rights=today.person())

    again = client.get(f"/feeds/{secret}/my.ics", headers={"if-none-match": etag})

    assert again.status_code == 200
    assert summaries(again) == ["Cancelled: frontend to integration"]


AN_HOUR_AGO = NOON - timedelta(hours=1)


def asked(changed_at: datetime, **headers: str) -> HttpResponse:
    """What is answered at noon, of a feed in which something changed then."""
    entry = Entry(**ENTRY | {"changed_at": changed_at})
    feed = Feed(name="Deployer: my slots", day=NOON.replace(hour=0), entries=[entry])
    return answer(RequestFactory().get("/", headers=headers), feed, NOON)


def test_a_program_that_knows_only_the_time_is_not_sent_it_again() -> None:
    assert asked(AN_HOUR_AGO)["last-modified"] == "Tue, 03 Mar 2026 11:00:00 GMT"
    for since, status in ((AN_HOUR_AGO, 304), (AN_HOUR_AGO - timedelta(seconds=1), 200)):
        response = asked(AN_HOUR_AGO, **{"if-modified-since": http_date(since.timestamp())})
        assert (response.status_code, response["last-modified"]) == (status, "Tue, 03 Mar 2026 11:00:00 GMT")


def test_no_time_is_given_while_an_older_change_may_still_come_to_light() -> None:
    assert "last-modified" in asked(NOON - SETTLED)
    response = asked(NOON - SETTLED + timedelta(seconds=1), **{"if-modified-since": http_date(NOON.timestamp())})

    assert response.status_code == 200
    assert "last-modified" not in response
    assert "etag" in response


def test_what_is_no_event_of_an_entry_counts_from_the_day_on() -> None:
    assert asked(NOON - timedelta(days=3))["last-modified"] == "Tue, 03 Mar 2026 00:00:00 GMT"


@pytest.mark.parametrize("kind", KINDS)
def test_head_is_answered_as_get_without_the_feed(client: Client, secret: str, kind: str) -> None:
    got, head = client.get(f"/feeds/{secret}/{kind}"), client.head(f"/feeds/{secret}/{kind}")

    assert (head.status_code, head.content) == (200, b"")
    assert {name: head[name] for name in ("etag", "content-type", "content-length")} == {
        "etag": got["etag"],
        "content-type": got["content-type"],
        "content-length": str(len(got.content)),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_feeds_are_only_read(secret: str, kind: str) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"):
        response = Client(enforce_csrf_checks=True).generic(method, f"/feeds/{secret}/{kind}")

        assert response.status_code == 405
        assert response["allow"] == "GET, HEAD"


@pytest.mark.parametrize("number", [10, 500])
@pytest.mark.parametrize(
    ("kind", "most"), [("my.ics", 12), ("teams/web.ics", 12), ("environments/integration.ics", 12)]
)
def test_it_takes_a_handful_of_queries_however_many_slots_there_are(
    client: Client, today: Scene, number: int, kind: str, most: int
) -> None:
    application = today.application(environments=1)
    secret = secret_of(today.person())
    starts = [today.now + timedelta(hours=hour - number // 2) for hour in range(number)]
    slots = Slot.objects.bulk_create(
        Slot(
            environment=today.environments[0],
            starts_at=start,
            ends_at=start + timedelta(minutes=30),
            booked_by="Alex Doe",
            due_at=start,
        )
        for start in starts
    )
    SlotApplication.objects.bulk_create(SlotApplication(slot=slot, application=application) for slot in slots)

    with CaptureQueriesContext(connection) as queries:
        response = client.get(f"/feeds/{secret}/{kind}")

    assert len(summaries(response)) == number
    assert len(queries) <= most


# --- One slot


def test_a_slot_is_a_file_to_put_into_a_calendar(client: Client, today: Scene, booking: Slot) -> None:
    client.force_login(user_of(today.person("jo", teams=())))

    response = client.get(f"/slots/{booking.pk}/slot.ics")

    assert response["content-disposition"] == f'attachment; filename="slot-{booking.pk}.ics"'
    assert response["content-type"] == "text/calendar; charset=utf-8"
    assert summaries(response) == ["frontend to integration"]
    assert b"METHOD" not in response.content


def test_the_file_of_a_slot_is_for_who_is_signed_in(client: Client, today: Scene, booking: Slot) -> None:
    address = f"/slots/{booking.pk}/slot.ics"

    assertRedirects(client.get(address), f"/sign-in/?next={address}")
    client.force_login(user_of(today.person()))
    assert client.get("/slots/999999999999999999999/slot.ics").status_code == 404
    assert client.post(address).status_code == 405


# --- The page


@pytest.fixture
def alex(client: Client, today: Scene) -> Client:
    """Alex, who is signed in."""
    client.force_login(user_of(today.person()))
    return client


def replaces(page: HttpResponseBase) -> str:
    """What the form to renew says that it replaces."""
    source = page.content.decode()  # type: ignore[attr-defined]
    return str(re.findall(r'name="replaces"\s+value="([^"]+)"', source)[0])


def secrets_in(page: HttpResponseBase) -> set[str]:
    return set(re.findall(r"dpf_[\w-]+", page.content.decode()))  # type: ignore[attr-defined]


def test_the_page_is_for_who_is_signed_in(client: Client, db: None) -> None:
    assertRedirects(client.get("/feeds/"), "/sign-in/?next=/feeds/")
    assertRedirects(client.post("/feeds/"), "/sign-in/?next=/feeds/")
    assert not FeedAddress.objects.exists()


def test_without_an_address_the_page_offers_to_make_one(alex: Client) -> None:
    page = alex.get("/feeds/")

    assert "You have no address yet. Make my address" in text_of(page)
    assert "no-store" in page["cache-control"]


def test_an_address_is_made_and_shown_once_with_links_that_work(alex: Client, today: Scene, booking: Slot) -> None:
    page = alex.post("/feeds/")

    assert page.status_code == 200
    assert "no-store" in page["cache-control"]
    assert len(secrets_in(page)) == 1
    assert "Your old address" not in text_of(page)
    for what in (
        "My slots",
        "Slots of Web",
        "Slots in integration",
        "Slots of frontend",
        "All freezes",
        "Freezes of Web",
    ):
        assert f"Subscribe to {what}" in text_of(page)
    addresses = re.findall(r'href="(http://127\.0\.0\.1:8000[^"]*)"', page.content.decode())
    assert len(addresses) == 8
    for address in addresses:
        assert Client().get(address.removeprefix("http://127.0.0.1:8000")).status_code == 200
        assertContains(page, f'href="webcal:{address.removeprefix("http:")}"')
    assert secrets_in(alex.get("/feeds/")) == set()


def test_the_addresses_are_those_by_which_people_reach_deployer(alex: Client, settings: Settings) -> None:
    settings.BASE_URL = "https://deployer.example.org"

    page = alex.post("/feeds/")

    assertContains(page, 'href="https://deployer.example.org/feeds/dpf_')
    assertContains(page, 'href="webcal://deployer.example.org/feeds/dpf_')


def test_with_an_address_the_page_says_when_it_was_made_in_the_readers_zone(alex: Client, today: Scene) -> None:
    user = user_of(today.person())
    User.objects.filter(pk=user.pk).update(time_zone="Pacific/Auckland")
    renew_address(user=user, replaces=None, now=datetime.fromisoformat("2026-03-03T12:00:00+00:00"))

    page = alex.get("/feeds/")

    assert "You made your address on 4 March 2026 at 01:00." in text_of(page)
    assert "Renew my address" in text_of(page)


def test_renewing_asks_first(alex: Client, client: Client, secret: str) -> None:
    page = alex.post("/feeds/")

    assert "Renew your address?" in text_of(page)
    assert secrets_in(page) == set()
    assert client.get(f"/feeds/{secret}/my.ics").status_code == 200


def test_renewing_when_asked_shows_the_new_address_and_ends_the_old(alex: Client, client: Client, secret: str) -> None:
    page = alex.post("/feeds/", {"replaces": replaces(alex.post("/feeds/"))})

    [new] = secrets_in(page)
    assert "Your old address has stopped working." in text_of(page)
    assert client.get(f"/feeds/{secret}/my.ics").status_code == 404
    assert client.get(f"/feeds/{new}/my.ics").status_code == 200


@pytest.mark.parametrize("first", [True, False])
def test_a_form_that_is_sent_twice_does_not_end_the_address_that_it_made(
    alex: Client, today: Scene, first: bool
) -> None:
    if not first:
        secret_of(today.person())
    form = {} if first else {"replaces": replaces(alex.post("/feeds/"))}
    [secret] = secrets_in(alex.post("/feeds/", form))

    again = alex.post("/feeds/", form)

    assert "Renew your address?" in text_of(again)
    assert Client().get(f"/feeds/{secret}/my.ics").status_code == 200


@pytest.mark.parametrize("nonsense", ["", "yes", "2026-13-01", "2026-03-03", "2026-03-03T12:00:00", "9" * 5000])
def test_nonsense_ends_no_address(alex: Client, client: Client, secret: str, nonsense: str) -> None:
    assert "Renew your address?" in text_of(alex.post("/feeds/", {"replaces": nonsense}))
    assert client.get(f"/feeds/{secret}/my.ics").status_code == 200


def test_renewing_ends_only_ones_own(alex: Client, today: Scene) -> None:
    other = secret_of(today.person("jo"))

    alex.post("/feeds/")

    assert Client().get(f"/feeds/{other}/my.ics").status_code == 200
    assert FeedAddress.objects.count() == 2


def test_it_is_written_down_who_made_and_renewed_it_without_the_secret(alex: Client) -> None:
    [first] = secrets_in(alex.post("/feeds/"))
    [second] = secrets_in(alex.post("/feeds/", {"replaces": replaces(alex.post("/feeds/"))}))

    events = list(Event.objects.filter(kind__startswith="feed_address").order_by("id"))

    assert [(one.kind, one.sentence) for one in events] == [
        ("feed_address.made", "Alex Doe made the secret address of their calendar feeds."),
        ("feed_address.renewed", "Alex Doe renewed the secret address of their calendar feeds."),
    ]
    everything = str(list(Event.objects.values())) + str(list(FeedAddress.objects.values()))
    assert first not in everything
    assert second not in everything


def test_renewing_another_than_the_one_that_there_is_is_refused(today: Scene) -> None:
    user = user_of(today.person())
    renew_address(user=user, replaces=None)

    with pytest.raises(RefusedError, match="There is an address already"):
        renew_address(user=user, replaces=timezone.now())


def test_the_page_needs_the_forms_token(today: Scene) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user_of(today.person()))

    assert client.post("/feeds/").status_code == 403
    assert client.put("/feeds/").status_code in (403, 405)
    assert not FeedAddress.objects.exists()


def test_who_is_in_no_team_and_has_no_applications_is_shown_what_there_is(client: Client, today: Scene) -> None:
    client.force_login(user_of(today.person("jo", teams=())))

    page = client.post("/feeds/")

    assert "My slots" in text_of(page)
    assertNotContains(page, "Slots of ")
    assert not Membership.objects.exists()
