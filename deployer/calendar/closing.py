"""An environment's hours from what is stored, with the holidays that the holidays library knows."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache

import holidays
from django.conf import settings
from django.db.models import Q

from apps_registry.models import Environment
from deployer.calendar.hours import LONGEST_CLOSURE, Hours, WeeklyHours
from deployer.calendar.models import ClosedDay, EnvironmentCalendar


@lru_cache(maxsize=256)
def public_holidays(country: str, subdivision: str, year: int) -> dict[date, str]:
    """A year's public holidays and their names; GB and ENG are England and Wales."""
    found = holidays.country_holidays(country, subdiv=subdivision or None, years=year)
    return dict(sorted(found.items()))


def calendar_of(environment: Environment) -> EnvironmentCalendar:
    """The environment's calendar as it is stored, or the defaults."""
    stored = EnvironmentCalendar.objects.filter(environment=environment).prefetch_related("open_hours").first()
    return stored or EnvironmentCalendar(environment=environment)


def hours_of(calendar: EnvironmentCalendar, start: datetime, end: datetime | None = None) -> Hours | None:
    """When the environment is open around [start, end), and for as long after as an opening is looked for.

    None when nobody has given it hours nor a day on which it is closed: then it is always open.
    """
    first, last = start.date() - timedelta(days=3), (end or start).date() + LONGEST_CLOSURE + timedelta(days=10)
    own = dict(_closed_days(calendar.environment_id, first, last))
    if calendar._state.adding:
        return Hours(zone=settings.TIME_ZONE, closed=own) if own else None
    weekly = tuple(WeeklyHours(one.weekday, one.opens, one.closes) for one in calendar.open_hours.all())
    return Hours(zone=calendar.zone, weekly=weekly, closed=_holidays(calendar, first, last) | own)


def _closed_days(environment_id: int, first: date, last: date) -> Iterable[tuple[date, str]]:
    days = ClosedDay.objects.filter(Q(environment=None) | Q(environment=environment_id), day__range=(first, last))
    return days.values_list("day", "name")


def _holidays(calendar: EnvironmentCalendar, first: date, last: date) -> dict[date, str]:
    if not calendar.holidays_country:
        return {}
    years = range(first.year, last.year + 1)
    found = (public_holidays(calendar.holidays_country, calendar.holidays_subdivision, year) for year in years)
    return {day: name for one in found for day, name in one.items()}
