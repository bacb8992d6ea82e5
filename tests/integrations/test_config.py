from typing import Any

import pytest

from deployer.integrations.config import ConfigError
from deployer.integrations.registry import build_check, build_deployer

HOOK = {"url": "https://deploys.example/", "connection": "deploy-hook", "status_url": "https://deploys.example/{key}"}


def errors_of(build: Any, kind: str, config: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        build(kind, config)
    return caught.value.errors


def test_a_command_takes_lists_and_defaults_from_json() -> None:
    config: Any = build_deployer("command", {"program": "deploy.sh", "args": ["{version}", '{"a": {}}']}).config  # type: ignore[attr-defined]

    assert config.args == ("{version}", '{"a": {}}')
    assert (config.timeout_seconds, config.grace_seconds) == (900, 10)


def test_a_configuration_cannot_be_changed() -> None:
    adapter: Any = build_deployer("command", {"program": "deploy.sh"})

    with pytest.raises(AttributeError):
        adapter.config.program = "other"


def test_an_unknown_kind_names_those_that_there_are() -> None:
    assert errors_of(build_deployer, "ftp", {}) == {"kind": "'ftp' is not one of command, webhook."}
    assert errors_of(build_check, "ftp", {}) == {"kind": "'ftp' is not one of command, http."}


@pytest.mark.parametrize("program", ["", ".", "..", ".hidden", "../deploy", "a/b", "/bin/sh", "a\0b", "a\nb"])
def test_a_program_is_a_bare_file_name(program: str) -> None:
    for build in (build_deployer, build_check):
        assert "without a slash or a leading dot" in errors_of(build, "command", {"program": program})["program"]


@pytest.mark.parametrize(
    ("config", "field", "sentence"),
    [
        ({}, "program", "is needed."),
        ({"program": "x", "shell": True}, "shell", "is not a field of this kind."),
        ({"program": "x", "args": ["{Version}"]}, "args", "unknown placeholder {Version}"),
        ({"program": "x", "args": ["{version} {secret}"]}, "args", "unknown placeholder {secret}"),
        ({"program": "x", "args": ["a\0b"]}, "args", "zero character"),
        ({"program": "x", "args": "-v"}, "args", "tuple"),
        ({"program": "x", "timeout_seconds": 0}, "timeout_seconds", "greater than or equal to 1"),
        ({"program": "x", "timeout_seconds": 86_401}, "timeout_seconds", "less than or equal to 86400"),
        ({"program": "x", "grace_seconds": -1}, "grace_seconds", "greater than or equal to 0"),
        ({"program": "x", "grace_seconds": float("nan")}, "grace_seconds", "finite"),
    ],
)
def test_a_wrong_command_is_explained(config: dict[str, Any], field: str, sentence: str) -> None:
    errors = errors_of(build_deployer, "command", config)

    assert list(errors) == [field]
    assert sentence in errors[field]


def test_a_check_knows_no_previous_version() -> None:
    errors = errors_of(build_check, "command", {"program": "x", "args": ["{previous_version}"]})

    assert "unknown placeholder {previous_version}" in errors["args"]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"mode": "callback", "status_url": ""},
        {"mode": "callback"},
        {"find_url": "https://deploys.example/find?key={key}"},
        {"cancel_url": "https://deploys.example/{key}/cancel"},
        {"status_url": "https://deploys.example/{reference}", "cancel_url": "https://deploys.example/{reference}"},
        {"cancel_url": "https://deploys.example/cancel"},
    ],
)
def test_a_webhook_can_be_configured(changes: dict[str, Any]) -> None:
    build_deployer("webhook", {**HOOK, **changes})


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"url": "ftp://deploys.example"}, "url", "http:// or https://"),
        ({"url": "https://alice:hunter2@deploys.example"}, "url", "belong in a connection"),
        ({"url": "https://deploys.example/{key}"}, "url", "unknown placeholder"),
        ({"connection": "Deploy Hook"}, "connection", "pattern"),
        ({"mode": "push"}, "mode", "poll"),
        ({"status_url": ""}, "status_url", "is needed in mode poll"),
        ({"status_url": "https://deploys.example/"}, "status_url", "either {reference} or {key}"),
        ({"status_url": "https://deploys.example/{key}/{reference}"}, "status_url", "either {reference} or {key}"),
        ({"status_url": "https://deploys.example/{version}"}, "status_url", "unknown placeholder {version}"),
        ({"status_url": "https://{key}.example/"}, "status_url", "host"),
        ({"find_url": "https://deploys.example/"}, "find_url", "must hold {key}"),
        ({"find_url": "https://deploys.example/{reference}"}, "find_url", "must hold {key}"),
        ({"cancel_url": "https://deploys.example/{reference}"}, "cancel_url", "same placeholder"),
        ({"secret": "hunter2"}, "secret", "is not a field of this kind."),
    ],
)
def test_a_wrong_webhook_is_explained(changes: dict[str, Any], field: str, sentence: str) -> None:
    errors = errors_of(build_deployer, "webhook", {**HOOK, **changes})

    assert list(errors) == [field]
    assert sentence in errors[field]
    assert "hunter2" not in str(errors)


@pytest.mark.parametrize(
    ("config", "field", "sentence"),
    [
        ({"path": "healthcheck"}, "path", "http:// or https://"),
        ({"path": "//elsewhere.example/"}, "path", "two slashes"),
        ({"path": "https://alice:hunter2@service.example"}, "path", "belong in a connection"),
        ({"expect_status": 99}, "expect_status", "greater than or equal to 200"),
        ({"expect_text": "{branch}"}, "expect_text", "unknown placeholder {branch}"),
        ({"expect_json": {"commit": "{sha}"}}, "expect_json", "unknown placeholder {sha}"),
        ({"expect_header": {"X-Version": "{sha}"}}, "expect_header", "unknown placeholder {sha}"),
        ({"timeout_seconds": 0}, "timeout_seconds", "greater than 0"),
    ],
)
def test_a_wrong_http_check_is_explained(config: dict[str, Any], field: str, sentence: str) -> None:
    errors = errors_of(build_check, "http", config)

    assert list(errors) == [field]
    assert sentence in errors[field]


def test_every_wrong_field_is_named_at_once() -> None:
    errors = errors_of(build_deployer, "webhook", {"url": "nonsense", "mode": "push", "wrong": 1})

    assert set(errors) == {"url", "connection", "mode", "wrong"}
