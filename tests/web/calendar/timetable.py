"""A calendar for tests: slots and freezes by the real actions, promotions at the times that are said."""

from datetime import datetime, timedelta
from typing import Any

from apps_registry.models import Application
from apps_registry.rights import Rights
from deployer.calendar.actions.freezes import NewFreeze, declare
from deployer.calendar.models import Freeze
from deployer.promotions.models import Promotion
from deployer.web.calendar.reading import Calendar, Filters, Lane, read_calendar
from tests.calendar.bookings import at
from tests.scene import Scene
from tests.web import pages

MONDAY, SATURDAY = at("2026-03-02 00:00"), at("2026-03-07 00:00")


def read(scene: Scene, rights: Rights | None = None, **filters: Any) -> Calendar:
    """The week's working days, as a release manager reads them."""
    return read_calendar(MONDAY, SATURDAY, Filters(**filters), rights or scene.manager(), scene.now)


def lane(calendar: Calendar, environment: str = "integration") -> Lane:
    return next(lane for lane in calendar.lanes if lane.environment.slug == environment)


def titles(calendar: Calendar) -> list[str]:
    """What is shown, as environment and title."""
    return [
        f"{lane.environment}: {title}"
        for lane in calendar.lanes
        for title in [*(one.title for one in lane.slots), *(one.title for one in lane.promotions)]
    ]


def frozen(scene: Scene, start: str, end: str | None, **fields: object) -> Freeze:
    """A freeze of everything, unless said otherwise."""
    values: dict[str, object] = {
        "starts_at": at(start),
        "ends_at": at(end) if end else None,
        "reason": "The Budget.",
    }
    new = NewFreeze(**values | fields)  # type: ignore[arg-type]
    return declare(new=new, rights=scene.manager(), now=min(scene.now, new.starts_at))


def ran(
    application: Application,
    start: datetime,
    *,
    minutes: float = 6,
    version: str = "v1",
    state: str = "succeeded",
    environment: str = "integration",
) -> Promotion:
    """A promotion that started then; one that runs has no end."""
    runs = state in ("deploying", "verifying")
    end = {} if runs else {"finished_at": start + timedelta(minutes=minutes)}
    return pages.promotion(application, environment, version, state, started_at=start, created_at=start, **end)
