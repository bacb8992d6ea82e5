"""The admin, whose templates are Django's and django-rq's, under our Content-Security-Policy."""

import pytest

from deployer.access.models.user import Role
from tests.browser.conftest import SignIn
from tests.scene import Scene

PATHS = (
    "/admin/",
    "/admin/apps_registry/application/",
    "/admin/apps_registry/application/add/",
    "/admin/apps_registry/team/add/",
    "/admin/calendar/environmentcalendar/",
)


@pytest.mark.parametrize("path", PATHS)
def test_the_browser_refuses_nothing_of_it(scene: Scene, sign_in: SignIn, path: str) -> None:
    """`sign_in` fails the test with what the browser complains of."""
    scene.application()
    admin = scene.person("ada", role=Role.RELEASE_MANAGER, teams=())
    assert admin.user is not None
    admin.user.is_staff = admin.user.is_superuser = True
    admin.user.save()
    page = sign_in(admin)

    answer = page.goto(path)

    assert answer is not None
    assert answer.status == 200
    page.wait_for_load_state("networkidle")
