import pytest

from apps_registry.models import Application, Team
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


@pytest.fixture
def frontend(today: Scene) -> Application:
    return today.application("frontend")


@pytest.fixture
def router(today: Scene) -> Application:
    """An application of another team."""
    application = today.application("router")
    application.owner = Team.objects.create(slug="platform", name="Platform")
    application.save()
    return application
