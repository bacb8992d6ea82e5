"""How a freeze stands, as its pages and the banner show it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice

from deployer.calendar.models import Freeze
from deployer.calendar.terms import FrozenTime
from deployer.calendar.words import recurring

TIMES_SHOWN = 3


class Phase(StrEnum):
    FROZEN = "frozen"
    COMING = "coming"
    LIFTED = "lifted"
    OVER = "over"

    @property
    def is_over(self) -> bool:
        return self in (Phase.LIFTED, Phase.OVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFreeze:
    """A freeze at `now`; `times` are those that hold now or come next, the soonest first."""

    freeze: Freeze
    now: datetime
    times: Sequence[FrozenTime]

    @property
    def time(self) -> FrozenTime | None:
        """The one that holds now, else the next."""
        return self.times[0] if self.times else None

    @property
    def later_times(self) -> Sequence[FrozenTime]:
        """Those after that one."""
        return self.times[1:]

    @property
    def phase(self) -> Phase:
        if self.time is None:
            return Phase.LIFTED if self.freeze.lifted_at else Phase.OVER
        return Phase.FROZEN if self.time.first <= self.now else Phase.COMING

    @property
    def changes_at(self) -> datetime | None:
        """When it begins or ends by itself."""
        if self.time is None:
            return None
        return self.time.first if self.time.first > self.now else self.time.until

    @property
    def is_coming(self) -> bool:
        return self.phase is Phase.COMING

    @property
    def ended_at(self) -> datetime | None:
        """When what is over ended; a recurring one's last time is not looked for."""
        return self.freeze.lifted_at or (None if self.freeze.recurrence else self.freeze.ends_at)

    @property
    def recurs(self) -> str:
        """How often, in words; empty for once."""
        return recurring(self.freeze.recurrence) if self.freeze.recurrence else ""


def shown(freeze: Freeze, now: datetime, *, times: int = TIMES_SHOWN) -> ShownFreeze:
    """Asks nothing after `with_scope`."""
    return ShownFreeze(freeze=freeze, now=now, times=list(islice(freeze.terms.coming(now), times)))


def soonest_first(freezes: Iterable[ShownFreeze]) -> list[ShownFreeze]:
    """By the time that holds now or comes next."""
    return sorted(freezes, key=lambda one: (one.time.first if one.time else one.now, one.freeze.pk))
