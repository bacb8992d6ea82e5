"""Archiving and revoking: asked first, then done once, with an event."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from apps_registry.models import Application, TokenLimit
from deployer.access.models import ApiToken, User
from deployer.access.models.api_token import digest_of
from deployer.audit.models import Event
from tests.apps_registry.admin.pages import add_inline, add_page, address, change_page, fill, form_on, saved, send
from tests.apps_registry.factories import make_application

pytestmark = pytest.mark.django_db


def act(browser: Client, action: str, *rows: Any, confirmed: bool, **query: str) -> Any:
    fields: dict[str, Any] = {"action": action, "_selected_action": [row.pk for row in rows]}
    if confirmed:
        fields["confirmed"] = "yes"
    return browser.post(f"{address(type(rows[0]), 'changelist')}?{urlencode(query)}", fields, follow=True)


def messages(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def test_archiving_asks_first(browser: Client) -> None:
    application = make_application(slug="router")

    page = act(browser, "archive", application, confirmed=False).content.decode()

    assert "Archive applications?" in page
    assert "<li>router</li>" in page
    application.refresh_from_db()
    assert not application.is_archived


def test_archiving_writes_an_event_for_each(browser: Client) -> None:
    rows = [make_application(slug="router"), make_application(slug="bouncer")]

    response = act(browser, "archive", *rows, confirmed=True)

    assert messages(response) == ["Archived bouncer, router."]
    assert not Application.objects.active().exists()
    events = Event.objects.filter(kind="registry.application.archived")
    assert {event.application for event in events} == {"router", "bouncer"}
    assert {event.actor_label for event in events} == {"Ada Lovelace"}


def test_archiving_twice_writes_one_event(browser: Client) -> None:
    application = make_application()

    act(browser, "archive", application, confirmed=True)
    act(browser, "archive", application, confirmed=True, archived="all")

    assert Event.objects.count() == 1


def test_unarchiving_takes_it_back(browser: Client) -> None:
    application = make_application(archived_at=timezone.now())

    act(browser, "unarchive", application, confirmed=True, archived="all")

    application.refresh_from_db()
    assert not application.is_archived
    assert Event.objects.get().kind == "registry.application.unarchived"


def add_token(browser: Client, **values: Any) -> Any:
    url = add_page(ApiToken)
    fields = fill(form_on(browser, url, ApiToken), name="ci", scopes=["releases:write"], **values)
    add_inline(fields, "limits", application=make_application(slug="router").pk)
    assert saved(send(browser, url, fields))
    return browser.get(address(ApiToken, "changelist"))


def test_a_new_token_s_secret_is_shown_once(browser: Client, ada: User) -> None:
    shown = messages(add_token(browser))

    secret = shown[0].rsplit(" ", 1)[1]
    token = ApiToken.objects.get()
    assert secret.startswith("dpl_")
    assert token.digest == digest_of(secret)
    assert token.created_by == ada
    assert token.scopes == ["releases:write"]
    assert [str(limit) for limit in TokenLimit.objects.filter(token=token)] == ["router"]
    again = browser.get(change_page(token)).content.decode()
    assert secret not in again
    assert token.digest not in again


def test_the_event_of_a_token_holds_neither_secret_nor_digest(browser: Client) -> None:
    secret = messages(add_token(browser))[0].rsplit(" ", 1)[1]

    event = Event.objects.get(kind="access.api_token.created")
    assert event.data["name"] == [None, "ci"]
    assert secret not in f"{event.data}{event.sentence}"
    assert "digest" not in event.data


def test_a_changed_token_keeps_its_secret(browser: Client) -> None:
    token, secret = ApiToken.issue(name="ci", scopes=["read"], limited=False)
    url = change_page(token)

    assert saved(send(browser, url, fill(form_on(browser, url, ApiToken), scopes=["read", "releases:write"])))

    token.refresh_from_db()
    assert token.digest == digest_of(secret)
    assert Event.objects.get().data == {"scopes": [["read"], ["read", "releases:write"]]}


def test_revoking_asks_first_and_is_for_good(browser: Client) -> None:
    token, _ = ApiToken.issue(name="ci", scopes=["read"], limited=False)

    assert "can&#x27;t be taken back" in act(browser, "revoke", token, confirmed=False).content.decode()
    token.refresh_from_db()
    assert token.revoked_at is None

    act(browser, "revoke", token, confirmed=True)
    act(browser, "revoke", token, confirmed=True)

    assert not ApiToken.objects.usable(timezone.now()).exists()
    assert Event.objects.get().sentence == "Revoked the API token ci."


def test_a_token_is_never_removed(browser: Client) -> None:
    token, _ = ApiToken.issue(name="ci", scopes=["read"], limited=False)

    assert browser.post(address(ApiToken, "delete", token.pk), {"post": "yes"}).status_code == 403
    assert ApiToken.objects.exists()
