"""The page of the calendar."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from deployer.calendar.recurrence import wall_time
from deployer.calendar.walltime import local_day, zone_named
from deployer.web.calendar.forms import FILTERS, CalendarForm
from deployer.web.calendar.listing import book_url, rows_of
from deployer.web.calendar.periods import WEEK, Period, View
from deployer.web.calendar.reading import Filters, Listed, read_calendar
from deployer.web.calendar.slots.reader import Reader, reader_of

COLOURS = 4
"""So many environments have a colour of their own in a month; the last one has the slots' own."""
TOPICS = "slot:* slot-series:* freeze:* environment:*"
"""What the page shows, as the live updates name it."""


@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """A day, a week or a month; what is shown is all in the address, so that a link shows the same."""
    reader = reader_of(request)
    form = CalendarForm(request.GET)
    if not form.is_valid():
        context = {"form": form, "now": reader.now}
        return render(request, "web/calendar/calendar.html", context, status=400)
    shown = _shown(form, reader)
    start, end = shown.period.instants(reader.zone)
    promotions = Listed.ALL if shown.period.view is View.DAY else Listed.NOTABLE
    found = read_calendar(
        start, end, form.filters, reader.rights, reader.now, promotions=promotions, count_in=reader.zone
    )
    books = not reader.why_no_booking
    context = {
        "form": form,
        "now": reader.now,
        "zone": reader.zone,
        "shown": shown,
        "calendar": found,
        "topics": TOPICS,
        "places": [
            (lane, place % COLOURS) for place, lane in zip(range(len(found.lanes))[::-1], found.lanes, strict=True)
        ],
        "rows": rows_of(found, shown.period.days, reader.zone, form.filters, books=books, address=shown.on_day),
        "book_url": book_url(form.filters) if books else "",
        "why_no_booking": reader.why_no_booking,
        "grid": _grid(shown, form.filters, reader, books=books),
    }
    return render(request, "web/calendar/calendar.html", context)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the address asks for; `kept` is its query, of which each link changes a part."""

    period: Period
    today: date
    kept: dict[str, str]

    def address(self, **changes: str) -> str:
        query = {name: value for name, value in (self.kept | changes).items() if value}
        return f"{reverse('calendar')}?{urlencode(query)}"

    @property
    def is_now(self) -> bool:
        """Whether today is in it."""
        return self.period.first <= self.today < self.period.end

    @property
    def filtered(self) -> bool:
        return any(self.kept[name] for name in FILTERS)

    @property
    def previous(self) -> str:
        return self.address(date=self.period.previous.isoformat())

    @property
    def next(self) -> str:
        return self.address(date=self.period.next.isoformat())

    @property
    def now(self) -> str:
        return f"{self.address(date=self.today.isoformat())}#day-{self.today}"

    @property
    def views(self) -> list[dict[str, Any]]:
        """The three, each with its address; a shorter one shows today where it can."""
        day = self.today if self.is_now else self.period.day
        return [
            {"view": view, "address": self.address(view=view, date=day.isoformat()), "key": view[0]} for view in View
        ]

    @property
    def layouts(self) -> list[dict[str, str]]:
        return [{"name": name, "address": self.address(layout=name.lower())} for name in ("Grid", "List")]

    @property
    def all_hours(self) -> str:
        """With all hours of the day on the grid, or without those that are left out when it has them all."""
        return self.address(hours="" if self.kept["hours"] else "all")

    @property
    def unfiltered(self) -> str:
        return self.address(team="", application="", environment="")

    def on_day(self, day: date) -> str:
        return self.address(view=View.DAY, date=day.isoformat())


def _shown(form: CalendarForm, reader: Reader) -> Shown:
    found = form.cleaned_data
    today = local_day(reader.now, zone_named(reader.zone))
    period = Period(view=View(found["view"] or View.WEEK), day=found["date"] or today)
    slugs = {name: getattr(found[name], "slug", "") for name in FILTERS}
    kept = {"view": str(period.view), "date": period.day.isoformat(), **slugs}
    kept |= {name: found[name] for name in ("layout", "hours")}
    return Shown(period=period, today=today, kept=kept)


def _grid(shown: Shown, filters: Filters, reader: Reader, *, books: bool) -> dict[str, str]:
    """What the script needs to draw the grid, as the data attributes of its element."""
    first, end = shown.period.weeks
    view = shown.period.view
    query = {"start": first.isoformat(), "end": end.isoformat(), "zone": reader.zone}
    query |= {name: shown.kept[name] for name in FILTERS if shown.kept[name]}
    if view is View.MONTH:
        query["promotions"] = "counts"
    return {
        "range": f"{reverse('api-calendar')}?{urlencode(query)}",
        "instant": f"{reverse('api-calendar-instant')}?{urlencode({'zone': reader.zone})}",
        "slots": "/api/v1/slots/",
        "new": book_url(replace(filters, environments=())) if books else "",
        "day": shown.address(view=View.DAY, date="DATE"),
        "view": str(view),
        "weeks": str((end - first) // WEEK),
        "date": shown.period.day.isoformat(),
        "zone": reader.zone,
        "now": wall_time(reader.now, reader.zone).isoformat(timespec="seconds"),
        "offset": _offset(reader.now, reader.zone),
        "layout": shown.kept["layout"],
        "hours": shown.kept["hours"],
        "all": shown.all_hours,
    }


def _offset(now: datetime, zone: str) -> str:
    """Such as +01:00, in whole minutes."""
    return now.astimezone(zone_named(zone)).isoformat(timespec="seconds")[19:25]
