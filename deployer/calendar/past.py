"""The calendar as it is stored, read once for the many questions of a replay."""

from collections.abc import Iterator
from datetime import datetime

from apps_registry.models import Application, Environment
from deployer.calendar.closing import calendar_of, hours_of
from deployer.calendar.models import Freeze
from deployer.calendar.replay import PastDeploy
from deployer.calendar.rules import CalendarFacts, FreezeFacts

NOBODY = 0
"""No row has this key: what is unknown is in no scope that names somebody."""


class StoredCalendar:
    """What the calendar says of [start, end), UTC. An application that is not in the registry is frozen only where
    everything is; slots are not looked at, since deploys of the past had none here."""

    def __init__(self, start: datetime, end: datetime) -> None:
        calendars = {one.slug: calendar_of(one) for one in Environment.objects.all()}
        self.environments = {slug: calendar.environment_id for slug, calendar in calendars.items()}
        self.applications = dict(Application.objects.values_list("slug", "pk"))
        self._owners = dict(Application.objects.values_list("slug", "owner"))
        self._hours = {slug: hours_of(calendar, start, end) for slug, calendar in calendars.items()}
        self.with_hours = {slug for slug, hours in self._hours.items() if hours is not None}
        self._lasts = {slug: calendar.lasts for slug, calendar in calendars.items()}
        freezes = Freeze.objects.touching(start, end).with_scope()
        self._freezes = [(freeze.terms, freeze.facts(start, end)) for freeze in freezes]
        self._found: dict[tuple[str, str], list[FreezeFacts]] = {}

    def facts(self, deploy: PastDeploy) -> CalendarFacts:
        """What the rules need to judge it. Raises KeyError when there is no such environment."""
        place = (deploy.application, deploy.environment)
        if place not in self._found:
            self._found[place] = list(self._freezes_of(*place))
        return CalendarFacts(
            application=deploy.application,
            environment=deploy.environment,
            by_hand=deploy.by_hand,
            hours=self._hours[deploy.environment],
            lasts=self._lasts[deploy.environment],
            freezes=self._found[place],
        )

    def _freezes_of(self, application: str, environment: str) -> Iterator[FreezeFacts]:
        pk, owner = self.applications.get(application, NOBODY), self._owners.get(application, NOBODY)
        for terms, times in self._freezes:
            if terms.covers(application=pk, owner=owner, environment=self.environments[environment]):
                yield from times
