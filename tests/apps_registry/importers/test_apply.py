from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError

from apps_registry.importers.apply import Report, apply
from apps_registry.importers.backstage import parse as parse_backstage
from apps_registry.importers.base import Registry
from apps_registry.importers.repos_yml import parse
from apps_registry.importers.yaml_reader import read_documents
from apps_registry.models import Application, Environment, Target, Team
from apps_registry.models.target import Policy
from deployer.audit.actor import Actor, ActorKind
from deployer.audit.models import Event
from tests.apps_registry.factories import make_application, make_environment, make_target, make_team

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ADA = Actor(ActorKind.OPERATOR, "ada", "ada at the terminal")

ROUTER = """\
- repo_name: router
  type: Supporting apps
  team: "#govuk-platform"
  production_hosted_on: eks
"""


def imported(text: str, *, environments: tuple[str, ...] = (), dry_run: bool = False) -> Report:
    registry = parse(read_documents(text)[0])
    return apply(registry, environments=environments, by=ADA, now=NOW, reason="Import of repos.yml", dry_run=dry_run)


def test_the_first_import_makes_the_way_to_production() -> None:
    imported(ROUTER)

    environments = Environment.objects.values_list("slug", "position", "is_production")
    assert list(environments) == [("integration", 10, False), ("staging", 20, False), ("production", 30, True)]


def test_a_new_application_has_a_manual_target_without_a_deployer_in_each_environment() -> None:
    imported(ROUTER + "  production_url: https://router.example.org\n")

    targets = Target.objects.values_list("environment__slug", "policy", "deployer", "url")
    assert list(targets) == [
        ("integration", "manual", "", ""),
        ("staging", "manual", "", ""),
        ("production", "manual", "", "https://router.example.org"),
    ]


def test_environments_that_exist_are_taken_as_they_are() -> None:
    make_environment(slug="test", position=3)
    make_environment(slug="live", position=7)

    imported(ROUTER)

    assert list(Target.objects.values_list("environment__slug", flat=True)) == ["test", "live"]


def test_named_environments_are_made_where_they_are_missing() -> None:
    make_environment(slug="production", position=50)

    imported(ROUTER, environments=("production", "disaster-recovery"))

    environments = Environment.objects.values_list("slug", "position", "is_production")
    assert list(environments) == [("production", 50, True), ("disaster-recovery", 60, False)]


def test_an_environment_that_no_address_can_hold_stops_the_import() -> None:
    with pytest.raises(ValidationError):
        imported(ROUTER, environments=("Live!",))

    assert not Environment.objects.exists()


def test_a_second_import_changes_nothing() -> None:
    imported(ROUTER)
    events = Event.objects.count()

    assert imported(ROUTER).changes == []
    assert Event.objects.count() == events


def test_a_dry_run_tells_the_same_and_writes_nothing() -> None:
    told = imported(ROUTER, dry_run=True).changes

    assert not Application.objects.exists()
    assert not Team.objects.exists()
    assert not Environment.objects.exists()
    assert not Event.objects.exists()
    assert told == imported(ROUTER).changes


def test_every_row_has_its_event_with_who_and_why() -> None:
    imported(ROUTER)

    kinds = Event.objects.order_by("id").values_list("kind", "application", "environment")
    assert list(kinds) == [
        ("registry.environment.created", "", "integration"),
        ("registry.environment.created", "", "staging"),
        ("registry.environment.created", "", "production"),
        ("registry.team.created", "", ""),
        ("registry.application.created", "router", ""),
        ("registry.target.created", "router", "integration"),
        ("registry.target.created", "router", "staging"),
        ("registry.target.created", "router", "production"),
    ]
    assert set(Event.objects.values_list("actor_ref", "reason")) == {("ada", "Import of repos.yml")}


def test_what_the_file_gives_is_brought_up_to_date() -> None:
    imported(ROUTER)
    moved = ROUTER.replace("#govuk-platform", "#govuk-edge").replace("Supporting apps", "APIs")

    report = imported(moved)

    assert report.changes == [
        "+ team govuk-edge",
        "~ application router: owner GOV.UK platform → GOV.UK edge; kind Supporting apps → APIs",
    ]
    event = Event.objects.get(kind="registry.application.changed")
    assert event.data == {"owner": ["GOV.UK platform", "GOV.UK edge"], "kind": ["Supporting apps", "APIs"]}


