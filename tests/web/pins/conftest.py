import pytest

from apps_registry.models import Application
from tests.scene import Scene
from tests.web.calendar.calls import this_minute
from tests.web.calendar.conftest import _each_test_has_its_minute  # noqa: F401 — a fixture


@pytest.fixture
def today(scene: Scene) -> Scene:
    """A scene at the time that it is, which is the only one that pages and the API know."""
    scene.now = this_minute()
    return scene


@pytest.fixture
def frontend(today: Scene) -> Application:
    """Its releases wait for a person in its one environment."""
    return today.application(environments=1, policy="manual")
