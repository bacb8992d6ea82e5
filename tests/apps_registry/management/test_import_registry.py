from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from apps_registry.models import Application, Target, Team
from deployer.audit.models import Event

pytestmark = pytest.mark.django_db

GOVUK = Path(__file__).parents[3] / "apps_registry" / "samples" / "repos.yml"
CATALOG = Path(__file__).parents[1] / "data" / "catalog-info.yaml"


def run(file: Path, *options: str) -> tuple[str, str, str]:
    """What the command printed, to stdout and stderr, and the error that it ended with, if any."""
    out, err, error = StringIO(), StringIO(), ""
    try:
        call_command("import_registry", str(file), *options, stdout=out, stderr=err)
    except CommandError as caught:
        error = str(caught)
    return out.getvalue(), err.getvalue(), error


def test_gov_uk_s_file_goes_in_and_a_second_run_changes_nothing() -> None:
    out, err, error = run(GOVUK)
    assert "+ application publishing-api (owner govuk-content-apis; manual targets in integration, staging" in out
    assert "57 applications of 12 teams. Skipped 79" in out
    assert (err, error) == ("", "")
    assert (Application.objects.count(), Team.objects.count(), Target.objects.count()) == (57, 12, 171)
    events = Event.objects.count()

    out, _, error = run(GOVUK)

    assert out.rstrip().endswith("Nothing to change.")
    assert out.count("\n") == 1
    assert error == ""
    assert Event.objects.count() == events


def test_a_dry_run_prints_the_difference_and_writes_nothing() -> None:
    out, _, _ = run(GOVUK, "--dry-run")

    assert "+ application publishing-api" in out
    assert "dry run: 72 changes to make, none made" in out
    assert not Application.objects.exists()
    assert not Event.objects.exists()


def test_a_backstage_catalogue_goes_in_but_for_its_bad_entry() -> None:
    out, err, error = run(CATALOG, "--environments", "test, live")

    assert "+ application artist-web (owner artist-relations; manual targets in test, live)" in out
    assert f"{CATALOG}:49: owner: user:default/ada is not a group" in err
    assert error == "1 entry has a problem, told above with its line. The rest was imported."
    assert set(Application.objects.values_list("slug", flat=True)) == {"artist-web", "artist-lookup"}


def test_each_bad_entry_is_printed_with_its_line_and_the_rest_goes_in(tmp_path: Path) -> None:
    file = tmp_path / "repos.yml"
    good = '- repo_name: router\n  team: "#t"\n  production_hosted_on: eks\n'
    file.write_text(f"- repo_name: X\n  production_hosted_on: eks\n{good}- 7\n")

    _, err, error = run(file)

    assert [line.split(": ")[0] for line in err.splitlines()] == [f"{file}:1", f"{file}:6"]
    assert error == "2 entries have a problem, told above with their lines. The rest was imported."
    assert Application.objects.get().slug == "router"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"- name: [a\n- b: c\n", ":2: is not YAML"),
        (b"\x00\x01\x02", "is not YAML"),
        (b"\xff\xfe\x00", ":1: is not a text file in UTF-8."),
        (b"", " is empty."),
        (b"Dear all, the release is on Monday.", ":1: is neither a list of repositories"),
        (b"- !!python/object/apply:os.system [id]", ":1: has the tag !!python/object/apply:os.system"),
    ],
)
def test_a_file_that_is_no_registry_is_refused_and_nothing_is_lost(
    tmp_path: Path, content: bytes, message: str
) -> None:
    run(GOVUK)
    file = tmp_path / "repos.yml"
    file.write_bytes(content)

    _, _, error = run(file)

    assert error.startswith(str(file))
    assert message in error
    assert error.endswith("Nothing was imported.")
    assert Application.objects.count() == 57


def test_an_environment_s_name_is_checked() -> None:
    _, _, error = run(GOVUK, "--environments", "Live!")

    assert error.startswith("--environments: ")
    assert not Application.objects.exists()


def test_a_format_that_does_not_exist_is_refused() -> None:
    with pytest.raises(CommandError, match="invalid"):
        call_command("import_registry", str(GOVUK), "--format", "toml")
