import pytest

from tests.scene import Scene
from tests.web.calendar.calls import this_minute


@pytest.fixture(autouse=True)
def _each_test_has_its_minute() -> None:
    this_minute.cache_clear()


@pytest.fixture
def today(scene: Scene) -> Scene:
    """A scene at the time that it is, which is the only one that pages and the API know."""
    scene.now = this_minute()
    return scene
