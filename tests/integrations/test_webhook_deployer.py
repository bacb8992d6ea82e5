import json
import time
from dataclasses import replace
from typing import Any

import pytest

from deployer.integrations.config import load_config
from deployer.integrations.deploy.base import DeployRequest, DeployState, DeployStatus
from deployer.integrations.deploy.webhook import WebhookDeployer, parse_report
from deployer.integrations.errors import CannotTell, OutcomeUnknown, Refused, Unavailable
from deployer.integrations.signing import SIGNATURE_HEADER, TIMESTAMP_HEADER, verify
from tests.integrations.servers import FakeServer, Received, closed_port

KEY = "0123456789abcdef0123456789abcdef"
SECRET = "hunter2-hunter2"


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOYER_CONNECTION_DEPLOY_HOOK_SECRET", SECRET)


def deployer(base: str, **config: Any) -> WebhookDeployer:
    defaults = {"url": f"{base}/deploys", "connection": "deploy-hook", "status_url": f"{base}/deploys/{{reference}}"}
    return WebhookDeployer(load_config(WebhookDeployer.Config, {**defaults, **config}))


def request(**changes: Any) -> DeployRequest:
    made = DeployRequest(
        key=KEY,
        fence=7,
        deadline=time.monotonic() + 600,
        application="frontend",
        environment="staging",
        version="release_7",
        commit="c0ffee",
        previous_version="release_6",
        target_url="https://frontend.staging.example",
        promotion_url="https://deployer.example/promotions/1",
        callback_url="https://deployer.example/callbacks/1",
    )
    return replace(made, **changes)


def assert_signed(received: Received) -> None:
    verify(
        SECRET,
        timestamp=received.headers[TIMESTAMP_HEADER.lower()],
        signature=received.headers[SIGNATURE_HEADER.lower()],
        body=received.body,
        now=time.time(),
    )


def test_a_start_is_one_signed_post_that_says_what_to_deploy(server: FakeServer) -> None:
    server.answer_json({"reference": "run 42/b"}, 202)

    reference = deployer(server.url).start(request())

    assert reference == "run 42/b"
    (received,) = server.received
    assert (received.method, received.path) == ("POST", "/deploys")
    assert received.json() == {
        "key": KEY,
        "application": "frontend",
        "environment": "staging",
        "version": "release_7",
        "commit": "c0ffee",
        "previous_version": "release_6",
        "url": "https://frontend.staging.example",
        "promotion_url": "https://deployer.example/promotions/1",
        "callback_url": "https://deployer.example/callbacks/1",
    }
    assert received.headers["idempotency-key"] == KEY
    assert received.headers["x-deployer-fence"] == "7"
    assert received.headers["content-type"] == "application/json"
    assert_signed(received)


def test_the_key_is_the_reference_where_the_service_gives_none(server: FakeServer) -> None:
    server.answer_json({})

    assert deployer(server.url).start(request()) == KEY


def test_the_key_is_the_reference_where_the_service_goes_by_keys(server: FakeServer) -> None:
    server.answer_json({"reference": "42"})

    assert deployer(server.url, status_url=f"{server.url}/by-key/{{key}}").start(request()) == KEY


@pytest.mark.parametrize(
    "body",
    ["", "OK", "<html>", "[]", '{"reference": 42}', '{"reference": ""}', '{"reference": null}',
     json.dumps({"reference": "x" * 501}), '{"reference": "\\ud800"}', '{"key": "of another"}'],
)  # fmt: skip
def test_nonsense_as_the_answer_to_a_start_leaves_the_outcome_unknown(server: FakeServer, body: str) -> None:
    server.answer(200, body)

    with pytest.raises(OutcomeUnknown, match="not with JSON as agreed"):
        deployer(server.url).start(request())


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 301, 307, 308])
def test_a_definite_no_is_refused(server: FakeServer, status: int) -> None:
    server.answer_json({"detail": "Not\ntoday.\x1b[31m" + "x" * 1000}, status)

    with pytest.raises(Refused, match=f"answered {status}") as caught:
        deployer(server.url).start(request())

    assert len(str(caught.value)) < 400
    assert str(caught.value).isprintable()


def test_a_refusal_is_shown_with_the_reason_that_the_service_gives(server: FakeServer) -> None:
    server.answer_json({"error": "No such application."}, 422)

    with pytest.raises(Refused) as caught:
        deployer(server.url).start(request())

    assert str(caught.value) == f"{server.url}/deploys answered 422: No such application."


@pytest.mark.parametrize("status", [408, 425, 429])
def test_not_now_is_worth_another_try(server: FakeServer, status: int) -> None:
    server.answer(status)

    with pytest.raises(Unavailable, match=f"answered {status}"):
        deployer(server.url).start(request())


