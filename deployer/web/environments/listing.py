"""The environments, each with what it is busy with."""

from collections import Counter
from dataclasses import dataclass

from apps_registry.models import Environment, Target
from deployer.calendar.closing import hours_of
from deployer.calendar.models.freeze import frozen_now
from deployer.promotions.models import Hold, Promotion
from deployer.promotions.states import ACTIVE
from deployer.web.calendar.hours import ShownHours
from deployer.web.calendar.slots.places import Place, places
from deployer.web.calendar.slots.reader import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`stopped` counts holds, those of every environment too; `frozen` freezes that hold here now."""

    environment: Environment
    hours: ShownHours
    applications: int
    running: int
    waiting: int
    stopped: int
    frozen: int

    @property
    def is_full(self) -> bool:
        return self.running >= self.environment.capacity


def read_environments(reader: Reader) -> list[Row]:
    """In the order of promotion. One query for each environment, for its closed days, besides ten."""
    applications = Counter(
        Target.objects.filter(application__archived_at=None).order_by().values_list("environment", flat=True)
    )
    opened = list(Promotion.objects.open().order_by().values_list("target__environment", "state"))
    holds: Counter[int | None] = Counter(Hold.objects.open().order_by().values_list("environment", flat=True))
    freezes = frozen_now(reader.now)
    return [
        Row(
            environment=place.environment,
            hours=shown_hours(place, reader),
            applications=applications[place.environment.pk],
            running=sum(where == place.environment.pk and state in ACTIVE for where, state in opened),
            waiting=sum(where == place.environment.pk and state not in ACTIVE for where, state in opened),
            stopped=holds[place.environment.pk] + holds[None],
            frozen=sum(one.covers_environment(place.environment.pk) for one in freezes),
        )
        for place in places()
    ]


def shown_hours(place: Place, reader: Reader) -> ShownHours:
    """Without the names of its own closed days, which the page of the hours tells apart."""
    return ShownHours(place=place, hours=hours_of(place.calendar, reader.now), own=(), zone=reader.zone, now=reader.now)
