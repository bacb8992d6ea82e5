"""Events to tell of, and the time in which they are told: what falls due is done in its order, as clocks and workers
would."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Min

from apps_registry.models import Application, Team, Watcher
from apps_registry.models.watcher import EventGroup
from deployer.audit.actions import record
from deployer.audit.actor import ENGINE
from deployer.audit.models import Event
from deployer.notifications import jobs
from deployer.notifications.lanes import due_lanes
from deployer.notifications.models import Notification

NOON = datetime.fromisoformat("2026-03-03T12:00:00+00:00")
ALL = [group.value for group in EventGroup]


def application(slug: str = "frontend") -> Application:
    """One of a team that has no address of its own."""
    team, _ = Team.objects.get_or_create(slug="web", defaults={"name": "Web"})
    return Application.objects.create(slug=slug, name=slug.title(), owner=team)


def watch(watched: Application, kind: str, address: str, **fields: Any) -> Watcher:
    """Somebody who is told of everything."""
    return Watcher.objects.create(application=watched, kind=kind, address=address, events=ALL, **fields)


def tell(
    what: str = "started",
    promotion: int | None = 1,
    *,
    at: datetime = NOON,
    sentence: str = "",
    reason: str = "",
    slug: str = "frontend",
    **data: object,
) -> Event:
    """An event about a promotion (or about none), as the engine writes them."""
    kind = what if "." in what else f"promotion.{what}"
    title = str(data.pop("title", f"{slug} v{promotion} to staging"))
    with transaction.atomic():
        return record(
            kind,
            sentence or f"{title} {what}.",
            by=ENGINE,
            application=slug,
            environment="staging",
            promotion_id=promotion,
            reason=reason,
            data={"title": title, "state": what, "url": f"https://deployer.example.org/promotions/{promotion}/"} | data,
            now=at,
        )


def stop(promotion: int = 1, *, at: datetime = NOON, **data: object) -> Event:
    """A stop, as urgent as it gets, with all that it says."""
    said: dict[str, object] = {
        "evidence": ["GET /health answered 503", "pod <1> & pod <2> did not start"],
        "live": "v0",
        "ways_out": [
            "Try again: https://deployer.example.org/holds/1/retry/",
            "Roll back: https://deployer.example.org/holds/1/roll-back/",
            'manage.py unhold frontend staging --resolution "what was done"',
        ],
    }
    return tell("failed", promotion, at=at, **(said | data))  # type: ignore[arg-type]


def run(now: datetime, *, seconds: float, at: Callable[[datetime], object] = bool) -> datetime:
    """Send all that falls due in so many seconds, each thing at its time, of which `at` is told; returns the time at
    the end."""
    end = now + timedelta(seconds=seconds)
    for _ in range(100_000):
        at(now)
        for lane_id in due_lanes(now):
            jobs.deliver(lane_id, now=now)
        later = next_moment(now)
        if later is None or later > end:
            return end
        now = later
    raise AssertionError("The outbox does not come to rest.")


def next_moment(now: datetime) -> datetime | None:
    """When something is due next; None when nothing waits."""
    pending = Notification.objects.pending().order_by()
    rows = pending.values_list("lane__paused_until").annotate(first=Min("due_at"))
    moments = [max(first, paused_until or first) for paused_until, first in rows]
    return max(min(moments), now) if moments else None
