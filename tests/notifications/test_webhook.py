"""Webhooks: signed, told what docs/notifications.md says, sent again while that may help, and shown without secrets."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from apps_registry.models import Watcher
from deployer.audit.models import Event
from deployer.integrations.errors import Busy, Refused, Unavailable
from deployer.integrations.notify.base import Exchange, Message
from deployer.integrations.notify.webhook import WebhookNotifier
from deployer.notifications.models import Delivery, Lane, Notification
from deployer.notifications.texts import payload_of
from tests.integrations.servers import closed_port
from tests.notifications.driving import NOON, application, run, stop, tell
from tests.stand_ins.webhook import CONNECTION, SECRET, WebhookReceiver, running_webhook_receiver


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebhookReceiver]:
    monkeypatch.setenv("DEPLOYER_CONNECTION_TESTS_SECRET", SECRET)
    with running_webhook_receiver() as running:
        yield running


@pytest.fixture
def watched(db: None, receiver: WebhookReceiver) -> WebhookReceiver:
    """An application of whose promotions the receiver is told."""
    watcher = Watcher(
        application=application(),
        kind="webhook",
        address=receiver.url,
        connection=CONNECTION,
        events=["stops", "progress", "releases"],
    )
    watcher.full_clean()
    watcher.save()
    return receiver


def message(address: str, **fields: object) -> Message:
    values: dict[str, object] = {"payload": {"id": "7.1", "kind": "promotion.failed"}, "connection": CONNECTION}
    return Message(key="7.1", address=address, subject="", body="", **values | fields)  # type: ignore[arg-type]


def noted(address: str, **fields: object) -> tuple[list[Exchange], Exception | None]:
    """What was noted of one call, and what it raised."""
    notes: list[Exchange] = []
    try:
        WebhookNotifier().send(message(address, **fields), notes.append)
    except (Refused, Unavailable) as error:
        return notes, error
    return notes, None


def test_what_happened_arrives_signed_and_as_documented(watched: WebhookReceiver) -> None:
    watched.answer(204)

    happened = stop(authors=[{"name": "Ann", "email": "ann@example.org"}], people=[1])
    run(NOON, seconds=60)

    (event,) = watched.events()
    assert event == {
        "id": watched.keys[0],
        "kind": "promotion.failed",
        "at": "2026-03-03T12:00:00.000Z",
        "application": "frontend",
        "environment": "staging",
        "sentence": "frontend v1 to staging failed.",
        "reason": "",
        "actor": {"kind": "system", "name": "Deployer"},
        "promotion": 1,
        "release": None,
        "url": "https://deployer.example.org/promotions/1/",
        "data": {
            "title": "frontend v1 to staging",
            "state": "failed",
            "live": "v0",
            "evidence": happened.data["evidence"],
            "ways_out": happened.data["ways_out"],
            "authors": ["Ann"],
        },
    }
    headers = watched.server.received[0].headers
    assert headers["content-type"] == "application/json"
    assert headers["x-deployer-event"] == "promotion.failed"


def test_no_program_is_told_of_addresses_and_accounts(db: None) -> None:
    payload = payload_of(
        Event(kind="x", sentence="It did.", data={"people": [7], "authors": [{"name": "A", "email": "a@example.org"}]}),
        "1.1",
    )

    assert payload["data"] == {"authors": ["A"]}
    assert "a@example.org" not in json.dumps(payload)


def test_it_is_told_of_each_event_by_itself_and_in_order(watched: WebhookReceiver) -> None:
    watched.answer(200)

    for what in ("started", "verifying", "succeeded"):
        tell(what)
    run(NOON, seconds=1)

    assert [event["kind"] for event in watched.events()] == [
        "promotion.started",
        "promotion.verifying",
        "promotion.succeeded",
    ]


def test_what_did_not_arrive_is_sent_again_under_the_same_key_and_nothing_overtakes(watched: WebhookReceiver) -> None:
    watched.answer(500)
    watched.answer(401, '{"detail": "Wrong secret."}')
    watched.server.answer_reset()
    watched.answer(200)

    tell("started")
    tell("succeeded")
    run(NOON, seconds=600)

    assert [event["kind"] for event in watched.events()] == ["promotion.started", "promotion.succeeded"]
    assert [watched.keys.index(key) for key in watched.keys] == [0, 0, 0, 0, 4]
    assert Notification.objects.filter(state="sent").count() == 2
    assert [one.response_status for one in Delivery.objects.order_by("id")] == [500, 401, None, 200, 200]


def test_it_is_left_alone_for_as_long_as_it_asks(watched: WebhookReceiver) -> None:
    watched.answer(503, headers={"Retry-After": "120"})
    watched.answer(200)

    tell("started")
    run(NOON, seconds=119)
    assert len(watched.keys) == 1
    assert Lane.objects.get().paused_until == NOON + timedelta(seconds=120)

    run(NOON + timedelta(seconds=119), seconds=1)
    assert len(watched.events()) == 1


def test_a_receiver_that_is_gone_is_given_up_and_that_is_said(watched: WebhookReceiver) -> None:
    watched.answer(410)

    tell("started")
    run(NOON, seconds=60)

    given_up = Notification.objects.get()
    assert (given_up.state, len(watched.keys)) == ("failed", 1)
    assert given_up.error.endswith("answered 410: there is no such receiver any more. Remove its watcher.")


def test_what_never_arrives_is_given_up_after_a_day(watched: WebhookReceiver) -> None:
    watched.answer(500)

    tell("started")
    run(NOON, seconds=24 * 3600 + 1200)

    assert Notification.objects.get().state == "failed"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, None) for status in (200, 201, 202, 204)),
        *((status, Refused) for status in (301, 302, 307, 308, 400, 405, 410, 413, 415, 422)),
        *((status, Unavailable) for status in (401, 403, 404, 408, 409, 425, 429, 500, 502, 503, 504)),
    ],
)
def test_what_each_answer_means(receiver: WebhookReceiver, status: int, kind: type[Exception] | None) -> None:
    receiver.answer(status)

    notes, error = noted(receiver.url)

    assert type(error) is (kind or type(None))
    assert [note.status for note in notes] == [status]


def test_a_redirect_is_not_followed_and_said(receiver: WebhookReceiver) -> None:
    receiver.answer(302, headers={"Location": f"{receiver.url}/elsewhere?token=hunter2"})

    _, error = noted(receiver.url)

    assert str(error).endswith(f"a redirect to {receiver.url}/elsewhere, which is not followed.")
    assert len(receiver.server.received) == 1


@pytest.mark.parametrize(("value", "seconds"), [("30", 30), ("0", None), ("soon", None)])
def test_how_long_it_asks_for(receiver: WebhookReceiver, value: str, seconds: int | None) -> None:
    receiver.answer(429, headers={"Retry-After": value})

    _, error = noted(receiver.url)

    assert (error.seconds if isinstance(error, Busy) else None) == seconds


def test_what_is_kept_to_be_shown_has_no_secret(receiver: WebhookReceiver) -> None:
    receiver.answer(200, "x" * 10_000 + "\0")

    (note,), _ = noted(f"{receiver.url}?key=hunter2")

    signature = receiver.server.received[0].headers["x-deployer-signature"]
    kept = json.dumps([note.url, dict(note.headers), note.body, note.answer])
    assert not [secret for secret in (SECRET, "hunter2", signature) if secret in kept]
    assert note.headers["X-Deployer-Delivery"] == "7.1"
    assert json.loads(note.body) == {"id": "7.1", "kind": "promotion.failed"}
    assert len(note.answer) == 4096


def test_nobody_there_is_noted_and_tried_again(receiver: WebhookReceiver) -> None:
    (note,), error = noted(f"http://127.0.0.1:{closed_port()}/")

    assert isinstance(error, Unavailable)
    assert (note.status, note.error) == (None, str(error))


def test_without_the_secret_nothing_is_sent(receiver: WebhookReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEPLOYER_CONNECTION_TESTS_SECRET")

    notes, error = noted(receiver.url)

    assert isinstance(error, Unavailable)
    assert "DEPLOYER_CONNECTION_TESTS_SECRET" in str(error)
    assert (notes, receiver.server.received) == ([], [])


def test_what_a_person_had_sent_again_says_so_under_the_same_key(receiver: WebhookReceiver) -> None:
    receiver.answer(200)

    noted(receiver.url)
    noted(receiver.url, again=2)

    assert receiver.keys == ["7.1", "7.1"]
    assert [one.headers.get("x-deployer-redelivery") for one in receiver.server.received] == [None, "2"]


def test_what_cannot_be_written_as_utf_8_is_sent_without_it(receiver: WebhookReceiver) -> None:
    receiver.answer(200)

    noted(receiver.url, payload={"sentence": "é \ud800 <&>"})

    assert receiver.events() == [{"sentence": "é ? <&>"}]


@pytest.mark.parametrize(
    "address",
    [
        "http://hooks.example.org/",
        "ftp://example.org/",
        "https://user:pw@example.org/",
        "https://example.org/?key=secret",
        "x",
    ],
)
def test_a_watcher_s_address_is_a_url_over_tls_without_credentials(db: None, address: str) -> None:
    watcher = Watcher(application=application(), kind="webhook", address=address, connection="hook")

    with pytest.raises(ValidationError) as refused:
        watcher.full_clean()

    assert list(refused.value.message_dict) == ["address"]


@pytest.mark.parametrize(
    ("field", "value"), [("connection", "Release Hook"), ("events", ["everything"]), ("events", "stops")]
)
def test_a_watcher_s_names_are_checked(db: None, field: str, value: object) -> None:
    fields = {"address": "https://example.org/", "connection": "hook", field: value}
    watcher = Watcher(application=application(), kind="webhook", **fields)

    with pytest.raises(ValidationError) as refused:
        watcher.full_clean()

    assert list(refused.value.message_dict) == [field]
