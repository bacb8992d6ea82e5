from datetime import timedelta

import pytest

from apps_registry.models import Application
from tests.scene import Scene
from tests.web.calendar.calls import this_minute


@pytest.fixture
def today(scene: Scene) -> Scene:
    """A scene that began a little before the time that it is, which is the only one that pages and the API know."""
    scene.now = this_minute() - timedelta(minutes=20)
    return scene


@pytest.fixture
def frontend(today: Scene) -> Application:
    """In integration and staging."""
    return today.application("frontend", environments=2)


@pytest.fixture
def router(today: Scene) -> Application:
    """An application of another team."""
    return today.given_away(today.application("router", environments=2))
