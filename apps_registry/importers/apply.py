"""Brings the registry in line with what a file says, or says what that would change."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db import DatabaseError, models, transaction

from apps_registry.about import about
from apps_registry.actions import archive
from apps_registry.importers.base import ApplicationEntry, EntryError, Problem, Registry, TeamEntry, readable
from apps_registry.models import Application, Environment, Target, Team
from deployer.audit.actor import Actor
from deployer.audit.changes import record_change, stored_values, values_of

DEFAULT_ENVIRONMENTS = ("integration", "staging", "production")
POSITION_STEP = 10

_Row = TypeVar("_Row", bound=models.Model)


@dataclass(slots=True)
class Report:
    """What an import changed, a line each; what of the file it could not take; and what a person should know."""

    changes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def apply(
    registry: Registry,
    *,
    environments: Sequence[str] = (),
    by: Actor,
    now: datetime,
    reason: str = "",
    dry_run: bool = False,
) -> Report:
    """Write the entries in one transaction, each in a savepoint, so that a bad one spoils no other.

    `environments` are those in which an application without any target gets targets, in the order of
    promotion; missing ones are made. When none are named they are all that exist, or three when none does.
    A dry run does the same and takes it all back, so it reports what a real one would.
    Raises ValidationError when an environment's name is no slug.
    """
    with transaction.atomic():
        report = _Import(registry, by=by, now=now, reason=reason).run(environments)
        if dry_run:
            transaction.set_rollback(True)
    return report


class _Import:
    def __init__(self, registry: Registry, *, by: Actor, now: datetime, reason: str) -> None:
        self.registry = registry
        self.by = by
        self.now = now
        self.reason = reason
        self.report = Report(problems=list(registry.problems))
        self.teams: dict[str, Team] = {}

    def run(self, environments: Sequence[str]) -> Report:
        stops = list(self._environments(environments))
        for team in self.registry.teams.values():
            self._try(team.line, partial(self._team, team))
        for entry in self.registry.applications.values():
            self._try(entry.line, partial(self._application, entry, stops))
        if self.registry.complete:
            self._note_missing()
        self.report.problems.sort(key=lambda problem: problem.line)
        return self.report

    def _try(self, line: int, write: Callable[[], str | None]) -> None:
        """Write an entry; whatever refuses it becomes a problem of its line, and its part is taken back."""
        try:
            with transaction.atomic():
                change = write()
        except EntryError as error:
            self.report.problems.append(error.problem)
        except ValidationError as error:
            self.report.problems += [Problem(line, sentence) for sentence in _sentences(error)]
        except DatabaseError as error:
            self.report.problems.append(Problem(line, f"the database refused it: {error}"))
        else:
            if change:
                self.report.changes.append(change)

    def _environments(self, names: Sequence[str]) -> Iterator[Environment]:
        existing = {environment.slug: environment for environment in Environment.objects.all()}
        names = list(dict.fromkeys(names)) or list(existing) or DEFAULT_ENVIRONMENTS
        position = max((environment.position for environment in existing.values()), default=0)
        has_production = any(environment.is_production for environment in existing.values())
        for name in names:
            if name not in existing:
                position += POSITION_STEP
                is_production = name == names[-1] and not has_production
                existing[name] = self._create(
                    Environment(slug=name, name=readable(name), position=position, is_production=is_production)
                )
                self.report.changes.append(f"+ environment {name}")
            yield existing[name]

    def _team(self, entry: TeamEntry) -> str | None:
        team = _find_team(entry)
        if team is not None:
            self.teams[entry.slug] = team
            return _changed(f"team {team.slug}", self._update(team, entry.fields))
        self.teams[entry.slug] = self._create(Team(**{"slug": entry.slug, "name": entry.name, **entry.fields}))
        return f"+ team {entry.slug}"

    def _application(self, entry: ApplicationEntry, stops: Sequence[Environment]) -> str | None:
        application = Application.objects.filter(slug=entry.slug).select_related("owner").first()
        if entry.retired:
            return self._retire(application)
        owner = self.teams.get(entry.team)
        if owner is None:
            raise EntryError(entry.line, f"{entry.slug}: its owner {entry.team} could not be imported.")
        if application is None:
            row = Application(**{"slug": entry.slug, "name": entry.name, "owner": owner, **entry.fields})
            places = self._targets(self._create(row), stops)
            return f"+ application {entry.slug} (owner {owner.slug}; {places})"
        if application.is_archived:
            self.report.notes.append(f"{entry.slug} is in the file but archived here; it stays archived.")
            return None
        differences = self._update(application, {"owner": owner, **entry.fields})
        if not application.targets.exists():
            differences.append(self._targets(application, stops))
        return _changed(f"application {entry.slug}", differences)

    def _retire(self, application: Application | None) -> str | None:
        if application is None or application.is_archived:
            return None
        archive(application, by=self.by, now=self.now, reason=self.reason)
        return f"- application {application.slug} (retired in the file: archived)"

    def _targets(self, application: Application, stops: Sequence[Environment]) -> str:
        for environment in stops:
            url = application.production_url if environment.is_production else ""
            self._create(Target(application=application, environment=environment, url=url))
        return f"manual targets in {', '.join(environment.slug for environment in stops)}"

    def _create(self, row: _Row) -> _Row:
        row.full_clean()
        row.save()
        record_change(row, None, values_of(row), by=self.by, reason=self.reason, **about(row))
        return row

    def _update(self, row: models.Model, fields: Mapping[str, object]) -> list[str]:
        """Set the fields that differ; returns a text for each: `kind: APIs → Frontend apps`."""
        differing = {name: value for name, value in fields.items() if getattr(row, name) != value}
        if not differing:
            return []
        before = stored_values(row)
        for name, value in differing.items():
            setattr(row, name, value)
        row.full_clean()
        row.save(update_fields=list(differing))
        after = values_of(row)
        record_change(row, before, after, by=self.by, reason=self.reason, **about(row))
        return [f"{name} {_shown(before[name])} → {_shown(after[name])}" for name in differing]

    def _note_missing(self) -> None:
        missing = Application.objects.active().exclude(slug__in=self.registry.named).values_list("slug", flat=True)
        if missing:
            self.report.notes.append(f"Here but not among the file's applications, and kept: {', '.join(missing)}.")


def _find_team(entry: TeamEntry) -> Team | None:
    """The team by its slug, else the one that people gave the same channel before the file was imported."""
    team = Team.objects.filter(slug=entry.slug).first()
    channel = entry.fields.get("slack_channel")
    if team is not None or not channel:
        return team
    same_channel = Team.objects.filter(slack_channel=channel)[:2]
    return same_channel[0] if len(same_channel) == 1 else None


def _changed(what: str, differences: Sequence[str]) -> str | None:
    return f"~ {what}: {'; '.join(differences)}" if differences else None


def _shown(value: object) -> str:
    text = " ".join(str(value or "").split())
    return f"{text[:57]}…" if len(text) > 60 else text or "nothing"


def _sentences(error: ValidationError) -> list[str]:
    """A sentence for each thing that is wrong, with the field's name before it."""
    if not hasattr(error, "error_dict"):
        return error.messages
    pairs = [(name, text) for name, texts in error.message_dict.items() for text in texts]
    return [text if name == "__all__" else f"{name}: {text}" for name, text in pairs]
