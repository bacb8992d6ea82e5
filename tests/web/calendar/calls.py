"""Calls of the calendar's API, by tokens and by people, at the time that it is."""

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.test import Client
from django.utils import timezone

from apps_registry.models import Application, TokenLimit
from apps_registry.rights import Rights
from deployer.access.models import ApiToken, User

CSRF = "c" * 32


class Caller:
    """Answered 500 where an exception gets out, as a real caller would be."""

    def __init__(self, client: Client, **headers: str) -> None:
        self.client, self.headers = client, headers

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self.client.generic(
            method, f"/api/v1/{path}", content, content_type="application/json", headers=self.headers | headers
        )

    def get(self, path: str, **query: Any) -> Any:
        """`from_` is `from`, which can't be written as a name."""
        pairs = {name.rstrip("_"): value for name, value in query.items()}
        return self.call("GET", f"{path}?{urlencode(pairs, doseq=True)}" if pairs else path)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("PATCH", path, body, **headers)

    def delete(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("DELETE", path, body, **headers)


def token(*covered: Application, scopes: tuple[str, ...] = ("read", "slots:write", "freezes:write")) -> Caller:
    """A token that is limited to these applications; to none when none is named."""
    made, secret = ApiToken.issue(name=f"token {ApiToken.objects.count()}", scopes=list(scopes), limited=True)
    for application in covered:
        TokenLimit.objects.create(token=made, application=application)
    return bearer(secret)


def token_for_all(*scopes: str) -> Caller:
    _, secret = ApiToken.issue(
        name=f"token {ApiToken.objects.count()}",
        scopes=list(scopes or ("read", "slots:write", "freezes:write")),
        limited=False,
    )
    return bearer(secret)


def bearer(secret: str) -> Caller:
    return Caller(Client(raise_request_exception=False), authorization=f"Bearer {secret}")


def signed_in(person: Rights | User) -> Caller:
    """A person with the browser's session, as the calendar's page calls."""
    user = person if isinstance(person, User) else person.user
    assert user is not None
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    client.force_login(user)
    client.cookies["csrftoken"] = CSRF
    return Caller(client, **{"x-csrftoken": CSRF})


@cache
def this_minute() -> datetime:
    """The same throughout a test, however long that takes: the fixture `_each_test_has_its_minute` forgets it."""
    return timezone.now().replace(second=0, microsecond=0)


def soon(hours: float = 1) -> datetime:
    """A whole minute some hours from now."""
    return this_minute() + timedelta(hours=hours)


def written(at: datetime) -> str:
    """As the API answers it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def fields_of(response: Any) -> list[str]:
    """The fields that a 400 names."""
    assert response.status_code == 400, response.content
    assert response["content-type"] == "application/problem+json"
    return [error["field"] for error in response.json()["errors"]]
