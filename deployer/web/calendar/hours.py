"""The page of the hours in which each environment takes deploys."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from deployer.calendar.clocks import next_clock_change
from deployer.calendar.closing import hours_of
from deployer.calendar.hours import DAYS, LONGEST_CLOSURE, LOOK, MOMENT, Hours
from deployer.calendar.models import ClosedDay
from deployer.calendar.spans import Span
from deployer.calendar.walltime import local_day, zone_named
from deployer.web.calendar.slots.places import Place, places
from deployer.web.calendar.slots.reader import reader_of

YEAR = timedelta(days=365)
DAY = timedelta(days=1)


@require_safe
def hours_page(request: HttpRequest) -> HttpResponse:
    """When each environment takes deploys. One query for each, besides a handful."""
    reader = reader_of(request)
    own = _own_closed_days(reader.now)
    found = [
        ShownHours(
            place=place,
            hours=hours_of(place.calendar, reader.now),
            own=own.get(None, set()) | own.get(place.environment.pk, set()),
            zone=reader.zone,
            now=reader.now,
        )
        for place in places()
    ]
    zones = dict.fromkeys([one.hours.zone for one in found if one.hours] or [reader.zone])
    context = {
        "now": reader.now,
        "zone": reader.zone,
        "environments": found,
        "clocks": [(zone, next_clock_change(zone, reader.now)) for zone in zones],
    }
    return render(request, "web/calendar/hours.html", context)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekday:
    """Its hours by the environment's clocks, none when it is closed, and by the reader's."""

    name: str
    hours: Sequence[str]
    yours: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A day on which an environment is closed; `own` when it is a closing day of its own, and no public holiday."""

    day: date
    name: str
    own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownHours:
    """An environment's hours at `now`, for a reader in `zone`; without `hours` it is always open. `own` are its own
    closing days. Instants are None when there is none within some 13 months."""

    place: Place
    hours: Hours | None
    own: Collection[date]
    zone: str
    now: datetime

    @property
    def is_open(self) -> bool:
        return self.hours is None or bool(self.hours.open_between(self.now, self.now + MOMENT))

    @property
    def closes(self) -> datetime | None:
        """When it closes next, if it is open."""
        if self.hours is None or not self.is_open:
            return None
        looks = (self.hours.closed_between(self.now, self.now + ahead) for ahead in (LOOK, LONGEST_CLOSURE))
        return next((closed[0].start for closed in looks if closed), None)

    @property
    def last_start(self) -> datetime | None:
        """The last moment before it closes at which a promotion may start, so that it can finish."""
        closes = self.closes
        return closes and closes - self.place.calendar.lasts

    @property
    def opens(self) -> datetime | None:
        """When it opens next, if it is closed."""
        return None if self.hours is None or self.is_open else self.hours.next_opening(self.now, MOMENT)

    @property
    def week(self) -> list[Weekday]:
        return [self._on(weekday) for weekday in range(len(DAYS))] if self.hours else []

    @property
    def differs(self) -> bool:
        """Whether the reader's clocks show another time than the environment's, in the next seven days."""
        return any(list(day.hours) != list(day.yours) for day in self.week)

    @property
    def closed(self) -> list[Closed]:
        """The closed days of the next 12 months, in order."""
        if self.hours is None:
            return []
        today = local_day(self.now, zone_named(self.hours.zone))
        coming = sorted(day for day in self.hours.closed if today <= day < today + YEAR)
        return [Closed(day=day, name=self.hours.closed[day], own=day in self.own) for day in coming]

    def _on(self, weekday: int) -> Weekday:
        """The hours of a weekday; by the reader's clocks as they are on the next such day."""
        assert self.hours is not None  # noqa: S101 — narrows the type; `week` is empty without them
        if not self.hours.weekly:
            return Weekday(name=DAYS[weekday], hours=["all day"], yours=["all day"])
        weekly = sorted(one for one in self.hours.weekly if one.weekday == weekday)
        today = local_day(self.now, zone_named(self.hours.zone))
        day = today + (weekday - today.weekday()) % 7 * DAY
        spans = [(one.in_words(), one.span_on(day, self.hours.zone)) for one in weekly]
        return Weekday(
            name=DAYS[weekday],
            hours=[words for words, _ in spans],
            yours=[
                words if _same_clock(span, self.hours.zone, self.zone) else _by(self.zone, span, day)
                for words, span in spans
            ],
        )


def _same_clock(span: Span, zone: str, other: str) -> bool:
    """Whether clocks of both zones show the same at its start and at its end."""
    return all(
        at.astimezone(zone_named(zone)).utcoffset() == at.astimezone(zone_named(other)).utcoffset() for at in span
    )


def _by(zone: str, span: Span, day: date) -> str:
    """Such as "10:30 to 18:00", with the weekdays where they aren't all that of `day`."""
    start, end = (at.astimezone(zone_named(zone)) for at in span)
    if start.date() == end.date() == day:
        return f"{start:%H:%M} to {end:%H:%M}"
    return f"{start:%A %H:%M} to {end:%A %H:%M}"


def _own_closed_days(now: datetime) -> Mapping[int | None, set[date]]:
    """By environment; under None those of all."""
    around = (now.date() - DAY, now.date() + YEAR + DAY)
    found: dict[int | None, set[date]] = {}
    for environment, day in ClosedDay.objects.filter(day__range=around).values_list("environment", "day"):
        found.setdefault(environment, set()).add(day)
    return found
