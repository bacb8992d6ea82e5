"""What people set about how they are told."""

from datetime import time

from django.db import transaction

from deployer.access.models import User
from deployer.audit.changes import record_change, values_of
from deployer.refusal import RefusedError


@transaction.atomic
def set_quiet_hours(*, person: User, start: time | None, end: time | None) -> None:
    """The person's own quiet hours, in their zone; None twice for none. Raises RefusedError when one is missing or
    both are the same."""
    if (start is None) != (end is None):
        raise RefusedError("Give both times, or neither.")
    if start is not None and start == end:
        raise RefusedError("Quiet hours must end at another time than they begin.")
    found = User.objects.select_for_update().get(pk=person.pk)
    before = values_of(found)
    found.quiet_from, found.quiet_until = start, end
    found.save(update_fields=["quiet_from", "quiet_until"])
    record_change(found, before, values_of(found), by=found.as_actor())
