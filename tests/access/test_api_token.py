"""Tokens: hashed, expiring, revocable."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from deployer.access.models import ApiToken


def call(secret: str) -> int:
    return Client().get("/api/v1/applications", headers={"authorization": f"Bearer {secret}"}).status_code


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
