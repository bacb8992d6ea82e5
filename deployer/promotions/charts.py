"""A check's measurements as a small picture: the value over the time with its limit, or the outcomes alone. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from deployer.integrations.checks.base import Outcome

WIDTH, HEIGHT, STRIP = 640, 96, 24
MARGIN, SIZE = 8, 4
MOST_MARKS = 120
WORST = (Outcome.PASSED, Outcome.INCONCLUSIVE, Outcome.ERRORED, Outcome.FAILED)
"""Of measurements that share a mark the last of these is shown."""
LIMITS = ("limit", "threshold", "maximum", "max")


@dataclass(frozen=True, slots=True)
class Measure:
    """What a number in the evidence of a check is, in words."""

    key: str
    name: str
    unit: str = ""

    def text(self, value: float) -> str:
        shown = f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:,.2f}"
        return f"{shown} {self.unit}".strip()


MEASURES = (
    Measure("value", "Value"),
    Measure("count", "Count"),
    Measure("errors", "Errors"),
    Measure("alerts", "Alerts"),
    Measure("elapsed_ms", "Time to answer", "ms"),
)
"""The first that a check's evidence has is drawn."""


@dataclass(frozen=True, slots=True)
class Point:
    """One measurement, as far as it is drawn."""

    id: int
    at: datetime
    outcome: str
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """Where and in which form it is drawn: `path` is the outline of its outcome's form."""

    point: Point
    path: str
    says: str


@dataclass(frozen=True, slots=True)
class Guide:
    """A level line with what it means."""

    y: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """`line` holds the corners of the curve, empty where only outcomes are drawn; `says` is the picture in words."""

    says: str
    marks: Sequence[Mark]
    counts: Sequence[tuple[str, int]]
    height: int
    line: str = ""
    limit: Guide | None = None
    baseline: Guide | None = None
    measure: str = ""
    span: str = ""
    thinned: bool = False
    width: int = WIDTH


def measure_in(evidence: Sequence[Mapping[str, Any]]) -> Measure | None:
    """What is drawn of a check, by the evidence of some of its measurements."""
    for measure in MEASURES:
        if any(is_number(one.get(measure.key)) for one in evidence):
            return measure
    return None


def limit_of(measure: Measure, config: Mapping[str, Any], evidence: Sequence[Mapping[str, Any]]) -> float | None:
    """What the value must not pass, by the check's configuration or as the evidence tells it."""
    if measure.key == "elapsed_ms":
        seconds = config.get("timeout_seconds", 5)
        return float(seconds) * 1000 if is_number(seconds) else None
    for source in (*evidence[:1], config):
        for name in LIMITS:
            if is_number(source.get(name)):
                return float(source[name])
    return None


def baseline_of(measure: Measure, baseline: Mapping[str, Any]) -> float | None:
    """The value from before the deploy."""
    found = baseline.get(measure.key, baseline.get("value"))
    return float(found) if is_number(found) else None


def thin(points: Sequence[Point], most: int = MOST_MARKS) -> list[Point]:
    """At most so many, evenly over the time; of those that fall together the worst, so that no failure is hidden by
    what passed beside it."""
    if len(points) <= most:
        return list(points)
    parts = [points[place * len(points) // most : (place + 1) * len(points) // most] for place in range(most)]
    return [max(part, key=lambda point: (_badness(point.outcome), point.id)) for part in parts]


def chart(
    name: str,
    points: Sequence[Point],
    counts: Mapping[str, int],
    *,
    measure: Measure | None = None,
    limit: float | None = None,
    baseline: float | None = None,
    thinned: bool = False,
) -> Chart:
    """Draw these points, the oldest first. `counts` is how many measurements there are of each outcome."""
    ordered = [(outcome.value, counts[outcome]) for outcome in reversed(WORST) if counts.get(outcome)]
    says = f"{name}: {sum(counts.values()):,} measurements, {', '.join(f'{n:,} {word}' for word, n in ordered)}."
    values = [point.value for point in points if point.value is not None]
    if measure is None or not values:
        marks = _marks(points, [STRIP / 2] * len(points), None)
        return Chart(says=says, marks=marks, counts=ordered, height=STRIP, thinned=thinned)
    scale = _Scale(
        low=min(0.0, *values), high=max(0.0, *values, *(one for one in (limit, baseline) if one is not None))
    )
    levels = [scale.y(point.value if point.value is not None else scale.low) for point in points]
    marks = _marks(points, levels, measure)
    drawn = zip(points, marks, levels, strict=True)
    line = " ".join(f"{_x(point, points):.1f},{y:.1f}" for point, _, y in drawn if point.value is not None)
    low, high = measure.text(min(values)), measure.text(max(values))
    span = low if low == high else f"{low} to {high}"
    says += f" {measure.name} {span}."
    guides = [None if one is None else Guide(f"{scale.y(one):.1f}", measure.text(one)) for one in (limit, baseline)]
    for guide, word in zip(guides, ("Limit", "Before the deploy"), strict=True):
        says += f" {word} {guide.text}." if guide else ""
    return Chart(
        says=says,
        marks=marks,
        counts=ordered,
        height=HEIGHT,
        line=line,
        limit=guides[0],
        baseline=guides[1],
        measure=measure.name,
        span=span,
        thinned=thinned,
    )


def path_of(outcome: str, x: float, y: float, size: float = SIZE) -> str:
    """The outline of an outcome's form: a disc passed, a cross failed, a triangle errored, an empty diamond says
    nothing. They differ without their colours."""
    match outcome:
        case Outcome.PASSED:
            r, across = size - 1, 2 * (size - 1)
            return f"M{x - r:.1f} {y:.1f}a{r} {r} 0 1 0 {across} 0a{r} {r} 0 1 0 {-across} 0z"
        case Outcome.FAILED:
            left, right, top, bottom = x - size, x + size, y - size, y + size
            return f"M{left:.1f} {top:.1f}L{right:.1f} {bottom:.1f}M{left:.1f} {bottom:.1f}L{right:.1f} {top:.1f}"
        case Outcome.ERRORED:
            return f"M{x:.1f} {y - size:.1f}L{x + size:.1f} {y + size:.1f}H{x - size:.1f}z"
        case _:
            return f"M{x:.1f} {y - size:.1f}L{x + size:.1f} {y:.1f}L{x:.1f} {y + size:.1f}L{x - size:.1f} {y:.1f}z"


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float

    def y(self, value: float) -> float:
        reach = self.high - self.low or 1.0
        return HEIGHT - MARGIN - (value - self.low) / reach * (HEIGHT - 2 * MARGIN)


def _marks(points: Sequence[Point], levels: Sequence[float], measure: Measure | None) -> list[Mark]:
    return [
        Mark(
            point=point,
            path=path_of(point.outcome, _x(point, points), y),
            says=f"{point.outcome}, {measure.text(point.value)}"
            if measure and point.value is not None
            else point.outcome,
        )
        for point, y in zip(points, levels, strict=True)
    ]


def _x(point: Point, points: Sequence[Point]) -> float:
    """By its time; one alone stands at the left."""
    first, reach = points[0].at, (points[-1].at - points[0].at).total_seconds()
    share = (point.at - first).total_seconds() / reach if reach > 0 else 0.0
    return MARGIN + min(max(share, 0.0), 1.0) * (WIDTH - 2 * MARGIN)


def _badness(outcome: str) -> int:
    return WORST.index(Outcome(outcome)) if outcome in set(WORST) else 0


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15
