"""How an application is doing, and what is shown of it in one environment."""

from dataclasses import dataclass
from enum import StrEnum

from apps_registry.models import Environment
from deployer.gates import Blocker, BlockerKind
from deployer.promotions.models import Promotion
from deployer.promotions.standing import Standing, TargetStanding

QUIET = "quiet"
GROUPS = ("stopped", "moving", "waiting", QUIET)
"""Worst first: the order of the board, and what it counts."""


class Condition(StrEnum):
    """How an application is doing, worst first."""

    STOPPED = "stopped"
    MOVING = "moving"
    WAITING = "waiting"
    OK = "OK"
    NOTHING = "nothing deployed"

    @property
    def is_quiet(self) -> bool:
        return self in (Condition.OK, Condition.NOTHING)

    @property
    def group(self) -> str:
        return QUIET if self.is_quiet else str(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """How far what is live is behind the newest release: in changes, or in releases where none says what it brings."""

    changes: int
    releases: int
    newest: str

    @property
    def words(self) -> str:
        count, what = (self.changes, "change") if self.changes else (self.releases, "release")
        return f"{count if count < 100 else '99+'} {what}{'' if count == 1 else 's'} behind"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """An application in an environment; `standing` is None where it does not run. `step` is what moves there just now;
    both it and `behind` are read for the board alone."""

    environment: Environment
    standing: TargetStanding | None
    behind: Behind | None = None
    step: str = ""

    @property
    def live_through(self) -> Promotion | None:
        """The promotion that put there what is live; None for what was deployed without one."""
        promotion: Promotion | None = getattr(self.standing and self.standing.live, "promotion", None)
        return promotion

    @property
    def next_up(self) -> Promotion | None:
        """The newest promotion that waits."""
        return self.standing.waiting[0] if self.standing and self.standing.waiting else None

    @property
    def older_waiting(self) -> int:
        return len(self.standing.waiting[1:]) if self.standing else 0

    @property
    def blockers(self) -> list[Blocker]:
        """Why the newest waits."""
        return self.next_up.waits_for if self.next_up else []

    @property
    def waits_for_holds(self) -> bool:
        """Among others, of which there are `other_reasons`."""
        return self.other_reasons < len(self.blockers)

    @property
    def other_reasons(self) -> int:
        return sum(blocker.kind is not BlockerKind.HOLD for blocker in self.blockers)

    @property
    def waits_only_for_holds(self) -> bool:
        """The row shows its holds already, so that what waits for them need not say them again."""
        return bool(self.blockers) and all(blocker.kind is BlockerKind.HOLD for blocker in self.blockers)


def condition_of(standing: Standing) -> Condition:
    """The worst that is so of an application anywhere."""
    targets = standing.targets
    if standing.holds or any(target.holds for target in targets):
        return Condition.STOPPED
    if any(target.moving for target in targets):
        return Condition.MOVING
    if any(target.waiting for target in targets):
        return Condition.WAITING
    return Condition.OK if any(target.live for target in targets) else Condition.NOTHING
