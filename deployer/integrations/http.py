"""All outbound HTTP goes through `request`: bounded in time, in size and in what it may repeat."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from http.client import HTTPException
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import requests
import urllib3
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, InvalidHeader, NameResolutionError

from deployer.integrations.errors import AdapterError, OutcomeUnknown, Refused, Unavailable

CONNECT_SECONDS = 3.05
BODY_LIMIT = 256 * 1024
IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
RETRIED_STATUSES = frozenset({429, 502, 503, 504})
RETRY_PAUSES = (0.3, 1.0)
"""Seconds before the second and the third attempt, when the server doesn't ask for more by Retry-After."""

_CHUNK = 16 * 1024
_DEFAULT_HEADERS = {"User-Agent": "Deployer", "Accept-Encoding": "identity"}


class Unreachable(Unavailable):
    """The host is known, but nothing there took the connection: it refused, or did not answer in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer. `url` is fit to show; `body` holds at most BODY_LIMIT bytes, and `truncated` tells of more."""

    url: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    truncated: bool
    elapsed_ms: int

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    def json_object(self) -> dict[str, Any] | None:
        """The body as a JSON object; None when it is anything else."""
        return json_object(self.body)


def json_object(body: bytes) -> dict[str, Any] | None:
    """A JSON object from bytes that may hold anything; None when they don't hold one."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def check_url(url: str) -> None:
    """Raises ValueError, in words fit for a form's error, unless this is an http(s) URL without credentials."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 80) > 0
    except ValueError:
        usable = False
    if not usable or url != url.strip():
        raise ValueError("must be a URL that begins with http:// or https://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a user name or password: secrets belong in a connection")


def shown_url(url: str) -> str:
    """The URL without what may be secret: credentials, query and fragment; at most 200 characters."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        shown = f"{parts.scheme}://{host}{parts.path}"
    except ValueError:
        return "(an unreadable URL)"
    return shown[:200]


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    timeout: float | None = None,
    retry: bool = False,
    send_before: float | None = None,
) -> Response:
    """Send one request and return the answer, whatever its status. Redirects are not followed: what was signed
    for one address must not travel to another.

    `timeout` (seconds; settings.HTTP_TIMEOUT_SECONDS by default) bounds all of it: connecting, sending, a body
    that trickles in, repeats and the pauses between them; only the system's name resolver may take longer.
    `retry` is for idempotent methods: it repeats after broken connections and 429, 502, 503 and 504, waiting as
    Retry-After asks when that fits in the time. `send_before` is seconds on `time.monotonic`'s scale; past it
    nothing is sent.

    Raises Refused (not a URL to ask), Unavailable (not sent; Unreachable when nothing took the connection) or
    OutcomeUnknown (sent, but no whole answer came).
    """
    if retry and method not in IDEMPOTENT:
        raise ValueError(f"{method} must not be repeated.")
    try:
        check_url(url)
    except ValueError as error:
        raise Refused(f"{shown_url(url)} {error}.") from None
    ends_at = time.monotonic() + (timeout or settings.HTTP_TIMEOUT_SECONDS)
    outgoing = requests.Request(method, url, headers={**_DEFAULT_HEADERS, **(headers or {})}, data=body or None)
    pauses: tuple[float, ...] = RETRY_PAUSES if retry else ()
    for pause in pauses:
        wait = pause
        try:
            response = _exchange(outgoing, ends_at, send_before)
        except (Unavailable, OutcomeUnknown):
            if time.monotonic() + wait >= ends_at:
                raise
        else:
            wait = max(pause, retry_after(response))
            if response.status not in RETRIED_STATUSES or time.monotonic() + wait >= ends_at:
                return response
        time.sleep(wait)
    return _exchange(outgoing, ends_at, send_before)


def retry_after(response: Response) -> float:
    """Seconds that the server asks to be left alone; 0 when it doesn't say, or not in a way that makes sense."""
    try:
        return urllib3.Retry().parse_retry_after(response.headers.get("Retry-After", "0"))
    except InvalidHeader:
        return 0


