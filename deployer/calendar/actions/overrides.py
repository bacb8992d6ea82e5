"""One person's leave to pass one named blocker: what every kind of override asks for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps_registry.rights import Rights
from deployer.calendar.models.override import REASON_LENGTH
from deployer.calendar.words import moment
from deployer.gates import Blocker
from deployer.refusal import NotAllowedError, RefusedError

LONGEST = timedelta(days=7)
"""An override is for now, not for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOverride:
    """`blocker` is the name of what is to be passed, as Blocker.name gives it; `expires_at` is UTC."""

    blocker: str
    reason: str
    expires_at: datetime


def check_override(
    new: NewOverride, *, among: Iterable[Blocker], rights: Rights, now: datetime, latest: datetime
) -> str:
    """The sentence of the blocker that is overridden.

    Raises NotAllowedError when who asks may not, RefusedError when the reason is too short, the expiry is past or
    after `latest`, nothing of that name blocks, or what blocks can't be overridden.
    """
    if not (rights.manages and rights.actor.is_person):
        raise NotAllowedError("Only a release manager, as a person, can override what blocks.")
    if len(new.reason.strip()) < REASON_LENGTH:
        raise RefusedError(f"Say why, in at least {REASON_LENGTH} characters.")
    if not now < new.expires_at <= latest:
        raise RefusedError(
            f"An override ends in the future, and this one by {moment(latest, 'UTC')}: choose another expiry."
        )
    found = list(among)
    blocker = next((one for one in found if one.name == new.blocker), None)
    if blocker is None:
        names = ", ".join(sorted({one.name for one in found if one.overridable}))
        can = f"What can be overridden now: {names}." if names else "Nothing that can be overridden blocks it."
        raise RefusedError(f"Nothing named {new.blocker!r} blocks it. {can}")
    if not blocker.overridable:
        raise RefusedError(f"This can't be overridden: {blocker.sentence} {blocker.who}.")
    return blocker.sentence
