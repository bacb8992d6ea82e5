"""Who did it."""

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    USER = "user"
    TOKEN = "token"  # noqa: S105 — a kind of actor, not a secret
    SYSTEM = "system"
    OPERATOR = "operator"
    """Someone at a terminal of the machine, named by the operating system's user name."""


LABEL_LENGTH = 150


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something: `ref` identifies them within the kind, `label`, of at most 150 characters, is for people."""

    kind: ActorKind
    ref: str
    label: str

    @property
    def is_person(self) -> bool:
        return self.kind in (ActorKind.USER, ActorKind.OPERATOR)

    def __str__(self) -> str:
        return self.label


ENGINE = Actor(ActorKind.SYSTEM, "engine", "Deployer")
