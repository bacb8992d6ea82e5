"""What a change is about, as the pages name it. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class About:
    """The columns of an event or a touch that say what it is about."""

    application: str
    environment: str
    subject: str
    promotion_id: int | None
    release_id: int | None = None

    def topics(self) -> frozenset[str]:
        """Such as application:publisher, environment:production, promotion:12, release:3 and slot:7."""
        named = {
            "application": self.application,
            "environment": self.environment,
            "promotion": self.promotion_id,
            "release": self.release_id,
        }
        topics = {f"{kind}:{which}" for kind, which in named.items() if which}
        return frozenset(topics | {self.subject} if self.subject else topics)
