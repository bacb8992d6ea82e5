"""The protocol behind which every way of deploying stands."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployRequest:
    """What to deploy and where.

    `key` names the attempt (32 hex characters); the outside is asked by it later. `fence` grows with each
    claim of the attempt. `deadline` is seconds on `time.monotonic`'s scale: past it the claim is lost and
    nothing may be started. `callback_url` takes the signed end report.
    """

    key: str
    fence: int
    deadline: float
    application: str
    environment: str
    version: str
    commit: str
    previous_version: str
    target_url: str
    promotion_url: str
    callback_url: str


class DeployState(StrEnum):
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """A definite no: the deploy ended and did not do its work."""
    UNKNOWN = "unknown"
    """The outside lost track of it: it may have happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployStatus:
    """What the outside says of a started deploy. `log` is the text since the asked offset; `log_offset` the next."""

    state: DeployState
    sentence: str = ""
    log: str = ""
    log_offset: int = 0


class Deployer(Protocol):
    """A way of deploying. An instance holds one target's validated configuration and nothing else."""

    kind: ClassVar[str]
    label: ClassVar[str]
    Config: ClassVar[type[Any]]

    def __init__(self, config: Any) -> None: ...

    def start(self, request: DeployRequest) -> str:
        """Start the deploy and return the reference to poll it by (at most 500 characters).

        Raises Refused (definitely not started), OutcomeUnknown (sent, no usable answer) or Unavailable
        (definitely not sent, worth another try).
        """
        ...

    def poll(self, reference: str, *, log_offset: int) -> DeployStatus:
        """Ask how it goes. Raises Unavailable when it can't be asked now."""
        ...

    def find(self, key: str) -> str | None:
        """The reference of the attempt with this key, or None when it surely was not started.

        Raises Unavailable when it can't be asked now, CannotTell when it never can.
        """
        ...

    def cancel(self, reference: str) -> None:
        """Ask the outside to stop it. Ending is seen by `poll`. Raises Unavailable or Refused."""
        ...
