"""What people set about themselves."""

from django.core.exceptions import ValidationError
from django.db import transaction

from deployer.access.models import User
from deployer.access.models.user import check_time_zone
from deployer.audit.changes import record_change, values_of
from deployer.refusal import RefusedError


@transaction.atomic
def set_time_zone(*, person: User, zone: str) -> None:
    """The zone in which the person reads times and types them. Raises RefusedError when there is no such zone."""
    try:
        check_time_zone(zone)
    except ValidationError as error:
        raise RefusedError(error.messages[0]) from error
    found = User.objects.select_for_update().get(pk=person.pk)
    before = values_of(found)
    found.time_zone = zone
    found.save(update_fields=["time_zone"])
    record_change(found, before, values_of(found), by=found.as_actor())
