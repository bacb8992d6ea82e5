"""The web process as it runs: five hundred streams in one, pages beside them, and an end that waits for nobody."""

import socket
from collections.abc import Iterator

import pytest

from tests.bench.live import measure
from tests.stack import Stack, stack_environment, temporary_folder

STREAMS = 500

pytestmark = pytest.mark.stack


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_five_hundred_streams_in_one_process(database: str) -> None:
    """Every one hears every change, pages are answered meanwhile, and the process ends with all of them open."""
    found = measure(database, STREAMS, changes=3, fetches=0)

    assert found.heard == [STREAMS] * 3
    assert found.pages == [200] * 3
    assert found.ended


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with temporary_folder("deployer-web-") as folder:
        stack = Stack(folder, stack_environment(folder))
        try:
            yield int(stack.start_web().rpartition(":")[2])
        finally:
            stack.stop()


def answer(port: int, request: str) -> str:
    """The answer to what is sent as it stands, up to the end of the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(request.replace("\n", "\r\n").encode())
        return b"".join(iter(lambda: client.recv(65536), b"")).decode()


def test_styles_and_scripts_are_served(port: int) -> None:
    for path in ("/static/favicon.svg", "/static/states/stopped.svg"):
        assert answer(port, f"GET {path} HTTP/1.1\nHost: 127.0.0.1\nConnection: close\n\n").startswith("HTTP/1.1 200")


def test_without_a_session_there_is_no_stream(port: int) -> None:
    assert answer(port, "GET /live/ HTTP/1.1\nHost: 127.0.0.1\nConnection: close\n\n").startswith("HTTP/1.1 401")
