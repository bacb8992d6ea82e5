"""What open boards are told when something has changed: some rows, the counts, or that the whole order may differ.

Nothing here depends on the reader but the zone of the times, so that hundreds of open boards cost one reading and one
rendering of what has changed. What is kept is told apart by the newest events and touches: by all of them and not only
the last, since a transaction that began earlier may commit later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from apps_registry.models import Environment
from deployer.audit.models import Event, Touch
from deployer.web.board.brief import Brief
from deployer.web.board.index import Entry, fingerprint, read_index
from deployer.web.board.reading import Count, counts
from deployer.web.board.rows import read_rows, render_row
from deployer.web.board.wanted import Wanted

MOST_ASKED = 100
TOLD_APART = 200
KEPT_SECONDS = 2
"""No longer, since a few things on a row, such as the time at which a reason ends, change without an event."""

Newest = Sequence[tuple[str, int, str]]
"""Of events and of touches: which of them, its id, and the application that it names."""

Places = tuple[Sequence[Environment], Sequence[Entry]]
_places: Brief[Places] = Brief(seconds=KEPT_SECONDS, most=20)
_rendered: Brief[str] = Brief(seconds=KEPT_SECONDS, most=5000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """`whole` says that rows came, went or changed their place: then there is nothing else."""

    whole: bool
    rows: Sequence[SafeString] = ()
    counts: Sequence[Count] = ()
    fingerprint: str = ""


def read_changed(wanted: Wanted, only: Sequence[str], now: datetime) -> Changed:
    """`only` are what the page has: of a row its slug, "~" and its place as it was; "~" and the fingerprint of all.

    Two queries when others have just asked for the same, at most nineteen else.
    """
    newest = _newest()
    environments, entries = _left(wanted, newest)
    by_slug = {one.slug: one for one in entries}
    asked = dict(one.partition("~")[::2] for one in islice(only, MOST_ASKED))
    if any(not _is_in_place(slug, place, by_slug, entries) for slug, place in asked.items()):
        return Changed(whole=True)
    return Changed(
        whole=False,
        rows=_rows([by_slug[slug] for slug in asked if slug], environments, wanted, newest, now),
        counts=counts(entries, wanted) if "" in asked else (),
        fingerprint=fingerprint(entries),
    )


def forget() -> None:
    """For tests, in which the same events come again."""
    _places.clear()
    _rendered.clear()


def _newest() -> Newest:
    return [
        (model.__name__, pk, application)
        for model in (Event, Touch)
        for pk, application in model.objects.order_by("-id").values_list("id", "application")[:TOLD_APART]
    ]


def _left(wanted: Wanted, newest: Newest) -> Places:
    """What the filter leaves, whatever its state."""
    environments, entries = _places.get((wanted.environment, tuple(newest)), lambda: _read(wanted.environment))
    return environments, [one for one in entries if one.matches(wanted)]


def _read(slug: str) -> Places:
    every = list(Environment.objects.all())
    chosen = [one for one in every if one.slug == slug]
    if slug and not chosen:
        return [], []
    return chosen or every, read_index(chosen[0] if chosen else None)


def _is_in_place(slug: str, place: str, by_slug: dict[str, Entry], entries: Sequence[Entry]) -> bool:
    if not slug:
        return place == fingerprint(entries)
    return slug in by_slug and place in ("", by_slug[slug].place)


def _rows(
    entries: Sequence[Entry],
    environments: Sequence[Environment],
    wanted: Wanted,
    newest: Newest,
    now: datetime,
) -> list[SafeString]:
    """Those that nobody has just asked for are read and rendered together."""
    zone, source = timezone.get_current_timezone_name(), wanted.source
    made: dict[int, str] = {}

    def make(entry: Entry) -> str:
        if not made:
            read = read_rows(entries, environments)
            made.update({row.application.pk: render_row(row, source=source, now=now) for row in read})
        return made.get(entry.pk, "")

    told = {
        entry.slug: tuple((kind, pk) for kind, pk, application in newest if application == entry.slug)
        for entry in entries
    }

    def kept(entry: Entry) -> str:
        """What nothing has told of lately might change without being told of: it is not kept."""
        key = (entry.pk, entry.slug, told[entry.slug], zone, source)
        return _rendered.get(key, lambda: make(entry)) if told[entry.slug] else make(entry)

    return [mark_safe(kept(entry)) for entry in entries]  # noqa: S308 - a template made it
