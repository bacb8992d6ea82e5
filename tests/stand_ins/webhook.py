"""A program on this machine that takes Deployer's webhooks as docs/notifications.md tells it to."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from deployer.integrations.signing import SIGNATURE_HEADER, TIMESTAMP_HEADER, verify
from tests.integrations.servers import FakeServer, fake_server

SECRET = "a secret of the tests"
CONNECTION = "tests"


@dataclass
class WebhookReceiver:
    """`answer` says what comes next, the last for good. Reading what came checks each signature."""

    server: FakeServer

    @property
    def url(self) -> str:
        return f"{self.server.url}/hook"

    def answer(self, status: int, body: str = "", headers: Mapping[str, str] | None = None) -> None:
        self.server.answer(status, body, headers)

    @property
    def keys(self) -> list[str]:
        """The delivery header of each call, in their order."""
        return [one.headers["x-deployer-delivery"] for one in self.server.received]

    def events(self) -> list[dict[str, Any]]:
        """What came, each once. Raises SignatureError for what isn't known to come from Deployer."""
        found: dict[str, dict[str, Any]] = {}
        for one in self.server.received:
            verify(
                SECRET,
                timestamp=one.headers[TIMESTAMP_HEADER.lower()],
                signature=one.headers[SIGNATURE_HEADER.lower()],
                body=one.body,
                now=time.time(),
            )
            found.setdefault(one.headers["x-deployer-delivery"], one.json())
        return list(found.values())


@contextmanager
def running_webhook_receiver() -> Iterator[WebhookReceiver]:
    with fake_server() as server:
        yield WebhookReceiver(server)
