"""Making and renewing the secret address of a person's feeds."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from deployer.access.models import User
from deployer.audit.actions import record
from deployer.calendar.models import FeedAddress
from deployer.refusal import RefusedError


@transaction.atomic
def renew_address(*, user: User, replaces: datetime | None, now: datetime | None = None) -> str:
    """A new secret for the person's feeds, which can't be had again. The one before it opens nothing any more.

    `replaces` is when the address was made that they know will end. Raises RefusedError when there is another, so that
    a form that is sent twice does not end the one that it has made.
    """
    now = now or timezone.now()
    User.objects.select_for_update().get(pk=user.pk)
    made_at = FeedAddress.objects.filter(user=user).values_list("made_at", flat=True).first()
    if made_at is not None and made_at != replaces:
        raise RefusedError("There is an address already, and it would end: confirm that first.")
    secret = FeedAddress.renew(user.pk, now=now)
    actor, verb = user.as_actor(), "renewed" if made_at else "made"
    record(
        f"feed_address.{verb}",
        f"{actor} {verb} the secret address of their calendar feeds.",
        by=actor,
        subject=f"feed_address:{user.pk}",
        now=now,
    )
    return secret
