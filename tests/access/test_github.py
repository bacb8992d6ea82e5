"""Signing in by GitHub: members of the organisations that may, with their teams."""

from collections.abc import Iterator

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from pytest_django import Settings
from pytest_django.asserts import assertContains, assertRedirects

from deployer.access.models import User
from deployer.access.models.user import Role
from tests.access.github import CLIENT_ID, CLIENT_SECRET, TOKEN, GitHub, running_github
from tests.access.signing_in import BASE, SignsIn, team, teams_of, whole_database


@pytest.fixture
def github() -> Iterator[GitHub]:
    with running_github() as running:
        running.members = {"alphagov": "active"}
        running.emails = [{"email": "jo@example.org", "primary": True, "verified": True}]
        yield running


@pytest.fixture
def person(github: GitHub, settings: Settings, db: None) -> SignsIn:
    settings.BASE_URL = BASE
    settings.SIGN_IN_PROVIDERS = {"github": "GitHub"}
    settings.SOCIAL_AUTH_GITHUB_KEY = CLIENT_ID
    settings.SOCIAL_AUTH_GITHUB_SECRET = CLIENT_SECRET
    settings.SOCIAL_AUTH_GITHUB_AUTHORIZATION_URL = f"{github.url}/login/oauth/authorize"
    settings.SOCIAL_AUTH_GITHUB_ACCESS_TOKEN_URL = f"{github.url}/login/oauth/access_token"
    settings.GITHUB_API_BASE_URL = f"{github.url}/api/v3"
    settings.GITHUB_ORGANISATIONS = ("AlphaGov", "cabinetoffice")
    return SignsIn("github", github.sign_in)


def test_a_member_has_an_account_and_the_teams_of_their_github_teams(person: SignsIn, github: GitHub) -> None:
    team("web", "alphagov/govuk-web")
    team("content", "alphagov/content")
    github.teams = [("alphagov", "govuk-web"), ("alphagov", "design")]

    answer = person.sign_in("jo")

    assertRedirects(answer, "/")
    user = person.user()
    assert user is not None
    assert (user.username, user.get_full_name(), user.email) == ("Jo-Okafor", "Jo Okafor", "jo@example.org")
    assert (user.role, teams_of(user)) == (Role.DEVELOPER, {"web"})


def test_the_organisation_itself_is_a_group(person: SignsIn, settings: Settings) -> None:
    settings.DEVELOPER_GROUPS = ("alphagov",)

    person.sign_in("jo")

    user = person.user()
    assert user is not None
    assert user.role == Role.DEVELOPER


def test_a_team_of_an_organisation_of_anyones_counts_for_nothing(
    person: SignsIn, github: GitHub, settings: Settings
) -> None:
    settings.ADMIN_GROUPS = ("alphagov/admins", "evil/admins")
    team("web", "evil/web")
    github.teams = [("evil", "admins"), ("evil", "web")]

    person.sign_in("jo")

    user = person.user()
    assert user is not None
    assert (user.is_superuser, teams_of(user)) == (False, set())


def test_every_page_of_teams_is_read(person: SignsIn, github: GitHub) -> None:
    team("web", "alphagov/last")
    github.teams = [*(("alphagov", f"team-{number}") for number in range(250)), ("alphagov", "last")]

    person.sign_in("jo")

    assert teams_of(person.user()) == {"web"}


@pytest.mark.parametrize("members", [{}, {"alphagov": "pending"}, {"evil": "active"}])
def test_who_is_in_none_of_the_organisations_is_refused(
    person: SignsIn, github: GitHub, members: dict[str, str]
) -> None:
    github.members = members

    page = person.sign_in("jo")

    assertContains(page, "Only members of AlphaGov, cabinetoffice on GitHub may", status_code=403)
    assert User.objects.count() == 0


@pytest.mark.parametrize("email", [{"primary": True, "verified": False}, {"primary": False, "verified": True}])
def test_an_address_that_is_not_verified_and_primary_is_not_taken_over(
    person: SignsIn, github: GitHub, email: dict[str, object]
) -> None:
    github.user["email"] = "public@example.org"
    github.emails = [{"email": "jo@example.org", **email}]

    person.sign_in("jo")

    user = person.user()
    assert user is not None
    assert user.email == ""


def test_another_person_with_the_login_of_someone_who_left_is_someone_else(person: SignsIn, github: GitHub) -> None:
    person.sign_in("jo")
    first = person.user()

    github.user["id"] = 583232
    person.browser = Client()
    person.sign_in("jo")

    second = person.user()
    assert second is not None
    assert second != first
    assert second.username == "Jo-Okafor-2"


def test_the_token_is_not_kept(person: SignsIn) -> None:
    person.sign_in("jo")

    kept = whole_database() + repr([session.get_decoded() for session in Session.objects.all()])
    assert "Jo-Okafor" in kept
    assert TOKEN not in kept


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_github_that_fails_has_a_page_that_says_so(person: SignsIn, github: GitHub, status: int) -> None:
    back = person.leave("jo")
    github.fails_with = status

    page = person.come_back(back)

    assertContains(page, "GitHub does not answer", status_code=503)
    assert User.objects.count() == 0
