"""The messages that were sent or are being sent, as a list that can be filtered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Count, Q, QuerySet
from django.http import QueryDict

from apps_registry.models import Application
from deployer.notifications.models import Channel, Lane, Notification, NotificationState
from deployer.web.calendar.slots.reader import Reader
from deployer.web.paging import asked_page, rows_of_page
from deployer.web.told.history import to_person

MOST_LANES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What the address asks for; empty is everything. `receiver` is a part of their name or address."""

    application: str = ""
    receiver: str = ""
    state: str = ""
    channel: str = ""

    @property
    def any(self) -> bool:
        return bool(self.application or self.receiver or self.state or self.channel)

    def query(self, **changed: object) -> str:
        values: Mapping[str, object] = {
            "application": self.application,
            "receiver": self.receiver,
            "state": self.state,
            "channel": self.channel,
            **changed,
        }
        return urlencode({name: value for name, value in values.items() if value})


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One page, the newest first; `lanes` are the ways to receivers that can't be reached now."""

    notifications: Sequence[Notification]
    lanes: Sequence[Lane]
    filters: Filters
    page: int
    has_more: bool

    @property
    def newer(self) -> str:
        return self.filters.query(page=self.page - 1) if self.page > 1 else ""

    @property
    def older(self) -> str:
        return self.filters.query(page=self.page + 1) if self.has_more else ""


def listing(query: QueryDict, reader: Reader) -> Listing:
    """Four queries at most."""
    filters = Filters(**{name: query.get(name, "").replace("\0", "").strip() for name in Filters.__dataclass_fields__})
    page, seen = asked_page(query), visible(reader)
    found, has_more = rows_of_page(_wanted(seen, filters), page)
    return Listing(
        notifications=found,
        lanes=_failing(seen),
        filters=filters,
        page=page,
        has_more=has_more,
    )


def visible(reader: Reader) -> QuerySet[Notification]:
    """Those that the reader may see: of their teams' applications, and to themselves; release managers see all."""
    rows = Notification.objects.select_related("event", "lane")
    if reader.rights.manages or reader.rights.user is None:
        return rows if reader.rights.manages else rows.none()
    theirs = Application.objects.filter(owner__memberships__user=reader.rights.user).values_list("slug", flat=True)
    return rows.filter(Q(event__application__in=list(theirs)) | to_person(reader.rights.user))


def _wanted(rows: QuerySet[Notification], filters: Filters) -> QuerySet[Notification]:
    if filters.application:
        rows = rows.filter(event__application=filters.application)
    if filters.receiver:
        rows = rows.filter(Q(receiver__icontains=filters.receiver) | Q(address__icontains=filters.receiver))
    if filters.state in NotificationState.values:
        rows = rows.filter(state=filters.state)
    if filters.channel in Channel.values:
        rows = rows.filter(channel=filters.channel)
    return rows.order_by("-id")


def _failing(rows: QuerySet[Notification]) -> list[Lane]:
    """The lanes that fail now and on which something waits that the reader may see, with how much that is."""
    waiting = rows.filter(state=NotificationState.PENDING, lane__failures__gt=0).order_by()
    counts = dict(waiting.values_list("lane").annotate(number=Count("pk"))[:MOST_LANES])
    lanes = list(Lane.objects.filter(pk__in=counts).order_by("failing_since"))
    for lane in lanes:
        lane.waiting = counts[lane.pk]  # type: ignore[attr-defined]
    return lanes
