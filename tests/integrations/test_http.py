import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pytest_django import Settings

from deployer.integrations import http
from deployer.integrations.errors import OutcomeUnknown, Refused, Unavailable
from tests.integrations.servers import FakeServer, closed_port, fake_server

SLACK_SECONDS = 20
"""What a busy machine may add to a time bound before a test calls it broken."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds + SLACK_SECONDS


def test_it_returns_status_headers_and_body(server: FakeServer) -> None:
    server.answer(201, "made", {"X-Thing": "yes"})

    response = http.request("POST", f"{server.url}/things?token=s3cret", headers={"X-Mine": "1"}, body=b"{}")

    assert (response.status, response.headers["x-thing"], response.text) == (201, "yes", "made")
    assert not response.truncated
    assert response.url == f"{server.url}/things"
    received = server.received[0]
    assert (received.method, received.path, received.body) == ("POST", "/things?token=s3cret", b"{}")
    assert received.headers["x-mine"] == "1"
    assert received.headers["user-agent"] == "Deployer"


def test_it_reads_no_more_than_the_limit_of_an_endless_body(server: FakeServer) -> None:
    server.answer(200, b"x" * (http.BODY_LIMIT + 1))

    response = http.request("GET", server.url)

    assert len(response.body) == http.BODY_LIMIT
    assert response.truncated


def test_a_body_of_exactly_the_limit_is_not_truncated(server: FakeServer) -> None:
    server.answer(200, b"x" * http.BODY_LIMIT)

    assert not http.request("GET", server.url).truncated


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_it_follows_no_redirect(server: FakeServer, method: str, status: int) -> None:
    server.answer(status, headers={"Location": f"{server.url}/elsewhere"})

    response = http.request(method, server.url)

    assert response.status == status
    assert len(server.received) == 1


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "//host/x",
        "",
        "http://",
        "http://h:99999/",
        "http://[::1",
        " http://h/",
    ],
)
def test_it_refuses_what_is_not_an_http_url(url: str) -> None:
    with pytest.raises(Refused, match="must be a URL"):
        http.request("GET", url)


def test_it_refuses_a_url_with_credentials_and_does_not_show_them() -> None:
    with pytest.raises(Refused, match="connection") as caught:
        http.request("GET", "http://alice:hunter2@127.0.0.1/x?key=s3cret")

    assert "hunter2" not in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_refused_connection_is_unreachable_and_shows_no_secret() -> None:
    with pytest.raises(http.Unreachable, match=r"refused the connection\.$") as caught:
        http.request("POST", f"http://127.0.0.1:{closed_port()}/hook?key=s3cret", body=b"{}")

    assert "s3cret" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_name_that_cannot_be_resolved_was_not_asked() -> None:
    with pytest.raises(Unavailable, match="could not be resolved") as caught:
        http.request("POST", "http://nowhere.invalid/hook?key=s3cret", body=b"{}")

    assert not isinstance(caught.value, http.Unreachable)


def test_a_name_that_no_resolver_takes_was_not_asked() -> None:
    with pytest.raises(Unavailable):
        http.request("POST", f"http://{'a' * 64}.invalid/", body=b"{}")


def test_a_host_that_takes_no_connection_was_not_asked() -> None:
    # A full backlog drops further connections, as a firewall would.
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        try:
            with time_limit(0.5), pytest.raises(http.Unreachable, match="no connection in time"):
                http.request("POST", f"http://127.0.0.1:{listener.getsockname()[1]}/", body=b"{}", timeout=0.5)
        finally:
            for filler in fillers:
                filler.close()


def test_no_answer_in_time_leaves_the_outcome_unknown(server: FakeServer) -> None:
    server.answer_never()

    with time_limit(0.5), pytest.raises(OutcomeUnknown, match=r"no whole answer within 0\.5 s"):
        http.request("POST", f"{server.url}/hook?key=s3cret", body=b"{}", timeout=0.5)


def test_the_operator_sets_the_time(server: FakeServer, settings: Settings) -> None:
    settings.HTTP_TIMEOUT_SECONDS = 0.3
    server.answer_never()

    with time_limit(0.3), pytest.raises(OutcomeUnknown, match=r"within 0\.3 s"):
        http.request("GET", server.url)


def test_a_broken_connection_leaves_the_outcome_unknown(server: FakeServer) -> None:
    server.answer_reset()

    with pytest.raises(OutcomeUnknown, match="broke the connection"):
        http.request("POST", server.url, body=b"{}")


def test_an_answer_that_breaks_off_is_no_answer(server: FakeServer) -> None:
    server.answer(200, "half", {"Content-Length": "1000"})

    with pytest.raises(OutcomeUnknown, match="broke the connection"):
        http.request("GET", server.url)


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX-Long: ",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
    ],
    ids=["status", "headers", "body until close", "body of known length"],
)
def test_a_trickling_server_does_not_hold_us_past_the_time(server: FakeServer, start: bytes) -> None:
    server.answer_trickling(start)

    with time_limit(0.5), pytest.raises(OutcomeUnknown, match="no whole answer"):
        http.request("GET", server.url, timeout=0.5)


def test_a_silent_tls_handshake_does_not_hold_us_and_sends_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/"

        with time_limit(0.5), pytest.raises(Unavailable):
            http.request("POST", url, body=b"{}", timeout=0.5)


def test_a_server_without_tls_was_not_asked(server: FakeServer) -> None:
    server.answer(200)

    with pytest.raises(Unavailable, match="No trusted TLS connection"):
        http.request("POST", server.url.replace("http:", "https:"), body=b"{}")

    assert not server.received


def test_nothing_is_sent_past_the_deadline(server: FakeServer) -> None:
    server.answer(200)

    with pytest.raises(Unavailable, match="claim on this work was lost"):
        http.request("POST", server.url, body=b"{}", send_before=time.monotonic())

    assert not server.received


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_it_repeats_an_idempotent_call_when_asked_to(server: FakeServer, status: int) -> None:
    server.answer(status)
    server.answer(200, "now")

    response = http.request("GET", server.url, retry=True)

    assert response.text == "now"
    assert len(server.received) == 2


def test_it_repeats_after_a_broken_connection(server: FakeServer) -> None:
    server.answer_reset()
    server.answer(200, "now")

    assert http.request("GET", server.url, retry=True).text == "now"


def test_it_repeats_a_bounded_number_of_times(server: FakeServer) -> None:
    server.answer(503)

    response = http.request("GET", server.url, retry=True, timeout=60)

    assert response.status == 503
    assert len(server.received) == 3


def test_it_waits_as_long_as_the_server_asks(server: FakeServer) -> None:
    server.answer(429, headers={"Retry-After": "1"})
    server.answer(200)
    began = time.monotonic()

    http.request("GET", server.url, retry=True, timeout=60)

    assert time.monotonic() - began >= 1


def test_it_gives_the_answer_back_when_it_would_have_to_wait_too_long(server: FakeServer) -> None:
    server.answer(503, headers={"Retry-After": "3600"})

    with time_limit(5):
        response = http.request("GET", server.url, retry=True, timeout=5)

    assert response.status == 503
    assert len(server.received) == 1


def test_it_does_not_mind_a_retry_after_that_makes_no_sense(server: FakeServer) -> None:
    server.answer(503, headers={"Retry-After": "soon"})
    server.answer(200)

    assert http.request("GET", server.url, retry=True).status == 200


def test_it_repeats_nothing_unless_asked_to(server: FakeServer) -> None:
    server.answer(503)

    assert http.request("GET", server.url).status == 503
    assert len(server.received) == 1


def test_a_post_cannot_be_repeated(server: FakeServer) -> None:
    with pytest.raises(ValueError, match="POST must not be repeated"):
        http.request("POST", server.url, retry=True)


def test_it_sends_no_credentials_from_a_netrc(
    server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login alice password hunter2\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server.answer(200)

    http.request("GET", server.url)

    assert "authorization" not in server.received[0].headers


def test_it_goes_through_the_proxy_of_the_environment(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    server.answer(200, "by proxy")

    response = http.request("GET", "http://service.invalid/status")

    assert response.text == "by proxy"
    assert server.received[0].path == "http://service.invalid/status"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1, and its key, that nobody has signed but itself."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", path, "-out", f"{path}.crt"],
        check=True, capture_output=True,
    )  # fmt: skip
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path


def test_it_speaks_tls_with_a_server_that_it_trusts(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with fake_server(certificate) as server:
        server.answer(200, "private")

        assert http.request("GET", server.url).text == "private"


def test_a_trickling_tls_server_does_not_hold_us(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with fake_server(certificate) as server:
        server.answer_trickling(b"HTTP/1.1 200 OK\r\n\r\n")

        with time_limit(1), pytest.raises(OutcomeUnknown, match="no whole answer"):
            http.request("GET", server.url, timeout=1)


def test_a_certificate_that_is_not_trusted_is_said_to_be_the_reason(certificate: Path) -> None:
    with fake_server(certificate) as server:
        server.answer(200)

        with pytest.raises(Unavailable, match="self-signed certificate") as caught:
            http.request("POST", f"{server.url}/?key=s3cret", body=b"{}")

        assert not server.received
    assert "s3cret" not in str(caught.value)
    assert not isinstance(caught.value, http.Unreachable)


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b"\xff\xfe", b"[" * 100_000, b'{"a": ' * 50_000])
def test_a_body_that_is_no_json_object_is_none(body: bytes) -> None:
    assert http.json_object(body) is None


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://alice:hunter2@h.example:8443/a/b?key=s3cret#x", "https://h.example:8443/a/b"),
        ("https://[", "(an unreadable URL)"),
    ],
)
def test_a_shown_url_holds_no_secret(url: str, shown: str) -> None:
    assert http.shown_url(url) == shown
