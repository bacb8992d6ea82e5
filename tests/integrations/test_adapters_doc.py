"""The examples of docs/adapters.md, run."""

import json
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from deployer.env import BASE_DIR
from deployer.integrations.deploy.base import DeployState
from deployer.integrations.deploy.webhook import parse_report
from deployer.integrations.registry import build_check, build_deployer
from deployer.integrations.signing import signed_headers, verify
from tests.integrations.servers import FakeServer

DOC = (BASE_DIR / "docs" / "adapters.md").read_text()
KEY = "0123456789abcdef0123456789abcdef"
SECRET = "correct horse battery staple"
BODY = '{"key": "é\\n"}'.encode()

needs_tools = pytest.mark.skipif(
    not (shutil.which("openssl") and shutil.which("curl")), reason="the shell examples use openssl and curl"
)


def example(name: str) -> str:
    found = re.search(rf"<!-- example: {re.escape(name)} -->\n```\w+\n(.*?)```", DOC, re.DOTALL)
    assert found
    return found[1]


def functions_of(name: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(example(name), name, "exec"), names)
    return names


def run_shell(name: str, **environment: str) -> int:
    path = "/usr/local/bin:/usr/bin:/bin"
    return subprocess.run(["sh", "-eu", "-c", example(name)], env={"PATH": path, **environment}, check=False).returncode


def assert_is_a_report(server: FakeServer) -> None:
    (received,) = server.received
    verify(
        SECRET,
        timestamp=received.headers["x-deployer-timestamp"],
        signature=received.headers["x-deployer-signature"],
        body=received.body,
        now=time.time(),
    )
    assert parse_report(received.body, key=KEY).state is DeployState.SUCCEEDED


@pytest.mark.parametrize("body", [BODY, b""])
def test_the_python_example_verifies(body: bytes) -> None:
    is_from_deployer = functions_of("verify.py")["is_from_deployer"]
    headers = signed_headers(SECRET, body, now=time.time())

    assert is_from_deployer(SECRET, headers, body)
    assert not is_from_deployer(SECRET, headers, body + b" ")
    assert not is_from_deployer("another", headers, body)
    assert not is_from_deployer(SECRET, {}, body)
    assert not is_from_deployer(SECRET, signed_headers(SECRET, body, now=time.time() - 400), body)


@needs_tools
@pytest.mark.parametrize("body", [BODY, b""])
def test_the_shell_example_verifies(tmp_path: Path, body: bytes) -> None:
    def status(age: float, secret: str) -> int:
        headers = signed_headers(SECRET, body, now=time.time() - age)
        return run_shell(
            "verify.sh",
            timestamp=headers["X-Deployer-Timestamp"],
            signature=headers["X-Deployer-Signature"],
            body_file=str(tmp_path / "body"),
            DEPLOY_HOOK_SECRET=secret,
        )

    (tmp_path / "body").write_bytes(body)

    assert status(0, SECRET) == 0
    assert status(0, "another") != 0
    assert status(400, SECRET) != 0
    assert status(-400, SECRET) != 0


def test_the_python_example_reports(server: FakeServer) -> None:
    server.answer(204)

    functions_of("report.py")["report"](SECRET, server.url, KEY, "succeeded", "Done in 40 s.")

    assert_is_a_report(server)


@needs_tools
def test_the_shell_example_reports(server: FakeServer) -> None:
    server.answer(204)

    status = run_shell("report.sh", CALLBACK_URL=server.url, DEPLOY_KEY=KEY, DEPLOY_HOOK_SECRET=SECRET)

    assert status == 0
    assert_is_a_report(server)


@pytest.mark.parametrize(
    ("title", "build", "kind"),
    [
        ("Deploying with a command", build_deployer, "command"),
        ("Deploying with a webhook", build_deployer, "webhook"),
        ("Checking with an HTTP request", build_check, "http"),
        ("Checking with a command", build_check, "command"),
    ],
)
def test_the_configurations_shown_are_valid(title: str, build: Any, kind: str) -> None:
    shown = DOC.split(f"\n## {title}\n")[1].split("```json\n")[1].split("```")[0]

    build(kind, json.loads(shown))
