"""What the sample service is called and where it runs."""

import json
from dataclasses import asdict, dataclass
from typing import Self

SERVICE = "sample-service"
ENVIRONMENTS = ("integration", "staging", "production")
TEAM_EMAIL = "sample-team@example.org"
USER = "demo"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`root` is the demo's folder; `urls` is where each environment's service will answer."""

    root: str
    urls: dict[str, str]
    password: str

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        return cls(**json.loads(text))
