"""The board: what is live where, what moves, what waits and why, what is stopped; the worst first."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from apps_registry.models import Target
from deployer.access.models import User
from tests.web import pages


def test_it_shows_what_is_live_with_its_promotion_and_since_when(reader: Client) -> None:
    put_there = pages.live(
        pages.application("frontend"), "staging", "v12", at=timezone.now() - timedelta(minutes=3, seconds=5)
    )

    page = reader.get("/")

    [row] = pages.rows_of(page)
    assert "Live: v12 3 minutes ago" in row
    assert "Unverified" not in row
    assertContains(
        page, f'<a href="/promotions/{put_there.pk}/" class="app-link app-board__version">v12</a>', html=True
    )


def test_it_marks_what_is_live_without_having_passed_its_checks(reader: Client) -> None:
    pages.live(pages.application("frontend"), "staging", "v12", verified=False)

    [row] = pages.rows_of(reader.get("/"))

    assert "Unverified" in row


def test_a_version_that_is_a_commit_id_is_shortened(reader: Client) -> None:
    pages.live(pages.application("frontend"), "staging", "1f1ee31aed947db6cccd48448a2c4b20b054df44")

    [row] = pages.rows_of(reader.get("/"))

    assert "1f1ee31aed94 " in row


def test_what_needs_someone_comes_first_and_the_rest_by_name(reader: Client) -> None:
    pages.application("zebra")
    pages.live(pages.application("alpaca"), "production", "v1")
    pages.promotion(pages.application("whale"), "staging", "v2")
    pages.promotion(pages.application("yak"), "staging", "v2", "verifying")
    pages.promotion(pages.application("cow"), "staging", "v2", "deploying")
    stopped = pages.application("viper")
    pages.promotion(stopped, "integration", "v2", "deploying")
    pages.hold(stopped, "production", "It is slow.")

    page = reader.get("/")

    words = [" ".join(row.split()[:3]) for row in pages.rows_of(page)]
    assert words == [
        "viper Web Stopped",
        "cow Web Moving",
        "yak Web Moving",
        "whale Web Waiting",
        "alpaca Web OK",
        "zebra Web Nothing",
    ]
    assert "1 stopped, 2 moving, 1 waiting, 2 quiet" in pages.text_of(page)


def test_it_shows_what_is_moving(reader: Client) -> None:
    moving = pages.promotion(pages.application("frontend"), "staging", "v13", "verifying", started_at=timezone.now())

    page = reader.get("/")

    assert "Verifying v13 just now" in pages.rows_of(page)[0]
    assertContains(page, moving.get_absolute_url())


def test_it_says_why_a_release_waits_until_when_and_who_can_change_it(reader: Client) -> None:
    until = datetime.fromisoformat("2031-06-01T08:30:00+00:00")
    waiting = pages.promotion(
        pages.application("frontend"),
        "staging",
        "v13",
        blockers=[
            pages.blocker(
                "capacity", "staging takes 1 at once and is full: router.", "It goes on by itself", until=until
            ),
            pages.blocker("manual", "Promotions are started by a person."),
        ],
    )

    page = reader.get("/")

    [row] = pages.rows_of(page)
    assert (
        "Waiting v13 staging takes 1 at once and is full: router. Until 1 Jun 2031, 09:30."
        " +1 more It goes on by itself" in row
    )
    assertContains(page, f"{waiting.get_absolute_url()}#why")


def test_a_release_that_was_just_asked_for_waits_to_be_looked_at(reader: Client) -> None:
    pages.promotion(pages.application("frontend"), "staging", "v13")

    [row] = pages.rows_of(reader.get("/"))

    assert "Deployer has not looked at it yet." in row


def test_of_several_that_wait_the_newest_is_shown(reader: Client) -> None:
    app = pages.application("frontend")
    for version in ("v13", "v14", "v15"):
        pages.promotion(app, "staging", version)

    [row] = pages.rows_of(reader.get("/"))

    assert "Waiting v15 and 2 older" in row


def test_a_hold_is_shown_in_its_environment_with_who_can_lift_it(reader: Client) -> None:
    app = pages.application("frontend")
    failed = pages.promotion(app, "staging", "v13", "failed")
    pages.hold(app, "staging", "The health check failed.", promotion=failed, placed_at=timezone.now())

    page = reader.get("/")

    [row] = pages.rows_of(page)
    assert "Stopped v13 just now The health check failed. Web can lift the hold" in row
    assertContains(page, failed.get_absolute_url())


def test_a_hold_on_everything_is_shown_once(reader: Client) -> None:
    pages.hold(pages.application("frontend"), None, "The database is moving.", placed_at=timezone.now())

    page = reader.get("/")

    assertContains(page, "The database is moving.", count=1)
    assert "Stopped Web's move Everywhere, just now" in pages.rows_of(page)[0]


def test_what_waits_only_for_a_hold_does_not_repeat_it(reader: Client) -> None:
    app = pages.application("frontend")
    pages.hold(app, "staging", "It is slow.")
    pages.promotion(app, "staging", "v14", blockers=[pages.blocker("hold", "frontend is on hold: It is slow.")])

    [row] = pages.rows_of(reader.get("/"))

    assert row.count("It is slow.") == 1
    assert "Waiting v14 until the hold is lifted" in row


def test_a_lifted_hold_stops_nothing(reader: Client) -> None:
    pages.hold(
        pages.application("frontend"), None, "Old.", lifted_at=pages.NOW, lifted_by="Alex Doe", resolution="Mended."
    )

    [row] = pages.rows_of(reader.get("/"))

    assert "Nothing deployed" in row
    assert "Stopped" not in row


def test_it_says_where_an_application_does_not_run(reader: Client) -> None:
    app = pages.application("frontend")
    Target.objects.filter(application=app, environment__slug="production").delete()

    [row] = pages.rows_of(reader.get("/"))

    assert row.count("Does not run here") == 1


def test_archived_applications_are_not_shown(reader: Client) -> None:
    pages.application("frontend")
    pages.application("spotlight", archived_at=pages.NOW)

    assertNotContains(reader.get("/"), "spotlight")


def test_the_order_of_the_columns_is_that_of_the_environments(reader: Client) -> None:
    pages.application("frontend")

    assert "Application State Integration Staging Production frontend" in pages.text_of(reader.get("/"))


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"frontend", "publishing-api", "router"}),
        ("q=ROUT", {"router"}),
        ("q=publishing+API", {"publishing-api"}),
        ("q=platform", {"router"}),
        ("team=web", {"frontend", "publishing-api"}),
        ("team=web&q=front", {"frontend"}),
        ("team=platform&q=front", set()),
        ("team=nobody", set()),
    ],
)
def test_the_filter(reader: Client, query: str, shown: set[str]) -> None:
    pages.application("frontend")
    pages.application("publishing-api")
    pages.application("router", team="platform")

    assert {row.split()[0] for row in pages.rows_of(reader.get(f"/?{query}"))} == shown


def test_the_filter_stays_in_the_form_and_in_the_refresh_link(reader: Client) -> None:
    pages.application("frontend")

    page = reader.get("/?q=front&team=web")

    assertContains(page, 'value="front"')
    assertContains(page, '<option value="web" selected>Web</option>', html=True)
    assertContains(page, 'href="/?q=front&amp;team=web"')
    assertContains(page, "Clear the filter")


def test_a_filter_that_matches_nothing_says_so(reader: Client) -> None:
    pages.application("frontend")

    page = reader.get("/?q=<script>")

    assert "0 shown Clear the filter" in pages.text_of(page)
    assert "No application matches." in pages.text_of(page)
    assertNotContains(page, "<script>")


def test_without_applications_it_says_how_to_bring_them_in(reader: Client, person: User) -> None:
    assertContains(reader.get("/"), "manage.py import_registry FILE")
    assertContains(reader.get("/"), "ask an admin to add one")


def test_someone_who_is_not_signed_in_is_sent_to_sign_in(client: Client, db: None) -> None:
    assertRedirects(client.get("/?q=front"), "/sign-in/?next=/%3Fq%3Dfront")
