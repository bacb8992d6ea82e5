import pytest
from django.test import Client

from deployer.access.models import User


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create_user("jo", password="correct horse battery", first_name="Jo", last_name="Okafor")


@pytest.fixture
def reader(client: Client, person: User) -> Client:
    """Someone who is signed in."""
    client.force_login(person)
    return client