@pytest.mark.parametrize("status", [500, 502, 503, 504, 302, 303])
def test_an_answer_that_may_hide_a_start_leaves_the_outcome_unknown_and_is_sent_once(
    server: FakeServer, status: int
) -> None:
    server.answer(status)

    with pytest.raises(OutcomeUnknown, match=f"answered {status}"):
        deployer(server.url).start(request())

    assert len(server.received) == 1


def test_a_service_that_never_answers_leaves_the_outcome_unknown(server: FakeServer, settings: Any) -> None:
    settings.HTTP_TIMEOUT_SECONDS = 0.5
    server.answer_never()

    with pytest.raises(OutcomeUnknown):
        deployer(server.url).start(request())

    assert len(server.received) == 1


def test_a_service_that_breaks_the_connection_leaves_the_outcome_unknown(server: FakeServer) -> None:
    server.answer_reset()

    with pytest.raises(OutcomeUnknown):
        deployer(server.url).start(request())

    assert len(server.received) == 1


def test_a_service_that_is_not_there_was_not_asked() -> None:
    for base in (f"http://127.0.0.1:{closed_port()}", "http://nowhere.invalid"):
        with pytest.raises(Unavailable):
            deployer(base).start(request())


def test_nothing_is_sent_once_the_claim_is_lost(server: FakeServer) -> None:
    server.answer_json({})

    with pytest.raises(Unavailable, match="claim on this work was lost"):
        deployer(server.url).start(request(deadline=time.monotonic()))

    assert not server.received


def test_nothing_is_sent_without_a_secret(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEPLOYER_CONNECTION_DEPLOY_HOOK_SECRET")

    with pytest.raises(Unavailable, match="DEPLOYER_CONNECTION_DEPLOY_HOOK_SECRET"):
        deployer(server.url).start(request())

    assert not server.received


def test_no_error_shows_a_secret(server: FakeServer) -> None:
    server.answer(500)
    adapter = deployer(server.url, url=f"{server.url}/deploys?token=s3cret")

    with pytest.raises(OutcomeUnknown) as caught:
        adapter.start(request())

    assert "s3cret" not in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("state", ["running", "succeeded", "failed"])
def test_a_poll_asks_for_the_state_with_a_signed_get(server: FakeServer, state: str) -> None:
    server.answer_json({"state": state, "detail": "Two of\nthree done."})

    status = deployer(server.url).poll("run 42/b?", log_offset=0)

    assert status == DeployStatus(state=DeployState(state), sentence="Two of three done.")
    (received,) = server.received
    assert (received.method, received.path) == ("GET", "/deploys/run%2042%2Fb%3F")
    assert_signed(received)


def test_a_poll_returns_what_is_new_in_the_log(server: FakeServer) -> None:
    server.answer_json({"state": "running", "log": "één\ntwo\0\n"})

    status = deployer(server.url).poll("42", log_offset=4)

    assert (status.log, status.log_offset) == ("two\ufffd\n", 9)


def test_a_poll_does_not_mind_a_log_that_became_shorter(server: FakeServer) -> None:
    server.answer_json({"state": "running", "log": "ab"})

    status = deployer(server.url).poll("42", log_offset=4)

    assert (status.log, status.log_offset) == ("", 4)


def test_a_deploy_that_the_service_lost_is_unknown(server: FakeServer) -> None:
    server.answer_json({"detail": "no such deploy"}, 404)

    status = deployer(server.url).poll("42", log_offset=4)

    assert (status.state, status.log_offset) == (DeployState.UNKNOWN, 4)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, ""),
        (401, '{"detail": "who?"}'),
        (302, ""),
        (204, ""),
        (200, ""),
        (200, "succeeded"),
        (200, '["succeeded"]'),
        (200, "{}"),
        (200, '{"state": "done"}'),
        (200, '{"state": "SUCCEEDED"}'),
        (200, '{"state": null}'),
        (200, '{"state": ["succeeded"]}'),
        (200, '{"state": "succeeded", "log": 5}'),
        (200, json.dumps({"state": "succeeded", "log": "x" * 300_000})),
    ],
)
def test_a_poll_that_brings_no_usable_answer_says_nothing(server: FakeServer, status: int, body: str) -> None:
    server.answer(status, body)

    with pytest.raises(Unavailable):
        deployer(server.url).poll("42", log_offset=0)


def test_a_poll_that_is_never_answered_says_nothing(server: FakeServer, settings: Any) -> None:
    settings.HTTP_TIMEOUT_SECONDS = 0.5
    server.answer_never()

    with pytest.raises(Unavailable):
        deployer(server.url).poll("42", log_offset=0)


