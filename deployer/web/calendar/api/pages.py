"""Lists in pages, by a time and the id, which tells apart what has the same time. Each page costs the same, however far
it is from the first."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from django.db import models
from django.db.models import Q, QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

SIZE = 100
HIGHEST_ID = 2**63 - 1

_Row = TypeVar("_Row", bound=models.Model)


class Cursor(NamedTuple):
    """Where a page begins: after the row with this time and id, or before it when `back`."""

    at: datetime
    id: int
    back: bool

    def written(self) -> str:
        return urlsafe_b64encode(json.dumps([self.at.isoformat(), self.id, self.back]).encode()).decode()


@extend_schema_field(OpenApiTypes.STR)
class CursorField(serializers.Field[Cursor, str, str, Any]):
    default_error_messages = {"invalid": "This is no page of this list: follow `next` and `previous` of its answers."}

    def to_internal_value(self, data: str) -> Cursor:
        try:
            at, row, back = json.loads(urlsafe_b64decode(data.encode()))
            cursor = Cursor(datetime.fromisoformat(at), int(row), bool(back))
        except (ValueError, TypeError, RecursionError, OverflowError):
            self.fail("invalid")
        if cursor.at.tzinfo is None or not 0 <= cursor.id <= HIGHEST_ID:
            self.fail("invalid")
        return cursor


@dataclass(frozen=True, slots=True)
class Page(Generic[_Row]):
    """`next` and `previous` are addresses, None at the ends."""

    rows: Sequence[_Row]
    next: str | None
    previous: str | None

    def answer(self, results: Any) -> dict[str, Any]:
        return {"next": self.next, "previous": self.previous, "results": results}


def page_of(
    rows: QuerySet[_Row], request: Request, cursor: Cursor | None, *, by: str, newest_first: bool = False
) -> Page[_Row]:
    """The rows ordered by the time `by` and the id, from the cursor on."""
    back = cursor is not None and cursor.back
    descending = newest_first != back
    sign = "-" if descending else ""
    rows = rows.order_by(f"{sign}{by}", f"{sign}pk")
    if cursor is not None:
        rows = rows.filter(_beyond(cursor, by, "lt" if descending else "gt"))
    found = list(rows[: SIZE + 1])
    shown, more = found[:SIZE], len(found) > SIZE
    if back:
        shown.reverse()

    def link(row: _Row, *, back: bool) -> str:
        written = Cursor(getattr(row, by), row.pk, back).written()
        return replace_query_param(request.build_absolute_uri(), "cursor", written)

    return Page(
        rows=shown,
        next=link(shown[-1], back=False) if shown and (back or more) else None,
        previous=link(shown[0], back=True) if shown and (more if back else cursor is not None) else None,
    )


def _beyond(cursor: Cursor, by: str, way: str) -> Q:
    """The first condition alone says little; it is what lets an index find the rest."""
    return Q(**{f"{by}__{way}e": cursor.at}) & (Q(**{f"{by}__{way}": cursor.at}) | Q(**{f"pk__{way}": cursor.id}))


def page_schema(name: str, out: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """A page, as the schema describes it."""
    fields = {name: serializers.URLField(allow_null=True) for name in ("next", "previous")}
    return inline_serializer(name, fields | {"results": out(many=True)})
