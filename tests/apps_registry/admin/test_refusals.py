"""What is wrong is said at its field, and nothing is written."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps_registry.models import Application, Environment, ExclusionGroup, Target, TargetCheck, Team, Watcher
from apps_registry.models.target import Policy
from deployer.access.models import ApiToken, User
from deployer.audit.models import Event
from tests.apps_registry.admin.pages import add_inline, add_page, change_page, errors_on, fill, form_on, send
from tests.apps_registry.factories import make_application, make_environment, make_target, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_is_written(db: None) -> Any:
    yield
    assert not Event.objects.exists()


def refused(browser: Client, model: Any, **values: Any) -> dict[str, list[str]]:
    url = add_page(model)
    return errors_on(send(browser, url, fill(form_on(browser, url, model), **values)))


def refused_change(browser: Client, row: Any, **values: Any) -> dict[str, list[str]]:
    url = change_page(row)
    return errors_on(send(browser, url, fill(form_on(browser, url, type(row)), **values)))


def test_a_team_s_wrong_fields(browser: Client) -> None:
    errors = refused(browser, Team, name="", slug="Content APIs", slack_channel="content", email="content")

    assert set(errors) == {"name", "slug", "slack_channel", "email"}


def test_an_application_needs_an_owner(browser: Client) -> None:
    assert set(refused(browser, Application, name="Router", slug="router")) == {"owner"}


def test_an_application_that_deploys_alone_says_why(browser: Client) -> None:
    errors = refused(browser, Application, name="Router", slug="router", owner=make_team().pk, deploys_alone="on")

    assert errors == {"deploys_alone_reason": ["Say why it deploys alone."]}


def test_an_application_s_wrong_url(browser: Client) -> None:
    assert set(refused_change(browser, make_application(), runbook_url="no where")) == {"runbook_url"}


def test_two_environments_at_one_position(browser: Client) -> None:
    make_environment(position=10)

    assert set(refused(browser, Environment, name="Staging", slug="staging", position=10)) == {"position"}


def test_an_environment_without_capacity(browser: Client) -> None:
    assert set(refused_change(browser, make_environment(), capacity=0)) == {"capacity"}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ('{"program": "deploy", "programme": "x"}', "programme is not a field of this kind."),
        ("{}", "program is needed."),
        ('["deploy"]', "Write a JSON object"),
        ("{", "Enter a valid JSON."),
        ('{"program": "deploy", "timeout_seconds": NaN}', "Enter a valid JSON."),
        ('{"program": "de\\u0000ploy"}', "NUL"),
    ],
)
def test_a_wrong_deployer_configuration_names_what_is_wrong_in_it(config: str, message: str, browser: Client) -> None:
    errors = refused_change(browser, make_target(), deployer="command", deployer_config=config)

    assert set(errors) == {"deployer_config"}
    assert message in errors["deployer_config"][0]


def test_an_automatic_target_keeps_a_deployer(browser: Client) -> None:
    target = make_target(policy=Policy.AUTOMATIC)

    assert refused_change(browser, target, deployer="") == {
        "deployer": ["Automatic promotion needs a deployer: make the target manual first."]
    }


def test_a_second_target_in_an_environment(browser: Client) -> None:
    target = make_target()
    fields = form_on(browser, change_page(target.application), Application)
    add_inline(fields, "targets", environment=target.environment.pk)

    errors = errors_on(send(browser, change_page(target.application), fields))

    assert any(
        "Environment" in " ".join(messages) or "environment" in " ".join(messages) for messages in errors.values()
    )
    assert Target.objects.count() == 1


def test_a_second_target_in_an_environment_on_its_own_page(browser: Client) -> None:
    target = make_target()

    errors = refused(browser, Target, application=target.application.pk, environment=target.environment.pk)

    assert errors


def test_a_check_s_wrong_configuration_and_limits(browser: Client) -> None:
    target = make_target()
    TargetCheck.objects.create(target=target, name="smoke", kind="command", config={"program": "smoke"})

    errors = refused_change(browser, target, **{"checks-0-config": '{"programme": "x"}', "checks-0-samples": 0})

    assert set(errors) == {"checks-0-config", "checks-0-samples"}
    assert "programme is not a field of this kind." in errors["checks-0-config"]


@pytest.mark.parametrize(
    ("kind", "given", "fields"),
    [
        ("user", (), {"user"}),
        ("team", (), {"team"}),
        ("slack", (), {"address"}),
        ("email", (), {"address"}),
        ("user", ("user", "team"), {"team"}),
        ("team", ("team", "address"), {"address"}),
        ("slack", ("address", "user"), {"user"}),
    ],
)
def test_a_watcher_takes_just_what_its_kind_needs(
    kind: str, given: tuple[str, ...], fields: set[str], browser: Client
) -> None:
    parts = {"user": make_user().pk, "team": make_team().pk, "address": "#router"}

    errors = refused(
        browser, Watcher, application=make_application().pk, kind=kind, **{name: parts[name] for name in given}
    )

    assert set(errors) == fields


@pytest.mark.parametrize(("kind", "address"), [("slack", "router"), ("email", "ada at example")])
def test_a_watcher_s_wrong_address(kind: str, address: str, browser: Client) -> None:
    errors = refused(browser, Watcher, application=make_application().pk, kind=kind, address=address)

    assert set(errors) == {"address"}


def test_a_group_of_one_excludes_nothing(browser: Client) -> None:
    errors = refused(browser, ExclusionGroup, slug="g", reason="Why.", applications=[make_application().pk])

    assert set(errors) == {"applications"}


def test_a_person_s_wrong_time_zone(browser: Client) -> None:
    errors = refused_change(browser, make_user(), time_zone="London")

    assert errors == {"time_zone": ["'London' is not a time zone: use an IANA name such as Europe/London."]}


def test_a_token_without_scopes_or_reach(browser: Client) -> None:
    errors = refused(browser, ApiToken, name="ci")

    assert set(errors) == {"scopes", "limits"}


def test_a_token_that_has_expired_before_it_is_made(browser: Client) -> None:
    yesterday = timezone.localtime().replace(year=2020)

    errors = refused(
        browser,
        ApiToken,
        name="ci",
        scopes=["read"],
        limited=None,
        expires_at_0=f"{yesterday:%Y-%m-%d}",
        expires_at_1="12:00",
    )

    assert set(errors) == {"expires_at"}


def test_a_limit_that_is_nothing_or_two_things(browser: Client) -> None:
    application = make_application()
    url = add_page(ApiToken)
    fields = fill(form_on(browser, url, ApiToken), name="ci", scopes=["read"])
    add_inline(fields, "limits", application=application.pk, team=application.owner.pk)

    assert errors_on(send(browser, url, fields)) == {"limits-0-team": ["Give an application or a team, not both."]}


def test_two_people_cannot_have_one_name(browser: Client) -> None:
    errors = refused(browser, User, username="ada", usable_password="false")

    assert "username" in errors
