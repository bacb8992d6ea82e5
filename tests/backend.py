"""A deploy backend for tests: really remembers what was deployed where, and deliberately does not deduplicate.

It speaks the webhook deployer's protocol and plays the deployed services as well. `python -m tests.backend PORT
DURATION [ANSWER_DELAY]` runs it in a process of its own, for tests that kill everything around it.
"""

import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.serving import serving

Place = tuple[str, str]


@dataclass
class Backend:
    """What the outside knows. Keys of `broken` and `refused` are (application, version, environment).

    `started` holds when each start arrived, on `time.monotonic`'s scale, which all processes of a machine share.
    A start is answered `answer_delay` seconds after it was done, so that its caller can be killed in between.
    """

    port: int = 0
    duration: float = 0.0
    answer_delay: float = 0.0
    starts: Counter[str] = field(default_factory=Counter)
    history: list[tuple[str, str, str]] = field(default_factory=list)
    started: list[tuple[float, str, str, str]] = field(default_factory=list)
    live: dict[Place, str] = field(default_factory=dict)
    failing: set[tuple[str, str, str]] = field(default_factory=set)
    broken: set[tuple[str, str, str]] = field(default_factory=set)
    stuck: bool = False
    answer_start_with: int = 200
    finds: bool = True
    look_ups: int = 0
    cancelled: set[str] = field(default_factory=set)
    _deploys: dict[str, tuple[float, dict[str, str]]] = field(default_factory=dict)
    _arrived: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, request: dict[str, str]) -> None:
        now = time.monotonic()
        with self._lock:
            key = request["key"]
            self.starts[key] += 1
            self._deploys[key] = (now + self.duration, request)
            self._arrived.discard(key)
            place = (request["application"], request["version"], request["environment"])
            self.history.append(place)
            self.started.append((now, *place))

    def find(self, key: str) -> dict[str, str] | None:
        """As `status`, and counted."""
        with self._lock:
            self.look_ups += 1
        return self.status(key)

    def status(self, key: str) -> dict[str, str] | None:
        with self._lock:
            found = self._deploys.get(key)
            if found is None or not self.finds:
                return None
            ends_at, request = found
            if key in self.cancelled:
                return {"state": "failed", "detail": "Cancelled."}
            if self.stuck or time.monotonic() < ends_at:
                return {"state": "running", "key": key}
            place = (request["application"], request["version"], request["environment"])
            if place in self.failing:
                return {"state": "failed", "detail": "The new pods did not start.", "log": "pulling\nstarting\n"}
            self._arrive(key, request)
            return {"state": "succeeded", "detail": "Done.", "log": "pulling\nstarting\nready\n"}

    def _arrive(self, key: str, request: dict[str, str]) -> None:
        """Once for each start: to be asked again about an old deploy does not bring it back."""
        if key not in self._arrived:
            self._arrived.add(key)
            self.live[request["application"], request["environment"]] = request["version"]

    def health(self, application: str, environment: str) -> tuple[int, dict[str, str]]:
        version = self.live.get((application, environment), "")
        bad = (application, version, environment) in self.broken
        return 500 if bad else 200, {"version": version, "status": "critical" if bad else "ok"}

    def stats(self) -> dict[str, Any]:
        """What was started how often and in which order, what is live, and how often a deploy was looked up."""
        with self._lock:
            return {
                "starts": dict(self.starts),
                "started": list(self.started),
                "live": [[*place, version] for place, version in self.live.items()],
                "look_ups": self.look_ups,
            }


class Handler(BaseHTTPRequestHandler):
    backend: Backend

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.endswith("/cancel"):
            self.backend.cancelled.add(self.path.split("/")[2])
            self._answer(200, {})
            return
        if self.backend.answer_start_with == 200:
            self.backend.start(json.loads(body))
            time.sleep(self.backend.answer_delay)
        self._answer(self.backend.answer_start_with, {"detail": "as told"})

    def do_GET(self) -> None:
        match self.path.strip("/").split("/"):
            case ["deploys", key]:
                status = self.backend.status(key)
                self._answer(200 if status else 404, status or {})
            case ["look-ups", key]:
                status = self.backend.find(key)
                self._answer(200 if status else 404, status or {})
            case ["services", application, environment, *_]:
                self._answer(*self.backend.health(application, environment))
            case ["stats"]:
                self._answer(200, self.backend.stats())
            case _:
                self._answer(404, {})

    def _answer(self, status: int, body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *args: object) -> None:
        """A client that was killed while it was being answered is what these tests are about."""


def serve(backend: Backend) -> Server:
    """A server for the backend, listening on loopback; sets its port."""
    server = Server(("127.0.0.1", backend.port), type("BoundHandler", (Handler,), {"backend": backend}))
    backend.port = server.server_address[1]
    return server


@contextmanager
def running_backend() -> Iterator[Backend]:
    backend = Backend()
    with serving(serve(backend)):
        yield backend


if __name__ == "__main__":
    port, duration, answer_delay = [*sys.argv[1:], "0"][:3]
    serve(Backend(int(port), float(duration), float(answer_delay))).serve_forever()
