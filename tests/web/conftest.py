import pytest
from django.test import Client

from deployer.access.models import User
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
def person(db: None) -> User:
    return User.objects.create_user("jo", password="correct horse battery", first_name="Jo", last_name="Okafor")


@pytest.fixture
def reader(client: Client, person: User) -> Client:
    """Someone who is signed in."""
    client.force_login(person)
    return client
