"""What Sentry and Bugsink send, as small as it can be and still be whole."""

import base64
import hashlib
import hmac
import json
from typing import Any

from django.http import HttpResponseBase
from django.test import Client

SECRET = "the client secret of the tests"
CONNECTION = "errors"


def sentry_issue(action: str = "created", **fields: Any) -> dict[str, Any]:
    """An issue webhook, as Sentry documents it."""
    issue = {
        "id": "1170820242",
        "shortId": "FRONTEND-9",
        "title": "ReferenceError: blooopy is not defined",
        "culprit": "?(runner)",
        "level": "error",
        "status": "unresolved",
        "count": "1",
        "project": {"id": "1", "name": "Frontend", "slug": "app-frontend"},
        "web_url": "https://sentry.example.org/organizations/govuk/issues/1170820242/",
        "firstSeen": "2026-03-03T11:58:37.391000Z",
        "lastSeen": "2026-03-03T11:58:37.391000Z",
    }
    return {"action": action, "data": {"issue": issue | fields}, "installation": {"uuid": "a8e5d37a"}}


def sentry_alert(**fields: Any) -> dict[str, Any]:
    """An issue alert webhook: one occurrence, with its release and environment."""
    event = {
        "event_id": "e4874d664c3540c1a32eab185f12c5ab",
        "issue_id": "1170820242",
        "title": "ReferenceError: blooopy is not defined",
        "culprit": "?(runner)",
        "level": "error",
        "project": 1,
        "release": "v1",
        "tags": [["browser", "Chrome"], ["environment", "production"]],
        "datetime": "2026-03-03T11:59:00Z",
        "url": "https://sentry.example.org/api/0/projects/govuk/app-frontend/events/e4874d664c3540c1a32eab185f12c5ab/",
        "web_url": "https://sentry.example.org/organizations/govuk/issues/1170820242/events/e4874d664c3540c1a32/",
    }
    return {"action": "triggered", "data": {"event": event | fields, "triggered_rule": "All of them"}}


def bugsink_message(**fields: Any) -> dict[str, Any]:
    """A message of Bugsink's custom service."""
    message = {
        "id": "497f6eca-6276-4993-bfeb-53cbbbba6f08",
        "friendly_id": "FRONTEND-1",
        "project": 1,
        "project_name": "Frontend",
        "first_seen": "2026-03-03T11:58:00Z",
        "last_seen": "2026-03-03T11:59:00Z",
        "digested_event_count": 15,
        "transaction": "/api/users/login",
        "is_resolved": False,
        "events_at": ["v0", "v1"],
        "title": "ValueError: invalid literal for int()",
        "url": "https://bugsink.example.org/issues/497f6eca-6276-4993-bfeb-53cbbbba6f08/",
        "alert_reason": "NEW",
    }
    return message | fields


def post_sentry(
    client: Client, body: dict[str, Any] | bytes, *, resource: str = "issue", secret: str = SECRET
) -> HttpResponseBase:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    signature = hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()
    return client.post(
        f"/api/v1/hooks/sentry/{CONNECTION}",
        content,
        content_type="application/json",
        headers={"Sentry-Hook-Resource": resource, "Sentry-Hook-Signature": signature},
    )


def post_bugsink(client: Client, body: dict[str, Any], *, password: str = SECRET) -> HttpResponseBase:
    given = base64.b64encode(f"deployer:{password}".encode()).decode()
    return client.post(
        f"/api/v1/hooks/bugsink/{CONNECTION}",
        json.dumps(body),
        content_type="application/json",
        headers={"Authorization": f"Basic {given}"},
    )
