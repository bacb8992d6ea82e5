"""The protocol behind which every way of telling someone stands."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is told. `key` names it, so that a receiver can tell a second delivery from a second message; `again`
    counts how often a person had it sent anew. `connection` names the secret that signs it, where there is one.
    `payload` is what a program is told: a JSON object. What has the same `thread` belongs together (a promotion), and
    `topic` is what it is about (an application): one word each, or empty."""

    key: str
    address: str
    subject: str
    body: str = ""
    html: str = ""
    connection: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)
    again: int = 0
    thread: str = ""
    topic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One call outside and its answer, fit to be shown: without secrets, and cut to a size that can be kept.

    `status` is None and `error` says why when no answer came.
    """

    what: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    status: int | None = None
    answer: str = ""
    error: str = ""
    duration_ms: int = 0


Note = Callable[[Exchange], None]
"""Keeps what was sent and answered, for the page that shows it; called for each call outside, failed ones too."""


class Notifier(Protocol):
    def send(self, message: Message, note: Note) -> str:
        """Send it and return a reference to the delivery. Raises Refused (for good) or Unavailable (try again;
        Busy when the receiver said how long to wait)."""
        ...
