"""Freezes as a person meets them, for tests of the pages. Everybody's clock is UTC, so that no night is special."""

from datetime import datetime, timedelta
from typing import Any

from apps_registry.rights import Rights
from deployer.access.models.user import Role
from deployer.calendar.actions.freezes import NewFreeze, declare
from deployer.calendar.models import Freeze
from tests.scene import Scene
from tests.web.calendar.browser import Browser, Page

SEE, CONFIRM, CHANGE = "See what it catches", "Declare the freeze", "Change it"
LIFT, LIFT_ONE, EXTEND = "Lift the freeze", "Lift this one", "Change the end"
FRIDAYS = "FREQ=WEEKLY"


def frozen(today: Scene, *, hours: float | None = 2, start: float = 0, **fields: object) -> Freeze:
    """A freeze that begins in `start` hours and lasts so long, or until it is lifted."""
    starts_at = today.now + timedelta(hours=start)
    values: dict[str, object] = {
        "starts_at": starts_at,
        "ends_at": None if hours is None else starts_at + timedelta(hours=hours),
        "reason": "The Budget.",
        "zone": "UTC",
    }
    return declare(new=NewFreeze(**values | fields), rights=today.manager(), now=today.now)  # type: ignore[arg-type]


def day(at: datetime) -> str:
    return at.date().isoformat()


def clock(at: datetime) -> str:
    return f"{at:%H:%M}"


def reading(person: Rights, zone: str = "UTC") -> Browser:
    """Their browser; they read and type times by the clocks of this zone."""
    assert person.user is not None
    person.user.time_zone = zone
    person.user.save()
    return Browser(person)


def manager(today: Scene) -> Browser:
    return reading(today.manager())


def developer(today: Scene) -> Browser:
    return reading(today.person())


def viewer(today: Scene) -> Browser:
    return reading(today.person("vera", role=Role.VIEWER, teams=()))


def errors_of(page: Page) -> dict[str, str]:
    """The lines of the error summary by the field to which they lead; each must be there."""
    problems = {one.field: one.sentence for one in page.response.context["form"].problems}
    assert "There is a problem" in page.text
    assert page.text.startswith("Error:")
    for anchor in problems:
        assert anchor in page.ids
        assert f'href="#{anchor}"' in page.source
    assert not Freeze.objects.exists()
    return problems


def whole(today: Scene, **fields: object) -> dict[str, Any]:
    """What is typed for a freeze of two hours from now on."""
    end = today.now + timedelta(hours=2)
    return {"ends": "at", "ends_day": day(end), "ends_clock": clock(end), "reason": "The Budget."} | fields
