"""The calendar as words and times, a row for each day and a cell for each environment: the page without the grid."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.urls import reverse
from django.utils.http import urlencode

from deployer.calendar.hours import DAY
from deployer.calendar.sentences import listed
from deployer.calendar.spans import Span
from deployer.calendar.walltime import day_span, local_day, zone_named
from deployer.promotions.states import ACTIVE, PromotionState
from deployer.web.calendar.reading import Calendar, Filters, Lane, ShownFreeze, ShownPromotion, ShownSlot

BOOKED_FROM = timedelta(minutes=5)
"""Slots are offered at whole five minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotLine:
    shown: ShownSlot
    when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionLine:
    shown: ShownPromotion
    when: str
    state: PromotionState | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeLine:
    shown: ShownFreeze
    when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """An environment on a day. `hours` says when it is open; `holiday` names the day on which it is closed.

    `promotions` are those that are listed; `counted` says how many started on the day and how they ended. `book_url` is
    empty where nothing can be booked any more.
    """

    lane: Lane
    hours: str
    holiday: str
    freezes: Sequence[FreezeLine]
    slots: Sequence[SlotLine]
    promotions: Sequence[PromotionLine]
    counted: str
    book_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`address` is where the day is shown by itself."""

    day: date
    is_today: bool
    address: str
    cells: Sequence[Cell]


def rows_of(
    calendar: Calendar,
    days: Sequence[date],
    zone: str,
    filters: Filters,
    *,
    books: bool,
    address: Callable[[date], str],
) -> list[Row]:
    """A row for each of the days, which the calendar holds. `books` says whether the reader may book."""
    today = local_day(calendar.now, zone_named(zone))
    return [
        Row(
            day=day,
            is_today=day == today,
            address=address(day),
            cells=[_cell(calendar, lane, day, zone, filters, books=books) for lane in calendar.lanes],
        )
        for day in days
    ]


def _cell(calendar: Calendar, lane: Lane, day: date, zone: str, filters: Filters, *, books: bool) -> Cell:
    span = Span(*day_span(day, zone_named(zone)))
    opens = _opens(lane, span)
    promotions = [
        PromotionLine(
            shown=one,
            when=clocks(one.span, day, zone, runs=_runs(one)),
            state=PromotionState(one.promotion.state) if one.promotion else None,
        )
        for one in lane.promotions
        if _on(one.span, span)
    ]
    return Cell(
        lane=lane,
        hours=_hours(opens, span, day, zone),
        holiday=" and ".join(one.name for one in lane.closed_days if one.span.overlaps(*span)),
        freezes=[
            FreezeLine(
                shown=one, when=clocks(Span(one.facts.starts_at, one.facts.ends_at or span.end + DAY), day, zone)
            )
            for one in lane.freezes
            if one.facts.overlaps(*span)
        ],
        slots=[SlotLine(shown=one, when=clocks(one.span, day, zone)) for one in lane.slots if one.span.overlaps(*span)],
        promotions=promotions,
        counted=counted(lane.counts.get(day, {})),
        book_url=_book_url(calendar.now, lane, opens, filters) if books else "",
    )


def _on(span: Span, day: Span) -> bool:
    """Whether something is on a day, also when it took no time at all."""
    return span.overlaps(*day) or day.holds(span.start)


def _runs(shown: ShownPromotion) -> bool:
    return shown.promotion is not None and shown.promotion.state in ACTIVE


def _opens(lane: Lane, day: Span) -> list[Span]:
    """The open parts of the day."""
    found = lane.hours.open_between(*day) if lane.hours else [day]
    return [Span(max(one.start, day.start), min(one.end, day.end)) for one in found]


def _hours(opens: Sequence[Span], day: Span, on: date, zone: str) -> str:
    if not opens:
        return "Closed"
    if list(opens) == [day]:
        return "Open all day"
    return f"Open {listed([clocks(one, on, zone) for one in opens])}"


def _book_url(now: datetime, lane: Lane, opens: Sequence[Span], filters: Filters) -> str:
    """The way to book there, from the first open moment that is still to come; empty when there is none."""
    start = next((max(one.start, now) for one in opens if one.end > now), None)
    if start is None:
        return ""
    start += (datetime.min.replace(tzinfo=start.tzinfo) - start) % BOOKED_FROM
    fields = {"environment": lane.environment.slug, "start": start.isoformat(timespec="seconds")}
    return book_url(filters, **fields)


def book_url(filters: Filters, **fields: str) -> str:
    """The form for a new slot, filled in as far as is known."""
    if filters.environments:
        fields.setdefault("environment", filters.environments[0].slug)
    if filters.applications:
        fields.setdefault("application", filters.applications[0].slug)
    address = reverse("slot-new")
    return f"{address}?{urlencode(fields)}" if fields else address


def counted(counts: Mapping[PromotionState, int]) -> str:
    """Such as "12 promotions: 11 succeeded, 1 failed"; empty when there are none."""
    total = sum(counts.values())
    if not total:
        return ""
    if total in counts.values() and total > 1:
        return f"{total:,} promotions: all {next(state for state in counts if counts[state]).label.lower()}"
    each = ", ".join(f"{counts[state]:,} {state.label.lower()}" for state in PromotionState if counts.get(state))
    return f"{total:,} promotion{'' if total == 1 else 's'}: {each}"


def clocks(span: Span, on: date, zone: str, *, runs: bool = False) -> str:
    """When something is, of a day, by the reader's clock: such as "10:00 to 10:30", "from 22:00" when it goes on after
    that day, "until 02:00" when it began before, "all day" when both; "since 10:00" for what `runs`.

    On a day on which the clocks change each time is said with its zone.
    """
    tz = zone_named(zone)
    day = Span(*day_span(on, tz))
    changes = day.start.astimezone(tz).utcoffset() != day.end.astimezone(tz).utcoffset()
    first, last = (at.astimezone(tz) for at in span)
    start, end = (f"{at:%H:%M %Z}" if changes else f"{at:%H:%M}" for at in (first, last))
    if runs:
        return f"since {start}" if day.holds(span.start) else f"since {first.day} {first:%B, %H:%M}"
    if span.start <= day.start and span.end >= day.end:
        return "all day"
    if span.start < day.start:
        return f"until {end}"
    if span.end > day.end:
        return f"from {start}"
    if span.end == day.end:
        return f"{start} to midnight"
    return start if start == end else f"{start} to {end}"
