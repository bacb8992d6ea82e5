"""Writing events, and what open pages hear of beside them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.dispatch import Signal
from django.utils import timezone

from deployer.audit.actor import Actor
from deployer.audit.models import Event, Touch

# Sent inside the transaction of the event, with `event`: what must be written together with it (the
# outbox of notifications) listens here, because nothing below may import it.
event_recorded = Signal()


def record(
    kind: str,
    sentence: str,
    *,
    by: Actor,
    application: str = "",
    environment: str = "",
    subject: str = "",
    release_id: int | None = None,
    promotion_id: int | None = None,
    reason: str = "",
    data: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> Event:
    """Write an event. Must be called inside the transaction of the change that it tells of.

    `sentence` is what people read; `data` is JSON and holds no secret. Raises RuntimeError outside a
    transaction.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("An event is written in the transaction of its change.")
    event = Event.objects.create(
        at=now or timezone.now(),
        kind=kind,
        sentence=sentence,
        actor_kind=by.kind,
        actor_ref=by.ref,
        actor_label=by.label,
        application=application,
        environment=environment,
        subject=subject,
        release_id=release_id,
        promotion_id=promotion_id,
        reason=reason,
        data=dict(data or {}),
    )
    event_recorded.send(sender=Event, event=event)
    return event


def touch(*, application: str = "", environment: str = "", subject: str = "", promotion_id: int | None = None) -> None:
    """Tell open pages of a change that is no event. To be called in the transaction of the change."""
    Touch.objects.create(application=application, environment=environment, subject=subject, promotion_id=promotion_id)
