"""The events that match, a page at a time, however many there are and however few of them match.

They are read from the newest on in stretches of ids. A stretch is as long as the last ones were quick, and after a
while the search stops and says how far it has come: so a filter that hardly anything matches takes no longer than
another.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.db.models import Max, Min, Q, QuerySet

from deployer.audit.models import Event
from deployer.web.audit.filters import Filters

SHOWN = 50
PATIENCE = 0.3
"""So many seconds a page is looked for."""
STRETCH = 20_000
GROWTH = 8
MOST_NEW = 100
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """`events` are the newest first. `older` and `newer` are ids to go on from, 0 where there is nothing.

    `looked_to` is set when the search stopped before it had found a page's worth: to there it has looked, and goes on
    from `older`.
    """

    events: list[Event]
    older: int = 0
    newer: int = 0
    newest: int = 0
    looked_to: datetime | None = None


def matching(filters: Filters) -> QuerySet[Event]:
    exact = {
        "application": filters.application,
        "environment": filters.environment,
        # Alone it matches half of all events: so it must not be looked for in the index of the actors.
        "actor_kind" if filters.actor_ref else "actor_kind__startswith": filters.actor_kind,
        "actor_ref": filters.actor_ref,
        "kind": filters.kind,
        "promotion_id": filters.promotion,
        "at__gte": filters.start,
        "at__lt": filters.end,
    }
    rows = Event.objects.filter(**{name: value for name, value in exact.items() if value not in ("", None)})
    if filters.families:
        rows = rows.filter(reduce(or_, (Q(kind__startswith=f"{family}.") for family in filters.families)))
    if filters.text:
        rows = rows.filter(Q(sentence__icontains=filters.text) | Q(reason__icontains=filters.text))
    return rows


def page_of(filters: Filters, *, before: int = 0, after: int = 0) -> Page:
    """The events next below `before`, or next above `after`, else the newest. Four queries, and one more for each
    further stretch: a handful."""
    rows, newest = matching(filters), _newest()
    low, high = _bounds(filters, newest)
    if after:
        found, reached = _look(rows, max(after + 1, low), high, upwards=True)
        shown = found[:SHOWN][::-1]
        newer = shown[0].pk if len(found) > SHOWN else (reached - 1 if reached <= high else 0)
        return Page(events=shown, older=shown[-1].pk if shown else after + 1, newer=newer, newest=newest)
    top = min(before - 1, high) if before else high
    found, reached = _look(rows, low, top, upwards=False)
    shown = found[:SHOWN]
    stopped = len(found) <= SHOWN and reached >= low
    return Page(
        events=shown,
        older=shown[-1].pk if len(found) > SHOWN else (reached + 1 if stopped else 0),
        newer=(shown[0].pk if shown else before - 1) if before else 0,
        newest=newest,
        looked_to=_time_at(reached) if stopped else None,
    )


def new_since(filters: Filters, newest: int) -> int:
    """How many have come that match, counted to a hundred."""
    rows, last = matching(filters), _newest()
    low, high = _bounds(filters, last)
    found, _ = _look(rows.only("id"), max(newest + 1, low), high, upwards=False, most=MOST_NEW)
    return len(found)


def all_of(filters: Filters, *, before: int = 0) -> Iterator[Event]:
    """Every event that matches, the newest first, read in stretches: no more than a part is held at once."""
    rows = matching(filters)
    low, high = _bounds(filters, _newest())
    top, size = min(before - 1, high) if before else high, STRETCH
    while top >= low:
        bottom = max(top - size + 1, low)
        found = list(_between(rows, bottom, top).order_by("-id")[: STRETCH // 10])
        yield from found
        full = len(found) == STRETCH // 10
        top = found[-1].pk - 1 if full else bottom - 1
        size = STRETCH if full else min(size * 2, STRETCH * 50)


def _look(
    rows: QuerySet[Event], low: int, high: int, *, upwards: bool, most: int = SHOWN + 1
) -> tuple[list[Event], int]:
    """Up to `most` from one end of these ids, and the next id that was not looked at."""
    found: list[Event] = []
    size = STRETCH
    at = start = low if upwards else high
    left = PATIENCE
    while low <= at <= high and len(found) < most and (left > 0 or at == start):
        began = time.monotonic()
        end = min(at + size - 1, high) if upwards else max(at - size + 1, low)
        stretch = _between(rows, min(at, end), max(at, end)).order_by("id" if upwards else "-id")
        found += stretch[: most - len(found)]
        at = end + 1 if upwards else end - 1
        took = max(time.monotonic() - began, 0.0001)
        left -= took
        size = max(STRETCH, min(size * GROWTH, int(size / took * left / 2)))
    return found, at


def _between(rows: QuerySet[Event], low: int, high: int) -> QuerySet[Event]:
    return rows.filter(id__gte=low, id__lte=high)


def _newest() -> int:
    return Event.objects.order_by("-id").values_list("id", flat=True).first() or 0


def _bounds(filters: Filters, newest: int) -> tuple[int, int]:
    """Between which ids the days lie. Events are written in the order of their time, but for what was under way at
    once: a day more is looked at for the lowest and the highest id."""
    low, high = 1, newest
    if filters.start:
        later = Event.objects.filter(at__gte=filters.start)
        found = later.filter(at__lt=filters.start + _DAY).aggregate(id=Min("id"))["id"]
        low = found or later.order_by("at", "id").values_list("id", flat=True).first() or newest + 1
    if filters.end:
        earlier = Event.objects.filter(at__lt=filters.end)
        found = earlier.filter(at__gte=filters.end - _DAY).aggregate(id=Max("id"))["id"]
        high = found or earlier.order_by("-at", "-id").values_list("id", flat=True).first() or 0
    return low, high


def _time_at(pk: int) -> datetime | None:
    return Event.objects.filter(id__lte=max(pk, 1)).order_by("-id").values_list("at", flat=True).first()
