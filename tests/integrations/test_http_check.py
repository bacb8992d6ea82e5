from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from deployer.integrations import http
from deployer.integrations.checks.base import CheckContext, Outcome
from deployer.integrations.checks.http import HttpCheck
from deployer.integrations.config import load_config
from tests.integrations.servers import FakeServer, closed_port

CONTEXT = CheckContext(
    key="0123456789abcdef0123456789abcdef",
    application="frontend",
    environment="staging",
    version="release_7",
    commit="c0ffee",
    target_url="http://127.0.0.1:1",
    promotion_url="https://deployer.example/promotions/1",
    deployed_at=datetime(2026, 11, 24, 9, 0, tzinfo=UTC),
)


def measure(target_url: str, context: CheckContext = CONTEXT, **config: Any) -> Any:
    check = HttpCheck(load_config(HttpCheck.Config, config))
    return check.measure(replace(context, target_url=target_url), check.baseline(context))


def test_a_service_that_answers_as_expected_passes(server: FakeServer) -> None:
    server.answer(200, "hello " * 1000)

    reading = measure(f"{server.url}/app/", path="/healthcheck?deep=1")

    assert reading.outcome is Outcome.PASSED
    assert reading.sentence == f"{server.url}/app/healthcheck answered 200 as expected."
    assert server.received[0].path == "/app/healthcheck?deep=1"
    assert reading.evidence["status"] == 200
    assert reading.evidence["elapsed_ms"] >= 0
    assert reading.evidence["body"] == ("hello " * 1000)[:500]


def test_it_can_ask_another_url_than_the_targets(server: FakeServer) -> None:
    server.answer(200)

    assert measure("", path=f"{server.url}/elsewhere").outcome is Outcome.PASSED


@pytest.mark.parametrize("status", [500, 503, 404, 204])
def test_another_status_fails(server: FakeServer, status: int) -> None:
    server.answer(status)

    reading = measure(server.url)

    assert reading.outcome is Outcome.FAILED
    assert reading.sentence == f"Expected status 200 from {server.url}/, got {status}."
    assert reading.evidence["status"] == status


def test_a_redirect_is_not_followed_but_said(server: FakeServer) -> None:
    server.answer(302, headers={"Location": "https://login.example/?token=s3cret"})

    reading = measure(server.url)

    assert reading.outcome is Outcome.FAILED
    assert reading.sentence.endswith("got 302, a redirect to https://login.example/.")
    assert len(server.received) == 1


def test_a_redirect_can_be_what_is_expected(server: FakeServer) -> None:
    server.answer(302, headers={"Location": "https://login.example/"})

    reading = measure(server.url, expect_status=302, expect_header={"location": "https://login.example/"})

    assert reading.outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("body", "config", "got"),
    [
        ("release_6", {"expect_text": "{version}"}, "without it: “release_6”"),
        ('{"commit": "dead"}', {"expect_json": {"commit": "{commit}"}}, "commit to be “c0ffee”"),
        ("{}", {"expect_json": {"build.commit": "{commit}"}}, "got nothing"),
        ("nonsense", {"expect_json": {"commit": "{commit}"}}, "Expected a JSON object"),
        ("[]", {"expect_json": {"0": "x"}}, "Expected a JSON object"),
        ("", {"expect_header": {"X-Version": "{version}"}}, "header X-Version to be “release_7”"),
    ],
)
def test_another_answer_fails_and_says_what_was_expected_and_what_came(
    server: FakeServer, body: str, config: dict[str, Any], got: str
) -> None:
    server.answer(200, body)

    reading = measure(server.url, **config)

    assert reading.outcome is Outcome.FAILED
    assert got in reading.sentence


def test_it_can_hold_the_service_to_the_very_version(server: FakeServer) -> None:
    server.answer(
        200,
        '{"build": {"commit": "c0ffee", "number": 7, "clean": true}, "nodes": [{"is": "release_7 up"}], "error": null}',
        {"X-Version": "release_7"},
    )

    reading = measure(
        server.url,
        expect_text="{version}",
        expect_json={
            "build.commit": "{commit}",
            "build.number": "7",
            "build.clean": "true",
            "nodes.0.is": "{version} up",
            "error": "null",
        },
        expect_header={"x-version": "{version}"},
    )

    assert reading.outcome is Outcome.PASSED, reading.sentence


@pytest.mark.parametrize("config", [{"expect_text": "{commit}"}, {"expect_json": {"commit": "{commit}"}}])
def test_a_release_without_a_commit_cannot_be_compared(server: FakeServer, config: dict[str, Any]) -> None:
    server.answer(200, '{"commit": ""}')

    reading = measure(server.url, replace(CONTEXT, commit=""), **config)

    assert (reading.outcome, reading.sentence) == (Outcome.ERRORED, "The release has no commit to compare with.")


def test_a_service_that_refuses_the_connection_fails() -> None:
    url = f"http://127.0.0.1:{closed_port()}"

    reading = measure(url)

    assert (reading.outcome, reading.sentence) == (Outcome.FAILED, f"{url}/ refused the connection.")
    assert reading.evidence == {"url": f"{url}/"}


def test_a_service_that_does_not_answer_in_time_fails(server: FakeServer) -> None:
    server.answer_never()

    reading = measure(server.url, timeout_seconds=0.5)

    assert reading.outcome is Outcome.FAILED
    assert reading.sentence == f"{server.url}/ gave no whole answer within 0.5 s."


def test_a_service_that_trickles_fails(server: FakeServer) -> None:
    server.answer_trickling(b"HTTP/1.1 200 OK\r\n\r\n")

    assert measure(server.url, timeout_seconds=0.5).outcome is Outcome.FAILED


def test_a_service_that_breaks_the_connection_fails(server: FakeServer) -> None:
    server.answer_reset()

    reading = measure(server.url)

    assert (reading.outcome, reading.sentence) == (Outcome.FAILED, f"{server.url}/ broke the connection.")


@pytest.mark.parametrize(
    ("target_url", "sentence"),
    [
        ("", "The target has no URL to check."),
        ("http://nowhere.invalid", "could not be resolved"),
        ("ftp://service.example", "must be a URL"),
        ("http://alice:hunter2@service.example", "must not hold a user name"),
    ],
)
def test_what_tells_nothing_of_the_service_is_errored(target_url: str, sentence: str) -> None:
    reading = measure(target_url)

    assert reading.outcome is Outcome.ERRORED
    assert sentence in reading.sentence
    assert "hunter2" not in str(reading)


def test_a_service_without_a_trusted_certificate_is_errored(server: FakeServer) -> None:
    server.answer(200)

    reading = measure(server.url.replace("http:", "https:"))

    assert reading.outcome is Outcome.ERRORED
    assert "No trusted TLS connection" in reading.sentence


@pytest.mark.parametrize("config", [{"expect_text": "needle"}, {"expect_json": {"a": "b"}}])
def test_an_answer_too_long_to_judge_is_errored(server: FakeServer, config: dict[str, Any]) -> None:
    server.answer(200, '{"a": "' + "x" * http.BODY_LIMIT + 'needle"}')

    reading = measure(server.url, **config)

    assert reading.outcome is Outcome.ERRORED
    assert "longer than 256 KiB" in reading.sentence


def test_the_evidence_can_be_stored_whatever_the_body_holds(server: FakeServer) -> None:
    server.answer(200, b"\x00\xff\xed\xa0\x80" * 1000)

    body = measure(server.url).evidence["body"]

    assert "\0" not in body
    assert body.encode()
