"""The protocol behind which every way of telling someone stands."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is told. `key` names it, so that a receiver can tell a second delivery from a second message."""

    key: str
    address: str
    subject: str
    body: str


class Notifier(Protocol):
    def send(self, message: Message) -> str:
        """Send it and return a reference to the delivery. Raises Refused (for good) or Unavailable (try again)."""
        ...
