"""The web process, in a thread of the test's own process, so that both see one database."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from tests.stack import free_port

START_SECONDS = 20.0


class Server(uvicorn.Server):
    """Signals stay with the tests."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextmanager
def running_server(port: int = 0) -> Iterator[str]:
    """Its address, such as http://127.0.0.1:40000."""
    from deployer.asgi import Application  # noqa: PLC0415  -- sets Django up

    port = port or free_port()
    settings = uvicorn.Config(Application(), "127.0.0.1", port, log_level="warning", timeout_graceful_shutdown=1)
    server = Server(settings)
    thread = threading.Thread(target=server.run, name="the web process")
    thread.start()
    try:
        deadline = time.monotonic() + START_SECONDS
        while not server.started:
            assert thread.is_alive(), "The web process did not start."
            assert time.monotonic() < deadline, "The web process takes too long to start."
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
