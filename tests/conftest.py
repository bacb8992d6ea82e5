"""What every test has: no network but loopback, and a queue that only remembers."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_socket import socket_allow_hosts

from deployer import queueing
from tests.scene import Scene, running_scene

TESTS = Path(__file__).parent
PAGES = TESTS / "web"
OTHER_PAGES = frozenset(
    {
        TESTS / "access/test_walk.py",
        TESTS / "promotions/test_views.py",
        TESTS / "promotions/test_api_hostile.py",
        TESTS / "web/calendar/test_api_hostile.py",
        *(TESTS / "apps_registry/admin").glob("test_*.py"),
    }
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--other-database",
        action="store_true",
        help="leave out what asks no database, and pages, which show what the other tests have asked for",
    )


def pytest_collection_finish(session: pytest.Session) -> None:
    """What has been imported and collected stays for good: it need not be searched for garbage again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--other-database"):
        left_out = [item for item in items if is_of_a_page(item) or not asks_a_database(item)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


def is_of_a_page(item: pytest.Item) -> bool:
    """Whether it reads pages, by where it lies. Those of the API count as the engine's and the calendar's."""
    return (item.path.is_relative_to(PAGES) and not item.path.name.startswith("test_api")) or item.path in OTHER_PAGES


def asks_a_database(item: pytest.Item) -> bool:
    """Whether it has one of pytest-django's, or a stack of its own on a database of the same kind."""
    fixtures = set(getattr(item, "fixturenames", ()))
    marked = any(item.get_closest_marker(name) for name in ("django_db", "stack"))
    return marked or bool(fixtures & {"db", "transactional_db"})


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
