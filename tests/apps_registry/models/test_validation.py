"""What a person gets told when a field is wrong."""

import pytest
from django.core.exceptions import ValidationError

from apps_registry.models import TargetCheck, Watcher
from apps_registry.models.token_limit import TokenLimit, covered_by
from deployer.access.models import ApiToken
from tests.apps_registry.factories import make_application, make_environment, make_target, make_team

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("slug", ["Router", "router api", "-router", "router-", "a--b", "router\n", "réseau", ""])
def test_a_slug_that_addresses_cannot_hold_is_refused(slug: str) -> None:
    application = make_application()
    application.slug = slug

    with pytest.raises(ValidationError) as error:
        application.full_clean()

    assert set(error.value.message_dict) == {"slug"}


@pytest.mark.parametrize("slug", ["router", "govuk_app_config", "search-api-v2", "2i"])
def test_a_slug_that_repositories_have_is_taken(slug: str) -> None:
    make_application(slug=slug).full_clean()


@pytest.mark.parametrize("channel", ["govuk-deploy", "#", "#GOVUK", "#a b", "#" + "a" * 80])
def test_a_channel_that_slack_does_not_have_is_refused(channel: str) -> None:
    team = make_team()
    team.slack_channel = channel

    with pytest.raises(ValidationError) as error:
        team.full_clean()

    assert "slack_channel" in error.value.message_dict


def test_a_team_is_told_of_stops_where_its_alerts_go() -> None:
    assert make_team(slack_channel="#team", alerts_channel="#alerts").stop_channel() == "#alerts"
    assert make_team(slack_channel="#team").stop_channel() == "#team"
    assert make_team().stop_channel() == ""


def test_a_wrong_deployer_configuration_names_the_field_inside_it() -> None:
    target = make_target(deployer="command", deployer_config={"program": "deploy", "programme": "deploy"})

    with pytest.raises(ValidationError) as error:
        target.full_clean()

    assert error.value.message_dict == {"deployer_config": ["programme is not a field of this kind."]}


def test_a_deployer_configuration_is_an_object() -> None:
    target = make_target(deployer="command", deployer_config=["deploy"])

    with pytest.raises(ValidationError) as error:
        target.full_clean()

    assert set(error.value.message_dict) == {"deployer_config"}


def test_an_unknown_deployer_is_refused_by_name() -> None:
    target = make_target(deployer="pigeon")

    with pytest.raises(ValidationError) as error:
        target.full_clean()

    assert "deployer" in error.value.message_dict


def test_a_wrong_check_configuration_names_the_field_inside_it() -> None:
    check = TargetCheck(target=make_target(), name="health", kind="command", config={"programme": "smoke"})

    with pytest.raises(ValidationError) as error:
        check.full_clean()

    assert "programme is not a field of this kind." in error.value.message_dict["config"]


@pytest.mark.parametrize(("kind", "address"), [("slack", "govuk-deploy"), ("email", "ada at example.org")])
def test_a_watcher_address_is_checked_by_its_kind(kind: str, address: str) -> None:
    watcher = Watcher(application=make_application(), kind=kind, address=address)

    with pytest.raises(ValidationError) as error:
        watcher.full_clean()

    assert set(error.value.message_dict) == {"address"}


def test_a_limited_token_reaches_what_is_listed_and_nothing_else() -> None:
    token, _ = ApiToken.issue(name="ci", scopes=["read"], limited=True)
    mine, teammate, other = make_application(), make_application(), make_application()
    TokenLimit.objects.create(token=token, application=mine)
    TokenLimit.objects.create(token=token, team=teammate.owner)

    assert mine in covered_by(token)
    assert teammate in covered_by(token)
    assert other not in covered_by(token)


def test_a_limited_token_whose_list_is_emptied_reaches_nothing() -> None:
    token, _ = ApiToken.issue(name="ci", scopes=["read"], limited=True)

    assert make_application() not in covered_by(token)


def test_a_token_without_a_limit_reaches_every_application() -> None:
    token, _ = ApiToken.issue(name="ci", scopes=["read"], limited=False)

    assert make_application() in covered_by(token)


def test_an_environment_without_capacity_is_refused_by_name() -> None:
    environment = make_environment()
    environment.capacity = 0

    with pytest.raises(ValidationError) as error:
        environment.full_clean()

    assert "capacity" in error.value.message_dict
