import pytest

from deployer.promotions.models import Promotion
from tests.scene import Scene


@pytest.fixture
def asked(today: Scene) -> Promotion:
    """A promotion of frontend that needs two approvals and nothing else."""
    application = today.application(environments=1, approvals_needed=2)
    release = today.register(application, "v1")
    today.run(1)
    return today.promotion(release, "integration")
