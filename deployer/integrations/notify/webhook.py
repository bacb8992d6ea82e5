"""Tells a program by a signed HTTP request; docs/notifications.md is its contract."""

import json
import time
from collections.abc import Mapping

from deployer.integrations import http
from deployer.integrations.connections import read_secret
from deployer.integrations.errors import Busy, OutcomeUnknown, Refused, Unavailable
from deployer.integrations.notify.base import Exchange, Message, Note
from deployer.integrations.signing import SIGNATURE_HEADER, signed_headers
from deployer.integrations.text import one_line, storable

DELIVERY_HEADER = "X-Deployer-Delivery"
EVENT_HEADER = "X-Deployer-Event"
REDELIVERY_HEADER = "X-Deployer-Redelivery"
REFUSALS = frozenset({400, 405, 410, 413, 415, 422})
"""A definite no to this message. Other answers that aren't 2xx may be different once somebody has put something right:
a secret, an address, a service that is not yet there."""
KEPT = 4096
"""Characters of the answer that are kept to be shown."""


class WebhookNotifier:
    """POSTs the payload as JSON, signed over time and body by the connection's secret. Follows no redirect."""

    def send(self, message: Message, note: Note) -> str:
        """See Notifier. It may arrive more than once, each time with the same delivery header."""
        secret = read_secret(message.connection)
        body = json.dumps(message.payload, ensure_ascii=False).encode("utf-8", "replace")
        headers = _headers(message) | signed_headers(secret, body, now=time.time())
        began = time.monotonic()
        try:
            response = http.request("POST", message.address, headers=headers, body=body)
        except (Refused, Unavailable, OutcomeUnknown) as error:
            note(_exchange(message, headers, body, error=str(error), took=time.monotonic() - began))
            if isinstance(error, OutcomeUnknown):
                # A receiver tells a second delivery by its header, so to ask again is safe.
                raise Unavailable(str(error)) from None
            raise
        note(_exchange(message, headers, body, response=response, took=time.monotonic() - began))
        _check(response)
        return message.key


def _headers(message: Message) -> dict[str, str]:
    headers = {
        "Content-Type": "application/json",
        DELIVERY_HEADER: message.key,
        EVENT_HEADER: str(message.payload.get("kind", "")),
    }
    return headers | ({REDELIVERY_HEADER: str(message.again)} if message.again else {})


def _exchange(
    message: Message,
    headers: Mapping[str, str],
    body: bytes,
    *,
    took: float,
    response: http.Response | None = None,
    error: str = "",
) -> Exchange:
    """Without the signature: whoever has it could send the message once more while it counts."""
    return Exchange(
        what="POST",
        url=http.shown_url(message.address),
        headers={name: "(not kept)" if name == SIGNATURE_HEADER else value for name, value in headers.items()},
        body=body.decode(),
        status=response.status if response else None,
        answer=storable(response.text[:KEPT]) if response else "",
        error=error,
        duration_ms=round(took * 1000),
    )


def _check(response: http.Response) -> None:
    """Raises what an answer other than 2xx means."""
    status = response.status
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        place = http.shown_url(response.headers.get("Location", ""))
        raise Refused(f"{response.url} answered {status}, a redirect to {place}, which is not followed.")
    if status == 410:
        raise Refused(f"{response.url} answered 410: there is no such receiver any more. Remove its watcher.")
    sentence = f"{response.url} answered {status}{_detail(response)}."
    if status in REFUSALS:
        raise Refused(sentence)
    seconds = http.retry_after(response) if status in http.RETRIED_STATUSES else 0
    raise Busy(sentence, seconds=seconds) if seconds > 0 else Unavailable(sentence)


def _detail(response: http.Response) -> str:
    answer = response.json_object() or {}
    words = next((answer[name] for name in ("detail", "error") if isinstance(answer.get(name), str)), "")
    return f": {one_line(words, 200).rstrip('.')}" if words else ""
