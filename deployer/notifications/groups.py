"""What each kind of event is to those who are told: its group, how urgent it is, and who hears of it unasked. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from apps_registry.models.watcher import EventGroup


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """How events of a kind are told.

    `urgent` passes quiet hours and goes to a team's alerts channel. The owning team hears of it when `owner` is set,
    the release's authors when `authors` is, whoever booked it or may approve it (the event's people) always. A watcher
    who names no kinds of event hears of it when it is `usual`. Of one that is `never_silent` Deployer's operators are
    told when nobody of the application's can be.
    """

    group: EventGroup
    urgent: bool = False
    owner: bool = False
    authors: bool = False
    usual: bool = True
    never_silent: bool = False


_STOP = Telling(group=EventGroup.STOPS, urgent=True, owner=True, authors=True, never_silent=True)
_CAUGHT = Telling(group=EventGroup.CALENDAR, owner=True)
_BOOKED = Telling(group=EventGroup.CALENDAR)
_HELD = Telling(group=EventGroup.HOLDS, owner=True)
_ERROR = Telling(group=EventGroup.ERRORS, owner=True, authors=True)
_TRUST = Telling(group=EventGroup.TRUST, owner=True, usual=False)

KINDS: Mapping[str, Telling] = {
    "promotion.failed": _STOP,
    "promotion.errored": _STOP,
    "promotion.aborted": Telling(group=EventGroup.STOPS, authors=True),
    "stall.told": Telling(group=EventGroup.STOPS, urgent=True, owner=True, never_silent=True),
    "stall.ended": Telling(group=EventGroup.STOPS, owner=True),
    "promotion.succeeded": Telling(group=EventGroup.RELEASES, authors=True),
    "promotion.superseded": Telling(group=EventGroup.PROGRESS, authors=True, usual=False),
    "promotion.overridden": Telling(group=EventGroup.HOLDS),
    "promotion.held": Telling(group=EventGroup.HOLDS),
    "promotion.frozen": _CAUGHT,
    "approval.asked": Telling(group=EventGroup.APPROVALS, owner=True),
    "approval.given": Telling(group=EventGroup.APPROVALS),
    "approval.rejected": Telling(group=EventGroup.APPROVALS, urgent=True, owner=True),
    "approval.expired": Telling(group=EventGroup.APPROVALS, owner=True),
    "slot.frozen": _CAUGHT,
    "slot.missed": _CAUGHT,
    "slot.not_promoted": _CAUGHT,
    "slot.overridden": _BOOKED,
    "slot.cancelled": _BOOKED,
    "slot.moved": _BOOKED,
    "slot_series.skipped": Telling(group=EventGroup.CALENDAR, usual=False),
    "slot_series.ended": Telling(group=EventGroup.CALENDAR, usual=False),
    "error.new": _ERROR,
    "error.regressed": _ERROR,
}
"""Those that differ from the rest of their family."""

FAMILIES: Mapping[str, Telling] = {
    "promotion": Telling(group=EventGroup.PROGRESS, usual=False),
    "hold": _HELD,
    "veto": _HELD,
    "pin": _HELD,
    "approval": Telling(group=EventGroup.APPROVALS),
    "stall": Telling(group=EventGroup.STOPS),
    "slot": Telling(group=EventGroup.CALENDAR, usual=False),
    "slot_series": Telling(group=EventGroup.CALENDAR, usual=False),
    "error": Telling(group=EventGroup.ERRORS, usual=False),
    "trust_issue": _TRUST,
    "target": _TRUST,
}
"""By what stands before the dot: how a kind is told that KINDS has not."""

PERSONAL = frozenset(
    {"slot.frozen", "slot.missed", "slot.not_promoted", "slot.overridden", "slot.cancelled", "slot.moved"}
    | {"slot_series.skipped", "slot_series.ended", "approval.asked"}
)
"""Told to the event's people: whoever booked it, or may approve it."""

_TELLINGS = (*KINDS.values(), *FAMILIES.values())
USUAL_GROUPS = tuple(group for group in EventGroup if any(one.usual for one in _TELLINGS if one.group is group))
OWNER_GROUPS = tuple(group for group in EventGroup if any(one.owner for one in _TELLINGS if one.group is group))
"""Those of which a watcher who names none, and the owning team, hears of at least some kinds of event."""


def telling_of(kind: str) -> Telling | None:
    """How events of this kind are told; None for those that nobody is told of."""
    return KINDS.get(kind) or FAMILIES.get(kind.partition(".")[0])


def hears(telling: Telling, events: list[str]) -> bool:
    """Whether a watcher who asked for these groups hears of it; one who named none hears of the usual."""
    return telling.group in events if events else telling.usual
