"""Every model's pages open, in a bounded number of queries, and only for those who may work there."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import models
from django.test import Client
from django.utils import timezone

from apps_registry.models import (
    Application,
    Environment,
    ExclusionGroup,
    Membership,
    Target,
    TargetCheck,
    Team,
    TokenLimit,
    TrustIssue,
    Watcher,
)
from apps_registry.models.target import Policy
from deployer.access.models import ApiToken, User
from tests.apps_registry.admin.pages import add_page, address, change_page
from tests.apps_registry.factories import make_application, make_environment, make_target, make_team, make_user

MODELS = [Team, Application, Environment, Target, ExclusionGroup, Watcher, TrustIssue, ApiToken, User]


def populate(size: int) -> None:
    """A registry of so many applications, each with everything that there is, in two environments."""
    environments = [make_environment(), make_environment()]
    for number in range(size):
        application = make_application(impact="high")
        user = make_user()
        Membership.objects.create(user=user, team=application.owner)
        for environment in environments:
            target = make_target(application=application, environment=environment, policy=Policy.AUTOMATIC)
            TargetCheck.objects.create(target=target, name="health", kind="http")
        Watcher.objects.create(application=application, kind="user", user=user)
        Watcher.objects.create(application=application, kind="slack", address="#x", environment=environments[0])
        TrustIssue.objects.create(application=application, reason="Flaky.", opened_by=user)
        group = ExclusionGroup.objects.create(slug=f"group-{number}", reason="They share an index.")
        group.applications.add(application)
        token, _ = ApiToken.issue(name=f"token-{number}", scopes=["read"], limited=True)
        TokenLimit.objects.create(token=token, application=application)
        TokenLimit.objects.create(token=token, team=application.owner)


@pytest.mark.parametrize("model", MODELS)
def test_a_list_takes_no_more_queries_for_more_rows(
    model: type[models.Model], browser: Client, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    populate(12)

    with django_assert_max_num_queries(20):
        response = browser.get(address(model, "changelist"))

    assert response.status_code == 200


@pytest.mark.parametrize("model", MODELS)
def test_a_list_can_be_searched(model: type[models.Model], browser: Client) -> None:
    populate(2)

    found = browser.get(address(model, "changelist"), {"q": "nothing-has-this-name"})

    assert found.status_code == 200
    assert found.context["cl"].result_count == 0


@pytest.mark.parametrize("model", MODELS)
def test_a_row_can_be_opened_with_its_history(model: type[models.Model], browser: Client) -> None:
    populate(1)
    row = model._default_manager.first()
    assert row is not None

    assert browser.get(change_page(row)).status_code == 200
    assert browser.get(address(model, "history", row.pk)).status_code == 200
    assert browser.get(add_page(model)).status_code == (403 if model is TrustIssue else 200)


@pytest.mark.parametrize("size", [2, 9])
def test_an_application_s_page_asks_for_its_environments_once(
    size: int, browser: Client, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    application = make_application()
    for _ in range(size):
        environment = make_environment()
        make_target(application=application, environment=environment)
        Watcher.objects.create(application=application, kind="slack", address="#x", environment=environment)
        TrustIssue.objects.create(application=application, reason="Flaky.", environment=environment)

    with django_assert_max_num_queries(25):
        assert browser.get(change_page(application)).status_code == 200


@pytest.mark.parametrize("model", MODELS)
def test_someone_without_staff_rights_is_turned_away(model: type[models.Model], db: None) -> None:
    client = Client()
    client.force_login(make_user(role="release_manager"))

    response = client.get(address(model, "changelist"), follow=True)

    assert response.status_code == 403


def test_someone_who_is_not_signed_in_is_sent_to_the_one_sign_in_page(db: None) -> None:
    response = Client().get("/admin/", follow=True)

    assert response.redirect_chain[-1][0].startswith("/sign-in/?next=")
    assert Client().get("/admin/login/?next=/admin/").headers["Location"] == "/sign-in/?next=/admin/"


def test_staff_without_a_permission_see_nothing_to_change(db: None) -> None:
    client = Client()
    client.force_login(make_user(is_staff=True))

    assert client.get(address(Application, "changelist")).status_code == 403


def test_archived_applications_are_listed_when_asked_for(browser: Client) -> None:
    make_application(slug="router")
    make_application(slug="bouncer", archived_at=timezone.now())

    def listed(**query: str) -> list[str]:
        return [row.slug for row in browser.get(address(Application, "changelist"), query).context["cl"].result_list]

    assert listed() == ["router"]
    assert listed(archived="yes") == ["bouncer"]
    assert listed(archived="all") == ["bouncer", "router"]


def test_an_application_is_listed_with_where_it_runs_and_by_which_policy(browser: Client) -> None:
    target = make_target(environment=make_environment(slug="staging"), policy=Policy.AUTOMATIC)

    page = browser.get(address(Application, "changelist")).content.decode()

    assert f'<a href="{change_page(target)}">Staging</a>' in page
    assert "policy-automatic" in page


@pytest.mark.parametrize(("state", "names"), [("usable", ["new"]), ("expired", ["old"]), ("revoked", ["gone"])])
def test_tokens_are_listed_by_state(state: str, names: list[str], browser: Client) -> None:
    ApiToken.issue(name="new", scopes=["read"], limited=False)
    ApiToken.issue(name="old", scopes=["read"], limited=False, expires_at=timezone.now())
    gone, _ = ApiToken.issue(name="gone", scopes=["read"], limited=False)
    ApiToken.objects.filter(pk=gone.pk).update(revoked_at=timezone.now())

    rows = browser.get(address(ApiToken, "changelist"), {"state": state}).context["cl"].result_list

    assert [row.name for row in rows] == names


@pytest.mark.parametrize(("state", "reasons"), [("open", ["Flaky."]), ("resolved", ["Slow."])])
def test_trust_issues_are_listed_by_state(state: str, reasons: list[str], browser: Client) -> None:
    application = make_application()
    TrustIssue.objects.create(application=application, reason="Flaky.")
    TrustIssue.objects.create(
        application=application, reason="Slow.", resolved_at=timezone.now(), resolution="Faster now."
    )

    rows = browser.get(address(TrustIssue, "changelist"), {"state": state}).context["cl"].result_list

    assert [row.reason for row in rows] == reasons


def test_autocompletes_answer(browser: Client) -> None:
    make_team(name="Content APIs")

    answer = browser.get(
        "/admin/autocomplete/",
        {"term": "content", "app_label": "apps_registry", "model_name": "application", "field_name": "owner"},
    )

    assert [item["text"] for item in answer.json()["results"]] == ["Content APIs"]
