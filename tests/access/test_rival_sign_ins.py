"""Sign-ins at the same moment: a browser that sends twice, and two people of one name."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings
from social_django.models import UserSocialAuth
from social_django.utils import load_strategy

from apps_registry.models import Membership
from apps_registry.sign_in import sign_in
from deployer.access.models import User
from deployer.access.sign_in.backends import GitHub
from tests.access.signing_in import team

PEOPLE = 4


def at_once(*uids: str) -> list[User]:
    """Someone of the same name signs in by each of these ids, all at once; the accounts that they have."""
    barrier = Barrier(len(uids))

    def one(uid: str) -> User:
        backend = GitHub(load_strategy())  # type: ignore[no-untyped-call]
        given: dict[str, Any] = {"details": {"username": "jo", "email": "jo@example.org"}, "groups": ["web"]}
        barrier.wait()
        try:
            user: User = sign_in(backend=backend, uid=uid, id_key="id", **given)["user"]
        finally:
            connection.close()
        return user

    with ThreadPoolExecutor(len(uids)) as threads:
        return list(threads.map(one, uids))


@pytest.fixture(autouse=True)
def _github(settings: Settings) -> None:
    settings.SIGN_IN_PROVIDERS = {"github": "GitHub"}


@pytest.mark.django_db(transaction=True)
def test_one_person_has_one_account_and_each_team_once() -> None:
    team("web", "web")

    users = at_once(*["https://github.com 1"] * PEOPLE)

    assert len(set(users)) == 1
    assert (User.objects.count(), UserSocialAuth.objects.count(), Membership.objects.count()) == (1, 1, 1)


@pytest.mark.django_db(transaction=True)
def test_people_of_one_name_have_an_account_each() -> None:
    users = at_once(*(f"https://github.com {number}" for number in range(PEOPLE)))

    assert {user.username for user in users} == {"jo", "jo-2", "jo-3", "jo-4"}
    assert UserSocialAuth.objects.count() == PEOPLE
