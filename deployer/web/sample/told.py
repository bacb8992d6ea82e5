"""What people were told: the messages of the past have arrived, but for a receiver that was away."""

from datetime import datetime, timedelta

from django.db.models import F, Max, QuerySet

from deployer.notifications.models import Channel, Delivery, Lane, Notification, NotificationState
from deployer.web.sample.plan import Plan


def deliver(plan: Plan) -> None:
    """Mark what was due as sent, with a webhook's answers, and the last of them as not taken."""
    due = Notification.objects.pending().filter(due_at__lte=plan.now)
    due.update(state=NotificationState.SENT, attempts=1, sent_at=F("due_at") + timedelta(seconds=1), due_at=None)
    sent = Notification.objects.filter(state=NotificationState.SENT)
    for lane, last in sent.values_list("lane").annotate(last=Max("sent_at")):
        Lane.objects.filter(pk=lane).update(last_sent_at=last)
    _webhooks(plan, sent.filter(channel=Channel.WEBHOOK).select_related("event").order_by("id"))


def _webhooks(plan: Plan, sent: QuerySet[Notification]) -> None:
    rows = list(sent)
    failed = rows[-1:]
    Delivery.objects.bulk_create(
        _delivery(one, plan.rng.randrange(40, 400), at=one.sent_at or plan.now, fails=one in failed) for one in rows
    )
    for one in failed:
        error = "https://hooks.example.org/deployer answered 503."
        Notification.objects.filter(pk=one.pk).update(
            state=NotificationState.FAILED, sent_at=None, attempts=8, error=error
        )


def _delivery(one: Notification, duration: int, *, at: datetime, fails: bool) -> Delivery:
    return Delivery(
        notification=one,
        at=at,
        what="POST",
        request_url=one.address,
        request_headers={"Content-Type": "application/json"},
        request_body=f'{{"kind": "{one.event.kind}", "sentence": "…"}}',
        response_status=503 if fails else 200,
        response_body="upstream connect error" if fails else "ok",
        duration_ms=duration,
    )
