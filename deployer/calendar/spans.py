"""Half-open spans of time, [start, end), both UTC. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple


class Span(NamedTuple):
    start: datetime
    end: datetime

    def holds(self, at: datetime) -> bool:
        return self.start <= at < self.end

    def overlaps(self, start: datetime, end: datetime) -> bool:
        """Whether it has time in common with [start, end)."""
        return max(self.start, start) < min(self.end, end)


def merge(spans: Iterable[Span]) -> list[Span]:
    """The same time in as few spans as possible, in order: those that touch become one, those without time go."""
    merged: list[Span] = []
    for span in sorted(span for span in spans if span.start < span.end):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged


def subtract(spans: Iterable[Span], holes: Iterable[Span]) -> list[Span]:
    """What is left of the spans without the holes."""
    left = list(spans)
    for hole in holes:
        left = [part for span in left for part in _without(span, hole)]
    return left


def _without(span: Span, hole: Span) -> list[Span]:
    if not span.overlaps(*hole):
        return [span]
    parts = (Span(span.start, hole.start), Span(hole.end, span.end))
    return [part for part in parts if part.start < part.end]


def levels(groups: Iterable[Sequence[Span]], start: datetime, end: datetime) -> list[tuple[Span, int]]:
    """How many of the groups have a span, for each part of [start, end) in which that does not change, in order."""
    inside = [[span for span in group if span.overlaps(start, end)] for group in groups]
    edges = {start, end} | {edge for group in inside for span in group for edge in span if start < edge < end}
    return [
        (Span(*part), sum(any(span.holds(part[0]) for span in group) for group in inside))
        for part in pairwise(sorted(edges))
    ]
