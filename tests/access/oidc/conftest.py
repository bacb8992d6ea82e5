"""A provider, and Deployer set up for it."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.access.oidc.provider import CLIENT_ID, CLIENT_SECRET, Provider, running_provider
from tests.access.signing_in import BASE, SignsIn


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running_provider(f"{BASE}/sign-in/oidc/complete/") as running:
        yield running


@pytest.fixture
def person(provider: Provider, settings: Settings, db: None) -> SignsIn:
    """Someone at a browser who is about to sign in by the provider."""
    settings.BASE_URL = BASE
    settings.SIGN_IN_PROVIDERS = {"oidc": "Example SSO"}
    settings.SOCIAL_AUTH_OIDC_OIDC_ENDPOINT = provider.issuer
    settings.SOCIAL_AUTH_OIDC_KEY = CLIENT_ID
    settings.SOCIAL_AUTH_OIDC_SECRET = CLIENT_SECRET
    settings.SOCIAL_AUTH_OIDC_SCOPE = ["openid", "profile", "email", "groups"]
    settings.SOCIAL_AUTH_OIDC_GROUPS_KEY = "groups"
    return SignsIn("oidc", provider.sign_in)
