from pathlib import Path

import pytest

from apps_registry.importers.backstage import parse
from apps_registry.importers.base import Registry, RegistryFileError
from apps_registry.importers.read import Format, read
from apps_registry.importers.yaml_reader import read_documents

CATALOG = Path(__file__).parents[1] / "data" / "catalog-info.yaml"

COMPONENT = """\
kind: Component
metadata: {name: web}
spec: {type: service, owner: team-a}
"""


def parsed(text: str) -> Registry:
    return parse(read_documents(text))


def test_a_component_is_an_application() -> None:
    entry = read(CATALOG).applications["artist-web"]

    assert entry.line == 2
    assert entry.name == "Artist web"
    assert entry.team == "artist-relations"
    assert entry.fields == {
        "name": "Artist web",
        "description": "The place to be, for great artists",
        "repository": "example/artist-web",
        "kind": "website",
        "runbook_url": "https://runbooks.example.org/artist-web",
        "dashboard_url": "https://grafana.example.org/d/artist-web",
    }


def test_a_group_is_a_team() -> None:
    team = read(CATALOG).teams["artist-relations"]

    assert team.name == "Artist relations team"
    assert team.fields == {"name": "Artist relations team", "email": "artists@example.org"}


def test_an_owner_that_is_not_described_is_a_team_by_its_name() -> None:
    team = read(CATALOG).teams["platform"]

    assert (team.name, team.fields) == ("Platform", {})


def test_other_kinds_and_libraries_are_counted() -> None:
    registry = read(CATALOG)

    assert registry.skipped == {"library": 1, "System": 1, "Group that is no team": 1}
    assert set(registry.teams) == {"artist-relations", "platform"}


def test_an_application_is_owned_by_a_group_and_not_a_person() -> None:
    [problem] = read(CATALOG).problems

    assert problem.line == 49
    assert "user:default/ada is not a group" in problem.message


def test_a_department_that_owns_an_application_is_its_team() -> None:
    group = "kind: Group\nmetadata: {name: team-a, title: Department A}\nspec: {type: department}\n"
    registry = parsed(f"{COMPONENT}---\n{group}")

    assert registry.teams["team-a"].name == "Department A"
    assert not registry.skipped


@pytest.mark.parametrize(
    ("owner", "team"),
    [
        ("Team-A", "team-a"),
        ("group:team.a", "team-a"),
        ("Group:default/team_a", "team_a"),
        ("group:music/team-a", "music-team-a"),
        ("music/team-a", "music-team-a"),
    ],
)
def test_an_owner_is_an_entity_reference(owner: str, team: str) -> None:
    registry = parsed(COMPONENT.replace("team-a", f"'{owner}'"))

    assert registry.applications["web"].team == team


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("just words", 1, "an entity is not a list of fields"),
        ("metadata: {name: x}", 1, "kind is missing"),
        ("kind: Component\nspec: {type: service, owner: a}", 1, "metadata is missing"),
        ("kind: Component\nmetadata: {name: x}", 1, "spec is missing"),
        ("kind: Component\nmetadata: {title: x}\nspec: {type: service, owner: a}", 1, "name is missing"),
        ("kind: Component\nmetadata: {name: x}\nspec: {type: service}", 1, "owner is missing"),
        ("kind: Component\nmetadata: {name: x}\nspec: {type: service, owner: 'a b'}", 3, "is not a reference"),
        ("kind: Component\nmetadata: {name: '...'}\nspec: {type: service, owner: a}", 1, "neither letter nor digit"),
        ("kind: Component\nmetadata: {name: web}\nspec: {type: service, owner: a}", 1, "web is also at line 1"),
        ("kind: Component\nmetadata: words\nspec: {type: service, owner: a}", 2, "metadata is not a list of fields"),
    ],
)
def test_a_bad_entity_is_a_problem_at_its_line_and_the_rest_is_read(text: str, line: int, message: str) -> None:
    registry = parsed(f"{COMPONENT}---\n{text}\n")

    [problem] = registry.problems
    assert problem.line == line + 4
    assert message in problem.message
    assert set(registry.applications) == {"web"}


def test_a_group_that_is_described_twice_is_a_problem() -> None:
    group = "kind: Group\nmetadata: {name: team-a}\nspec: {type: team}\n"
    registry = parsed(f"{group}---\n{group}")

    assert [problem.line for problem in registry.problems] == [5]


@pytest.mark.parametrize("text", ["just words", "{a: b}", "42"])
def test_a_file_of_neither_kind_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "registry.yml"
    file.write_text(text)

    with pytest.raises(RegistryFileError, match="neither"):
        read(file)


def test_comments_alone_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "registry.yml"
    file.write_text("# nothing yet\n")

    with pytest.raises(RegistryFileError, match="holds nothing"):
        read(file)


def test_a_format_that_is_asked_for_is_held_to() -> None:
    with pytest.raises(RegistryFileError, match="not one list of repositories"):
        read(CATALOG, Format.REPOS)
