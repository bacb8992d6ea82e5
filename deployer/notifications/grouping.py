"""Which messages go out as one: what one receiver is told within five seconds of the same promotion, or of the same
application where it is of none, and all that one freeze catches.

Only people are told so: a program is told of each event by itself, and at once. What is urgent doesn't wait for others,
but takes those along that wait for the same promotion, so that each receiver hears of a promotion in its order.
"""

from datetime import datetime, timedelta

from django.db.models import Min, QuerySet

from deployer.audit.models import Event
from deployer.notifications.models import Channel, Lane, Notification

GROUPING = timedelta(seconds=5)
GROUPED = frozenset({Channel.EMAIL, Channel.SLACK})
MOST = 100
"""So many go out as one at most."""


def group_of(event: Event, channel: Channel) -> str:
    """What names it; empty for what goes alone."""
    if channel not in GROUPED:
        return ""
    if event.kind.endswith(".frozen"):
        return f"frozen:{event.at.isoformat()}"  # all that one freeze catches is written at one moment
    return f"promotion:{event.promotion_id}" if event.promotion_id else f"application:{event.application}"


def next_batch(lane: Lane, now: datetime) -> list[Notification]:
    """What is to be sent next on a lane, in its order; empty when nothing is due.

    First comes what was tried before, as it was then. Otherwise what is urgent, then what was written first, with
    all of its group that only waits for others, and with what must not be overtaken.
    """
    due = lane.notifications.due(now)
    if lane.channel not in GROUPED:
        return list(due.select_related("event").order_by("id")[:1])
    tried = due.filter(delivered_with__isnull=False).aggregate(first=Min("delivered_with"))["first"]
    if tried is not None:
        return list(due.filter(delivered_with=tried).select_related("event").order_by("id"))
    group = due.order_by("-urgent", "id").values_list("group", flat=True).first()
    if group is None:
        return []
    waiting = lane.notifications.pending().filter(delivered_with=None).select_related("event").order_by("id")
    members = list(waiting.filter(group=group, due_at__lte=now + GROUPING)[:MOST])
    return sorted([*members, *_not_to_be_overtaken(waiting, members)], key=lambda one: one.pk)[:MOST]


def _not_to_be_overtaken(waiting: QuerySet[Notification], members: list[Notification]) -> list[Notification]:
    """What else waits of the promotions of these, and was written earlier: even in quiet hours."""
    last = {one.promotion_id: one.pk for one in members if one.promotion_id}
    if not last:
        return []
    found = waiting.filter(promotion_id__in=last, pk__lt=max(last.values()))
    chosen = {one.pk for one in members}
    return [one for one in found if one.pk not in chosen and one.pk < last.get(one.promotion_id or 0, 0)]
