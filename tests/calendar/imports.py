"""What the tests of the calendar's imports share: GOV.UK's files, and the commands run as at the terminal."""

from io import StringIO
from pathlib import Path
from typing import NamedTuple

from django.core.management import call_command
from django.core.management.base import CommandError

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "deployer" / "calendar" / "samples"
FREEZES, RULES = SAMPLES / "freezes-2025.csv", SAMPLES / "deploy_rules.csv"
DEPLOYMENTS = SAMPLES / "deployments-2025.csv.gz"
REGISTRY = (ROOT / "apps_registry" / "samples" / "repos.yml", SAMPLES / "no-longer-hosted.yaml")


class Ran(NamedTuple):
    """What a command printed, and the error that it ended with, if any."""

    out: str
    err: str
    error: str


def run(command: str, *arguments: object) -> Ran:
    out, err, error = StringIO(), StringIO(), ""
    try:
        call_command(command, *map(str, arguments), stdout=out, stderr=err)
    except CommandError as caught:
        error = str(caught)
    return Ran(out.getvalue(), err.getvalue(), error)


def load_registry() -> None:
    """GOV.UK's applications in integration, staging and production."""
    for file in REGISTRY:
        assert run("import_registry", file).error == ""
