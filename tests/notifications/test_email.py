"""Mail: in text and HTML, escaped, grouped by promotion, known again by mailboxes, in the reader's own time."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest
from django.core import mail
from pytest_django import Settings

from apps_registry.models import Team, Watcher
from deployer.access.models import User
from deployer.audit.models import Event
from deployer.integrations.errors import Refused
from deployer.integrations.notify.base import Exchange, Message
from deployer.integrations.notify.email import EmailNotifier
from deployer.notifications.models import Notification
from deployer.notifications.redelivery import redeliver
from deployer.notifications.texts import Told, mail_of, ways_of
from tests.notifications.driving import NOON, application, run, stop, tell, watch
from tests.scene import ALEX
from tests.stand_ins.smtp import MailServer, MailTrouble, running_mail_server

BOSS = "boss@example.org"
HOSTILE = '<script>alert("x")</script> & <img src=x onerror=y>'


@pytest.fixture
def server(db: None, settings: Settings) -> Iterator[MailServer]:
    """A real mail server, and an application of whose every event the boss is told."""
    settings.BASE_URL = "https://deployer.example.org"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = "127.0.0.1", False, False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    watch(application(), "email", BOSS)
    with running_mail_server() as running:
        settings.EMAIL_PORT = running.port
        yield running


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    content = found.get_content()
    assert isinstance(content, str)
    return content


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str | None] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name == "href"]
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.text += data


def seen(html: str) -> _Seen:
    parser = _Seen()
    parser.feed(html)
    return parser


def test_a_stop_arrives_in_text_and_html_with_all_that_it_takes_to_act(server: MailServer) -> None:
    stop(reason="Because.")
    run(NOON, seconds=10)

    (message,) = server.boxes[BOSS]
    assert message["Subject"] == "frontend v1 to staging failed."
    assert message.get_content_type() == "multipart/alternative"
    text, html = part(message, "plain"), seen(part(message, "html"))
    for words in (
        "frontend v1 to staging failed.",
        "3 March 2026 at 12:00:00 GMT (Europe/London)",
        "Reason: Because.",
        "GET /health answered 503",
        "pod <1> & pod <2> did not start",
        "Live in staging: v0",
        'manage.py unhold frontend staging --resolution "what was done"',
        "boss@example.org watches frontend.",
    ):
        assert words in text
        assert words in html.text
    assert "Roll back: https://deployer.example.org/holds/1/roll-back/" in text
    assert html.links == [
        "https://deployer.example.org/holds/1/retry/",
        "https://deployer.example.org/holds/1/roll-back/",
        "https://deployer.example.org/promotions/1/",
        "https://deployer.example.org/told/",
    ]


def test_its_headers_group_it_and_keep_machines_from_answering(server: MailServer) -> None:
    stop(7)
    run(NOON, seconds=10)

    (message,) = server.boxes[BOSS]
    told = Notification.objects.get()
    assert message["Message-ID"] == f"<{told.event_id}.{told.pk}@deployer.example.org>"
    assert message["References"] == message["In-Reply-To"] == "<promotion-7@deployer.example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Id"] == "<frontend.deployer.deployer.example.org>"


def test_a_mailbox_knows_a_second_delivery_and_shows_what_a_person_had_sent_again(server: MailServer) -> None:
    troubles = iter([MailTrouble.LOST])
    server.trouble = lambda address: next(troubles, None)
    stop()
    run(NOON, seconds=60)
    assert (len(server.boxes[BOSS]), sum(server.arrived.values())) == (1, 2)

    redeliver(Notification.objects.get(), by=ALEX, now=NOON + timedelta(minutes=2))
    run(NOON + timedelta(minutes=2), seconds=60)

    first, again = server.boxes[BOSS]
    assert first["Message-ID"] != again["Message-ID"]
    assert part(first, "plain") == part(again, "plain")


def test_a_server_that_does_not_know_the_receiver_yet_is_asked_again(server: MailServer) -> None:
    troubles = iter([MailTrouble.LATER])
    server.trouble = lambda address: next(troubles, None)

    stop()
    run(NOON, seconds=60)

    assert len(server.boxes[BOSS]) == 1


def test_several_that_go_out_as_one_read_well(server: MailServer) -> None:
    tell("started")
    tell("step_passed", sentence="frontend v1 to staging: Deploy passed.")
    tell("verifying", evidence=["Not for here"])
    run(NOON, seconds=60)

    (message,) = server.boxes[BOSS]
    assert message["Subject"] == "frontend v1 to staging verifying. (and 2 more)"
    text = part(message, "plain")
    assert text.index("started") < text.index("Deploy passed") < text.index("verifying")
    assert text.count("You are told because") == 1
    assert "Not for here" not in text
    assert seen(part(message, "html")).links.count("https://deployer.example.org/promotions/1/") == 3


def test_of_several_the_stop_is_in_the_subject_and_told_in_full(server: MailServer) -> None:
    tell("started")
    stop()
    run(NOON, seconds=60)

    (message,) = server.boxes[BOSS]
    assert message["Subject"] == "frontend v1 to staging failed. (and 1 more)"
    assert "GET /health answered 503" in part(message, "plain")


def test_what_is_about_several_promotions_is_in_no_thread_of_one(server: MailServer) -> None:
    for number in (1, 2):
        tell("frozen", number)
    run(NOON, seconds=60)

    (message,) = server.boxes[BOSS]
    assert message["References"] is None


def test_nothing_that_comes_from_outside_becomes_html(db: None) -> None:
    happened = Event(
        kind="promotion.failed",
        sentence=f"frontend {HOSTILE} failed.",
        reason=HOSTILE,
        environment=HOSTILE,
        at=NOON,
        data={
            "evidence": [HOSTILE],
            "live": HOSTILE,
            "url": "javascript:alert(1)",
            "ways_out": [{"label": HOSTILE, "url": "javascript:alert(1)", "command": HOSTILE}, HOSTILE],
        },
    )

    page = seen(mail_of([Told(happened, HOSTILE, urgent=True)], zone="UTC").html)

    assert not {"script", "img"} & set(page.tags)
    assert page.text.count(HOSTILE) >= 7
    assert [link for link in page.links if not str(link).startswith("http")] == []


def test_the_subject_is_one_line_however_long_the_sentence(db: None) -> None:
    happened = Event(kind="x", sentence="It\r\nBcc: all@example.org\n" + "long " * 100, at=NOON)

    subject = mail_of([Told(happened, "why.")] * 3, zone="UTC").subject

    assert len(subject) <= 200
    assert "\n" not in subject
    assert "\r" not in subject
    assert subject.endswith("… (and 2 more)")


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Asia/Tokyo", "3 March 2026 at 21:00:00 JST (Asia/Tokyo)"),
        ("UTC", "3 March 2026 at 12:00:00 UTC (UTC)"),
    ],
)
def test_a_person_reads_times_by_their_own_clock(server: MailServer, zone: str, shown: str) -> None:
    ann = User.objects.create_user("ann", email="Ann@example.org", time_zone=zone)
    Watcher.objects.create(application=Watcher.objects.get().application, kind="user", user=ann)

    stop()
    run(NOON, seconds=10)

    assert shown in part(server.boxes["Ann@example.org"][0], "plain")
    assert "12:00:00 GMT (Europe/London)" in part(server.boxes[BOSS][0], "plain")


def test_in_quiet_hours_a_team_hears_of_a_stop_and_of_the_rest_in_the_morning(server: MailServer) -> None:
    Team.objects.update(email="web@example.org", quiet_from="22:00", quiet_until="07:00")
    night = datetime(2026, 3, 3, 23, tzinfo=UTC)

    tell("approval.asked", 2, at=night)
    stop(1, at=night)
    run(night, seconds=7 * 3600)
    assert [one["Subject"] for one in server.boxes["web@example.org"]] == ["frontend v1 to staging failed."]

    run(night + timedelta(hours=7), seconds=3600)
    assert len(server.boxes["web@example.org"]) == 2


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("manage.py unhold frontend", "manage.py unhold frontend"),
        ("Approve or reject: https://example.org/promotions/1/approve/", None),
        ({"label": "Roll back", "url": "https://example.org/", "command": "x"}, "Roll back: https://example.org/"),
        ({"label": "Lift it", "command": "manage.py unhold"}, "Lift it: manage.py unhold"),
        ("https://example.org/", "Open: https://example.org/"),
    ],
)
def test_a_way_out_is_a_page_or_a_command(value: object, shown: str | None) -> None:
    (way,) = ways_of(Event(data={"ways_out": [value]}))

    assert str(way) == (shown or value)


@pytest.mark.parametrize("address", ["\u00e4\ud800@example.org", "a\nb@example.org"])
def test_what_is_no_address_is_refused_for_good(server: MailServer, address: str) -> None:
    with pytest.raises(Refused):
        EmailNotifier().send(Message(key="1.1", address=address, subject="x", body="y"), _forget)


def test_the_text_alone_makes_a_mail_too(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    EmailNotifier().send(Message(key="1.1", address=BOSS, subject="x", body="y"), _forget)

    (sent,) = mail.outbox
    assert re.fullmatch(r"<1\.1@[\w.]+>", sent.extra_headers["Message-ID"])
    assert "References" not in sent.extra_headers


def _forget(exchange: Exchange) -> None:
    """What mail notes of itself."""
