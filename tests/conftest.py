"""What every test has: no network but loopback, and a queue that only remembers."""

from collections.abc import Iterator

import pytest
from pytest_socket import socket_allow_hosts

from deployer import queueing
from tests.scene import Scene, running_scene


@pytest.fixture(autouse=True)
def _only_loopback() -> None:
    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


@pytest.fixture(autouse=True)
def queued(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> list[tuple[str, int]]:
    """What was put on the queue, as (function, id); nothing reaches a Redis unless the test is marked `stack`."""
    jobs: list[tuple[str, int]] = []
    if "stack" not in request.keywords:

        def remember(queue_name: str, function: str, item_id: int) -> None:
            jobs.append((function, item_id))

        monkeypatch.setattr(queueing, "enqueue", remember)
    return jobs


@pytest.fixture
def scene(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setenv("DEPLOYER_CONNECTION_TESTS_SECRET", "a secret of the tests")
    with running_scene() as running:
        yield running
