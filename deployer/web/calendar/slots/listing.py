"""The slots, as a list: every one can be found without the calendar's grid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from apps_registry.models import Application, Environment, Team
from deployer.calendar.models import Slot, SlotApplication
from deployer.calendar.models.slot import LONGEST, SlotQuerySet
from deployer.calendar.states import KEPT
from deployer.web.calendar.slots.reader import Reader

SHOWN = 50
DEEPEST = 1000
"""So many pages can be turned to: what is further away is found by filters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What the address asks for; empty is everything. `past` are the slots that have ended, the newest first."""

    mine: bool = False
    past: bool = False
    team: str = ""
    environment: str = ""
    application: str = ""

    @property
    def any(self) -> bool:
        return bool(self.mine or self.team or self.environment or self.application)

    def query(self, **changed: object) -> str:
        """The address's query for these, with some of them changed."""
        values: Mapping[str, object] = {
            "mine": self.mine,
            "past": self.past,
            "team": self.team,
            "environment": self.environment,
            "application": self.application,
            **changed,
        }
        return urlencode({name: 1 if value is True else value for name, value in values.items() if value})


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One page of slots. `unknown` says what a filter names that there is not."""

    slots: Sequence[Slot]
    filters: Filters
    page: int
    has_more: bool
    teams: Sequence[Team]
    environments: Sequence[Environment]
    unknown: str

    @property
    def earlier(self) -> str:
        """The query of the page before this one; empty on the first."""
        return self.filters.query(page=self.page - 1) if self.page > 1 else ""

    @property
    def later(self) -> str:
        return self.filters.query(page=self.page + 1) if self.has_more else ""

    @property
    def other_time(self) -> str:
        """The query of what has ended, or of what is to come, with the same filters."""
        return self.filters.query(past=not self.filters.past)


def listing(query: QueryDict, reader: Reader) -> Listing:
    """Six queries, however many slots there are."""
    filters = Filters(
        mine=query.get("mine", "") == "1",
        past=query.get("past", "") == "1",
        team=query.get("team", "").strip(),
        environment=query.get("environment", "").strip(),
        application=query.get("application", "").strip(),
    )
    teams, environments = list(Team.objects.all()), list(Environment.objects.all())
    unknown = _unknown(filters, teams, environments)
    page = _page_number(query.get("page", ""))
    first = (page - 1) * SHOWN
    found = [] if unknown else list(_wanted(filters, reader)[first : first + SHOWN + 1])
    return Listing(
        slots=found[:SHOWN],
        filters=filters,
        page=page,
        has_more=len(found) > SHOWN and page < DEEPEST,
        teams=teams,
        environments=environments,
        unknown=unknown,
    )


def _wanted(filters: Filters, reader: Reader) -> SlotQuerySet:
    if filters.past:
        found = Slot.objects.exclude(state__in=KEPT).order_by("-starts_at", "-id")
    else:
        # An open slot began at most a day ago: that bound lets an index find them.
        found = Slot.objects.kept().filter(starts_at__gt=reader.now - 2 * LONGEST).order_by("starts_at", "id")
    if filters.mine:
        found = found.filter(booker=reader.rights.user)
    if filters.environment:
        found = found.filter(environment__slug=filters.environment)
    if filters.team or filters.application:
        found = found.filter(pk__in=_booked_for(filters))
    return found.with_names()


def _booked_for(filters: Filters) -> Any:
    bookings = SlotApplication.objects.all()
    if filters.team:
        bookings = bookings.filter(application__owner__slug=filters.team)
    if filters.application:
        bookings = bookings.filter(application__slug=filters.application)
    return bookings.values("slot")


def _unknown(filters: Filters, teams: Sequence[Team], environments: Sequence[Environment]) -> str:
    if filters.team and filters.team not in {team.slug for team in teams}:
        return "There is no such team: choose one of the list."
    if filters.environment and filters.environment not in {environment.slug for environment in environments}:
        return "There is no such environment: choose one of the list."
    if filters.application and not (
        "\0" not in filters.application and Application.objects.filter(slug=filters.application).exists()
    ):
        return "There is no such application: look at how it is written."
    return ""


def _page_number(text: str) -> int:
    return min(max(int(text), 1), DEEPEST) if text.isascii() and text.isdecimal() and len(text) < 9 else 1
