"""Rows written in bulk: by COPY on PostgreSQL, by one prepared statement on SQLite."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection, models
from django.db.models import Max

from deployer.audit.models import Event
from deployer.promotions.models import Hold, LogChunk, Measurement, Promotion, Step
from deployer.releases.models import Change, Deployment, Release

Row = Sequence[Any]


class Table:
    """Some columns of a model. The others take the field's default, or what `fixed` says."""

    def __init__(self, model: type[models.Model], columns: str, **fixed: object) -> None:
        self.model = model
        self.columns = columns.split()
        fields = {field.attname: field for field in model._meta.concrete_fields}
        rest = [name for name in fields if name not in self.columns and name != "id"]
        self._rest = [_for_database(fields[name], fixed.get(name, fields[name].get_default())) for name in rest]
        self._names = [str(fields[name].column) for name in [*self.columns, *rest]]
        self._converted = [(at, found) for at, name in enumerate(self.columns) if (found := _converter(fields[name]))]

    def insert(self, rows: Iterable[Row]) -> None:
        """Write them in their order."""
        quote = connection.ops.quote_name
        table, names = quote(self.model._meta.db_table), ", ".join(quote(name) for name in self._names)
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(self._whole(row))
                return
            marks = ", ".join(["%s"] * len(self._names))
            statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 — names of our own models
            cursor.executemany(statement, [self._whole(row) for row in rows])

    def _whole(self, row: Row) -> list[Any]:
        whole = [*row, *self._rest]
        for at, convert in self._converted:
            if whole[at] is not None:
                whole[at] = convert(whole[at])
        return whole


def _for_database(field: Any, value: object) -> object:
    convert = _converter(field)
    return convert(value) if convert and value is not None else value


def _converter(field: Any) -> Callable[[Any], Any] | None:
    if isinstance(field, models.JSONField):
        return _json
    if isinstance(field, models.DateTimeField) and connection.vendor == "sqlite":
        return _sqlite_moment
    return None


def _json(value: object) -> str:
    """What is text already has been written as JSON before."""
    return value if isinstance(value, str) else json.dumps(value)


def _sqlite_moment(moment: datetime) -> str:
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(" ")[:-6]


class Tables:
    """The tables of the history, with the ids that are given out for those that others refer to."""

    def __init__(self) -> None:
        self.releases = Table(
            Release, "id application_id number order version commit build_url built_at created_at created_by"
        )
        self.changes = Table(Change, "release_id position title commit author_name author_email url")
        columns = (
            "id release_id target_id kind state requested_by reason outcome superseded_by_id deployment_id created_at"
            " started_at finished_at"
        )
        self.promotions = Table(Promotion, columns)
        self.waiting = Table(Promotion, f"{columns} due_at")
        self.deployments = Table(Deployment, "id target_id release_id at verified_at withdrawn_at")
        self.steps = Table(
            Step,
            "id promotion_id position kind name spec state key fence intended_at reference started_at finished_at"
            " sentence baseline",
        )
        self.measurements = Table(Measurement, "step_id at outcome sentence evidence duration_ms")
        self.log = Table(LogChunk, "step_id at text")
        self.holds = Table(
            Hold,
            "application_id environment_id kind reason promotion_id stopped_id placed_by placed_at way_out lifted_by"
            " lifted_at resolution",
        )
        self.events = Table(
            Event,
            "at kind actor_kind actor_ref actor_label application environment subject release_id promotion_id sentence"
            " reason data",
        )
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:  # of this connection alone: pages of indexes are written to at random
                cursor.execute("PRAGMA cache_size = -262144")
        self._counted = (Release, Promotion, Deployment, Step)
        self._next: dict[type[models.Model], int] = {}
        self.read_ids()

    def read_ids(self) -> None:
        """Look where the numbering stands, after rows were written by other ways."""
        for model in self._counted:
            self._next[model] = (model._base_manager.aggregate(last=Max("pk"))["last"] or 0) + 1

    def new_id(self, model: type[models.Model]) -> int:
        found = self._next[model]
        self._next[model] = found + 1
        return found

    def hand_over(self) -> None:
        """Let the database number on from here: from what was given out, which may not all be written yet."""
        with connection.cursor() as cursor:
            for model, following in self._next.items():
                table = model._meta.db_table
                if connection.vendor == "postgresql":
                    cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s, false)", [table, following])
                    continue
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
                cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, following - 1])
