"""A Slack on this machine: its Web API as far as Deployer uses it, strict about what it takes.

What is posted is checked by slack_sdk's own models. What has the same `client_msg_id` is shown once. A test sets the
time (`now`, seconds) by which it counts a channel's messages, and what goes wrong (`trouble`).
"""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block

from tests.serving import serving

TOKEN = "xoxb-a-token-of-the-tests"
MOST_BLOCKS = 50
MOST_TEXT = 40_000
ARGUMENTS = {
    "chat.postMessage": {
        *("channel", "text", "blocks", "thread_ts", "metadata", "client_msg_id", "unfurl_links", "unfurl_media"),
    },
    "chat.update": {"channel", "ts", "text", "blocks"},
    "auth.test": set(),
}


class Trouble(Enum):
    """What may become of a call."""

    LIMITED = "answers 429"
    BROKEN = "answers 500"
    NO_JSON = "answers 502 with a page"
    DROPPED = "breaks the connection before it has done anything"
    LOST = "does it and breaks the connection"


@dataclass(slots=True)
class Shown:
    """A message as people see it; `versions` are the texts of its blocks, the newest last."""

    channel: str
    ts: str
    key: str
    text: str
    blocks: list[dict[str, Any]]
    thread_ts: str = ""
    versions: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        """All text in its blocks."""
        return "\n".join(_texts(self.blocks))

    @property
    def markup(self) -> str:
        """What Slack looks for mentions and links in."""
        return "\n".join([self.text, *_texts(self.blocks, kinds=("mrkdwn",))])

    @property
    def links(self) -> dict[str, str]:
        """Its buttons: what is on them, and where they lead."""
        buttons = [one for block in self.blocks if block["type"] == "actions" for one in block["elements"]]
        return {one["text"]["text"]: one["url"] for one in buttons}


