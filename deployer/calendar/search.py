"""Finding the first moment at which nothing blocks, without trying every one. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from deployer.calendar.spans import Span
from deployer.gates import Blocker

Item = TypeVar("Item")


def first_clear(
    blockers_at: Callable[[datetime], list[Blocker]], at: datetime, horizon: datetime, *, also: Sequence[datetime] = ()
) -> datetime | None:
    """The first moment without a blocker, going from each one's `until` to the next; None up to the horizon.

    Each rule's `until` must be no later than the first moment at which that rule no longer blocks; moments at which a
    rule may cease to block before that are `also` looked at, and must be in their order. Raises RuntimeError for an
    `until` that has passed already, which would go on for ever.
    """
    while at <= horizon:
        found = blockers_at(at)
        if not found:
            return at
        ends = [blocker.until for blocker in found]
        if any(end is not None and end <= at for end in ends):
            raise RuntimeError(f"A rule that blocks at {at} says that it has ended: {found}")
        steps = [*also[bisect_right(also, at) :][:1], *_last(ends)]
        if not steps:
            return None
        at = min(steps)
    return None


def _last(ends: list[datetime | None]) -> list[datetime]:
    """The last of them; none when one does not end."""
    known = [end for end in ends if end is not None]
    return [max(known)] if len(known) == len(ends) else []


def nearby(items: Iterable[Item], span_of: Callable[[Item], Span]) -> Callable[[datetime, datetime], list[Item]]:
    """A quick look-up of those whose span overlaps [start, end), in the order of their start; it may give some more
    that come near. For many items and many looks."""
    ordered = sorted(items, key=lambda item: span_of(item).start)
    starts = [span_of(item).start for item in ordered]
    longest = max((span_of(item).end - span_of(item).start for item in ordered), default=timedelta(0))
    return lambda start, end: ordered[bisect_right(starts, start - longest) : bisect_left(starts, end)]
