"""A real HTTP server on this machine that answers as a test tells it to, well or badly."""

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True)
class FakeServer:
    """`received` holds the requests so far; the `answer_…` methods say what comes next, the last one for good."""

    port: int
    scheme: str = "http"
    received: list[Received] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)
    _answers: list[Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def next_answer(self) -> Callable[[BaseHTTPRequestHandler], None]:
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def answer(self, status: int = 200, body: bytes | str = b"", headers: Mapping[str, str] | None = None) -> None:
        content = body.encode() if isinstance(body, str) else body

        def send(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
                handler.send_header(name, value)
            handler.end_headers()
            handler.wfile.write(content)

        self._answers.append(send)

    def answer_json(self, value: Any, status: int = 200) -> None:
        self.answer(status, json.dumps(value), {"Content-Type": "application/json"})

    def answer_never(self) -> None:
        def wait(handler: BaseHTTPRequestHandler) -> None:
            self.closing.wait(120)

        self._answers.append(wait)

    def answer_reset(self) -> None:
        """Reads the request, then breaks the connection."""

        def reset(handler: BaseHTTPRequestHandler) -> None:
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.connection.close()

        self._answers.append(reset)

    def answer_trickling(self, start: bytes) -> None:
        """Sends `start`, then a byte every 50 ms, for ever."""

        def trickle(handler: BaseHTTPRequestHandler) -> None:
            handler.wfile.write(start)
            while not self.closing.wait(0.05):
                handler.wfile.write(b"a")

        self._answers.append(trickle)


@contextmanager
def fake_server(certificate: Path | None = None) -> Iterator[FakeServer]:
    """A running server; over TLS when there is a certificate (a file that holds its key as well)."""

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            fake.received.append(Received(method=self.command, path=self.path, headers=headers, body=body))
            fake.next_answer()(self)

        def do_GET(self) -> None:
            self.handle_any()

        def do_POST(self) -> None:
            self.handle_any()

        def log_message(self, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *args: object) -> None:
            """A client that goes away while it is being answered is what these tests are about."""

    with Server(("127.0.0.1", 0), Handler) as server:
        fake = FakeServer(port=server.server_address[1], scheme="https" if certificate else "http")
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield fake
        finally:
            fake.closing.set()
            server.shutdown()
            thread.join()


def closed_port() -> int:
    """A port of this machine on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
