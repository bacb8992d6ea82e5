"""Signing in and out."""

import pytest
from django.test import Client
from pytest_django import Settings
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from deployer.access.models import User

PASSWORD = "correct horse battery"


@pytest.fixture
def _allowed(settings: Settings) -> None:
    settings.LOCAL_PASSWORD_SIGN_IN = True


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_when_it_is_not_set_up_the_page_names_the_settings(client: Client, db: None) -> None:
    page = client.get("/sign-in/")

    assertContains(page, "DEPLOYER_LOCAL_PASSWORD_SIGN_IN=true")
    assertContains(page, "DEPLOYER_OIDC_ISSUER")
    assertContains(page, "DEPLOYER_GITHUB_CLIENT_ID")
    assertNotContains(page, "<form")


def test_when_it_is_not_set_up_a_right_password_does_not_help(client: Client, person: User) -> None:
    page = client.post("/sign-in/", {"username": "jo", "password": PASSWORD})

    assertContains(page, "Sign-in with a password is not set up.", status_code=403)
    assert not is_signed_in(client)


def test_each_provider_that_is_set_up_has_its_button(client: Client, settings: Settings, db: None) -> None:
    settings.SIGN_IN_PROVIDERS = {"oidc": "Example SSO", "github": "GitHub"}

    page = client.get("/sign-in/?next=/%3Fteam%3Dweb")

    assertContains(page, "Sign in with Example SSO</button>")
    assertContains(page, "Sign in with GitHub</button>")
    assertContains(page, '<form method="post" action="/sign-in/oidc/">')
    assertContains(page, '<input type="hidden" name="next" value="/?team=web">', count=2, html=True)
    assertContains(page, "csrfmiddlewaretoken", count=2)
    assertNotContains(page, "Password")


@pytest.mark.usefixtures("_allowed")
def test_where_both_are_set_up_a_person_chooses(client: Client, settings: Settings, db: None) -> None:
    settings.SIGN_IN_PROVIDERS = {"oidc": "Example SSO"}

    page = client.get("/sign-in/?next=https://evil.example.org/")

    assertContains(page, "Sign in with Example SSO</button>")
    assertContains(page, "With a password kept here")
    assertContains(page, "<h1", count=1)
    assertNotContains(page, "evil.example.org")


@pytest.mark.usefixtures("_allowed")
def test_a_right_password_leads_to_the_board(client: Client, person: User) -> None:
    answer = client.post("/sign-in/", {"username": "jo", "password": PASSWORD})

    assertRedirects(answer, "/")
    assertContains(client.get("/"), "Jo Okafor")


@pytest.mark.usefixtures("_allowed")
def test_it_leads_back_to_the_page_that_was_asked_for(client: Client, person: User) -> None:
    page = client.get("/sign-in/?next=/%3Fteam%3Dweb")
    assertContains(page, '<input type="hidden" name="next" value="/?team=web">', html=True)

    answer = client.post("/sign-in/", {"username": "jo", "password": PASSWORD, "next": "/?team=web"})

    assertRedirects(answer, "/?team=web")


@pytest.mark.usefixtures("_allowed")
def test_it_never_leads_to_another_site(client: Client, person: User) -> None:
    answer = client.post("/sign-in/", {"username": "jo", "password": PASSWORD, "next": "https://evil.example.org/"})

    assertRedirects(answer, "/")


@pytest.mark.usefixtures("_allowed")
def test_a_wrong_password_is_told_without_saying_what_was_wrong(client: Client, person: User) -> None:
    page = client.post("/sign-in/", {"username": "jo", "password": "wrong"})

    assertContains(page, "There is a problem")
    assertContains(page, '<a href="#id_username">The user name or the password is not right</a>', html=True)
    assertContains(page, 'value="jo"')
    assertNotContains(page, "wrong")
    assert not is_signed_in(client)


@pytest.mark.usefixtures("_allowed")
def test_what_is_missing_is_said_at_its_field(client: Client, db: None) -> None:
    page = client.post("/sign-in/", {"username": "", "password": ""})

    assertContains(page, '<a href="#id_username">Enter your user name</a>', html=True)
    assertContains(page, 'aria-describedby="id_password-error"')
    assertContains(page, "Error: Sign in")


@pytest.mark.usefixtures("_allowed")
def test_someone_who_is_signed_in_has_nothing_to_do_there(reader: Client) -> None:
    assertRedirects(reader.get("/sign-in/"), "/")


def test_signing_out_leads_to_sign_in(reader: Client) -> None:
    answer = reader.post("/sign-out/", follow=True)

    assertRedirects(answer, "/sign-in/")
    assertContains(answer, "You are signed out of Deployer.")
    assert not is_signed_in(reader)


def test_a_link_can_not_sign_anyone_out(reader: Client) -> None:
    assert reader.get("/sign-out/").status_code == 405
    assert is_signed_in(reader)
