"""Booking slots as a person does, for tests of the pages. Everybody's clock is UTC, so that no night is special."""

from datetime import datetime, timedelta
from typing import Any

from apps_registry.rights import Rights
from deployer.calendar.actions.freezes import NewFreeze, declare
from deployer.calendar.models import Freeze
from tests.scene import Scene
from tests.web.calendar.browser import Browser, Page

BOOK, SAVE = "Book the slot", "Save"


def at_desk(person: Rights) -> Browser:
    """Their browser."""
    assert person.user is not None
    person.user.time_zone = "UTC"
    person.user.save()
    return Browser(person)


def typed(at: datetime, *slugs: str, **fields: Any) -> dict[str, Any]:
    """What is typed for a slot in the first environment, of the usual length."""
    values: dict[str, Any] = {
        "application": list(slugs),
        "version": [""] * len(slugs),
        "environment": "integration",
        "date": at.date().isoformat(),
        "start": f"{at:%H:%M}",
        "length": "usual",
        "exact": "",
    }
    return values | fields


def problems_of(page: Page) -> dict[str, str]:
    """The lines of the error summary by the field to which they lead, which must be there."""
    found = {problem.field: problem.sentence for problem in page.response.context["form"].problems}
    assert page.text.startswith("Error:")
    for anchor, sentence in found.items():
        assert sentence in page.text
        if anchor:
            assert anchor in page.ids
            assert f'href="#{anchor}"' in page.source
    return found


def main_form(page: Page) -> Page:
    """The page with its last form alone: before it there is the one that extends."""
    page.forms = page.forms[-1:]
    return page


def frozen(today: Scene, *, start: datetime | None = None, hours: float = 3, **fields: object) -> Freeze:
    """A freeze of everything from now on, or from then."""
    starts_at = start or today.now
    values: dict[str, object] = {
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(hours=hours),
        "reason": "The Budget.",
    }
    return declare(new=NewFreeze(**values | fields), rights=today.manager(), now=today.now)  # type: ignore[arg-type]
