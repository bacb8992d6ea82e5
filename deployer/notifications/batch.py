"""What goes out as one message, from the moment at which that is settled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from deployer.integrations.notify.base import Exchange
from deployer.notifications.models import Delivery, Lane, Notification

KEPT = 20_000
"""Characters of a request or an answer that are kept to be shown."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages to one receiver, in their order; `at` (UTC) is when they are tried."""

    lane: Lane
    notifications: Sequence[Notification]
    at: datetime

    @property
    def head(self) -> Notification:
        """The one that carries the others."""
        return self.notifications[0]

    def note(self, exchange: Exchange) -> None:
        """Keep a call outside for the page that shows it."""
        Delivery.objects.create(
            notification=self.head,
            at=self.at,
            what=exchange.what[:40],
            request_url=exchange.url[:254],
            request_headers=dict(exchange.headers),
            request_body=exchange.body[:KEPT],
            response_status=exchange.status,
            response_body=exchange.answer[:KEPT],
            error=exchange.error,
            duration_ms=exchange.duration_ms,
        )


def form(lane: Lane, notifications: Sequence[Notification], now: datetime) -> Batch:
    """Settle that these go out as one, before the receiver first hears of it: if it is not known whether it took
    them, they are sent once more under the same key."""
    head = notifications[0]
    rows = Notification.objects.filter(pk__in=[one.pk for one in notifications])
    rows.update(delivered_with=head, attempts=F("attempts") + 1)
    if any(one.due_at and one.due_at > now for one in notifications):
        rows.filter(due_at__gt=now).update(due_at=now)
    for one in notifications:
        one.delivered_with, one.attempts, one.due_at = head, one.attempts + 1, min(one.due_at or now, now)
    return Batch(lane, notifications, now)
