"""The sample service: answers with its version. A release is this file and, beside it, a release.json.

    python service.py --port 8001 --environment staging

release.json holds `version`, `commit` and, for a release that goes wrong there, `breaks_in`: the name of the
environment in which the health check answers 500. The service itself goes on answering, as broken ones do.
"""

import argparse
import json
import signal
import threading
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Sample service</title>
<h1>Sample service</h1><p>Version {version} in {environment}.</p></html>
"""


class Handler(BaseHTTPRequestHandler):
    environment: str
    release: dict[str, Any]

    def do_GET(self) -> None:
        if self.path == "/":
            page = PAGE.format(version=escape(self.release["version"]), environment=escape(self.environment))
            self._answer(HTTPStatus.OK, "text/html; charset=utf-8", page)
        elif self.path == "/healthcheck":
            status, report = health(self.release, self.environment)
            self._answer(status, "application/json", json.dumps(report))
        else:
            self._answer(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", "There is no such page.\n")

    def _answer(self, status: HTTPStatus, content_type: str, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def health(release: dict[str, Any], environment: str) -> tuple[HTTPStatus, dict[str, Any]]:
    """What the health check answers: a status and a report, in the shape of GOV.UK's health checks."""
    orders: dict[str, str] = {"status": "ok"}
    if release.get("breaks_in") == environment:
        orders = {"status": "critical", "message": "The table orders has no column paid_at."}
    report = {"version": release["version"], "status": orders["status"], "checks": {"orders": orders}}
    return (HTTPStatus.OK if orders["status"] == "ok" else HTTPStatus.INTERNAL_SERVER_ERROR), report


class Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing waits for requests under way


def main() -> None:
    parser = argparse.ArgumentParser(description="The sample service.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--environment", required=True)
    options = parser.parse_args()
    folder = Path(__file__).resolve().parent
    Handler.environment = options.environment
    Handler.release = json.loads((folder / "release.json").read_text())
    with Server(("127.0.0.1", options.port), Handler) as server:
        # shutdown() waits for serve_forever(), so it can't be called by the thread that runs it.
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
        print(f"Version {Handler.release['version']} serves on port {options.port}.", flush=True)
        server.serve_forever(poll_interval=0.05)


if __name__ == "__main__":
    main()
