"""The Blocker: why something may not go on, as a value that page, API, terminal and engine share."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self


class BlockerKind(StrEnum):
    ARCHIVED = "archived"
    NOT_CONFIGURED = "not_configured"
    MANUAL = "manual"
    TRUST_ISSUE = "trust_issue"
    HOLD = "hold"
    VETO = "veto"
    PIN = "pin"
    APPROVAL = "approval"
    NOT_VERIFIED = "not_verified"
    BACKWARDS = "backwards"
    ALREADY_LIVE = "already_live"
    BUSY = "busy"
    QUEUE = "queue"
    CAPACITY = "capacity"
    EXCLUSION = "exclusion"
    FREEZE = "freeze"
    WINDOW = "window"
    HOLIDAY = "holiday"
    SLOT = "slot"
    NO_SLOT = "no_slot"
    NOT_YOURS = "not_yours"
    TIME = "time"
    OTHER = "other"
    """Written by another version of Deployer, while both run side by side."""

    @classmethod
    def _missing_(cls, value: object) -> "BlockerKind":
        return cls.OTHER


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """One reason why a promotion may not start.

    `sentence` is for people; `who` can lift it, in words; `until` is the UTC time at which it ends by
    itself, where there is one; `link` is the path of the page that explains it, where there is one. `ref` tells it
    from others of its kind (the freeze's id, say): an override names both.
    """

    kind: BlockerKind
    sentence: str
    who: str
    link: str = ""
    until: datetime | None = None
    overridable: bool = False
    ref: str = ""

    @property
    def name(self) -> str:
        """What an override names it by, such as freeze:12."""
        return f"{self.kind}:{self.ref}" if self.ref else str(self.kind)

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"until": self.until.isoformat() if self.until else None}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """The inverse of `to_json`; what another version of Deployer wrote besides is left out."""
        known = {name: value for name, value in values.items() if name in cls.__dataclass_fields__}
        blocker = cls(**known | {"kind": BlockerKind(values["kind"]), "until": None})
        return replace(blocker, until=datetime.fromisoformat(values["until"])) if values["until"] else blocker
