"""Gives environments the hours and the lengths of slots that a file says, or says what that would change."""

from collections.abc import Sequence
from datetime import time
from functools import partial

from django.db import models

from apps_registry.locks import lock_environments
from apps_registry.models import Environment
from deployer.audit.changes import record_change, stored_values, values_of
from deployer.calendar.hours import Hours
from deployer.calendar.importers.report import Origin, Report
from deployer.calendar.importers.rules_csv import RulesFile
from deployer.calendar.models import EnvironmentCalendar, OpenHours
from deployer.calendar.signals import calendar_changed


def apply_hours(file: RulesFile, origin: Origin, environments: Sequence[Environment]) -> Report:
    """Write what the file says into the calendars of the environments. Its hours replace those that are there; what it
    doesn't say, such as the holidays, stays. Must be inside a transaction.
    """
    report = Report(problems=list(file.problems), notes=list(file.notes))
    if file.hours is not None:
        lock_environments([environment.pk for environment in environments])
        for environment in environments:
            report.attempt(file.line, partial(_Calendar(environment, origin).take, file, file.hours))
    return report


class _Calendar:
    """An environment's calendar while it is brought in line."""

    def __init__(self, environment: Environment, origin: Origin) -> None:
        stored = EnvironmentCalendar.objects.filter(environment=environment).first()
        self.environment = environment
        self.origin = origin
        self.is_new = stored is None
        self.row = stored or EnvironmentCalendar(environment=environment)

    def take(self, file: RulesFile, hours: Hours) -> str | None:
        lengths = file.lengths
        fields: dict[str, object] = {"zone": hours.zone}
        if lengths is not None:
            fields |= {"slot_minutes": lengths.usual, "longest_slot_minutes": lengths.longest}
        changed = self._save(self.row, fields)
        changed = self._hours(hours) or changed
        if not changed:
            return None
        ids = [self.environment.pk]
        calendar_changed.send(EnvironmentCalendar, environments=ids, applications=None, now=self.origin.now)
        slots = f"slots of {self.row.slot_minutes} minutes, at most {self.row.longest_slot_minutes}"
        return f"{'+' if self.is_new else '~'} calendar of {self.environment}: {hours.in_words()}; {slots}"

    def _hours(self, hours: Hours) -> bool:
        """Whether there was anything to change."""
        wanted = {(one.weekday, one.opens): one.closes for one in hours.weekly}
        stored = {(one.weekday, one.opens): one for one in OpenHours.objects.filter(calendar=self.row)}
        for key in stored.keys() - wanted.keys():
            self._delete(stored[key])
        changes = [self._open(stored.get(key), *key, closes) for key, closes in wanted.items()]
        return any(changes) or bool(stored.keys() - wanted.keys())

    def _open(self, stored: OpenHours | None, weekday: int, opens: time, closes: time) -> bool:
        row = stored or OpenHours(calendar=self.row, weekday=weekday, opens=opens)
        return self._save(row, {"closes": closes})

    def _save(self, row: models.Model, fields: dict[str, object]) -> bool:
        """Write the fields that differ, with the event. Whether there were any, or the row is new."""
        is_new = row._state.adding
        differing = {name: value for name, value in fields.items() if is_new or getattr(row, name) != value}
        if not differing:
            return False
        before = None if is_new else stored_values(row)
        for name, value in differing.items():
            setattr(row, name, value)
        row.full_clean()
        row.save()
        self._record(row, before, values_of(row))
        return True

    def _delete(self, row: OpenHours) -> None:
        before = values_of(row)
        row.delete()
        self._record(row, before, None)

    def _record(self, row: models.Model, before: dict[str, object] | None, after: dict[str, object] | None) -> None:
        by, environment, reason = self.origin.by, self.environment.slug, self.origin.reason
        record_change(row, before, after, by=by, environment=environment, reason=reason)
