"""Stopped lines as a person meets them, for tests of pages and API."""

import re
from typing import Any

from django.utils import timezone

from apps_registry.models import Application
from deployer.access.models.user import Role
from deployer.promotions.models import Hold
from tests.scene import Scene
from tests.web.calendar.browser import Browser, Page


def stopped(today: Scene, application: Application, *, version: str = "v2", live: str = "v1") -> Hold:
    """`live` is live and verified everywhere; `version` was deployed to the first environment, and its check failed."""
    if live:
        today.register(application, live)
        today.run(120)
    today.backend.broken.add((application.slug, version, "integration"))
    today.register(application, version)
    today.run(120)
    return Hold.objects.open().with_names().get(application=application)


def mended(today: Scene) -> None:
    """What was broken works now, and the engine goes on from the time that it is."""
    today.backend.broken.clear()
    today.now = timezone.now()


def developer(today: Scene) -> Browser:
    """Of the team that owns frontend."""
    return Browser(today.person())


def stranger(today: Scene) -> Browser:
    """A developer of another team."""
    return Browser(today.person("lone", teams=("other",)))


def viewer(today: Scene) -> Browser:
    return Browser(today.person("vera", role=Role.VIEWER, teams=()))


def manager(today: Scene) -> Browser:
    return Browser(today.manager())


def press(page: Page, label: str, **typed: Any) -> Page:
    """Type into the form of the ways out, press the button of one, and follow where it leads."""
    button = re.search(rf'<button[^>]*formaction="([^"]+)"[^>]*>\s*{label}\s*</button>', page.source)
    assert button, f"There is no button {label!r}."
    [form] = page.forms
    fields = form.fields | {name: [str(value)] for name, value in typed.items()}
    return Page(page.client, page.client.post(button[1], fields, follow=True))


def buttons_of(page: Page) -> list[str]:
    """The ways that can be taken by one click."""
    return [" ".join(one.split()) for one in re.findall(r"<button[^>]*formaction=[^>]*>([^<]*)</button>", page.source)]
