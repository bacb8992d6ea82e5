"""The day, week or month that the calendar's page shows, by the dates of the reader's zone. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import TextChoices

from deployer.calendar.hours import DAY
from deployer.calendar.walltime import MIDNIGHT, start_instant, zone_named

WEEK = timedelta(days=7)


class View(TextChoices):
    DAY = "day", "Day"
    WEEK = "week", "Week"
    MONTH = "month", "Month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The view's stretch that holds `day`: days from `first` to before `end`. Weeks begin on Monday."""

    view: View
    day: date

    @property
    def first(self) -> date:
        if self.view is View.MONTH:
            return self.day.replace(day=1)
        return self.day - timedelta(days=self.day.weekday()) if self.view is View.WEEK else self.day

    @property
    def end(self) -> date:
        if self.view is View.MONTH:
            return (self.first + timedelta(days=31)).replace(day=1)
        return self.first + (WEEK if self.view is View.WEEK else DAY)

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range((self.end - self.first).days)]

    @property
    def previous(self) -> date:
        """A day of the stretch before."""
        return Period(view=self.view, day=self.first - DAY).first

    @property
    def next(self) -> date:
        """A day of the stretch after."""
        return self.end

    @property
    def weeks(self) -> tuple[date, date]:
        """The first day and the end of the weeks that a month is drawn in; of others the stretch itself."""
        if self.view is not View.MONTH:
            return self.first, self.end
        last = Period(view=View.WEEK, day=self.end - DAY)
        return Period(view=View.WEEK, day=self.first).first, last.end

    def instants(self, zone: str) -> tuple[datetime, datetime]:
        """Its start and end, UTC."""
        tz = zone_named(zone)
        return start_instant(self.first, MIDNIGHT, tz), start_instant(self.end, MIDNIGHT, tz)

    @property
    def title(self) -> str:
        """Such as "Tuesday 3 March 2026", "30 March to 5 April 2026" or "March 2026"."""
        first, last = self.first, self.end - DAY
        if self.view is View.DAY:
            return f"{first:%A} {day_of_year(first)}"
        if self.view is View.MONTH:
            return f"{first:%B %Y}"
        if first.year != last.year:
            return f"{day_of_year(first)} to {day_of_year(last)}"
        start = f"{first.day}" if first.month == last.month else f"{first.day} {first:%B}"
        return f"{start} to {day_of_year(last)}"


def day_of_year(day: date) -> str:
    """Such as "3 March 2026"."""
    return f"{day.day} {day:%B %Y}"
