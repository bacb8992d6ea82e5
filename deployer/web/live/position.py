"""How far somebody has heard of what changed: up to the last ids of the two tables that tell of it. Pure.

PostgreSQL gives an id when a row is written and shows the row when its transaction commits, so a row may appear after
one with a higher id. A position therefore names the ids below its last that were not there yet; whoever goes on from it
looks for them as well. Some of them never come, because their transaction was rolled back: the oldest are forgotten.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

GAPS = 100
"""So many missing ids are remembered, of the newest. At two hundred events a second a transaction may take half of one
from its event to its end; at the two a second of a busy day, almost a minute."""
_MARK = rf"\d{{1,19}}(?:-\d{{1,19}}){{0,{GAPS}}}"
_PATTERN = re.compile(rf"{_MARK}\.{_MARK}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Mark:
    """In one table: the highest id that was seen, and those below it that were missing."""

    last: int = 0
    gaps: frozenset[int] = field(default_factory=frozenset)

    @classmethod
    def of(cls, newest: Iterable[int]) -> "Mark":
        """From the newest ids of the table, all down to the lowest of them."""
        ids = frozenset(newest)
        return cls(min(ids) - 1).after(ids) if ids else cls()

    def after(self, seen: frozenset[int]) -> "Mark":
        """When these were seen as well."""
        last = max(seen, default=0)
        if last <= self.last:
            return Mark(self.last, self.gaps - seen)
        missing = self.gaps | set(range(max(self.last, last - GAPS) + 1, last))
        return Mark(last, frozenset(sorted(missing - seen)[-GAPS:]))

    def __str__(self) -> str:
        return "-".join(str(one) for one in (self.last, *sorted(self.gaps, reverse=True)))


@dataclass(frozen=True, slots=True)
class Position:
    events: Mark
    touches: Mark

    def __str__(self) -> str:
        return f"{self.events}.{self.touches}"

    @classmethod
    def read(cls, text: str) -> "Position | None":
        """What `str` wrote, or None for anything else: it comes back from browsers."""
        if _PATTERN.fullmatch(text) is None:
            return None
        marks = [[int(one) for one in part.split("-")] for part in text.split(".")]
        if any(one >= 2**63 for mark in marks for one in mark):
            return None
        events, touches = (Mark(last, frozenset(gaps)) for last, *gaps in marks)
        return cls(events, touches)