@dataclass
class SlackStandIn:
    """`refused` holds what was wrong with calls; a test asserts that it is empty."""

    port: int = 0
    now: float = 0.0
    per_second: float | None = None
    burst: int = 4
    channels: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    trouble: Callable[[str], Trouble | None] = lambda method: None
    messages: list[Shown] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    token: str = TOKEN
    _budget: dict[str, tuple[float, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/"

    def top(self, channel: str) -> list[Shown]:
        """What stands in a channel outside threads, in its order."""
        return [one for one in self.messages if one.channel == self.channels.get(channel) and not one.thread_ts]

    def thread(self, message: Shown) -> list[Shown]:
        return [one for one in self.messages if one.thread_ts == message.ts and one.channel == message.channel]

    def delete(self, message: Shown) -> None:
        self.messages.remove(message)

    def answer(self, method: str, token: str, call: dict[str, Any]) -> tuple[int, dict[str, Any], dict[str, str]]:
        """Status, body and headers."""
        with self._lock:
            self.calls[method] += 1
            if token != f"Bearer {self.token}":
                return _no("invalid_auth")
            problem = _problem(method, call)
            if problem:
                self.refused.append(problem)
                return _no("invalid_arguments")
            if method == "auth.test":
                return 200, {"ok": True, "team": "Tests"}, {}
            return self._limited(call["channel"]) or (self._post(call) if "ts" not in call else self._update(call))

    def _limited(self, channel: str) -> tuple[int, dict[str, Any], dict[str, str]] | None:
        """About one message a second for a channel, and a few more in a burst."""
        if self.per_second is None:
            return None
        channel = self.channels.get(channel, channel)
        left, then = self._budget.get(channel, (float(self.burst), self.now))
        left = min(float(self.burst), left + (self.now - then) * self.per_second)
        self._budget[channel] = (left - 1 if left >= 1 else left, self.now)
        return None if left >= 1 else (429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "1"})

    def _post(self, call: dict[str, Any]) -> tuple[int, dict[str, Any], dict[str, str]]:
        name = call["channel"]
        if name in self.errors:
            return _no(self.errors[name])
        channel = self.channels.setdefault(name, f"C{len(self.channels):08}") if name.startswith("#") else name
        if channel not in self.channels.values():
            return _no("channel_not_found")
        key = call["client_msg_id"]
        there = next((one for one in self.messages if (one.channel, one.key) == (channel, key)), None)
        if there is None:
            there = Shown(
                channel=channel,
                ts=f"{1_700_000_000 + len(self.messages)}.{self.calls['chat.postMessage']:06}",
                key=key,
                text=call["text"],
                blocks=call["blocks"],
                thread_ts=call.get("thread_ts", ""),
            )
            there.versions.append(there.words)
            self.messages.append(there)
        return 200, {"ok": True, "channel": channel, "ts": there.ts, "message": {"text": there.text}}, {}

    def _update(self, call: dict[str, Any]) -> tuple[int, dict[str, Any], dict[str, str]]:
        place = (call["channel"], call["ts"])
        found = next((one for one in self.messages if (one.channel, one.ts) == place), None)
        if found is None:
            return _no("message_not_found")
        found.text, found.blocks = call["text"], call["blocks"]
        if found.words != found.versions[-1]:
            found.versions.append(found.words)
        return 200, {"ok": True, "channel": found.channel, "ts": found.ts, "text": found.text}, {}


def _no(error: str) -> tuple[int, dict[str, Any], dict[str, str]]:
    return 200, {"ok": False, "error": error}, {}


def _problem(method: str, call: dict[str, Any]) -> str:
    """What Slack would not take of a call; empty when it is as it must be."""
    if method not in ARGUMENTS:
        return f"There is no method {method}."
    unknown = call.keys() - ARGUMENTS[method]
    if unknown:
        return f"{method} takes no {', '.join(sorted(unknown))}."
    if method == "auth.test":
        return ""
    if not call.get("text") or len(call["text"]) > MOST_TEXT:
        return "The text is missing or too long."
    blocks = call.get("blocks") or []
    if not 0 < len(blocks) <= MOST_BLOCKS:
        return f"{len(blocks)} blocks."
    return next(filter(None, map(_block_problem, blocks)), "")


def _block_problem(block: dict[str, Any]) -> str:
    try:
        parsed = Block.parse(block)
        if parsed is None:
            return f"There is no block of the type {block.get('type')}."
        parsed.validate_json()
        if parsed.to_dict() != block:
            return f"The block {block} has fields that slack_sdk does not know."
        for element in block.get("elements", []):
            if element["type"] == "button" and len(element["text"]["text"]) > 75:
                return "The text on a button is too long."
    except SlackObjectFormationError as error:
        return f"{block.get('type')}: {error}"
    return ""


def _texts(value: object, kinds: tuple[str, ...] = ("mrkdwn", "plain_text")) -> Iterator[str]:
    """What is shown in blocks."""
    if isinstance(value, dict):
        if value.get("type") in kinds:
            yield str(value["text"])
        for part in value.values():
            yield from _texts(part, kinds)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part, kinds)


@contextmanager
def running_slack(**fields: Any) -> Iterator[SlackStandIn]:
    slack = SlackStandIn(**fields)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            call = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
            method = self.path.removeprefix("/api/")
            trouble = slack.trouble(method)
            if trouble is Trouble.DROPPED:
                self.connection.close()
                return
            if trouble is Trouble.LIMITED:
                self._send(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "2"})
                return
            if trouble in (Trouble.BROKEN, Trouble.NO_JSON):
                page = "<html>Oh no</html>" if trouble is Trouble.NO_JSON else {"ok": False, "error": "internal_error"}
                self._send(502 if trouble is Trouble.NO_JSON else 500, page, {})
                return
            status, answer, headers = slack.answer(method, self.headers.get("Authorization", ""), call)
            if trouble is not Trouble.LOST:
                self._send(status, answer, headers)

        def _send(self, status: int, answer: object, headers: dict[str, str]) -> None:
            content = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    slack.port = server.server_port
    with serving(server):
        yield slack
