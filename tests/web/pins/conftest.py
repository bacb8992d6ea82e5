import pytest

from apps_registry.models import Application
from tests.scene import Scene


@pytest.fixture
def frontend(today: Scene) -> Application:
    """Its releases wait for a person in its one environment."""
    return today.application(environments=1, policy="manual")
