"""Signing in by a provider, in a browser that minds the Content-Security-Policy."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings

from deployer.access.models import User
from tests.access.oidc.provider import Provider, running_provider, sign_in_by


@pytest.fixture
def provider(address: str, settings: Settings) -> Iterator[Provider]:
    with running_provider(f"{address}/sign-in/oidc/complete/") as running:
        settings.ALLOWED_HOSTS = ["127.0.0.1"]
        settings.SIGN_IN_FORM_ACTION = ["https:", running.issuer]
        sign_in_by(running, settings, base_url=address)
        running.knows(jo={"name": "Jo Okafor", "preferred_username": "jo"})
        yield running


@pytest.fixture
def page(chromium: Browser, address: str, transactional_db: None) -> Iterator[Page]:
    with chromium.new_context(base_url=address) as context:
        yield context.new_page()


def sign_in(page: Page) -> None:
    page.get_by_role("button", name="Example SSO").click()
    page.locator("input[name=login]").fill("jo")
    page.locator("input[name=password]").fill("any")
    page.get_by_role("button").click()
    page.get_by_role("button").click()  # consents


def test_one_goes_to_the_provider_and_comes_back_to_where_one_wanted_to_go(page: Page, provider: Provider) -> None:
    page.goto("/calendar/?view=day")

    sign_in(page)

    expect(page).to_have_url("/calendar/?view=day")
    expect(page.get_by_role("banner")).to_contain_text("Jo Okafor")
    assert User.objects.get().username == "jo"


def test_who_declines_is_told_so_and_can_try_again(page: Page, provider: Provider) -> None:
    page.goto("/sign-in/")
    page.get_by_role("button", name="Example SSO").click()
    page.locator("a[href$='/abort']").click()

    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert not User.objects.exists()

    sign_in(page)

    expect(page.get_by_role("banner")).to_contain_text("Jo Okafor")
