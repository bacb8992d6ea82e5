"""Trust issues: who opens and resolves them, and what becomes manual."""

from datetime import UTC, datetime

import pytest

from apps_registry.models import Application, Environment, Target, TrustIssue
from apps_registry.models.target import Policy
from apps_registry.rights import Rights, rights_of_user
from apps_registry.trust import open_trust_issue, resolve_trust_issue
from deployer.access.models.user import Role
from deployer.audit.actor import Actor, ActorKind
from deployer.audit.models import Event
from deployer.refusal import NotAllowedError, RefusedError
from tests.apps_registry.factories import make_application, make_environment, make_target, make_team, make_user

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 3, 12, tzinfo=UTC)
MANAGER_TOKEN = Rights(actor=Actor(ActorKind.TOKEN, "1", "token ci"), manages=True)


@pytest.fixture
def integration() -> Environment:
    return make_environment(slug="integration")


@pytest.fixture
def staging(integration: Environment) -> Environment:
    return make_environment(slug="staging")


@pytest.fixture
def application(integration: Environment, staging: Environment) -> Application:
    application = make_application(slug="frontend", owner=make_team(slug="web", name="Web"))
    for environment in (integration, staging):
        make_target(application=application, environment=environment, policy=Policy.AUTOMATIC)
    return application


def developer(application: Application) -> Rights:
    user = make_user(first_name="Dee", role=Role.DEVELOPER)
    user.memberships.create(team=application.owner)
    return rights_of_user(user)


def policies() -> dict[str, str]:
    return dict(Target.objects.values_list("environment__slug", "policy"))


def opened(
    application: Application, environment: Environment | None = None, *, make_manual: bool = False
) -> TrustIssue:
    return open_trust_issue(
        application=application,
        environment=environment,
        reason=" It is slow. ",
        rights=developer(application),
        make_manual=make_manual,
        now=AT,
    )


def test_opening_one_records_who_and_why(application: Application, staging: Environment) -> None:
    issue = opened(application, staging)

    assert (issue.reason, issue.opened_at, issue.opener) == ("It is slow.", AT, "Dee")
    assert issue.opened_by is not None
    event = Event.objects.get(kind="trust_issue.opened")
    assert event.sentence == "Dee opened a trust issue of frontend in staging: It is slow."
    assert (event.application, event.environment, event.reason) == ("frontend", "staging", "It is slow.")
    assert event.data["made_manual"] == []
    assert policies() == {"integration": "automatic", "staging": "automatic"}


def test_its_environment_becomes_manual_when_asked(application: Application, staging: Environment) -> None:
    opened(application, staging, make_manual=True)

    assert policies() == {"integration": "automatic", "staging": "manual"}
    assert Event.objects.get(kind="trust_issue.opened").data["made_manual"] == ["staging"]
    changed = Event.objects.get(kind="target.policy_changed")
    assert (changed.environment, changed.reason) == ("staging", "It is slow.")


def test_all_environments_become_manual_when_it_is_of_all(application: Application) -> None:
    other = make_target(policy=Policy.AUTOMATIC)

    issue = opened(application, make_manual=True)

    assert issue.environment is None
    assert policies() == {"integration": "manual", "staging": "manual", other.environment.slug: "automatic"}


def test_a_program_that_opens_one_is_named(application: Application) -> None:
    issue = open_trust_issue(application=application, environment=None, reason="Slow.", rights=MANAGER_TOKEN, now=AT)

    assert (issue.opened_by, issue.opener) == (None, "token ci")


def test_it_needs_a_reason(application: Application) -> None:
    with pytest.raises(RefusedError, match="needs a reason"):
        open_trust_issue(application=application, environment=None, reason=" ", rights=developer(application))


def test_it_is_of_an_environment_in_which_the_application_runs(application: Application) -> None:
    elsewhere = make_environment(slug="production")

    with pytest.raises(RefusedError, match="frontend does not run in production"):
        opened(application, elsewhere)


def test_only_the_team_and_release_managers_open_and_resolve(application: Application) -> None:
    issue = opened(application)
    others = make_user(role=Role.DEVELOPER)
    others.memberships.create(team=make_team())

    for rights in (rights_of_user(others), rights_of_user(make_user(role=Role.VIEWER))):
        with pytest.raises(NotAllowedError, match="Only developers of Web"):
            open_trust_issue(application=application, environment=None, reason="Slow.", rights=rights)
        with pytest.raises(NotAllowedError, match="Only developers of Web"):
            resolve_trust_issue(issue=issue, resolution="Mended.", rights=rights)

    assert TrustIssue.objects.open().count() == 1


def test_resolving_one_records_who_and_how_and_leaves_manual_what_became_so(
    application: Application, staging: Environment
) -> None:
    issue = opened(application, staging, make_manual=True)

    found = resolve_trust_issue(issue=issue, resolution=" Mended. ", rights=developer(application), now=AT)

    assert (found.resolved_at, found.resolved_by, found.resolution) == (AT, "Dee", "Mended.")
    assert policies()["staging"] == "manual"
    event = Event.objects.get(kind="trust_issue.resolved")
    assert event.sentence == "Dee resolved the trust issue of frontend in staging: Mended."
    assert (event.data["trust_issue"], event.environment) == (issue.pk, "staging")


def test_one_is_resolved_once_and_with_a_resolution(application: Application) -> None:
    issue, rights = opened(application), developer(application)

    with pytest.raises(RefusedError, match="resolved with a resolution"):
        resolve_trust_issue(issue=issue, resolution=" ", rights=rights)
    resolve_trust_issue(issue=issue, resolution="Mended.", rights=rights)
    with pytest.raises(RefusedError, match=r"Dee has resolved it already: Mended\."):
        resolve_trust_issue(issue=issue, resolution="Mended again.", rights=rights)
