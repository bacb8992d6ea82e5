"""A provider, and Deployer set up for it."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.access.oidc.provider import Provider, running_provider, sign_in_by
from tests.access.signing_in import BASE, SignsIn


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running_provider(f"{BASE}/sign-in/oidc/complete/") as running:
        yield running


@pytest.fixture
def person(provider: Provider, settings: Settings, db: None) -> SignsIn:
    """Someone at a browser who is about to sign in by the provider."""
    sign_in_by(provider, settings, base_url=BASE)
    return SignsIn("oidc", provider.sign_in)
