import pytest
from django.test import Client

from deployer.access.models import User
from tests.apps_registry.factories import make_user


@pytest.fixture
def ada(db: None) -> User:
    """An admin."""
    return make_user(username="ada", first_name="Ada", last_name="Lovelace", is_staff=True, is_superuser=True)


@pytest.fixture
def browser(ada: User) -> Client:
    """Ada's browser."""
    client = Client()
    client.force_login(ada)
    return client