def test_what_people_wrote_into_other_fields_stays() -> None:
    imported(ROUTER)
    Application.objects.update(name="The router", notes="Ask first.", impact="high", description="Routes.")
    Team.objects.update(name="The platform", email="platform@example.org", alerts_channel="#alerts")

    assert imported(ROUTER).changes == []

    application = Application.objects.get()
    assert (application.name, application.notes, application.impact) == ("The router", "Ask first.", "high")
    assert Team.objects.get().alerts_channel == "#alerts"


def test_a_team_that_people_made_before_is_known_by_its_channel() -> None:
    team = make_team(slug="platform", slack_channel="#govuk-platform")

    imported(ROUTER)

    assert Application.objects.get().owner == team
    assert Team.objects.count() == 1


def test_targets_that_people_set_up_stay() -> None:
    application = make_application(slug="router", owner=make_team(slug="govuk-platform"))
    target = make_target(
        application=application, environment=make_environment(slug="production"), policy=Policy.AUTOMATIC
    )
    make_environment(slug="staging")

    imported(ROUTER)

    assert list(Target.objects.all()) == [target]
    target.refresh_from_db()
    assert (target.policy, target.deployer) == ("automatic", "command")


def test_a_retired_application_is_archived_and_kept() -> None:
    imported(ROUTER)

    report = imported(f"{ROUTER}  retired: true\n")

    assert report.changes == ["- application router (retired in the file: archived)"]
    assert Application.objects.get().archived_at == NOW
    assert Event.objects.filter(kind="registry.application.archived", application="router").count() == 1
    assert imported(f"{ROUTER}  retired: true\n").changes == []


def test_an_application_that_is_retired_from_the_start_is_not_made() -> None:
    imported(f"{ROUTER}  retired: true\n")

    assert not Application.objects.exists()


def test_an_application_that_people_archived_stays_archived() -> None:
    imported(ROUTER)
    Application.objects.update(archived_at=NOW)

    report = imported(ROUTER)

    assert report.changes == []
    assert report.notes == ["router is in the file but archived here; it stays archived."]
    assert Application.objects.get().is_archived


def test_an_application_that_the_file_does_not_list_is_told_of_and_kept() -> None:
    make_application(slug="bouncer")

    report = imported(ROUTER)

    assert report.notes == ["Here but not among the file's applications, and kept: bouncer."]
    assert not Application.objects.get(slug="bouncer").is_archived


def test_a_backstage_file_does_not_mean_to_list_everything() -> None:
    make_application(slug="bouncer")
    documents = read_documents("kind: Component\nmetadata: {name: web}\nspec: {type: service, owner: team-a}\n")

    report = apply(parse_backstage(documents), by=ADA, now=NOW)

    assert report.notes == []
    assert Application.objects.get(slug="web").owner.slug == "team-a"


def test_a_field_that_the_model_refuses_is_a_problem_at_the_entry_s_line() -> None:
    bad = ROUTER.replace("router", "bouncer") + "  production_url: nowhere\n"

    report = imported(bad + ROUTER)

    assert [(problem.line, problem.message) for problem in report.problems] == [
        (1, "production_url: Enter a valid URL.")
    ]
    assert list(Application.objects.values_list("slug", flat=True)) == ["router"]


def test_what_a_bad_entry_had_begun_is_taken_back() -> None:
    make_environment(slug="production")
    long = "https://example.org/" + "x" * 190

    imported(f"{ROUTER}  production_url: {long}\n")

    assert not Application.objects.exists()
    assert not Target.objects.exists()
    assert not Event.objects.filter(kind="registry.application.created").exists()


def test_a_team_that_could_not_be_imported_is_named_at_its_application_s_line() -> None:
    registry: Registry = parse(read_documents(ROUTER)[0])
    registry.teams.clear()

    [problem] = apply(registry, by=ADA, now=NOW).problems

    assert (problem.line, problem.message) == (1, "router: its owner govuk-platform could not be imported.")
