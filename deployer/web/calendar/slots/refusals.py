"""Why a slot can't be had, as its pages say it: every reason, who can change it, and what can be had instead."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from deployer.calendar.actions.slots import SlotRefusedError
from deployer.calendar.spans import Span
from deployer.gates import Blocker, BlockerKind
from deployer.web.calendar.slots.times import span_text

SEE = {
    BlockerKind.FREEZE: "See the freeze",
    BlockerKind.SLOT: "See the slot",
    BlockerKind.CAPACITY: "See the slot that ends first",
    BlockerKind.WINDOW: "See the hours",
    BlockerKind.HOLIDAY: "See the hours",
}
OF_APPLICATIONS = frozenset(
    {BlockerKind.ARCHIVED, BlockerKind.NOT_CONFIGURED, BlockerKind.NOT_YOURS, BlockerKind.EXCLUSION}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A line of the error summary: `field` is the id of what it is to be mended in, where there is one."""

    sentence: str
    field: str = ""
    who: str = ""
    until: datetime | None = None
    link: str = ""
    see: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Every reason why the time can't be had, and the next one that can."""

    problems: Sequence[Problem]
    blockers: Sequence[Blocker]
    next_free: Span | None

    @property
    def next_free_text(self) -> str:
        """As a button carries it."""
        return span_text(self.next_free) if self.next_free else ""


def refusal(error: SlotRefusedError, field_of: Callable[[Blocker], str]) -> Refusal:
    """`field_of` gives the id of the field in which a blocker is to be mended."""
    return Refusal(
        problems=[problem(blocker, field_of(blocker)) for blocker in error.blockers],
        blockers=error.blockers,
        next_free=error.next_free,
    )


def problem(blocker: Blocker, field: str = "") -> Problem:
    return Problem(
        sentence=blocker.sentence,
        field=field,
        who=blocker.who,
        until=blocker.until,
        link=blocker.link,
        see=SEE.get(blocker.kind, "See why"),
    )


def is_of_applications(blocker: Blocker) -> bool:
    """Whether another application, and not another time, would mend it."""
    return blocker.kind in OF_APPLICATIONS or (blocker.kind is BlockerKind.CAPACITY and blocker.ref == "size")


def is_of_length(blocker: Blocker) -> bool:
    return blocker.kind is BlockerKind.TIME and blocker.ref in ("length", "order")
