"""What every test has: no network but loopback, and a queue that only remembers."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import override_settings
from pytest_socket import socket_allow_hosts

from deployer import queueing
from deployer.web.board import kept
from tests.scene import Scene, running_scene

TESTS = Path(__file__).parent
BOTH = tuple(TESTS / name for name in ("promises", "promotions", "calendar", "releases", "faults"))
"""The engine and the calendar: tested on both databases, but for what reads their pages, imports or admin."""
BROWSER = TESTS / "browser"
PAGES = (
    "test_views",
    "test_log_pages",
    "test_api_hostile",
    "test_override_pages",
    "test_admin",
    "test_import_",
    "test_replay",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--other-database",
        action="store_true",
        help="only what a second database could make wrong: the engine, the calendar, and what commits",
    )


def pytest_collection_finish(session: pytest.Session) -> None:
    """What has been imported and collected stays for good: it need not be searched for garbage again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--other-database"):
        left_out = [item for item in items if not is_for_both_databases(item)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


def is_for_both_databases(item: pytest.Item) -> bool:
    """Whether it commits, runs a stack, or asks the database about the engine or the calendar."""
    marks = list(item.iter_markers("django_db"))
    fixtures = set(getattr(item, "fixturenames", ()))
    if item.path.is_relative_to(BROWSER):
        return False
    if (
        any(item.iter_markers("stack"))
        or "transactional_db" in fixtures
        or any(m.kwargs.get("transaction") for m in marks)
    ):
        return True
    if not marks and "db" not in fixtures:
        return False
    return any(map(item.path.is_relative_to, BOTH)) and not item.path.name.startswith(PAGES)


@pytest.fixture(autouse=True, scope="session")
def _passwords_are_hashed_at_once() -> Iterator[None]:
    """The real hasher takes a quarter of a second on purpose."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture(autouse=True)
def _the_board_is_read_anew() -> None:
    """Another test's has the same ids."""
    kept.forget()


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
