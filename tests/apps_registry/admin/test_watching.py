"""The admin's forms of who is told: webhooks and kinds of event, quiet hours, and groups of the sign-in."""

from datetime import time

import pytest
from django.test import Client
from pytest_django.asserts import assertContains

from apps_registry.models import Team, Watcher
from tests.apps_registry.admin.test_editing import add, change
from tests.apps_registry.admin.test_refusals import refused
from tests.apps_registry.factories import make_application

URL = "https://hooks.example.org/releases"


def test_a_webhook_has_an_address_a_connection_and_kinds_of_event(browser: Client) -> None:
    watcher = add(
        browser,
        Watcher,
        application=make_application().pk,
        kind="webhook",
        address=URL,
        connection="release-hook",
        events=["stops", "errors"],
    )

    stored = Watcher.objects.get(pk=watcher.pk)
    assert (stored.connection, stored.events) == ("release-hook", ["stops", "errors"])
    page = browser.get("/admin/apps_registry/watcher/").content.decode()
    assert "What stops or stalls, New errors of the application" in page

    change(browser, stored, events=[])

    assert Watcher.objects.get(pk=watcher.pk).events == []
    assertContains(browser.get("/admin/apps_registry/watcher/"), "The usual")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"kind": "webhook", "address": URL}, ["connection"]),
        ({"kind": "webhook", "connection": "hook"}, ["address"]),
        ({"kind": "webhook", "address": "http://hooks.example.org/", "connection": "hook"}, ["address"]),
        ({"kind": "webhook", "address": f"{URL}?key=secret", "connection": "hook"}, ["address"]),
        ({"kind": "webhook", "address": URL, "connection": "Hook!"}, ["connection"]),
        ({"kind": "email", "address": "a@example.org", "connection": "hook"}, ["connection"]),
        ({"kind": "email", "address": "a@example.org", "events": ["everything"]}, ["events"]),
    ],
)
def test_what_makes_no_watcher_is_refused_at_its_field(
    browser: Client, fields: dict[str, object], wrong: list[str]
) -> None:
    assert list(refused(browser, Watcher, application=make_application().pk, **fields)) == wrong


def test_a_team_has_quiet_hours_and_groups_one_on_a_line(browser: Client) -> None:
    groups = "web-developers\n\n alphagov/web \nweb-developers"

    team = add(browser, Team, slug="web", name="Web", quiet_from="22:00", quiet_until="07:00", sign_in_groups=groups)

    stored = Team.objects.get(pk=team.pk)
    assert (stored.quiet_from, stored.quiet_until) == (time(22), time(7))
    assert stored.sign_in_groups == ["web-developers", "alphagov/web"]
    assertContains(browser.get(f"/admin/apps_registry/team/{team.pk}/change/"), "web-developers\nalphagov/web")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"quiet_from": "22:00"}, ["quiet_until"]),
        ({"quiet_until": "07:00"}, ["quiet_from"]),
        ({"quiet_from": "07:00", "quiet_until": "07:00"}, ["quiet_until"]),
        ({"sign_in_groups": "g" * 201}, ["sign_in_groups"]),
    ],
)
def test_what_makes_no_team_is_refused_at_its_field(
    browser: Client, fields: dict[str, object], wrong: list[str]
) -> None:
    assert list(refused(browser, Team, slug="web", name="Web", **fields)) == wrong