def test_a_poll_is_repeated_when_the_service_stumbles(server: FakeServer) -> None:
    server.answer_reset()
    server.answer(503)
    server.answer_json({"state": "succeeded"})

    assert deployer(server.url).poll("42", log_offset=0).state is DeployState.SUCCEEDED


def test_in_callback_mode_a_poll_waits_for_the_report(server: FakeServer) -> None:
    adapter = deployer(server.url, mode="callback", status_url="")

    status = adapter.poll("42", log_offset=4)

    assert (status.state, status.log_offset) == (DeployState.RUNNING, 4)
    assert not server.received


def test_in_callback_mode_the_service_is_asked_too_where_it_can_be(server: FakeServer) -> None:
    server.answer_json({"state": "failed"})

    assert deployer(server.url, mode="callback").poll("42", log_offset=0).state is DeployState.FAILED


@pytest.mark.parametrize(
    ("answer", "reference"), [({"reference": "42"}, "42"), ({"key": KEY, "reference": "42"}, "42"), ({"key": KEY}, KEY)]
)
def test_a_find_returns_the_reference_of_a_key(server: FakeServer, answer: Any, reference: str) -> None:
    server.answer_json(answer)
    adapter = deployer(server.url, find_url=f"{server.url}/by-key/{{key}}")

    assert adapter.find(KEY) == reference
    (received,) = server.received
    assert received.path == f"/by-key/{KEY}"
    assert_signed(received)


def test_a_find_goes_by_the_status_url_where_that_goes_by_the_key(server: FakeServer) -> None:
    server.answer_json({"state": "running", "reference": "42"})

    assert deployer(server.url, status_url=f"{server.url}/by-key/{{key}}").find(KEY) == KEY


def test_a_find_returns_none_for_what_the_service_surely_never_started(server: FakeServer) -> None:
    server.answer(404)

    assert deployer(server.url, find_url=f"{server.url}/by-key/{{key}}").find(KEY) is None


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, ""), (401, ""), (301, ""), (410, ""), (204, ""), (200, "yes"), (200, '{"key": "of another"}'),
     (200, '{"reference": 42}')],
)  # fmt: skip
def test_a_find_that_brings_no_usable_answer_says_nothing(server: FakeServer, status: int, body: str) -> None:
    server.answer(status, body)

    with pytest.raises(Unavailable):
        deployer(server.url, find_url=f"{server.url}/by-key/{{key}}").find(KEY)


def test_a_find_without_a_url_can_never_tell(server: FakeServer) -> None:
    with pytest.raises(CannotTell):
        deployer(server.url).find(KEY)


def test_a_cancel_is_a_signed_post(server: FakeServer) -> None:
    server.answer(202)

    deployer(server.url, cancel_url=f"{server.url}/deploys/{{reference}}/cancel").cancel("42")

    (received,) = server.received
    assert (received.method, received.path, received.json()) == ("POST", "/deploys/42/cancel", {"reference": "42"})
    assert_signed(received)


def test_a_cancel_without_a_url_is_refused(server: FakeServer) -> None:
    with pytest.raises(Refused, match="no way to cancel"):
        deployer(server.url).cancel("42")


@pytest.mark.parametrize(("status", "error"), [(404, Refused), (409, Refused), (429, Unavailable), (500, Unavailable)])
def test_a_cancel_that_the_service_does_not_take_says_so(
    server: FakeServer, status: int, error: type[Exception]
) -> None:
    server.answer(status)

    with pytest.raises(error, match=f"answered {status}"):
        deployer(server.url, cancel_url=f"{server.url}/{{reference}}/cancel").cancel("42")


def test_a_cancel_that_is_never_answered_may_be_asked_again(server: FakeServer) -> None:
    server.answer_reset()

    with pytest.raises(Unavailable):
        deployer(server.url, cancel_url=f"{server.url}/{{reference}}/cancel").cancel("42")


def test_a_report_of_the_deploy_is_read_as_a_polls_answer_is() -> None:
    body = json.dumps({"key": KEY, "state": "failed", "detail": "No disk left.", "log": "one\ntwo\n"}).encode()

    status = parse_report(body, key=KEY, log_offset=4)

    assert status == DeployStatus(state=DeployState.FAILED, sentence="No disk left.", log="two\n", log_offset=8)


@pytest.mark.parametrize("key", [None, "", "ffffffffffffffffffffffffffffffff"])
def test_a_report_of_another_deploy_is_not_taken(key: str | None) -> None:
    body = json.dumps({"key": key, "state": "succeeded"}).encode()

    with pytest.raises(Unavailable, match="not of this deploy"):
        parse_report(body, key=KEY)
