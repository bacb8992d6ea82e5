"""Signing in by OpenID Connect, at a real provider."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects
from social_django.models import UserSocialAuth

from deployer.access.models import User
from deployer.access.models.user import Role
from deployer.audit.models import Event
from tests.access.oidc.provider import Provider
from tests.access.signing_in import SignsIn, team, teams_of, whole_database

JO: dict[str, Any] = {
    "name": "Jo Okafor",
    "given_name": "Jo",
    "family_name": "Okafor",
    "preferred_username": "jo.okafor",
    "email": "jo@example.org",
    "email_verified": True,
    "groups": ["web", "everyone"],
}


@pytest.fixture(autouse=True)
def _jo(provider: Provider) -> None:
    provider.knows(jo=JO)


def changed(**claims: Any) -> dict[str, Any]:
    return {**JO, **claims}


class TestTheFirstTime:
    def test_it_opens_an_account_from_the_claims(self, person: SignsIn) -> None:
        answer = person.sign_in("jo")

        assertRedirects(answer, "/")
        user = person.user()
        assert user is not None
        assert (user.username, user.get_full_name(), user.email) == ("jo.okafor", "Jo Okafor", "jo@example.org")
        assert (user.role, user.is_staff, user.is_superuser) == (Role.VIEWER, False, False)
        assert not user.has_usable_password()
        assertContains(person.browser.get("/"), "Jo Okafor")

    def test_it_puts_them_into_the_teams_of_their_groups(self, person: SignsIn) -> None:
        team("web", "web-developers", "web")
        team("content", "content")
        team("everyone")

        person.sign_in("jo")

        user = person.user()
        assert teams_of(user) == {"web"}
        assert user is not None
        assert user.role == Role.DEVELOPER

    def test_what_was_made_of_it_is_in_the_audit(self, person: SignsIn) -> None:
        team("web", "web")

        person.sign_in("jo")

        events = Event.objects.filter(actor_ref="sign-in-oidc").order_by("id")
        assert [event.kind for event in events] == [
            "access.user.created",
            "registry.membership.created",
            "access.user.changed",
        ]
        assert {event.actor_label for event in events} == {"Example SSO sign-in"}
        assert events[2].data["role"] == ["viewer", "developer"]

    def test_no_token_is_kept(self, person: SignsIn, provider: Provider) -> None:
        before = len(provider.tokens())

        person.sign_in("jo")

        handed_out = provider.tokens()[before:]
        assert len(handed_out) == 2
        kept = whole_database() + repr([session.get_decoded() for session in Session.objects.all()])
        assert "jo.okafor" in kept
        assert not [token for token in handed_out if token in kept]
        assert UserSocialAuth.objects.get().extra_data == {}

    def test_a_taken_user_name_is_given_to_nobody_else(self, person: SignsIn) -> None:
        local = User.objects.create_superuser("Jo.Okafor", email="jo@example.org", password="correct horse battery")

        person.sign_in("jo")

        user = person.user()
        assert user is not None
        assert user != local
        assert (user.username, user.is_superuser) == ("jo.okafor-2", False)

    @pytest.mark.parametrize("verified", [False, "false"])
    def test_an_address_that_is_not_verified_is_not_taken_over(
        self, person: SignsIn, provider: Provider, verified: object
    ) -> None:
        provider.knows(jo=changed(email_verified=verified))

        person.sign_in("jo")

        user = person.user()
        assert user is not None
        assert user.email == ""

    def test_claims_that_can_not_be_stored_are_made_so(self, person: SignsIn, provider: Provider) -> None:
        claims = {"given_name": "J\u0000o" * 100, "preferred_username": " <b>\u0007 ", "email": "not an address"}
        provider.knows(jo=changed(**claims))

        person.sign_in("jo")

        user = person.user()
        assert user is not None
        assert (user.username, user.first_name, user.email) == ("b", ("Jo" * 100)[:150], "")

    def test_another_issuers_subject_of_the_same_name_is_someone_else(self, person: SignsIn) -> None:
        other = User.objects.create_user("other")
        UserSocialAuth.objects.create(user=other, provider="oidc", uid="https://old.example.org jo", id_key="sub")

        person.sign_in("jo")

        assert person.user() != other


class TestTheNextTime:
    def test_it_is_the_same_account_whatever_the_claims_say(self, person: SignsIn, provider: Provider) -> None:
        person.sign_in("jo")
        first = person.user()
        provider.knows(jo=changed(given_name="Joanna", preferred_username="joanna", email="joanna@example.org"))

        person.browser = Client()
        person.sign_in("jo")

        user = person.user()
        assert user is not None
        assert user == first
        assert (user.username, user.first_name, user.email) == ("jo.okafor", "Joanna", "joanna@example.org")
        assert User.objects.count() == 1

    def test_it_takes_them_out_of_the_teams_whose_groups_they_left(self, person: SignsIn, provider: Provider) -> None:
        team("web", "web")
        by_hand = team("content")
        person.sign_in("jo")
        user = person.user()
        by_hand.members.add(user)  # type: ignore[arg-type] # someone is signed in

        provider.knows(jo=changed(groups=["everyone"]))
        person.browser = Client()
        person.sign_in("jo")

        assert teams_of(user) == {"content"}
        assert Event.objects.filter(kind="registry.membership.deleted", actor_ref="sign-in-oidc").count() == 1

    def test_a_provider_that_tells_no_groups_any_more_leaves_nobody_in_a_team(
        self, person: SignsIn, provider: Provider
    ) -> None:
        team("web", "web")
        person.sign_in("jo")
        claims = changed()
        del claims["groups"]

        provider.knows(jo=claims)
        person.browser = Client()
        person.sign_in("jo")

        assert teams_of(person.user()) == set()

    def test_where_groups_are_not_asked_for_teams_are_left_alone(self, person: SignsIn, settings: Settings) -> None:
        settings.SOCIAL_AUTH_OIDC_GROUPS_KEY = None
        web = team("web", "web")
        person.sign_in("jo")
        assert teams_of(person.user()) == set()
        web.members.add(person.user())  # type: ignore[arg-type] # someone is signed in

        person.browser = Client()
        person.sign_in("jo")

        assert teams_of(person.user()) == {"web"}

    def test_an_account_that_was_closed_stays_closed(self, person: SignsIn, provider: Provider) -> None:
        person.sign_in("jo")
        User.objects.update(is_active=False)
        provider.knows(jo=changed(given_name="Joanna"))

        person.browser = Client()
        page = person.sign_in("jo")

        assertContains(page, "Your account is closed", status_code=403)
        assertNotContains(page, "again</button>", status_code=403)
        assert person.user() is None
        assert User.objects.get().first_name == "Jo"


class TestRoles:
    @pytest.fixture(autouse=True)
    def _named(self, settings: Settings) -> None:
        settings.ADMIN_GROUPS = ("admins",)
        settings.RELEASE_MANAGER_GROUPS = ("managers", "leads")
        settings.DEVELOPER_GROUPS = ("developers",)

    @pytest.mark.parametrize(
        ("groups", "role", "admin"),
        [
            (["everyone"], Role.VIEWER, False),
            (["developers"], Role.DEVELOPER, False),
            (["developers", "leads"], Role.RELEASE_MANAGER, False),
            (["admins"], Role.VIEWER, True),
            (["Managers", "Admins"], Role.VIEWER, False),
        ],
    )
    def test_they_come_from_the_groups(
        self, person: SignsIn, provider: Provider, groups: list[str], role: Role, admin: bool
    ) -> None:
        provider.knows(jo=changed(groups=groups))

        person.sign_in("jo")

        user = person.user()
        assert user is not None
        assert (user.role, user.is_superuser, user.is_staff) == (role, admin, admin)
        assert person.browser.get("/admin/", follow=True).status_code == (200 if admin else 403)

    def test_who_leaves_the_groups_loses_them_and_the_audit_says_so(self, person: SignsIn, provider: Provider) -> None:
        provider.knows(jo=changed(groups=["admins", "managers"]))
        person.sign_in("jo")

        provider.knows(jo=changed(groups=[]))
        person.browser = Client()
        person.sign_in("jo")

        user = person.user()
        assert user is not None
        assert (user.role, user.is_superuser, user.is_staff) == (Role.VIEWER, False, False)
        event = Event.objects.filter(kind="access.user.changed").latest("id")
        assert event.data["role"] == ["release_manager", "viewer"]
        assert event.data["is_superuser"] == [True, False]

    def test_what_no_group_is_named_for_stays_the_admins_to_give(self, person: SignsIn, settings: Settings) -> None:
        settings.ADMIN_GROUPS = settings.RELEASE_MANAGER_GROUPS = settings.DEVELOPER_GROUPS = ()
        person.sign_in("jo")
        User.objects.update(role=Role.RELEASE_MANAGER, is_superuser=True, is_staff=True)

        person.browser = Client()
        person.sign_in("jo")

        user = person.user()
        assert user is not None
        assert (user.role, user.is_superuser, user.is_staff) == (Role.RELEASE_MANAGER, True, True)


class TestTheSession:
    def test_it_is_a_new_one(self, person: SignsIn) -> None:
        person.start()
        before = person.browser.session.session_key

        person.sign_in("jo")

        assert before
        assert person.browser.session.session_key != before
        assert not Session.objects.filter(session_key=before).exists()

    def test_it_ends_within_twelve_hours(self, person: SignsIn) -> None:
        person.sign_in("jo")

        assert person.browser.session.get_expiry_date() <= timezone.now() + timedelta(hours=12)

    def test_its_cookie_is_for_this_site_alone(self, person: SignsIn) -> None:
        answer = person.sign_in("jo")

        cookie = answer.cookies["sessionid"]
        assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")

    def test_it_ends_when_the_account_is_closed(self, person: SignsIn) -> None:
        person.sign_in("jo")

        User.objects.update(is_active=False)

        assertRedirects(person.browser.get("/"), "/sign-in/?next=/")

    def test_signing_out_says_where_one_still_is_signed_in(self, person: SignsIn) -> None:
        person.sign_in("jo")

        page = person.browser.post("/sign-out/", follow=True)

        assertContains(page, "You are still signed in to Example SSO")
        assert person.user() is None

    def test_someone_else_at_the_same_browser_is_not_given_the_identity(
        self, person: SignsIn, provider: Provider
    ) -> None:
        provider.knows(jo=JO, sam=changed(preferred_username="sam"))
        person.sign_in("jo")
        jo = person.user()

        person.sign_in("sam")

        sam = person.user()
        assert sam is not None
        assert (sam.username, sam == jo) == ("sam", False)
        assert UserSocialAuth.objects.get(user=sam).uid.endswith(" sam")


class TestWhereItLeads:
    def test_it_leads_to_the_page_that_was_asked_for(self, person: SignsIn) -> None:
        assertRedirects(person.sign_in("jo", next="/?team=web"), "/?team=web")

    @pytest.mark.parametrize(
        "elsewhere", ["https://evil.example.org/", "//evil.example.org", "/\\evil.example.org", "javascript:alert(1)"]
    )
    def test_it_never_leads_to_another_site(self, person: SignsIn, elsewhere: str) -> None:
        assertRedirects(person.sign_in("jo", next=elsewhere), "/")

    def test_not_even_when_the_provider_is_asked_to_say_so(self, person: SignsIn) -> None:
        back = person.leave("jo")

        assertRedirects(person.come_back(f"{back}&next=https://evil.example.org/"), "/")


class TestWhatIsRefused:
    def test_an_answer_to_another_browser(self, person: SignsIn) -> None:
        """Else someone could have a victim signed in as themselves, by a link."""
        back = person.leave("jo")

        person.browser = Client()
        page = person.come_back(back)

        assertContains(page, "Start again", status_code=403)
        assert person.user() is None

    def test_an_answer_with_another_state(self, person: SignsIn) -> None:
        back = person.leave("jo")
        state = parse_qs(urlsplit(back).query)["state"][0]

        page = person.come_back(back.replace(state, "x" * len(state)))

        assertContains(page, "Start again", status_code=403)
        assert person.user() is None

    def test_an_answer_that_was_used_already(self, person: SignsIn) -> None:
        back = person.leave("jo")
        person.come_back(back)
        person.browser.post("/sign-out/")

        page = person.come_back(back)

        assertContains(page, "Start again", status_code=403)
        assert person.user() is None

    def test_a_code_of_another_sign_in(self, person: SignsIn, provider: Provider) -> None:
        """Stolen from someone: it was asked for with another proof (PKCE)."""
        provider.knows(jo=JO, sam=changed(preferred_username="sam"))
        stolen = parse_qs(urlsplit(SignsIn("oidc", provider.sign_in).leave("jo")).query)["code"][0]
        back = person.leave("sam")
        own = parse_qs(urlsplit(back).query)["code"][0]

        page = person.come_back(back.replace(own, stolen))

        assertContains(page, "Start again", status_code=403)
        assert person.user() is None

    def test_a_start_that_is_not_a_form_of_ours(self, person: SignsIn) -> None:
        assert person.browser.get("/sign-in/oidc/").status_code == 405
        assert Client(enforce_csrf_checks=True).post("/sign-in/oidc/").status_code == 403

    def test_a_provider_that_is_not_set_up(self, person: SignsIn) -> None:
        assert person.browser.post("/sign-in/github/").status_code == 404
        assert person.browser.get("/sign-in/github/complete/?code=x&state=y").status_code == 404

    def test_who_says_no_at_the_provider_reads_so(self, person: SignsIn, provider: Provider) -> None:
        address = person.start(next="/?team=web")["location"]

        page = person.come_back(provider.decline(address))

        assertContains(page, "You did not sign in", status_code=403)
        assertContains(page, '<input type="hidden" name="next" value="/?team=web">', html=True, status_code=403)
        assertContains(page, "Sign in with Example SSO again", status_code=403)


class TestTroubleAtTheProvider:
    def test_one_that_is_down_has_a_page_that_says_so(self, person: SignsIn, settings: Settings) -> None:
        settings.SOCIAL_AUTH_OIDC_OIDC_ENDPOINT = "http://127.0.0.1:9"

        page = person.start()

        assertContains(page, "Example SSO does not answer", status_code=503)

    def test_a_wrong_secret_is_the_operators_to_mend(
        self, person: SignsIn, settings: Settings, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings.SOCIAL_AUTH_OIDC_SECRET = "the wrong secret"

        back = person.leave("jo")
        page = person.come_back(back)

        assertContains(page, "Sign-in with Example SSO does not work", status_code=502)
        assertContains(page, "invalid_setting, at the stage token_exchange", status_code=502)
        assert "'invalid_client'" in caplog.text
        code = parse_qs(urlsplit(back).query)["code"][0]
        assert not [secret for secret in ("the wrong secret", code) if secret in caplog.text + page.content.decode()]

    def test_groups_that_it_leaves_out_for_their_number_are_not_taken_for_none(
        self, person: SignsIn, provider: Provider
    ) -> None:
        """As Entra ID does, which would take them out of their teams."""
        claims = changed(hasgroups=True)
        del claims["groups"]
        provider.knows(jo=claims)

        page = person.sign_in("jo")

        assertContains(page, "You are in too many groups", status_code=502)
        assert User.objects.count() == 0

    def test_groups_that_are_no_list_are_the_operators_to_mend(self, person: SignsIn, provider: Provider) -> None:
        provider.knows(jo=changed(groups="web"))

        page = person.sign_in("jo")

        assertContains(page, "invalid_claim (groups), at the stage user_info", status_code=502)
        assert User.objects.count() == 0
