"""Signing in by a provider, as a person at a browser does."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.db import connection
from django.http import HttpResponseBase
from django.test import Client

from apps_registry.models import Membership, Team
from deployer.access.models import User

BASE = "http://127.0.0.1:8000"


@dataclass(slots=True)
class SignsIn:
    """`at_provider` follows the address that Deployer sends one to, and returns that to which one is sent back."""

    provider: str
    at_provider: Callable[[str, str], str]
    browser: Client = field(default_factory=Client)

    def start(self, **form: str) -> HttpResponseBase:
        """Press the button of the sign-in page."""
        return self.browser.post(f"/sign-in/{self.provider}/", form)

    def leave(self, subject: str, **form: str) -> str:
        """Go to the provider and sign in there; the address to which it sends one back."""
        answer = self.start(**form)
        assert answer.status_code == 302, answer.content.decode()  # type: ignore[attr-defined]
        return self.at_provider(answer["location"], subject)

    def come_back(self, address: str) -> Any:
        parts = urlsplit(address)
        assert f"{parts.scheme}://{parts.netloc}" == BASE
        return self.browser.get(f"{parts.path}?{parts.query}")

    def sign_in(self, subject: str, **form: str) -> Any:
        return self.come_back(self.leave(subject, **form))

    def user(self) -> User | None:
        """Who is signed in at this browser."""
        key = self.browser.session.get("_auth_user_id")
        return User.objects.get(pk=key) if key else None


def team(slug: str, *groups: str) -> Team:
    return Team.objects.create(slug=slug, name=slug.title(), sign_in_groups=list(groups))


def teams_of(user: User | None) -> set[str]:
    return set(Membership.objects.filter(user=user).values_list("team__slug", flat=True))


def whole_database() -> str:
    """Every value of every table, sessions as they are read."""
    with connection.cursor() as cursor:
        content = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            content += [repr(row) for row in cursor.fetchall()]
    return "\n".join(content)
