import pytest

from deployer.tracking.models import TrackedProject
from tests.scene import Scene
from tests.tracking.reports import CONNECTION, SECRET


@pytest.fixture
def followed(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """An application that is followed in both trackers, with its release v1 live everywhere."""
    monkeypatch.setenv("DEPLOYER_CONNECTION_ERRORS_SECRET", SECRET)
    application = scene.application()
    scene.register(application, "v1")
    scene.run(600)
    for tracker, project in (("sentry", "app-frontend"), ("bugsink", "Frontend")):
        TrackedProject.objects.create(tracker=tracker, connection=CONNECTION, project=project, application=application)
    return scene
