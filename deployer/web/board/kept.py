"""What is kept of the board for a moment: every application's place on it, and each row as it is drawn.

Nothing here depends on the reader but the zone of the times, so that hundreds of open boards cost one reading and one
rendering of what has changed. What is kept is told apart by the newest events and touches: by all of them and not only
the last, since a transaction that began earlier may commit later.
"""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from datetime import datetime

from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from apps_registry.models import Environment
from deployer.audit.models import Event, Touch
from deployer.web.board.brief import Brief
from deployer.web.board.index import Entry, read_index
from deployer.web.board.rows import read_rows, render_row
from deployer.web.board.wanted import Wanted

TOLD_APART = 200
KEPT_SECONDS = 2
"""No longer, since a few things on a row, such as the time at which a reason ends, change without an event."""

Newest = tuple[tuple[str, int, str], ...]
"""Of events and of touches: which of them, its id, and the application that it names."""

Places = tuple[Sequence[Environment], Sequence[Environment], Sequence[Entry]]
"""Every environment, those that are shown, and every application that has a place."""

Key = tuple[int, str, Hashable, str, str]
"""Of a row: the application, its place, the events and touches of it lately and the events of no application (all that
was told where nothing was of it), the zone of its times and where it is asked for again."""

_places: Brief[tuple[str, Newest], Places] = Brief(seconds=KEPT_SECONDS, most=20)
_rows: Brief[Key, str] = Brief(seconds=KEPT_SECONDS, most=5000)


def newest() -> Newest:
    """What is kept is good for as long as this stays the same. Two queries."""
    return tuple(
        (model.__name__, pk, application)
        for model in (Event, Touch)
        for pk, application in model.objects.order_by("-id").values_list("id", "application")[:TOLD_APART]
        if application or model is Event  # A step that prints touches its own page alone, many times a second.
    )


def places(wanted: Wanted, told: Newest) -> Places:
    """Whatever the filter, but for its environment. Six queries when nobody has just asked."""
    return _places.get((wanted.environment, told), lambda: _read(wanted.environment))


def draw_rows(
    entries: Sequence[Entry], environments: Sequence[Environment], wanted: Wanted, told: Newest, now: datetime
) -> dict[int, SafeString]:
    """By application, with times in the zone that is current. What nobody has just asked for is read and rendered
    together: eleven queries at most."""
    zone, source = timezone.get_current_timezone_name(), wanted.source
    own: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for kind, pk, application in told:
        own[application].append((kind, pk))
    keys: dict[Key, Entry] = {
        (one.pk, one.place, (*own[one.slug], *own[""]) if one.slug in own else told, zone, source): one
        for one in entries
    }

    def draw(missing: Sequence[Key]) -> dict[Key, str]:
        read = {row.application.pk: row for row in read_rows([keys[key] for key in missing], environments)}
        return {key: render_row(read[key[0]], source=source, now=now) for key in missing if key[0] in read}

    drawn = _rows.get_all(list(keys), draw)
    return {key[0]: mark_safe(row) for key, row in drawn.items()}  # noqa: S308 - a template made it


def forget() -> None:
    """For tests, in which the same events come again, and for the benchmark."""
    _places.clear()
    _rows.clear()


def _read(slug: str) -> Places:
    every = list(Environment.objects.all())
    chosen = [one for one in every if one.slug == slug]
    if slug and not chosen:
        return every, [], []
    return every, chosen or every, read_index(chosen[0] if chosen else None)
