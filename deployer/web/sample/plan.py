"""What is asked for."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

MONTH = timedelta(days=28)
DAY = timedelta(days=1)
PER_APPLICATION = 36
"""Promotions of a month for each application, as GOV.UK had them in 2025."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`promotions` is about how many there are to be; up to `recent` of them are of the month, told in full, and the
    rest is a lighter history of years. `now` is UTC."""

    now: datetime
    applications: int
    promotions: int
    recent: int
    seed: int = 1
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rng", random.Random(self.seed))  # noqa: S311 — made-up data, the same for a seed

    @property
    def month_begins(self) -> datetime:
        return self.now - MONTH

    @property
    def older(self) -> int:
        """How many promotions are of before the month."""
        return max(0, self.promotions - self.recent)

    @property
    def begins(self) -> datetime:
        """When the history begins: up to four years back, so that a day holds a believable number."""
        days = min(4 * 365, max(0, self.older // 100))
        return self.month_begins - timedelta(days=days)

    def hex(self, digits: int) -> str:
        return f"{self.rng.getrandbits(4 * digits):0{digits}x}"

    def around(self, low: float, high: float) -> timedelta:
        """A length between two numbers of seconds."""
        return timedelta(seconds=round(self.rng.uniform(low, high), 3))


def planned(
    *,
    now: datetime,
    hosted: int,
    applications: int | None,
    promotions: int | None,
    seed: int,
    recent: int | None = None,
) -> Plan:
    """With what is left out: the real registry, and a month as it was."""
    apps = hosted if applications is None else applications
    month = PER_APPLICATION * apps
    wanted = month if promotions is None else promotions
    return Plan(now=now, applications=apps, promotions=wanted, recent=min(wanted, recent or month), seed=seed)