def _exchange(outgoing: requests.Request, ends_at: float, send_before: float | None) -> Response:
    """One attempt. A fresh connection each time, so that a stale one never makes it unclear what was sent."""
    began = time.monotonic()
    seconds = max(ends_at - began, 0.001)
    with _Wire(outgoing, seconds, send_before) as wire, _session() as session:
        try:
            prepared = session.prepare_request(outgoing)
            options = session.merge_environment_settings(
                prepared.url or "", proxies={}, stream=True, verify=None, cert=None
            )
            timeouts = (min(CONNECT_SECONDS, seconds), seconds)
            with session.send(prepared, timeout=timeouts, allow_redirects=False, **options) as answer:
                content, truncated = _read(answer)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, HTTPException, ValueError) as error:
            # `from None`: the text of the original holds the whole URL, query included.
            raise wire.explain(error) from None
    if wire.expired:
        raise wire.explain(TimeoutError())
    return Response(
        url=wire.shown,
        status=answer.status_code,
        headers=answer.headers,
        body=content,
        truncated=truncated,
        elapsed_ms=round((time.monotonic() - began) * 1000),
    )


def _read(answer: requests.Response) -> tuple[bytes, bool]:
    content = b""
    for chunk in answer.iter_content(_CHUNK):
        content += chunk
        if len(content) > BODY_LIMIT:
            return content[:BODY_LIMIT], True
    return content, False


def _session() -> requests.Session:
    session = requests.Session()
    session.auth = _no_auth
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter())
    return session


def _no_auth(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps requests from sending what it finds in a ~/.netrc."""
    return prepared


_wire: ContextVar["_Wire"] = ContextVar("_wire")


class _Wire:
    """The clock of one attempt and what is known of its connection.

    Socket timeouts bound the silence between two bytes, not the whole; so a timer shuts the connection down
    when the time is over, whatever it is doing: a TLS handshake, headers or a body that trickle in.
    """

    def __init__(self, outgoing: requests.Request, seconds: float, send_before: float | None) -> None:
        self.shown = shown_url(str(outgoing.url))
        self.seconds = seconds
        self.send_before = send_before
        self.sent = False
        self.expired = False
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._expire)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._token = _wire.set(self)
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        _wire.reset(self._token)
        with self._lock:
            if self._socket:
                self._socket.close()
                self._socket = None

    def watch(self, connection: socket.socket) -> None:
        """Bound this connection's time. A duplicate is held, as TLS takes the original over."""
        with self._lock:
            if self._socket:
                self._socket.close()
            self._socket = connection.dup()
            if self.expired:
                raise TimeoutError

    def before_sending(self) -> None:
        """Called between connecting and the first byte of the request."""
        if self.send_before is not None and time.monotonic() >= self.send_before:
            raise Unavailable("The claim on this work was lost before anything was sent.")
        self.sent = True

    def _expire(self) -> None:
        with self._lock:
            self.expired = True
            if self._socket:
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)

    def explain(self, error: Exception) -> AdapterError:
        """What the failure means, in a sentence without secrets."""
        late = self.expired or isinstance(error, requests.Timeout | TimeoutError)
        if self.sent:
            problem = f"gave no whole answer within {self.seconds:.3g} s" if late else "broke the connection"
            return OutcomeUnknown(f"{self.shown} {problem}.")
        causes = list(_causes(error))
        if any(isinstance(cause, ConnectionRefusedError | ConnectionResetError) for cause in causes):
            return Unreachable(f"{self.shown} refused the connection.")
        if any(isinstance(cause, NameResolutionError) for cause in causes):
            return Unavailable(f"The host's name in {self.shown} could not be resolved.")
        if late or any(isinstance(cause, ConnectTimeoutError) for cause in causes):
            return Unreachable(f"{self.shown} took no connection in time.")
        for cause in causes:
            if isinstance(cause, ssl.SSLError):
                return Unavailable(f"No trusted TLS connection to {self.shown}: {_tls_problem(cause)}.")
        return Unavailable(f"No connection to {self.shown} could be made.")


def _tls_problem(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message.rstrip(".")
    return (error.reason or "handshake failed").lower().replace("_", " ")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error:
        yield error
        error = error.__cause__ or error.__context__


class _WatchedConnection(urllib3.connection.HTTPConnection):
    """Tells the attempt's wire of the socket, and of the moment before sending."""

    def _new_conn(self) -> socket.socket:
        connection = super()._new_conn()
        _wire.get().watch(connection)
        return connection

    def connect(self) -> None:
        super().connect()
        _wire.get().before_sending()


class _WatchedTLSConnection(_WatchedConnection, urllib3.connection.HTTPSConnection):
    """The same over TLS, where the handshake belongs to connecting."""


class _Adapter(HTTPAdapter):
    """requests' adapter with watched connections, to the server or to a proxy."""

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        pool.ConnectionCls = _WatchedTLSConnection if pool.scheme == "https" else _WatchedConnection
        return pool
