"""What an error tracker is told of an error: not the token or the secret at hand when it happened."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

TOKEN = "dpl_a-token-that-nobody-else-may-have"
PROGRAM = """
import json, sys
import django
from django.test import Client
django.setup()
import sentry_sdk
from sentry_sdk.transport import Transport

class Keep(Transport):
    kept = []
    def capture_envelope(self, envelope):
        self.kept.append(envelope.serialize().decode(errors="replace"))

client = sentry_sdk.get_client()
told = {"local_variables": client.options["include_local_variables"], "pii": client.options["send_default_pii"]}
client.transport = Keep(client.options)
headers = {"authorization": "Bearer " + sys.stdin.read()}
told["status"] = Client(raise_request_exception=False).get("/api/v1/applications", headers=headers).status_code
print(json.dumps(told | {"sent": Keep.kept}))
"""


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """What a process with an error tracker on loopback, and without a database, would have sent."""
    environ = {
        **{name: value for name, value in os.environ.items() if not name.endswith("_FILE")},
        "DJANGO_SETTINGS_MODULE": "deployer.settings",
        "DEPLOYER_ALLOWED_HOSTS": "testserver",
        "DATABASE_URL": "sqlite:////nowhere/at/all.sqlite3",
        "SENTRY_DSN": "http://key@127.0.0.1:9/1",
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=TOKEN,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_it_is_asked_for_neither_local_variables_nor_what_is_personal(told: dict[str, Any]) -> None:
    assert not told["local_variables"]
    assert not told["pii"]


def test_an_error_is_sent_without_the_token_that_was_at_hand(told: dict[str, Any]) -> None:
    assert told["status"] == 503
    assert any("OperationalError" in envelope for envelope in told["sent"])
    assert not any(TOKEN in envelope for envelope in told["sent"])
