import pytest

from apps_registry.models import Application, Watcher
from tests.scene import Scene


@pytest.fixture
def frontend(today: Scene) -> Application:
    """Manual everywhere and watched; of the team Web."""
    application = today.application("frontend", policy="manual")
    Watcher.objects.create(application=application, kind="slack", address="#web")
    return application


@pytest.fixture
def router(today: Scene) -> Application:
    """An application of another team."""
    return today.given_away(today.application("router", policy="manual"))
