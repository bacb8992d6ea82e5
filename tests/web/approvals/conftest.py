import pytest

from deployer.promotions.models import Promotion
from tests.scene import Scene
from tests.web.calendar.calls import this_minute
from tests.web.calendar.conftest import _each_test_has_its_minute  # noqa: F401 — a fixture


@pytest.fixture
def today(scene: Scene) -> Scene:
    """A scene at the time that it is, which is the only one that pages and the API know."""
    scene.now = this_minute()
    return scene


@pytest.fixture
def asked(today: Scene) -> Promotion:
    """A promotion of frontend that needs two approvals and nothing else."""
    application = today.application(environments=1, approvals_needed=2)
    release = today.register(application, "v1")
    today.run(1)
    return today.promotion(release, "integration")
