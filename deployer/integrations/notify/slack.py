"""Tells in Slack, through its Web API: posts messages, and changes those that were posted."""

import json
import logging
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.request import Request

from django.conf import settings
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.metadata import Metadata
from slack_sdk.web import SlackResponse

from deployer.integrations.errors import AdapterError, Busy, Refused, Unavailable
from deployer.integrations.http import request, shown_url
from deployer.integrations.notify.base import Exchange, Note
from deployer.integrations.text import storable

KEYS = uuid.UUID("9a4c1f0e-7f5b-4d0b-8f0c-5a0d2b1e6c11")
"""The namespace of the ids that Deployer gives to messages."""
EVENT_TYPE = "deployer_notice"
SECONDS_WHEN_BUSY = 30.0
"""How long to wait when Slack asks for it and doesn't say how long."""

FIXES = {
    "channel_not_found": "Slack shows Deployer's app no channel {channel}: correct its name, or invite the app to it.",
    "not_in_channel": "Deployer's Slack app is not in {channel}: invite it there.",
    "is_archived": "The Slack channel {channel} is archived: name another.",
    "restricted_action": "The Slack workspace lets Deployer's app post nothing in {channel}.",
}
"""Definite answers about a channel, and what a person can do."""
SETUP = {
    "invalid_auth": "Slack does not know DEPLOYER_SLACK_TOKEN.",
    "not_authed": "Slack got no token: set DEPLOYER_SLACK_TOKEN.",
    "account_inactive": "The Slack app of DEPLOYER_SLACK_TOKEN was removed.",
    "token_revoked": "DEPLOYER_SLACK_TOKEN was revoked: set a new one.",
    "token_expired": "DEPLOYER_SLACK_TOKEN has expired: set a new one.",
    "missing_scope": "The Slack app lacks the scope chat:write.",
}
"""What the operator puts right: what waits is sent then."""
GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found"})
LIMITED = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})

# Slack's library logs what fails with its text; here it is kept with the delivery.
_logger = logging.getLogger("deployer.integrations.notify.slack.sdk")
_logger.setLevel(logging.CRITICAL)


class GoneError(AdapterError):
    """The message that was to be changed, or answered in its thread, is not there any more."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a message shows: `blocks`, and `text` where there is only room for a line. Both are Slack's mrkdwn."""

    text: str
    blocks: Sequence[Block]

    def as_dict(self) -> dict[str, Any]:
        """As Slack takes it. Raises Refused for what it would not take."""
        try:
            return {"text": self.text, "blocks": [block.to_dict() for block in self.blocks]}
        except SlackObjectFormationError as error:
            raise Refused(f"It can't be shown in Slack: {error}") from error


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message is: Slack's id of the channel, and of the message in it."""

    channel_id: str
    ts: str


def is_configured() -> bool:
    return bool(settings.SLACK_TOKEN)


class Slack:
    """Slack, as one delivery uses it. Every method raises Refused (for good), GoneError, Busy, or Unavailable or
    OutcomeUnknown (try again); `note` is told of every call."""

    def __init__(self, note: Note) -> None:
        if not is_configured():
            raise Unavailable("Slack is not set up: DEPLOYER_SLACK_TOKEN is not set.")
        self._note = note
        self._client = _Client(
            settings.SLACK_TOKEN, settings.SLACK_API_URL or WebClient.BASE_URL, logger=_logger, retry_handlers=[]
        )

    def post(self, channel: str, card: Card, *, key: str, thread_ts: str = "") -> Posted:
        """Post a message into a channel (its name or id), or into the thread of one that is there.

        `key` names it wherever it is seen again: in its metadata, and as the id by which Slack's own clients have what
        they send twice shown once (the argument is accepted, but not documented, so nothing may depend on it).
        """
        response = self._call(
            "chat.postMessage",
            channel,
            {
                "channel": channel,
                **card.as_dict(),
                "metadata": Metadata(EVENT_TYPE, {"key": key}).to_dict(),
                "client_msg_id": str(uuid.uuid5(KEYS, key)),
                "unfurl_links": False,
                "unfurl_media": False,
            }
            | ({"thread_ts": thread_ts} if thread_ts else {}),
        )
        return Posted(channel_id=str(response.get("channel") or channel), ts=str(response["ts"]))

    def update(self, posted: Posted, card: Card) -> None:
        """Have a message show something else."""
        self._call("chat.update", posted.channel_id, {"channel": posted.channel_id, "ts": posted.ts, **card.as_dict()})

    def _call(self, method: str, channel: str, arguments: Mapping[str, Any]) -> SlackResponse:
        began = time.monotonic()
        call = Exchange(what=method, url=shown_url(f"{self._client.base_url}{method}"), body=_shown(arguments))
        try:
            response = self._client.api_call(method, json=dict(arguments))
        except SlackApiError as error:
            problem = _problem(error.response, channel)
            self._keep(call, began, answer=error.response, error=str(problem))
            raise problem from None
        except AdapterError as error:
            self._keep(call, began, error=str(error))
            raise
        self._keep(call, began, answer=response)
        return response

    def _keep(self, call: Exchange, began: float, *, answer: SlackResponse | None = None, error: str = "") -> None:
        milliseconds = round((time.monotonic() - began) * 1000)
        status, data = (answer.status_code, _shown(answer.data)) if answer is not None else (None, "")
        self._note(replace(call, status=status, answer=data, error=error, duration_ms=milliseconds))


class _Client(WebClient):
    """Slack's client over Deployer's own HTTP: with a time limit on the whole call, and no redirect, which would take
    the token along."""

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:
        body = req.data if isinstance(req.data, bytes) else b""
        answer = request("POST", url, headers=dict(req.header_items()), body=body)
        return {"status": answer.status, "headers": dict(answer.headers), "body": answer.text}


def _problem(answer: SlackResponse, channel: str) -> AdapterError:
    """What Slack's no means, and what to do about it."""
    code = answer.data.get("error", "") if isinstance(answer.data, dict) else ""
    if answer.status_code == 429 or code in LIMITED:
        return Busy("Slack asks for a pause.", seconds=_retry_after(answer.headers))
    if answer.status_code >= 500 or (answer.status_code != 200 and not code):
        return Unavailable(f"Slack answered {answer.status_code}.")
    if code in GONE:
        return GoneError("The message is not there any more.")
    if code in FIXES:
        return Refused(FIXES[code].format(channel=channel))
    if code in SETUP:
        return Unavailable(SETUP[code])
    if code.startswith("invalid_") or code.endswith(("_too_long", "_action")):
        return Refused(f"Slack refuses the message: {code}.")
    return Unavailable(f"Slack did not take it: {str(code)[:100] or 'no reason given'}.")


def _retry_after(headers: Mapping[str, Any]) -> float:
    found = {name.lower(): value for name, value in headers.items()}.get("retry-after")
    try:
        return max(1.0, float(str(found)))
    except ValueError:
        return SECONDS_WHEN_BUSY


def _shown(data: object) -> str:
    return storable(json.dumps(data, indent=1, ensure_ascii=False, default=str))
