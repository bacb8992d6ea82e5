"""People in the admin: what they sign in by, and who may change whom."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from pytest_django import Settings
from pytest_django.asserts import assertContains
from social_django.models import UserSocialAuth

from deployer.access.models import User
from tests.apps_registry.admin.pages import address
from tests.apps_registry.factories import make_user


@pytest.fixture
def ada(db: None) -> User:
    return make_user(username="ada", is_staff=True, is_superuser=True)


@pytest.fixture
def clerk(db: None) -> Client:
    """Staff who may do everything with people, and are no superuser."""
    user = make_user(username="clerk", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="access"))
    client = Client()
    client.force_login(user)
    return client


def test_a_persons_page_shows_what_they_sign_in_by(ada: User, settings: Settings) -> None:
    settings.SIGN_IN_PROVIDERS = {"oidc": "Example SSO"}
    UserSocialAuth.objects.create(user=ada, provider="oidc", uid="https://sso.example.org ada", id_key="sub")
    browser = Client()
    browser.force_login(ada)

    page = browser.get(address(User, "change", ada.pk))

    assertContains(page, "Signs in by")
    assertContains(page, "Example SSO")
    assertContains(page, "https://sso.example.org ada")


@pytest.mark.parametrize("page", ["change", "delete"])
def test_staff_can_not_change_a_superuser(ada: User, clerk: Client, page: str) -> None:
    clerk.post(address(User, page, ada.pk), {"post": "yes", "username": "eve", "is_superuser": ""})

    ada.refresh_from_db()
    assert (ada.username, ada.is_superuser) == ("ada", True)


def test_staff_can_not_set_the_password_of_a_superuser(ada: User, clerk: Client) -> None:
    form = {"usable_password": "true", "password1": "correct horse battery", "password2": "correct horse battery"}

    answer = clerk.post(f"/admin/access/user/{ada.pk}/password/", form)

    assert answer.status_code == 403
    ada.refresh_from_db()
    assert not ada.check_password("correct horse battery")


def test_staff_can_not_remove_a_superuser_among_others(ada: User, clerk: Client) -> None:
    other = make_user(username="other")
    form = {"action": "delete_selected", "_selected_action": [ada.pk, other.pk], "post": "yes"}

    clerk.post(address(User, "changelist"), form)

    assert User.objects.filter(pk=ada.pk).exists()


def test_staff_can_change_others(clerk: Client) -> None:
    other = make_user(username="other")
    form = {"usable_password": "true", "password1": "correct horse battery", "password2": "correct horse battery"}

    clerk.post(f"/admin/access/user/{other.pk}/password/", form)

    other.refresh_from_db()
    assert other.check_password("correct horse battery")
