import pytest

from apps_registry.models import Application, Team, Watcher
from tests.scene import Scene
from tests.web.calendar.calls import this_minute


@pytest.fixture
def today(scene: Scene) -> Scene:
    """A scene at the time that it is, which is the only one that pages and the API know."""
    this_minute.cache_clear()
    scene.now = this_minute()
    return scene


@pytest.fixture
def frontend(today: Scene) -> Application:
    """Manual everywhere and watched; of the team Web."""
    application = today.application("frontend", policy="manual")
    Watcher.objects.create(application=application, kind="slack", address="#web")
    return application


@pytest.fixture
def router(today: Scene) -> Application:
    """An application of another team."""
    application = today.application("router", policy="manual")
    application.owner = Team.objects.create(slug="platform", name="Platform")
    application.save()
    return application
