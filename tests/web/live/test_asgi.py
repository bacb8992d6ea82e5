"""What the web process makes of a request before Django sees it."""

import asyncio
from typing import Any

import pytest

from deployer import asgi
from deployer.asgi import Application


def seen(monkeypatch: pytest.MonkeyPatch, scope: dict[str, Any], *messages: dict[str, Any]) -> dict[str, Any]:
    """The environment that the pages are given, with the body under "body" or the error that reading it raised."""
    found: dict[str, Any] = {}

    def pages(environ: dict[str, Any], start: Any) -> list[bytes]:
        found.update(environ)
        try:
            found["body"] = environ["wsgi.input"].read()
        except OSError as error:
            found["body"] = error
        start("200 OK", [])
        return []

    monkeypatch.setattr(asgi, "pages", pages)
    asyncio.run(serve(scope, list(messages) or [{"type": "http.request", "body": b""}]))
    return found


async def serve(scope: dict[str, Any], messages: list[dict[str, Any]]) -> None:
    application = Application()
    begin, end = asyncio.Event(), asyncio.Event()
    steps = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def live() -> dict[str, str]:
        step = next(steps)
        if step["type"] == "lifespan.shutdown":
            await end.wait()
        return step

    async def told(_: Any) -> None:
        begin.set()

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(_: Any) -> None:
        pass

    living = asyncio.create_task(application({"type": "lifespan"}, live, told))
    await begin.wait()
    await application(scope, receive, send)
    end.set()
    await living


def a_request(path: str = "/", headers: list[tuple[bytes, bytes]] | None = None) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "http_version": "1.1",
        "headers": headers or [],
    }


def test_a_header_with_an_underscore_is_a_forgery(monkeypatch: pytest.MonkeyPatch) -> None:
    headers = [(b"x_forwarded_proto", b"https"), (b"x-requested-with", b"script")]

    environ = seen(monkeypatch, a_request(headers=headers))

    assert "HTTP_X_FORWARDED_PROTO" not in environ
    assert environ["HTTP_X_REQUESTED_WITH"] == "script"


def test_a_proxy_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    environ = seen(monkeypatch, a_request(headers=[(b"x-forwarded-proto", b"https")]))

    assert environ["HTTP_X_FORWARDED_PROTO"] == "https"


def test_the_server_writes_down_no_feed_s_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    scope = a_request("/feeds/very-secret/my.ics")

    environ = seen(monkeypatch, scope)

    assert environ["PATH_INFO"] == "/feeds/very-secret/my.ics"
    assert scope["path"] == "/feeds/hidden/my.ics"
    assert "asgi.scope" not in environ


def test_half_a_form_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    half = {"type": "http.request", "body": b"reason=It+is+not+", "more_body": True}

    assert isinstance(seen(monkeypatch, a_request(), half, {"type": "http.disconnect"})["body"], OSError)
    whole = seen(monkeypatch, a_request(), half, {"type": "http.request", "body": b"finished"})
    assert whole["body"] == b"reason=It+is+not+finished"
