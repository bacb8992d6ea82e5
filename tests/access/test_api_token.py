"""Tokens: hashed, expiring, revocable."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from deployer.access.models import ApiToken


def ask(secret: str) -> Any:
    return Client().get("/api/v1/applications", headers={"authorization": f"Bearer {secret}"})


def call(secret: str) -> int:
    status: int = ask(secret).status_code
    return status


@pytest.mark.django_db
def test_the_secret_is_not_in_the_database() -> None:
    _, secret = ApiToken.issue(name="ci", scopes=["read"], limited=False)

    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM access_apitoken")
        assert secret not in repr(cursor.fetchall())


@pytest.mark.django_db
def test_a_token_works_until_it_expires_or_is_revoked() -> None:
    _, secret = ApiToken.issue(
        name="ci", scopes=["read"], limited=False, expires_at=timezone.now() + timedelta(hours=1)
    )
    assert call(secret) == 200

    ApiToken.objects.update(expires_at=timezone.now())
    assert call(secret) == 401

    ApiToken.objects.update(expires_at=None, revoked_at=timezone.now())
    assert call(secret) == 401


@pytest.mark.django_db
def test_its_last_use_is_remembered_to_the_minute() -> None:
    token, secret = ApiToken.issue(name="ci", scopes=["read"], limited=False)

    call(secret)
    token.refresh_from_db()
    first = token.last_used_at
    call(secret)
    token.refresh_from_db()

    assert first is not None
    assert token.last_used_at == first


@pytest.mark.django_db
def test_whoever_has_the_secret_is_told_why_it_is_refused() -> None:
    token, secret = ApiToken.issue(name="ci", scopes=["read"], limited=False)

    ApiToken.objects.update(expires_at=datetime.fromisoformat("2026-03-03T12:00:00+00:00"))
    assert ask(secret).json()["detail"] == ("This token, ci, expired at 2026-03-03T12:00:00+00:00: ask for another.")

    ApiToken.objects.update(revoked_at=timezone.now())
    assert ask(secret).json()["detail"] == "This token, ci, was revoked: ask for another."

    assert ask(f"{secret}x").json()["detail"] == "This token is unknown."
    assert ask(token.digest).json()["detail"] == "This token is unknown."
