"""Overrides as pages show them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from deployer.calendar.models import OverrideBase


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """An override, and whether it counts still."""

    override: OverrideBase
    is_valid: bool


def leaves(overrides: Iterable[OverrideBase], now: datetime) -> list[Leave]:
    """Those that count first, then those that have run out; of each the newest first."""
    found = [Leave(override=one, is_valid=one.expires_at > now) for one in overrides]
    return sorted(found, key=lambda leave: (leave.is_valid, leave.override.given_at), reverse=True)
