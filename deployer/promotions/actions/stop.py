"""Stopping everything: one freeze of everything, until somebody lifts it."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from apps_registry.locks import lock_environments
from apps_registry.rights import Rights
from deployer.calendar.actions.freezes import NewFreeze, check_freeze, declare
from deployer.calendar.models import Freeze
from deployer.calendar.sentences import stopped
from deployer.refusal import RefusedError

MOMENT = timedelta(microseconds=1)
RIVALS_LEAD = timedelta(minutes=1)
"""Who waited for the lock had looked at the clock before whoever held it, whose freeze then begins later."""


class AlreadyStoppedError(RefusedError):
    """Everything is stopped already, by `freeze`."""

    def __init__(self, freeze: Freeze) -> None:
        super().__init__(f"Everything is stopped already, by {freeze.declared_by}: {stopped(freeze.reason)}")
        self.freeze = freeze


@transaction.atomic
def stop_everything(*, rights: Rights, reason: str, contact: str = "", now: datetime | None = None) -> Freeze:
    """Freeze everything from now on until it is lifted, what people ask for too; rollbacks pass.

    What runs finishes where it is. Raises NotAllowedError for who doesn't manage releases, FreezeRefusedError without a
    reason, AlreadyStoppedError.
    """
    now = now or timezone.now()
    rights.need_management(to="stop everything")
    new = stop_of(reason, contact, now)
    check_freeze(new, rights, now)
    lock_environments()
    standing = standing_stop(now + RIVALS_LEAD)
    if standing is not None:
        raise AlreadyStoppedError(standing)
    return declare(new=new, rights=rights, now=now)


def stop_of(reason: str, contact: str, now: datetime) -> NewFreeze:
    """The freeze that stops everything."""
    return NewFreeze(
        starts_at=now,
        ends_at=None,
        reason=reason,
        contact=contact,
        zone=timezone.get_default_timezone_name(),
        allows_rollbacks=True,
        allows_by_hand=False,
    )


def standing_stop(now: datetime) -> Freeze | None:
    """The freeze by which everything is stopped now until it is lifted, however it was declared."""
    return next((one for one in freezes_of_everything(now) if stops(one)), None)


def freezes_of_everything(now: datetime) -> list[Freeze]:
    """Those that hold at this moment, of every application in every environment, the newest first."""
    wide = Freeze.objects.filter(environments=None, teams=None, applications=None)
    found = wide.touching(now, now + MOMENT).with_scope()
    return [one for one in found if one.holds_at(now)]


def stops(freeze: Freeze) -> bool:
    """Whether a freeze of everything stops what people ask for too, until somebody lifts it."""
    return freeze.ends_at is None and not freeze.allows_by_hand
