"""How many targets were automatic at the end of each month: from how things are, back through what changed. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

AUTOMATIC = "automatic"
"""As events have it."""
KINDS = (
    "target.policy_changed",
    "registry.target.created",
    "registry.target.changed",
    "registry.target.deleted",
    "registry.application.archived",
    "registry.application.unarchived",
)
"""The events that change how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """An event of one of KINDS."""

    at: datetime
    kind: str
    application: str
    environment: str
    data: Mapping[str, Any]


class Past:
    """What was automatic, by application and environment, and which applications were archived; events undo it."""

    def __init__(self, automatic: Iterable[tuple[str, str]], archived: Iterable[str]) -> None:
        self.automatic = set(automatic)
        self.archived = set(archived)

    def undo(self, event: Happened) -> None:
        if event.kind == "registry.application.archived":
            self.archived.discard(event.application)
        elif event.kind == "registry.application.unarchived":
            self.archived.add(event.application)
        else:
            self._undo_policy(event)

    def _undo_policy(self, event: Happened) -> None:
        place = (event.application, event.environment)
        if event.kind == "target.policy_changed":
            before = event.data.get("old")
        elif "policy" in event.data:
            before = event.data["policy"][0]
        else:
            return
        if before == AUTOMATIC:
            self.automatic.add(place)
        else:
            self.automatic.discard(place)

    def counts(self) -> Counter[str]:
        """By environment's slug."""
        return Counter(environment for application, environment in self.automatic if application not in self.archived)


def counts_at(moments: Sequence[datetime], past: Past, events: Iterable[Happened]) -> list[Counter[str]]:
    """How many were automatic right before each moment, in the order given: the newest first, like the events."""
    found, left = [], list(events)
    for moment in moments:
        while left and left[0].at >= moment:
            past.undo(left.pop(0))
        found.append(past.counts())
    return found
