"""Who makes a target automatic, when, and what is recorded."""

from datetime import UTC, datetime
from typing import Any

import pytest

from apps_registry.models import Target, TrustIssue, Watcher
from apps_registry.models.target import Policy
from apps_registry.policies import NotReadyError, ReasonTooShortError, set_policy
from apps_registry.readiness import Need
from apps_registry.rights import Rights, rights_of_operator, rights_of_user
from apps_registry.signals import automation_changed
from deployer.access.models.user import Role
from deployer.audit.actor import Actor, ActorKind
from deployer.audit.models import Event
from deployer.refusal import NotAllowedError, RefusedError
from tests.apps_registry.factories import make_environment, make_target, make_team, make_user
from tests.apps_registry.readiness.ready import ready_target

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 3, 12, tzinfo=UTC)
REASON = "The team is on call all week."


@pytest.fixture
def target() -> Target:
    return ready_target()


def developer(target: Target) -> Rights:
    user = make_user(first_name="Dee", role=Role.DEVELOPER)
    user.memberships.create(team=target.application.owner)
    return rights_of_user(user)


def manager() -> Rights:
    return rights_of_user(make_user(first_name="Sam", role=Role.RELEASE_MANAGER))


def make(target: Target, rights: Rights, policy: Policy = Policy.AUTOMATIC, **given: Any) -> Target:
    given = {"rolled_back_at": AT, "now": AT} | given
    return set_policy(target=target, policy=policy, rights=rights, **given)


def policy_of(target: Target) -> str:
    return Target.objects.get(pk=target.pk).policy


def test_a_developer_of_the_team_makes_automatic_what_is_ready(target: Target) -> None:
    make(target, developer(target))

    assert policy_of(target) == "automatic"
    event = Event.objects.get(kind="target.policy_changed")
    assert (event.application, event.environment) == ("frontend", "integration")
    assert event.sentence == "Dee made frontend in integration automatic."
    assert event.data["old"] == "manual"
    assert event.data["new"] == "automatic"
    assert (event.data["missing"], event.data["override"]) == ([], False)
    assert event.data["url"].endswith("/applications/frontend/integration/policy/")


def test_what_has_the_policy_already_is_left_as_it_is(target: Target) -> None:
    make(target, developer(target), Policy.MANUAL)

    assert not Event.objects.exists()


@pytest.mark.parametrize("policy", Policy)
def test_only_the_team_and_release_managers_change_a_policy(target: Target, policy: Policy) -> None:
    others = make_user(role=Role.DEVELOPER)
    others.memberships.create(team=make_team())

    for rights in (rights_of_user(others), rights_of_user(make_user(role=Role.VIEWER))):
        with pytest.raises(NotAllowedError, match="Only developers of Web"):
            make(target, rights, policy)

    assert policy_of(target) == "manual"


def test_what_lacks_something_is_refused_with_all_that_it_lacks(target: Target) -> None:
    TrustIssue.objects.create(application=target.application, reason="Slow.")

    for rights in (developer(target), manager()):
        with pytest.raises(NotReadyError, match="ask a release manager to override it") as refused:
            make(target, rights, rolled_back_at=None)
        assert [item.need for item in refused.value.items] == [Need.ROLLBACK, Need.TRUST]

    assert policy_of(target) == "manual"


def test_a_release_manager_overrides_with_a_reason_and_what_was_missing_is_recorded(target: Target) -> None:
    make(target, manager(), rolled_back_at=None, override_reason=f" {REASON} ")

    assert policy_of(target) == "automatic"
    event = Event.objects.get(kind="target.policy_changed")
    assert event.reason == REASON
    assert (event.data["missing"], event.data["override"]) == (["rollback_tried"], True)
    assert event.sentence == "Sam made frontend in integration automatic, though it lacks: Rollback."


def test_an_override_needs_a_reason_that_says_something(target: Target) -> None:
    with pytest.raises(ReasonTooShortError, match="at least 10 characters"):
        make(target, manager(), rolled_back_at=None, override_reason="It is ok")

    assert policy_of(target) == "manual"


def test_a_developer_does_not_override(target: Target) -> None:
    with pytest.raises(NotAllowedError, match="Only a release manager, as a person"):
        make(target, developer(target), rolled_back_at=None, override_reason=REASON)


def test_a_program_does_not_override_whatever_it_manages(target: Target) -> None:
    token = Rights(actor=Actor(ActorKind.TOKEN, "1", "token ci"), manages=True)

    with pytest.raises(NotAllowedError, match="Only a release manager, as a person"):
        make(target, token, rolled_back_at=None, override_reason=REASON)
    make(target, token)

    assert policy_of(target) == "automatic"


def without_watcher(target: Target) -> None:
    Watcher.objects.all().delete()


def without_owner_channel(target: Target) -> None:
    owner = target.application.owner
    owner.email = ""
    owner.save()


def without_deployer(target: Target) -> None:
    target.deployer = ""
    target.save()


@pytest.mark.parametrize(
    ("need", "take_away"),
    [
        (Need.WATCHER, without_watcher),
        (Need.OWNER, without_owner_channel),
        (Need.DEPLOYER, without_deployer),
    ],
)
def test_nobody_makes_automatic_what_nobody_would_hear_of(target: Target, need: Need, take_away: Any) -> None:
    take_away(target)

    for rights in (developer(target), manager(), rights_of_operator(Actor(ActorKind.OPERATOR, "root", "root"))):
        with pytest.raises(NotReadyError, match="This can't be overridden") as refused:
            make(target, rights, rolled_back_at=None, override_reason=REASON)
        assert [item.need for item in refused.value.items] == [need]

    assert policy_of(target) == "manual"


def test_production_is_not_made_automatic_before_staging_unless_overridden(target: Target) -> None:
    production = make_environment(slug="production")
    later = make_target(
        application=target.application, environment=production, deployer="command", deployer_config={"program": "x"}
    )
    later.checks.create(name="Version", kind="http", config={"path": "/", "expect_text": "{version}"})

    with pytest.raises(NotReadyError) as refused:
        make(later, developer(target))
    assert [item.need for item in refused.value.items] == [Need.BEFORE]

    make(later, manager(), override_reason=REASON)
    assert policy_of(later) == "automatic"


def test_an_archived_application_is_not_made_automatic(target: Target) -> None:
    target.application.archive(AT)

    with pytest.raises(RefusedError, match="is archived"):
        make(target, manager())


def test_a_target_becomes_manual_whatever_it_lacks_with_a_reason_or_none(target: Target) -> None:
    make(target, developer(target))
    without_watcher(target)

    make(target, developer(target), Policy.MANUAL, override_reason="It")

    assert policy_of(target) == "manual"
    event = Event.objects.filter(kind="target.policy_changed").latest("id")
    assert (event.data["old"], event.data["new"], event.reason) == ("automatic", "manual", "It")


def test_those_above_are_told_of_a_change_and_of_nothing_else(target: Target) -> None:
    told: list[dict[str, Any]] = []

    def listen(**given: Any) -> None:
        told.append({name: given[name] for name in ("application_id", "environment_id", "now")})

    automation_changed.connect(listen)
    try:
        make(target, developer(target), Policy.MANUAL)
        make(target, developer(target))
    finally:
        automation_changed.disconnect(listen)

    assert told == [{"application_id": target.application_id, "environment_id": target.environment_id, "now": AT}]
