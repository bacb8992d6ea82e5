"""Deployments as GOV.UK's history of image tags records them: a row for each, with what brought it about."""

from pathlib import Path

from apps_registry.importers.base import EntryError, Problem
from deployer.calendar.importers.base import Row, read_rows
from deployer.calendar.replay import PastDeploy

COLUMNS = ("deployed_at_utc", "environment", "app", "trigger", "promote_deployment", "automatic_deploys_enabled")


def read_deployments(path: Path) -> tuple[list[PastDeploy], list[Problem]]:
    """Those that the file tells of, and the rows that are bad. Raises CalendarFileError when it can't be read as a
    whole."""
    found = read_rows(path, COLUMNS)
    deploys = []
    for row in found.rows:
        try:
            deploys.append(_parse(row))
        except EntryError as error:
            found.problems.append(error.problem)
    return deploys, sorted(found.problems, key=lambda problem: problem.line)


def _parse(row: Row) -> PastDeploy:
    """A manual deploy was never promoted further, by which it can be told; "Manual deployments are never promoted to
    the next environment", say the rules of GOV.UK since March 2023."""
    return PastDeploy(
        at=row.needed_moment("deployed_at_utc"),
        environment=row.needed("environment"),
        application=row.needed("app"),
        trigger=row.needed("trigger"),
        by_hand=row.flag("promote_deployment") is False,
        switched_off=row.flag("automatic_deploys_enabled") is False,
    )
