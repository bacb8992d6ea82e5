"""What open boards are told when something has changed: some rows, the counts, or that the whole order may differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.utils.safestring import SafeString

from deployer.web.board import kept
from deployer.web.board.index import Entry, fingerprint
from deployer.web.board.reading import Count, counts
from deployer.web.board.wanted import Wanted

MOST_ASKED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """`whole` says that rows came, went or changed their place: then all of the board is to be fetched, while the rows
    that it has can be shown as they are already."""

    whole: bool
    rows: Sequence[SafeString]
    counts: Sequence[Count]
    fingerprint: str


def read_changed(wanted: Wanted, only: Sequence[str], now: datetime) -> Changed:
    """`only` are what the page has: of a row its slug, "~" and its place as it was; "~" and the fingerprint of all.

    Two queries when others have just asked for the same, at most nineteen else.
    """
    told = kept.newest()
    _, environments, every = kept.places(wanted, told)
    entries = [one for one in every if one.matches(wanted)]
    by_slug = {one.slug: one for one in entries}
    mark = fingerprint(entries)
    asked = dict(one.partition("~")[::2] for one in islice(only, MOST_ASKED))
    shown = [by_slug[slug] for slug in asked if slug in by_slug]
    return Changed(
        whole=any(not _is_in_place(slug, place, by_slug, mark) for slug, place in asked.items()),
        rows=list(kept.draw_rows(shown, environments, wanted, told, now).values()),
        counts=counts(entries, wanted) if "" in asked else (),
        fingerprint=mark,
    )


def _is_in_place(slug: str, place: str, by_slug: dict[str, Entry], mark: str) -> bool:
    if not slug:
        return place == mark
    return slug in by_slug and place in ("", by_slug[slug].place)
