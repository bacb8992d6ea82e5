"""What a freeze says, stored or not yet: what it covers, when it holds and what it lets through. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import takewhile
from typing import NamedTuple

from deployer.calendar.recurrence import LOOKED_AT, Recurrence, wall_time


class FrozenTime(NamedTuple):
    """One time of a freeze, UTC; without `until` it lasts until somebody lifts it."""

    first: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """From `starts_at` to `ends_at` (UTC), or until lifted. `recurrence` is an RFC 5545 rule by the wall clock of
    `zone`, in which the first time is the given one.

    The scope is in ids: everything where no environment is named, and every application where neither a team nor an
    application is; named teams and applications add up. `lifts` maps the start of a time that was lifted by itself to
    when that was.
    """

    starts_at: datetime
    ends_at: datetime | None
    zone: str
    recurrence: str = ""
    environments: frozenset[int] = frozenset()
    teams: frozenset[int] = frozenset()
    applications: frozenset[int] = frozenset()
    allows_rollbacks: bool = True
    allows_by_hand: bool = False
    lifted_at: datetime | None = None
    lifts: Mapping[datetime, datetime] = field(default_factory=dict)

    def covers(self, *, application: int, owner: int, environment: int) -> bool:
        """Whether deploys of the application, which the team `owner` owns, to the environment are in its scope."""
        return self.covers_environment(environment) and (
            not (self.teams or self.applications) or owner in self.teams or application in self.applications
        )

    def covers_environment(self, environment: int) -> bool:
        """Whether anything in the environment is in its scope."""
        return not self.environments or environment in self.environments

    def lets_through(self, *, is_rollback: bool, by_hand: bool) -> bool:
        """Whether such a deploy goes on while it holds."""
        return (is_rollback and self.allows_rollbacks) or (by_hand and self.allows_by_hand)

    @property
    def rule(self) -> Recurrence | None:
        """How it recurs."""
        if not self.recurrence or self.ends_at is None:
            return None
        starts, ends = wall_time(self.starts_at, self.zone), wall_time(self.ends_at, self.zone)
        return Recurrence(rule=self.recurrence, zone=self.zone, starts=starts, ends=ends)

    def times(self, start: datetime, end: datetime) -> list[FrozenTime]:
        """When it holds, of [start, end), each time whole; lifted times end when they were lifted."""
        found = self._cut(self._occurrences(start, end))
        return [time for time in found if time.first < end and (time.until is None or time.until > start)]

    def coming(self, now: datetime) -> Iterator[FrozenTime]:
        """The times that hold now or later, the soonest first; without an end where the rule has none."""
        found = self._cut(self._occurrences(now, now + LOOKED_AT))
        return (time for time in found if time.until is None or time.until > now)

    def time_to_come(self, first: datetime, now: datetime) -> FrozenTime | None:
        """The time that begins just then, unless it has ended; None when it has no such time."""
        near = takewhile(lambda time: time.first <= first, self.coming(now))
        return next((time for time in near if time.first == first), None)

    def is_over(self, now: datetime) -> bool:
        """Whether it will never hold again."""
        return next(self.coming(now), None) is None

    def _occurrences(self, start: datetime, end: datetime) -> Iterator[FrozenTime]:
        rule = self.rule
        if rule is None:
            yield FrozenTime(self.starts_at, self.ends_at)
        else:
            yield from (FrozenTime(*span) for span in rule.between(start, end))

    def _cut(self, times: Iterable[FrozenTime]) -> Iterator[FrozenTime]:
        """As long as each holds, when it was lifted; what was lifted before it began is left out."""
        for first, last in times:
            if self.lifted_at is not None and self.lifted_at <= first:
                return
            ends = [at for at in (last, self.lifted_at, self.lifts.get(first)) if at is not None]
            until = min(ends, default=None)
            if until is None or first < until:
                yield FrozenTime(first, until)


def amid(scope: str) -> str:
    """The scope within a sentence: "everything in production". Names keep their letters."""
    return f"everything{scope.removeprefix('Everything')}" if scope.startswith("Everything") else scope


def scope_in_words(named: Iterable[object], environments: Iterable[object], *, most: int | None = None) -> str:
    """What is frozen, of named teams and applications and of environments; of more names than `most` the first, and
    how many more."""
    names = [str(one) for one in named]
    if most is not None and len(names) > most:
        names = [f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"]
    what, where = ", ".join(names), ", ".join(map(str, environments))
    if where:
        return f"{what or 'Everything'} in {where}"
    return f"{what} in every environment" if what else "Everything"
