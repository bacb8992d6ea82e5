from pathlib import Path

import pytest

from apps_registry.importers.base import Problem, Registry
from apps_registry.importers.read import read
from apps_registry.importers.repos_yml import parse
from apps_registry.importers.yaml_reader import read_documents

GOVUK = Path(__file__).parents[3] / "apps_registry" / "samples" / "repos.yml"

GOOD = """\
- repo_name: router
  type: Supporting apps
  team: "#govuk-platform"
  production_hosted_on: eks
"""


def parsed(text: str) -> Registry:
    return parse(read_documents(text)[0])


def test_gov_uk_s_file_has_57_hosted_applications_of_12_teams() -> None:
    registry = read(GOVUK)

    assert len(registry.applications) == 57
    assert len(registry.teams) == 12
    assert registry.skipped.total() == 79
    assert registry.problems == []
    assert registry.notes == []


def test_an_entry_becomes_an_application_with_the_fields_that_the_file_gives() -> None:
    entry = read(GOVUK).applications["email-alert-api"]

    assert entry.team == "govuk-navigation-tech"
    assert entry.name == "Email alert API"
    assert entry.fields == {
        "repository": "alphagov/email-alert-api",
        "kind": "APIs",
        "hosting": "eks",
        "dashboard_url": (
            "https://grafana.blue.production.govuk.digital/dashboard/file/email_alert_api.json?refresh=10s&orgId=1"
        ),
    }


def test_applications_of_one_repository_go_by_their_own_names() -> None:
    applications = read(GOVUK).applications

    licensing = {"licensify-backend", "licensify-frontend", "licensify-feed"}
    assert licensing <= set(applications)
    assert {applications[slug].fields["repository"] for slug in licensing} == {"alphagov/licensify"}


def test_a_repository_that_is_deployed_twice_is_one_application() -> None:
    applications = read(GOVUK).applications

    assert "collections" in applications
    assert "draft-collections" not in applications


def test_a_production_url_of_false_is_none() -> None:
    assert read(GOVUK).applications["router"].fields["production_url"] == ""


def test_a_team_has_the_channels_of_the_file() -> None:
    teams = read(GOVUK).teams

    assert teams["govuk-content-apis"].name == "GOV.UK content APIs"
    assert teams["govuk-content-apis"].fields == {
        "slack_channel": "#govuk-content-apis",
        "alerts_channel": "#govuk-content-apis-system-alerts",
    }
    assert teams["govuk-navigation-tech"].fields == {"slack_channel": "#govuk-navigation-tech"}


def test_alerts_that_go_to_the_team_s_own_channel_need_no_other() -> None:
    team = read(GOVUK).teams["govuk-publishing-mainstream-experience-tech"]

    assert team.fields["alerts_channel"] == ""


def test_of_several_alerts_channels_the_one_given_most_often_counts() -> None:
    entry = '- {{repo_name: {}, team: "#team", alerts_team: "{}", production_hosted_on: eks}}\n'
    registry = parsed(entry.format("a", "#one") + entry.format("b", "#two") + entry.format("c", "#two"))

    assert registry.teams["team"].fields["alerts_channel"] == "#two"
    assert [note.line for note in registry.notes] == [1]
    assert "#one" in registry.notes[0].message


def test_of_alerts_channels_given_equally_often_the_first_counts() -> None:
    entry = '- {{repo_name: {}, team: "#team", alerts_team: "{}", production_hosted_on: eks}}\n'
    registry = parsed(entry.format("a", "#zebra") + entry.format("b", "#ant"))

    assert registry.teams["team"].fields["alerts_channel"] == "#zebra"


def test_what_is_not_hosted_is_counted_by_its_type() -> None:
    registry = parsed('- {repo_name: plek, type: Gems, team: "#t"}\n- {repo_name: rfcs}\n' + GOOD)

    assert registry.skipped == {"Gems": 1, "no type": 1}
    assert set(registry.teams) == {"govuk-platform"}


@pytest.mark.parametrize(
    ("entry", "line", "message"),
    [
        ("- 7", 1, "an entry is not a list of fields"),
        ("- [a, b]", 1, "an entry is not a list of fields"),
        ("- type: APIs", 1, "repo_name is missing"),
        ("- repo_name:", 1, "repo_name is missing"),
        ("- repo_name: [a]", 1, "repo_name: give a text"),
        ("- repo_name: x\n  production_hosted_on: eks", 1, "team is missing"),
        ('- repo_name: X\n  team: "#t"\n  production_hosted_on: eks', 1, "repo_name: 'X' won't do"),
        ("- repo_name: x\n  team: t\n  production_hosted_on: eks", 2, "team: 't' won't do"),
        ("- repo_name: x\n  team: {a: b}\n  production_hosted_on: eks", 2, "team: give a text"),
        ('- repo_name: x\n  team: "#."\n  production_hosted_on: eks', 1, "neither letter nor digit"),
        ('- repo_name: x\n  team: "#t"\n  alerts_team: all\n  production_hosted_on: eks', 3, "alerts_team: 'all'"),
        ('- repo_name: x\n  team: "#t"\n  type: "a\\0b"\n  production_hosted_on: eks', 3, "control character"),
        ('- repo_name: x\n  team: "#govuk.platform"\n  production_hosted_on: eks', 1, "would be one team"),
        ('- repo_name: router\n  team: "#other"\n  production_hosted_on: eks', 1, "router is also at line 1"),
    ],
)
def test_a_bad_entry_is_a_problem_at_its_line_and_the_rest_is_read(entry: str, line: int, message: str) -> None:
    registry = parsed(f"{GOOD}{entry}\n")

    [problem] = registry.problems
    assert problem.line == line + 4
    assert message in problem.message
    assert set(registry.applications) == {"router"}


def test_a_bad_entry_still_counts_as_named() -> None:
    registry = parsed("- repo_name: router\n  production_hosted_on: eks\n")

    assert registry.named == {"router"}
    assert registry.problems == [Problem(1, "team is missing.")]


def test_retired_is_read() -> None:
    registry = parsed(f"{GOOD}  retired: true\n")

    assert registry.applications["router"].retired
