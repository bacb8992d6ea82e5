"""A thousand events, told to receivers that fail in every way: nothing is lost, nothing is shown twice, everything
keeps its order, and one that is dead for good keeps nobody else waiting."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random

import pytest
from pytest_django import Settings

from deployer.integrations.signing import SIGNATURE_HEADER, TIMESTAMP_HEADER, verify
from deployer.notifications.models import Lane, Notification
from tests.notifications.driving import NOON, application, run, stop, tell, watch
from tests.serving import serving
from tests.stand_ins.slack import SlackStandIn, Trouble
from tests.stand_ins.smtp import MailServer, MailTrouble, running_mail_server

EVENTS = 1000
PROMOTIONS = 20
A_SECOND = 20
"""Events."""
SECRET = "a secret of the tests"
NAMES = re.compile(r"promotion \d+, event \d+\b")
SEED = 20260303


@dataclass
class Program:
    """Takes webhooks, and knows those that it has by their delivery header. Half of the calls go wrong in some way."""

    random: Random
    port: int = 0
    took: list[str] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)

    def answer(self, key: str, body: bytes) -> int | None:
        """The status; None to break the connection instead."""
        self.calls[key] += 1
        fate = self.random.random()
        if fate < 0.1:
            return 503
        if self.calls[key] == 1 or key not in self._known:
            self._known.add(key)
            self.took += NAMES.findall(body.decode())[:1]
        return None if fate < 0.2 else 200

    _known: set[str] = field(default_factory=set)


@contextmanager
def running_program(random: Random) -> Iterator[Program]:
    program = Program(random)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            timestamp = self.headers[TIMESTAMP_HEADER]
            verify(
                SECRET, timestamp=timestamp, signature=self.headers[SIGNATURE_HEADER], body=body, now=float(timestamp)
            )
            status = program.answer(self.headers["X-Deployer-Delivery"], body)
            if status is not None:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    program.port = server.server_port
    with serving(server):
        yield program


@pytest.fixture
def mail_server(settings: Settings) -> Iterator[MailServer]:
    with running_mail_server() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", running.port, 5
        yield running


@pytest.mark.django_db(transaction=True)
def test_a_thousand_events(slack: SlackStandIn, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(SEED)
    monkeypatch.setenv("DEPLOYER_CONNECTION_TESTS_SECRET", SECRET)
    slack.per_second, slack.burst = 2, 5
    slack.trouble = lambda method: random.choice(list(Trouble)) if random.random() < 0.25 else None
    mail_server.trouble = lambda address: (
        MailTrouble.LATER
        if address.startswith("dead")
        else random.choice(list(MailTrouble))
        if random.random() < 0.25
        else None
    )
    with running_program(random) as program:
        watched = application()
        watch(watched, "slack", "#releases")
        watch(watched, "email", "sam@example.org")
        watch(watched, "webhook", f"http://127.0.0.1:{program.port}/hook", connection="tests")
        watch(watched, "email", "dead@example.org")
        written = write_and_send(slack, random)
        finish(slack)

    assert in_slack(slack) == written
    assert in_the_box(mail_server) == written
    assert by_promotion(program.took) == written
    assert sum(program.calls.values()) > len(program.calls), "no webhook was sent again, so this shows little"
    assert max(mail_server.arrived.values()) > 1, "no mail was sent again, so this shows little"
    dead = Notification.objects.filter(address="dead@example.org")
    assert dead.count() == EVENTS
    assert not dead.filter(state="sent").exists()
    assert not Notification.objects.exclude(address="dead@example.org").exclude(state="sent").exists()
    assert Lane.objects.get(address="dead@example.org").failures < 40


def write_and_send(slack: SlackStandIn, random: Random) -> dict[int, list[str]]:
    """What happens within a minute, sent meanwhile; the sentences by promotion, in their order."""
    written: dict[int, list[str]] = {}
    now = NOON
    for number in range(EVENTS):
        promotion = random.randrange(PROMOTIONS) + 1
        name = f"promotion {promotion}, event {number}"
        written.setdefault(promotion, []).append(name)
        at = NOON + timedelta(seconds=number / A_SECOND)
        if random.random() < 0.05:
            stop(promotion, at=at, sentence=f"{name} failed.", evidence=["It broke."], ways_out=[], title="It")
        else:
            tell("moved", promotion, at=at, sentence=f"{name} moved.", reason="As asked.", title="It")
        if number % A_SECOND == A_SECOND - 1:
            advance(slack, now, at)
            now = at
    return written


def finish(slack: SlackStandIn) -> None:
    """Two hours in which nothing more happens."""
    now = NOON + timedelta(seconds=EVENTS / A_SECOND)
    for _ in range(240):
        advance(slack, now, now + timedelta(seconds=30))
        now += timedelta(seconds=30)
        if not Notification.objects.pending().exclude(address="dead@example.org").exists():
            return


def advance(slack: SlackStandIn, start: datetime, end: datetime) -> None:
    def at(now: datetime) -> None:
        slack.now = now.timestamp()

    run(start, seconds=(end - start).total_seconds(), at=at)


def by_promotion(names: list[str]) -> dict[int, list[str]]:
    """In the order in which they came."""
    found: dict[int, list[str]] = {}
    for name in names:
        found.setdefault(int(name.split()[1].rstrip(",")), []).append(name)
    return found


def in_slack(slack: SlackStandIn) -> dict[int, list[str]]:
    """What the threads say. Every promotion has one message, and every stop another, once."""
    top = slack.top("#releases")
    kept = [message for message in top if "Open the promotion" in message.links]
    assert len(kept) == PROMOTIONS
    stops = Notification.objects.filter(channel="slack", urgent=True).count()
    assert len(top) == PROMOTIONS + stops
    threads = {message.ts: slack.thread(message) for message in kept}
    said = {ts: NAMES.findall("\n".join(one.words for one in thread)) for ts, thread in threads.items()}
    for message in kept:
        assert NAMES.findall(message.words)[-1] == said[message.ts][-1]
    return by_promotion([name for names in said.values() for name in names])


def in_the_box(mail_server: MailServer) -> dict[int, list[str]]:
    """What the mails say, each event by its first mention in a mail."""
    found: list[str] = []
    for message in mail_server.boxes["sam@example.org"]:
        body = message.get_body(("plain",))
        assert body is not None
        found += dict.fromkeys(NAMES.findall(body.get_content()))
    return by_promotion(found)
