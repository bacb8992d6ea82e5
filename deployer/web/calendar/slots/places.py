"""The environments to choose from, each with what a slot in it is like."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps_registry.models import Environment
from deployer.calendar.booking import Limits
from deployer.calendar.closing import calendar_of
from deployer.calendar.hours import Hours, WeeklyHours
from deployer.calendar.models import EnvironmentCalendar
from deployer.calendar.sentences import minutes
from deployer.calendar.walltime import zone_named


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An environment with its calendar; `limits` are its slots'."""

    environment: Environment
    calendar: EnvironmentCalendar

    @property
    def slug(self) -> str:
        return self.environment.slug

    @property
    def limits(self) -> Limits:
        return self.calendar.limits

    @property
    def opens(self) -> str:
        """When it takes deploys, in words."""
        if self.calendar._state.adding:
            return "Takes deploys at any time"
        weekly = tuple(WeeklyHours(one.weekday, one.opens, one.closes) for one in self.calendar.open_hours.all())
        hours = Hours(zone=self.calendar.zone, weekly=weekly).in_words()
        return f"Takes deploys {hours}{', not on public holidays' if self.calendar.holidays_country else ''}"

    @property
    def slots(self) -> str:
        """How long slots are, and how far ahead they are booked, in words."""
        limits = self.limits
        longest = f", {minutes(limits.longest)} at most" if limits.longest > limits.length else ""
        return f"Slots of {minutes(limits.length)}{longest}, booked up to {limits.ahead.days} days ahead"

    @property
    def room(self) -> str:
        """How much there is room for, in words."""
        capacity = self.environment.capacity
        return f"Room for {capacity} application{'' if capacity == 1 else 's'} at once"

    def said(self, zone: str, now: datetime) -> list[str]:
        """All of that for a reader in this zone."""
        return [part for part in (self.opens, self.clock_differs(zone, now), self.slots, self.room) if part]

    def clock_differs(self, zone: str, now: datetime) -> str:
        """What its clock shows, when that differs from the reader's; empty when it does not, or has no hours."""
        if self.calendar._state.adding:
            return ""
        here, there = (now.astimezone(zone_named(name)).utcoffset() for name in (zone, self.calendar.zone))
        if here is None or there is None or here == there:
            return ""
        side = "ahead of" if there > here else "behind"
        return f"The clock of {self.calendar.zone} is {_hours(abs(there - here))} {side} yours"


def places() -> list[Place]:
    """Every environment, in the order of promotion: two queries."""
    found = Environment.objects.select_related("calendar").prefetch_related("calendar__open_hours")
    return [Place(environment=one, calendar=_calendar_of(one)) for one in found]


def place_of(environment: Environment) -> Place:
    """Two queries."""
    return Place(environment=environment, calendar=calendar_of(environment))


def _calendar_of(environment: Environment) -> EnvironmentCalendar:
    stored: EnvironmentCalendar | None = getattr(environment, "calendar", None)
    return stored or EnvironmentCalendar(environment=environment)


def in_common(found: Sequence[Place], zone: str, now: datetime) -> list[str]:
    """What is so of every environment, so that it is said once."""
    if len(found) < 2:
        return []
    return [part for part in found[0].said(zone, now) if all(part in place.said(zone, now) for place in found)]


def sentences(parts: Sequence[str]) -> str:
    return " ".join(f"{part}." for part in parts)


def length_labels(found: Sequence[Place]) -> dict[str, str]:
    """The usual length and the longest, as one chooses them before one has said where."""
    labels = {"usual": _label(found, "usual", [place.limits.length for place in found])}
    if any(place.limits.longest > place.limits.length for place in found):
        labels["longest"] = _label(found, "longest", [place.limits.longest for place in found])
    return labels


def _label(found: Sequence[Place], name: str, lengths: Sequence[timedelta]) -> str:
    if len(set(lengths)) == 1:
        return minutes(lengths[0]).capitalize()
    each = ", ".join(f"{minutes(length)} in {place.slug}" for place, length in zip(found, lengths, strict=True))
    return f"The {name} length: {each}"


def _hours(length: timedelta) -> str:
    whole, rest = divmod(length, timedelta(hours=1))
    parts = [f"{whole} hour{'' if whole == 1 else 's'}"] if whole else []
    return " ".join([*parts, *([minutes(rest)] if rest else [])])
