"""What is gathered for the rule of readiness, and at what cost."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps_registry.models import Target, TargetCheck, Team, TrustIssue, Watcher
from apps_registry.models.target import Policy
from apps_registry.readiness import Need, missing, readiness
from apps_registry.readiness_facts import readiness_facts
from tests.apps_registry.factories import make_application, make_environment, make_target, make_team, make_user
from tests.apps_registry.readiness.ready import ready_target

pytestmark = pytest.mark.django_db


def lacking(target: Target) -> set[Need]:
    """What is missing besides a rollback, which only those above the registry can know."""
    found = Target.objects.select_related("application__owner", "environment").get(pk=target.pk)
    items = missing(readiness(readiness_facts([found], rolled_back={})[found.pk]))
    return {item.need for item in items} - {Need.ROLLBACK}


def test_a_target_with_everything_lacks_nothing() -> None:
    assert lacking(ready_target()) == set()


def test_a_bare_target_lacks_all_that_it_can() -> None:
    assert lacking(make_target()) == {Need.DEPLOYER, Need.OWNER, Need.WATCHER, Need.SMOKE, Need.HEALTH}


@pytest.mark.parametrize("way", ["email", "slack_channel", "alerts_channel"])
def test_an_owner_is_reached_by_mail_or_by_either_channel(way: str) -> None:
    target = ready_target()
    Team.objects.update(email="", slack_channel="", alerts_channel="")
    assert lacking(target) == {Need.OWNER}

    Team.objects.update(**{way: "web@example.org" if way == "email" else "#web"})
    assert lacking(target) == set()


def test_a_watcher_of_another_environment_watches_nothing_here() -> None:
    target = ready_target()
    Watcher.objects.update(environment=make_environment(slug="staging"))

    assert lacking(target) == {Need.WATCHER}


def test_a_watcher_who_cannot_be_told_is_none() -> None:
    target = ready_target()
    Watcher.objects.all().delete()
    for person in (make_user(email=""), make_user(email="gone@example.org", is_active=False)):
        Watcher.objects.create(application=target.application, kind="user", user=person)
    Watcher.objects.create(application=target.application, kind="team", team=make_team())
    assert lacking(target) == {Need.WATCHER}

    told = make_user(email="jo@example.org")
    Watcher.objects.create(application=target.application, kind="user", user=told)
    assert lacking(target) == set()


def test_a_check_that_compares_with_the_commit_is_a_smoke_check() -> None:
    target = ready_target()
    TargetCheck.objects.update(config={"path": "/health"})
    assert lacking(target) == {Need.SMOKE}

    TargetCheck.objects.update(config={"path": "/health", "expect_text": "at {commit}"})
    assert lacking(target) == set()


def test_an_open_trust_issue_counts_where_it_is_of() -> None:
    target, elsewhere = ready_target(), make_environment(slug="staging")
    issue = TrustIssue.objects.create(application=target.application, environment=elsewhere, reason="Slow.")
    assert lacking(target) == set()

    for environment in (target.environment, None):
        TrustIssue.objects.filter(pk=issue.pk).update(environment=environment)
        assert lacking(target) == {Need.TRUST}


def test_a_target_that_needs_slots_says_so() -> None:
    assert lacking(ready_target(slot_policy="required")) == {Need.SLOTS}


def test_the_environment_before_is_the_last_one_in_which_it_runs() -> None:
    early, between, late = (make_environment(slug=slug) for slug in ("integration", "staging", "production"))
    target = ready_target(environment=late)
    before = make_target(application=target.application, environment=early)
    make_target(environment=between, policy=Policy.MANUAL)  # another application's
    assert lacking(target) == {Need.BEFORE}

    Target.objects.filter(pk=before.pk).update(policy=Policy.AUTOMATIC, deployer="command")
    assert lacking(target) == set()


@pytest.mark.parametrize("number", [10, 300])
def test_the_whole_estate_takes_as_many_queries_as_one_target(number: int) -> None:
    environments = [make_environment() for _ in range(3)]
    for at in range(number // 3 + 1):
        application = make_application(slug=f"app-{at}")
        Watcher.objects.create(application=application, kind="slack", address="#web")
        TrustIssue.objects.create(application=application, reason="Slow.", opened_by=make_user())
        for environment in environments:
            target = make_target(application=application, environment=environment)
            TargetCheck.objects.create(target=target, name="Health", kind="http")
    targets = list(Target.objects.select_related("application__owner", "environment"))[:number]

    with CaptureQueriesContext(connection) as queries:
        found = readiness_facts(targets, rolled_back={})

    assert len(found) == number
    assert len(queries) == 4
