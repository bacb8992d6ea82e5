import pytest

from apps_registry.models import Application
from tests.scene import Scene


@pytest.fixture
def frontend(today: Scene) -> Application:
    return today.application("frontend")


@pytest.fixture
def router(today: Scene) -> Application:
    """An application of another team."""
    return today.given_away(today.application("router"))
