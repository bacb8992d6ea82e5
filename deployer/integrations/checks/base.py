"""The protocol behind which every check stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    """The thing checked is bad: a definite no."""
    ERRORED = "errored"
    """The check itself could not be made."""
    INCONCLUSIVE = "inconclusive"
    """It was made, but the data does not say. Never a pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckContext:
    """What is being checked: a release that has been deployed to a target. `deployed_at` is in UTC."""

    key: str
    application: str
    environment: str
    version: str
    commit: str
    target_url: str
    promotion_url: str
    deployed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One observation. `evidence` is JSON that a person can judge by; it holds no secret and at most 8 KiB."""

    outcome: Outcome
    sentence: str
    evidence: Mapping[str, Any] = field(default_factory=dict)


class Check(Protocol):
    """A check. An instance holds one validated configuration and nothing else."""

    kind: ClassVar[str]
    label: ClassVar[str]
    Config: ClassVar[type[Any]]

    def __init__(self, config: Any) -> None: ...

    @property
    def longest_seconds(self) -> float:
        """How long one measurement takes at the most; a claim on it lasts longer."""
        ...

    def baseline(self, context: CheckContext) -> Mapping[str, Any]:
        """What was so before the deploy; empty where the check needs none."""
        ...

    def measure(self, context: CheckContext, baseline: Mapping[str, Any]) -> Reading:
        """Observe once. Never raises for what the outside does: that is a Reading with `errored`."""
        ...
