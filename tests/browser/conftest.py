import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize, expect
from pytest_django import Settings

from apps_registry.rights import Rights
from tests.browser.chromium import running_chromium
from tests.browser.server import running_server
from tests.scene import Scene, running_scene

WAIT_MS = 10_000
"""How long a browser waits for what should be there: a patience, not a measure."""

SignIn = Callable[..., Page]


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    # Playwright's loop runs in the thread of the tests, which Django would take for code that must not wait, and in
    # which other tests could not run a loop of their own: it ends with the tests of this folder.
    expect.set_options(timeout=WAIT_MS)
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with running_chromium() as browser:
        yield browser
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def address(django_db_setup: None) -> Iterator[str]:
    """The web process's."""
    with running_server() as url:
        yield url


@pytest.fixture
def scene(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """As elsewhere, but committed, so that the web process sees it; at the time that it is."""
    monkeypatch.setenv("DEPLOYER_CONNECTION_TESTS_SECRET", "a secret of the tests")
    with running_scene() as running:
        running.now = this_minute()
        yield running


def this_minute() -> Any:
    from django.utils import timezone  # noqa: PLC0415

    return timezone.now().replace(microsecond=0)


@pytest.fixture
def sign_in(chromium: Browser, address: str, scene: Scene, settings: Settings) -> Iterator[SignIn]:
    """Signs someone in: `sign_in(rights, javascript=False)` gives a page of a browser of their own.

    What the browser complains of (an error in a script, what the Content-Security-Policy refused) fails the test.
    """
    settings.ALLOWED_HOSTS = ["127.0.0.1", "testserver"]
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def told(message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            complaints.append(message.text)

    def sign_in(person: Rights, *, javascript: bool = True, width: int = 1280, **options: Any) -> Page:
        assert person.user is not None
        client = Client()
        client.force_login(person.user)
        size: ViewportSize = {"width": width, "height": 900}
        context = chromium.new_context(base_url=address, java_script_enabled=javascript, viewport=size, **options)
        contexts.append(context)
        context.set_default_timeout(WAIT_MS)
        name = django_settings.SESSION_COOKIE_NAME
        context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": address}])
        page = context.new_page()
        page.on("console", told)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield sign_in
    for context in contexts:
        context.close()
    assert complaints == []
