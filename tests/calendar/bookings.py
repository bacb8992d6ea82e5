"""Slots and freezes for tests, made by the real actions."""

from datetime import datetime, timedelta

from apps_registry.models import Application, Environment
from apps_registry.rights import Rights
from deployer.calendar.actions.slots import NewSlot, book
from deployer.calendar.models import Slot
from deployer.releases.models import Release
from tests.scene import Scene


def new_slot(
    scene: Scene,
    *applications: Application,
    at: datetime | None = None,
    minutes: float = 30,
    environment: Environment | None = None,
    release: Release | None = None,
    **fields: object,
) -> NewSlot:
    """In the first environment and an hour ahead, unless said otherwise."""
    start = at or scene.now + timedelta(hours=1)
    values: dict[str, object] = {
        "environment": environment or scene.environments[0],
        "applications": list(applications),
        "starts_at": start,
        "ends_at": start + timedelta(minutes=minutes),
        "releases": {release.application_id: release} if release else {},
    }
    return NewSlot(**values | fields)  # type: ignore[arg-type]


def booked(scene: Scene, *applications: Application, rights: Rights | None = None, **fields: object) -> Slot:
    """A slot that has been booked."""
    new = new_slot(scene, *applications, **fields)  # type: ignore[arg-type]
    return book(new=new, rights=rights or scene.person(), now=scene.now)


def at(text: str) -> datetime:
    """A time in UTC, such as 2026-03-03 10:00."""
    return datetime.fromisoformat(f"{text}+00:00")
