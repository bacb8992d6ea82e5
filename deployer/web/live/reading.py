"""What has changed since a position: two queries, and one for the position of now."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Max, Min, Q, QuerySet

from deployer.audit.models import Event, Touch
from deployer.web.live.position import GAPS, Mark, Position
from deployer.web.live.topics import About

MOST = 500
"""Rows of one kind. Who has missed more fetches the page whole, which costs less."""


@dataclass(frozen=True, slots=True)
class Changes:
    """The topics of what changed up to `position`. With `reset` there was too much to say, or it is no longer known:
    anything may have changed."""

    topics: frozenset[str]
    position: Position
    reset: bool = False


def position_now() -> Position:
    """One query. Whatever is read after it shows everything up to it."""
    newest = "SELECT * FROM (SELECT {0} AS kind, id FROM {1} ORDER BY id DESC LIMIT {2}) AS newest_{0}"
    parts = (newest.format(number, model._meta.db_table, GAPS) for number, model in enumerate((Event, Touch)))
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        rows = cursor.fetchall()
    events, touches = (Mark.of(pk for kind, pk in rows if kind == number) for number in (0, 1))
    return Position(events, touches)


def changes_since(position: Position) -> Changes:
    """Two queries, and one when there was too much. Each change is told once to who goes on from the answer's position;
    a row that appears late, below the position's last id, is told then."""
    columns = ("id", "application", "environment", "subject", "promotion_id")
    events = list(_new(Event.objects.all(), position.events).values_list(*columns, "release_id")[: MOST + 1])
    touches = list(_new(Touch.objects.all(), position.touches).values_list(*columns)[: MOST + 1])
    if max(len(events), len(touches)) > MOST:
        return Changes(frozenset(), position_now(), reset=True)
    topics: frozenset[str] = frozenset().union(*(About(*row[1:]).topics() for row in (*events, *touches)))
    seen = (frozenset(row[0] for row in rows) for rows in (events, touches))
    return Changes(topics, Position(*(mark.after(ids) for mark, ids in zip(_marks(position), seen, strict=True))))


def caught_up(position: Position) -> Changes:
    """The same for a position that comes from a browser, which may be of yesterday, or of a database that was since
    restored from a backup. Four queries."""
    events = Event.objects.aggregate(last=Max("id"))
    touches = Touch.objects.aggregate(first=Min("id"), last=Max("id"))
    is_ahead = position.events.last > (events["last"] or 0) or position.touches.last > (touches["last"] or 0)
    is_forgotten = position.touches.last + 1 < (touches["first"] or 0)
    if is_ahead or is_forgotten:
        return Changes(frozenset(), position_now(), reset=True)
    return changes_since(position)


def _marks(position: Position) -> tuple[Mark, Mark]:
    return position.events, position.touches


def _new(rows: QuerySet[Any], mark: Mark) -> QuerySet[Any]:
    return rows.filter(Q(id__gt=mark.last) | Q(id__in=mark.gaps)).order_by("id")
