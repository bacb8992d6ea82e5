"""The database itself refuses what must not be, whoever writes."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
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
from deployer.access.models import ApiToken
from tests.apps_registry.factories import (
    make_application,
    make_environment,
    make_target,
    make_team,
    make_user,
)

pytestmark = pytest.mark.django_db


def refused(write: Callable[[], Any], constraint: str) -> None:
    """Assert that the database refuses the write, by this constraint's name or (SQLite) its columns."""
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        write()


def test_two_teams_cannot_have_one_slug() -> None:
    make_team(slug="content")

    refused(lambda: Team.objects.create(slug="content", name="Another"), "slug")


def test_a_person_is_in_a_team_once() -> None:
    user, team = make_user(), make_team()
    Membership.objects.create(user=user, team=team)

    refused(lambda: Membership.objects.create(user=user, team=team), r"one_membership_per_team|user_id.*team_id")


def test_two_applications_cannot_have_one_slug() -> None:
    make_application(slug="router")

    refused(lambda: make_application(slug="router"), "slug")


def test_an_application_has_an_owner() -> None:
    refused(lambda: Application.objects.create(slug="router", name="Router"), "owner_id")


def test_a_team_that_owns_an_application_cannot_be_removed() -> None:
    application = make_application()

    with pytest.raises(ProtectedError):
        application.owner.delete()


def test_an_application_that_deploys_alone_says_why() -> None:
    refused(lambda: make_application(deploys_alone=True), "deploys_alone_has_a_reason")


def test_an_impact_is_one_of_those_known() -> None:
    refused(lambda: make_application(impact="huge"), "impact_is_known")


def test_two_environments_cannot_have_one_slug() -> None:
    make_environment(slug="staging")

    refused(lambda: make_environment(slug="staging"), "slug")


def test_two_environments_cannot_stand_at_one_position() -> None:
    make_environment(position=10)

    refused(lambda: make_environment(position=10), "position")


def test_an_environment_has_room_for_at_least_one_promotion() -> None:
    refused(lambda: make_environment(capacity=0), "capacity_is_positive")


def test_an_application_has_one_target_in_an_environment() -> None:
    target = make_target()

    refused(
        lambda: make_target(application=target.application, environment=target.environment),
        r"one_target_per_environment|application_id.*environment_id",
    )


def test_an_automatic_target_has_a_deployer() -> None:
    refused(lambda: make_target(policy="automatic", deployer=""), "automatic_needs_a_deployer")


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"policy": "sometimes", "deployer": "command"}, "policy_is_known"),
        ({"batching": "some"}, "batching_is_known"),
        ({"rollback": "maybe"}, "rollback_is_known"),
        ({"deploy_timeout": 0}, "deploy_timeout_is_positive"),
    ],
)
def test_a_target_holds_only_what_the_engine_knows(fields: dict[str, Any], constraint: str) -> None:
    refused(lambda: make_target(**fields), constraint)


def test_a_soak_is_not_negative() -> None:
    refused(lambda: make_target(soak=-1), "soak")


def test_a_target_with_its_application_cannot_be_removed() -> None:
    target = make_target()

    for parent in (target.application, target.environment):
        with pytest.raises(ProtectedError):
            parent.delete()


def test_two_checks_of_a_target_cannot_have_one_name() -> None:
    target = make_target()
    TargetCheck.objects.create(target=target, name="health", kind="http")

    refused(
        lambda: TargetCheck.objects.create(target=target, name="health", kind="http"),
        r"one_check_per_name|target_id.*name",
    )


@pytest.mark.parametrize("field", ["interval", "samples", "failure_limit", "error_limit", "timeout"])
def test_the_limits_of_a_check_are_positive(field: str) -> None:
    target = make_target()

    refused(
        lambda: TargetCheck.objects.create(target=target, name="health", kind="http", **{field: 0}),
        "check_limits_are_positive",
    )


def test_a_target_takes_its_checks_with_it() -> None:
    target = make_target()
    TargetCheck.objects.create(target=target, name="health", kind="http")

    target.delete()

    assert not TargetCheck.objects.exists()
    assert not Target.objects.exists()


def test_two_exclusion_groups_cannot_have_one_slug() -> None:
    ExclusionGroup.objects.create(slug="search", reason="They share an index.")

    refused(lambda: ExclusionGroup.objects.create(slug="search", reason="Another."), "slug")


@pytest.mark.parametrize("resolution", [{"resolution": "Fixed."}, {"resolved_at": timezone.now()}])
def test_a_resolved_trust_issue_says_when_and_how(resolution: dict[str, Any]) -> None:
    application = make_application()

    refused(
        lambda: TrustIssue.objects.create(application=application, reason="Flaky.", **resolution),
        "trust_issue_resolution_is_whole",
    )


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("user", ()),
        ("user", ("team",)),
        ("user", ("user", "team")),
        ("user", ("user", "address")),
        ("team", ("user",)),
        ("team", ("team", "address")),
        ("slack", ()),
        ("slack", ("user", "address")),
        ("email", ("team", "address")),
        ("pager", ("address",)),
    ],
)
def test_a_watcher_is_just_what_its_kind_needs(kind: str, given: tuple[str, ...]) -> None:
    parts = {"user": make_user(), "team": make_team(), "address": "#govuk-deploy"}
    application = make_application()

    refused(
        lambda: Watcher.objects.create(application=application, kind=kind, **{name: parts[name] for name in given}),
        "watcher_is_one_thing",
    )


def test_a_limit_of_a_token_is_an_application_or_a_team() -> None:
    token, _ = ApiToken.issue(name="ci", scopes=["read"], limited=True)
    application = make_application()

    refused(lambda: TokenLimit.objects.create(token=token), "token_limit_is_one_thing")
    refused(
        lambda: TokenLimit.objects.create(token=token, application=application, team=application.owner),
        "token_limit_is_one_thing",
    )


def test_two_tokens_cannot_have_one_name() -> None:
    ApiToken.issue(name="ci", scopes=["read"], limited=True)

    refused(lambda: ApiToken.issue(name="ci", scopes=["read"], limited=True), "name")


def test_environments_come_in_the_order_of_promotion() -> None:
    make_environment(slug="production", position=30)
    make_environment(slug="integration", position=10)

    assert [environment.slug for environment in Environment.objects.all()] == ["integration", "production"]
