"""A feed's address is a password: nothing of ours writes it down, whatever goes wrong with a request for it."""

import json
import logging
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client, RequestFactory

from deployer.calendar.actions.feeds import renew_address
from deployer.web.calendar.feeds.hiding import SECRET, hide_secrets
from tests.scene import Scene
from tests.stack import Stack, stack_environment, temporary_folder

KEY = "dpf_a-secret_that-nobody-else-may-have"
PROGRAM = """
import json, sys
from deployer.wsgi import application
import sentry_sdk
from django.test import RequestFactory
from sentry_sdk.transport import Transport

class Keep(Transport):
    kept = []
    def capture_envelope(self, envelope):
        self.kept.append(envelope.serialize().decode(errors="replace"))

client = sentry_sdk.get_client()
client.transport = Keep(client.options)
statuses = []
for path in sys.stdin.read().split():
    environ = RequestFactory().get(path).environ
    environ["HTTP_HOST"] = "127.0.0.1"
    b"".join(application(environ, lambda status, headers, error=None: statuses.append(status)))
print(json.dumps({"statuses": statuses, "sent": Keep.kept}))
"""


def seen_by_the_application(path: str, **environ: str) -> dict[str, Any]:
    """The environment, once the secret has been hidden in it."""
    seen: dict[str, Any] = {}

    def application(given: dict[str, Any], start_response: object) -> Iterable[bytes]:
        seen.update(given)
        return []

    given = RequestFactory().get("/").environ | {"PATH_INFO": path} | environ
    list(hide_secrets(application)(given, lambda *_: lambda _: None))
    return seen


@pytest.mark.parametrize(
    ("path", "hidden"),
    [
        (f"/feeds/{KEY}/my.ics", "/feeds/hidden/my.ics"),
        (f"/feeds/{KEY}", "/feeds/hidden"),
        (f"//feeds//{KEY}/teams/web.ics", "//feeds//hidden/teams/web.ics"),
        (f"/deployer/feeds/{KEY}/typo", "/deployer/feeds/hidden/typo"),
    ],
)
def test_the_secret_is_nowhere_in_the_environment_but_where_the_view_looks(path: str, hidden: str) -> None:
    raw = f"{path}?team=web".replace("/", "%2F")

    seen = seen_by_the_application(
        path, RAW_URI=raw, REQUEST_URI=raw, QUERY_STRING="team=web", HTTP_REFERER=f"https://x{path}"
    )

    assert seen.pop(SECRET) == KEY
    assert KEY not in str(seen)
    assert (seen["PATH_INFO"], seen["QUERY_STRING"]) == (hidden, "team=web")
    assert seen["RAW_URI"] == seen["REQUEST_URI"] == f"{hidden}?team=web"


@pytest.mark.parametrize("path", ["/", "/feeds/", "/feeds", "/slots/12/", "/api/v1/slots"])
def test_other_requests_are_left_as_they_are(path: str) -> None:
    given = {"QUERY_STRING": "next=/feeds/", "RAW_URI": f"{path}?next=%2Ffeeds%2F", "HTTP_REFERER": "https://x/feeds/"}

    seen = seen_by_the_application(path, **given)

    assert given.items() <= seen.items()
    assert seen["PATH_INFO"] == path
    assert SECRET not in seen


@pytest.fixture
def hiding(client: Client) -> Client:
    """Asks the pages as a server does: through what hides secrets."""
    handler: Any = client.handler
    hidden: Any = hide_secrets(lambda environ, _: handler(environ))
    client.handler = lambda environ: hidden(environ, None)  # type: ignore[assignment]
    return client


def test_the_view_still_finds_the_feed_and_django_logs_only_that_something_was_not_there(
    scene: Scene, hiding: Client, caplog: pytest.LogCaptureFixture
) -> None:
    user = scene.person().user
    assert user is not None
    secret = renew_address(user=user, replaces=None)

    with caplog.at_level(logging.DEBUG):
        statuses = [
            hiding.get(f"/feeds/{path}").status_code
            for path in (f"{secret}/my.ics", f"{KEY}/my.ics", f"{secret}/teams/nobody.ics", f"{secret}/typo", secret)
        ]

    assert statuses == [200, 404, 404, 404, 404]
    assert "Not Found: /feeds/hidden/teams/nobody.ics" in caplog.text
    assert secret not in caplog.text
    assert KEY not in caplog.text


def test_an_error_is_sent_to_sentry_without_the_secret() -> None:
    environ = {
        **{name: value for name, value in os.environ.items() if not name.endswith("_FILE")},
        "DJANGO_SETTINGS_MODULE": "deployer.settings",
        "DATABASE_URL": "sqlite:////nowhere/at/all.sqlite3",
        "SENTRY_DSN": "http://key@127.0.0.1:9/1",
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=f"/feeds/{KEY}/my.ics /feeds/{KEY}/freezes.ics?team=web",
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    told = json.loads(done.stdout.splitlines()[-1])
    assert told["statuses"] == ["503 Service Unavailable"] * 2
    assert sum("OperationalError" in envelope for envelope in told["sent"]) >= 2
    assert any("/feeds/hidden/my.ics" in envelope for envelope in told["sent"])
    assert KEY not in str(told["sent"]) + done.stderr


@pytest.mark.stack
def test_the_access_log_of_the_web_process_is_without_the_secret() -> None:
    with temporary_folder("feeds-") as folder:
        log = log_of_requests(folder, f"/feeds/{KEY}/my.ics", f"/feeds/{KEY}/freezes.ics?team=web")

    assert '"GET /feeds/hidden/my.ics HTTP/1.1"' in log
    assert '"GET /feeds/hidden/freezes.ics?team=web HTTP/1.1"' in log
    assert KEY not in log


def log_of_requests(folder: Path, *paths: str) -> str:
    """All that is logged of them where the web process logs every request, as in the Procfile."""
    stack = Stack(folder, stack_environment(folder))
    try:
        url = stack.start_web()
        for path in paths:
            with pytest.raises(urllib.error.HTTPError):
                urllib.request.urlopen(f"{url}{path}", timeout=20)
    finally:
        stack.stop()
    return stack.log("web").read_text()
