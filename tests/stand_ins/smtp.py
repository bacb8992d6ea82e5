"""A mail server on this machine that remembers what it took, and has its troubles."""

import asyncio
import email
import email.policy
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from enum import Enum
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class MailTrouble(Enum):
    LATER = "refuses the recipient for now"
    BUSY = "refuses the message for now"
    DROPPED = "breaks the connection before it took the message"
    LOST = "takes it and breaks the connection"


@dataclass
class MailServer:
    """`boxes` has what arrived for an address, the second delivery of a message left out as mailboxes do."""

    port: int = 0
    trouble: Callable[[str], MailTrouble | None] = lambda address: None
    boxes: dict[str, list[EmailMessage]] = field(default_factory=dict)
    arrived: Counter[str] = field(default_factory=Counter)

    def take(self, address: str, content: bytes) -> None:
        message = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        key = str(message["Message-ID"])
        self.arrived[key] += 1
        if self.arrived[key] == 1:
            self.boxes.setdefault(address, []).append(message)


class _Handler:
    def __init__(self, server: MailServer) -> None:
        self.server = server
        self.next: MailTrouble | None = None

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        self.next = self.server.trouble(address)
        if self.next is MailTrouble.LATER:
            return "451 Try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        trouble = self.next
        if trouble is MailTrouble.BUSY:
            return "452 Too much to do"
        content = envelope.original_content or b""
        if trouble is not MailTrouble.DROPPED:
            for address in envelope.rcpt_tos:
                self.server.take(address, content)
        if trouble in (MailTrouble.DROPPED, MailTrouble.LOST):
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return "250 Taken"


class _Controller(Controller):
    """On a port of the system's choice."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def running_mail_server(**fields: Any) -> Iterator[MailServer]:
    server = MailServer(**fields)
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    controller = _Controller(_Handler(server), hostname="127.0.0.1", port=0, ready_timeout=30)
    controller.start()
    server.port = controller.port
    try:
        yield server
    finally:
        controller.stop()
