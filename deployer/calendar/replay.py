"""What the calendar would have said to deploys of the past: counted. Pure.

Each deploy is put to the rules that the gate asks (`rules.blockers`), at the time at which it was made.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import datetime

from deployer.calendar.hours import MOMENT
from deployer.calendar.rules import CalendarFacts, blockers
from deployer.gates import BlockerKind


@dataclass(frozen=True, slots=True, kw_only=True)
class PastDeploy:
    """A deploy that was made `at` a time, UTC; `trigger` is what brought it about. `switched_off` says that its own
    record has automatic deploys switched off."""

    at: datetime
    environment: str
    application: str
    trigger: str
    by_hand: bool = False
    switched_off: bool = False


@dataclass(slots=True)
class Tally:
    """Deploys, and how many of them were made: outside the weekly hours; within, but too late to finish before closing;
    on a holiday or closing day; in a freeze, and of these by hand; while switched off. One may count in several.
    `refused` counts those to which the calendar would have said no, for any of its reasons."""

    deploys: int = 0
    outside: int = 0
    too_late: int = 0
    closed_day: int = 0
    frozen: int = 0
    frozen_by_hand: int = 0
    switched_off: int = 0
    refused: int = 0

    def count(self, deploy: PastDeploy, facts: CalendarFacts) -> None:
        kinds = {blocker.kind for blocker in blockers(facts, deploy.at)}
        is_outside = facts.hours is not None and not facts.hours.without_closed_days().open_between(
            deploy.at, deploy.at + MOMENT
        )
        is_frozen = any(freeze.holds(deploy.at) for freeze in facts.freezes)
        self.deploys += 1
        self.outside += is_outside
        self.too_late += BlockerKind.WINDOW in kinds and not is_outside
        self.closed_day += facts.hours is not None and bool(facts.hours.holiday_at(deploy.at))
        self.frozen += is_frozen
        self.frozen_by_hand += is_frozen and deploy.by_hand
        self.switched_off += deploy.switched_off
        self.refused += bool(kinds)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(Tally)))


def replay(
    deploys: Iterable[PastDeploy], facts_of: Callable[[PastDeploy], CalendarFacts]
) -> dict[tuple[str, str], Tally]:
    """The tallies by environment and trigger, in the order in which these come first."""
    found: dict[tuple[str, str], Tally] = {}
    for deploy in deploys:
        found.setdefault((deploy.environment, deploy.trigger), Tally()).count(deploy, facts_of(deploy))
    return found
