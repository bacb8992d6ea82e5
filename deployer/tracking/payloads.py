"""What Sentry and Bugsink send, read into one shape. Pure: bytes have been checked and parsed before.

Sentry: https://docs.sentry.io/integrations/integration-platform/webhooks/ (issues, issue alerts, errors).
Bugsink: its custom messaging service, https://www.bugsink.com/docs/alerts-custom-webhook/.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from deployer.integrations.http import check_url
from deployer.integrations.text import storable

_PROJECT_IN_URL = re.compile(r"/projects/[^/]+/([^/]+)/")
_EVENT_IN_URL = re.compile(r"(/issues/[^/]+/)events/.*")


class What(StrEnum):
    NEW = "new"
    REGRESSED = "regressed"
    SEEN = "seen"
    RESOLVED = "resolved"
    IGNORED = "ignored"


class PayloadError(Exception):
    """What came is not what the tracker is documented to send; the message names the field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What happened to one error. `projects` are the names by which its project may be known; `version` and
    `environment` are empty, and `count` is None, where the tracker doesn't say. `at` is UTC."""

    projects: frozenset[str]
    key: str
    what: What
    title: str
    at: datetime
    culprit: str = ""
    url: str = ""
    level: str = ""
    version: str = ""
    environment: str = ""
    count: int | None = None


def read_sentry(resource: str, body: Mapping[str, Any], *, now: datetime) -> Report | None:
    """A webhook of Sentry's integration platform; None for what tells nothing of an error.

    `resource` is the header Sentry-Hook-Resource. Raises PayloadError.
    """
    data = _object(body, "data")
    match resource, body.get("action"):
        case "issue", str(action):
            what = _of_issue(action, _object(data, "issue"))
            return _issue(_object(data, "issue"), what, now) if what else None
        case "event_alert", "triggered":
            return _event(_object(data, "event"), now)
        case "error", "created":
            return _event(_object(data, "error"), now)
        case _:
            return None


def _of_issue(action: str, issue: Mapping[str, Any]) -> What | None:
    if action == "unresolved":
        return What.REGRESSED
    known = {"created": What.NEW, "resolved": What.RESOLVED, "archived": What.IGNORED, "ignored": What.IGNORED}
    return known.get(action)


def _issue(issue: Mapping[str, Any], what: What, now: datetime) -> Report:
    project = _object(issue, "project")
    return Report(
        projects=_names(project.get("slug"), project.get("id")),
        key=_needed(issue, "id"),
        what=what,
        title=_needed(issue, "title"),
        at=_time(issue.get("lastSeen"), now),
        culprit=_text(issue.get("culprit"), 300),
        url=_url(issue.get("web_url") or issue.get("permalink")),
        level=_text(issue.get("level"), 20),
        count=_count(issue.get("count")),
    )


def _event(event: Mapping[str, Any], now: datetime) -> Report:
    """One occurrence: of an error that may be new to us, and with the release and the environment that it is of."""
    tags = _tags(event.get("tags"))
    slug = _PROJECT_IN_URL.search(_text(event.get("url"), 500))
    return Report(
        projects=_names(slug and slug[1], event.get("project")),
        key=_needed(event, "issue_id"),
        what=What.SEEN,
        title=_needed(event, "title"),
        at=_time(event.get("datetime"), now),
        culprit=_text(event.get("culprit"), 300),
        url=_EVENT_IN_URL.sub(r"\1", _url(event.get("web_url"))),
        level=_text(event.get("level"), 20),
        version=_text(event.get("release") or tags.get("release"), 250),
        environment=_text(event.get("environment") or tags.get("environment"), 100),
    )


def read_bugsink(body: Mapping[str, Any], *, now: datetime) -> Report | None:
    """A message of Bugsink's custom service; None for its test message. Raises PayloadError."""
    reason = _needed(body, "alert_reason")
    if reason == "TEST":
        return None
    events_at = body.get("events_at")
    listed = events_at if isinstance(events_at, list) else []
    versions = [version for version in listed if isinstance(version, str) and version]
    return Report(
        projects=_names(body.get("project_name"), body.get("project")),
        key=_needed(body, "id"),
        what={"NEW": What.NEW, "REGRESSED": What.REGRESSED}.get(reason, What.SEEN),
        title=_needed(body, "title"),
        at=_time(body.get("last_seen"), now),
        culprit=_text(body.get("transaction"), 300),
        url=_url(body.get("url")),
        version=_text(versions[-1] if versions else "", 250),
        count=_count(body.get("digested_event_count")),
    )


def _object(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = body.get(name)
    if not isinstance(value, dict):
        raise PayloadError(f"{name}: must be an object.")
    return value


def _needed(body: Mapping[str, Any], name: str) -> str:
    value = _text(body.get(name), 300 if name == "title" else 100)
    if not value:
        raise PayloadError(f"{name}: must be given.")
    return value


def _text(value: object, length: int) -> str:
    """A name or a number as text that can be stored, in one line; empty for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return " ".join(storable(str(value).replace("\x00", "")).split())[:length]


def _names(*values: object) -> frozenset[str]:
    found = frozenset(name for name in (_text(value, 100) for value in values) if name)
    if not found:
        raise PayloadError("project: must be given.")
    return found


def _tags(value: object) -> dict[str, Any]:
    pairs = value if isinstance(value, list) else []
    return {str(pair[0]): pair[1] for pair in pairs if isinstance(pair, list) and len(pair) == 2}


def _time(value: object, now: datetime) -> datetime:
    """The moment in UTC; the present for what is missing, unreadable or to come."""
    try:
        at = datetime.fromisoformat(str(value))
        at = at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return now
    return min(at, now)


def _url(value: object) -> str:
    """An address that a page may link to; empty for anything else."""
    text = _text(value, 500)
    try:
        check_url(text)
    except ValueError:
        return ""
    return text


def _count(value: object) -> int | None:
    text = _text(value, 20)
    return min(int(text), 2**31 - 1) if text.isascii() and text.isdigit() else None
