"""What Sentry and Bugsink tell becomes an error of the application, and news for its people."""

from typing import Any

import pytest
from django.test import Client

from deployer.audit.models import Event
from deployer.notifications.models import Notification
from deployer.releases.models import Release
from deployer.tracking.models import TrackedError, TrackedProject
from tests.scene import Scene
from tests.tracking.reports import (
    SECRET,
    bugsink_message,
    post_bugsink,
    post_sentry,
    sentry_alert,
    sentry_issue,
)


def events() -> list[str]:
    return list(Event.objects.filter(kind__startswith="error.").order_by("id").values_list("kind", flat=True))


def test_a_new_issue_is_an_open_error_and_an_event(followed: Scene, client: Client) -> None:
    answer: Any = post_sentry(client, sentry_issue())

    assert answer.json() == {"taken": True, "detail": "It belongs to frontend."}
    error = TrackedError.objects.get()
    assert (error.title, error.state, error.count) == ("ReferenceError: blooopy is not defined", "open", 1)
    assert error.url == "https://sentry.example.org/organizations/govuk/issues/1170820242/"
    event = Event.objects.get(kind="error.new")
    assert (event.application, event.actor_label) == ("frontend", "Sentry")


def test_the_owning_team_is_told_with_the_release_and_the_environment(followed: Scene, client: Client) -> None:
    post_sentry(client, sentry_alert(), resource="event_alert")

    event = Event.objects.get(kind="error.new")
    assert event.environment == "production"
    assert event.release_id == Release.objects.get(version="v1").pk
    assert event.sentence == ("New error in frontend in production, seen in v1: ReferenceError: blooopy is not defined")
    assert Notification.objects.filter(event=event, address="web@example.org").exists()


def test_the_link_is_the_issue_and_not_one_occurrence(followed: Scene, client: Client) -> None:
    post_sentry(client, sentry_alert(), resource="event_alert")

    assert TrackedError.objects.get().url == "https://sentry.example.org/organizations/govuk/issues/1170820242/"


@pytest.mark.parametrize("release", ["v1", "frontend@v1", "commit", "short commit"])
def test_a_release_is_known_by_version_and_by_commit(followed: Scene, client: Client, release: str) -> None:
    commit = Release.objects.get(version="v1").commit
    sent = {"commit": commit, "short commit": commit[:10]}.get(release, release)

    post_sentry(client, sentry_alert(release=sent), resource="event_alert")

    error = TrackedError.objects.get()
    assert error.release == Release.objects.get(version="v1")
    assert not error.is_inferred


def test_without_a_release_it_is_what_was_live_and_that_is_said(followed: Scene, client: Client) -> None:
    post_sentry(client, sentry_alert(release=None, datetime="2026-03-03T13:00:00Z"), resource="event_alert")

    error = TrackedError.objects.get()
    assert error.release == Release.objects.get(version="v1")
    assert error.is_inferred
    assert "while v1 is live" in Event.objects.get(kind="error.new").sentence


def test_an_occurrence_before_anything_was_live_has_no_release(followed: Scene, client: Client) -> None:
    post_sentry(client, sentry_alert(release=None, datetime="2020-03-03T13:00:00Z"), resource="event_alert")

    error = TrackedError.objects.get()
    assert error.environment is not None
    assert error.release is None


def test_the_same_issue_again_is_not_told_again(followed: Scene, client: Client) -> None:
    for _ in range(3):
        post_sentry(client, sentry_issue())
    post_sentry(client, sentry_alert(), resource="event_alert")

    assert events() == ["error.new"]
    error = TrackedError.objects.get()
    assert error.environment is not None, "what was not known is filled in"
    assert error.environment.slug == "production"


def test_an_error_that_comes_nearer_to_production_is_told_again(followed: Scene, client: Client) -> None:
    for environment in ("integration", "integration", "production", "integration"):
        post_sentry(client, sentry_alert(environment=environment), resource="event_alert")

    assert events() == ["error.new", "error.new"]
    error = TrackedError.objects.get()
    assert error.environment is not None
    assert error.environment.slug == "production"


def test_what_was_resolved_and_comes_back_is_told(followed: Scene, client: Client) -> None:
    post_sentry(client, sentry_issue())
    post_sentry(client, sentry_issue("resolved", status="resolved"))
    assert TrackedError.objects.get().state == "resolved"

    post_sentry(client, sentry_issue("created"))
    assert TrackedError.objects.get().state == "resolved", "a message that was late does not open it"

    post_sentry(client, sentry_issue("unresolved", substatus="regressed"))
    assert TrackedError.objects.get().state == "open"
    assert events() == ["error.new", "error.regressed"]


def test_what_is_archived_or_resolved_before_it_was_known_is_nobodys_news(followed: Scene, client: Client) -> None:
    post_sentry(client, sentry_issue("archived"))

    assert TrackedError.objects.get().state == "ignored"
    assert events() == []


def test_bugsinks_message_is_taken_with_the_newest_version_it_was_seen_in(followed: Scene, client: Client) -> None:
    answer: Any = post_bugsink(client, bugsink_message())

    assert answer.json()["taken"]
    error = TrackedError.objects.get()
    assert (error.version, error.count) == ("v1", 15)
    assert error.release == Release.objects.get(version="v1")
    assert events() == ["error.new"]


def test_a_regression_of_bugsinks_is_told(followed: Scene, client: Client) -> None:
    post_bugsink(client, bugsink_message())
    TrackedError.objects.update(state="resolved")

    post_bugsink(client, bugsink_message(alert_reason="REGRESSED"))

    assert events() == ["error.new", "error.regressed"]


def test_bugsinks_test_message_is_answered_and_writes_nothing(followed: Scene, client: Client) -> None:
    answer: Any = post_bugsink(client, bugsink_message(alert_reason="TEST"))

    assert (answer.status_code, answer.json()["taken"]) == (200, False)
    assert not TrackedError.objects.exists()


def test_a_project_of_one_environment_says_where_its_errors_are(followed: Scene, client: Client) -> None:
    staging = followed.environments[1]
    TrackedProject.objects.filter(tracker="bugsink").update(environment=staging)

    post_bugsink(client, bugsink_message(events_at=[]))

    assert TrackedError.objects.get().environment == staging


def test_a_project_that_nobody_follows_is_answered_with_what_to_do(followed: Scene, client: Client) -> None:
    answer: Any = post_sentry(client, sentry_issue(project={"id": "7", "slug": "app-other"}))

    assert answer.status_code == 200
    assert answer.json() == {
        "taken": False,
        "detail": "No application follows the project 7 or app-other: add it in the admin, under Error tracking.",
    }


@pytest.mark.parametrize("resource", ["installation", "metric_alert", "comment", ""])
def test_a_webhook_of_another_kind_changes_nothing(followed: Scene, client: Client, resource: str) -> None:
    answer: Any = post_sentry(client, {"action": "created", "data": {}}, resource=resource)

    assert (answer.status_code, answer.json()["taken"]) == (200, False)


@pytest.mark.parametrize("secret", ["", "another", SECRET.upper()])
def test_what_another_secret_signed_is_refused(followed: Scene, client: Client, secret: str) -> None:
    answer: Any = post_sentry(client, sentry_issue(), secret=secret)

    assert answer.status_code == 403
    assert "Sentry-Hook-Signature" in answer.json()["detail"]
    assert not TrackedError.objects.exists()


def test_a_body_that_was_changed_on_the_way_is_refused(followed: Scene, client: Client) -> None:
    answer = client.post(
        "/api/v1/hooks/sentry/errors",
        b'{"action": "created"}',
        content_type="application/json",
        headers={"Sentry-Hook-Resource": "issue", "Sentry-Hook-Signature": "\u00e4" + "0" * 63},
    )

    assert answer.status_code == 403


@pytest.mark.parametrize("password", ["", "another"])
def test_a_wrong_password_of_bugsinks_is_refused(followed: Scene, client: Client, password: str) -> None:
    answer: Any = post_bugsink(client, bugsink_message(), password=password)

    assert answer.status_code == 403
    assert not TrackedError.objects.exists()


def test_a_connection_that_no_project_names_can_not_be_tried(followed: Scene, client: Client) -> None:
    """Such as the one that signs deploys."""
    answer = client.post("/api/v1/hooks/bugsink/tests", b"{}", content_type="application/json")

    assert answer.status_code == 404


def test_a_secret_that_is_not_set_is_our_mistake_and_named(
    followed: Scene, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DEPLOYER_CONNECTION_ERRORS_SECRET")

    answer: Any = post_sentry(client, sentry_issue())

    assert answer.status_code == 503
    assert "DEPLOYER_CONNECTION_ERRORS_SECRET" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"[]", "object"),
        (b"{", "object"),
        (b'{"action": "created"}', "data"),
        (b'{"action": "created", "data": {"issue": {"id": true, "title": "x", "project": {"id": 1}}}}', "id"),
        (b'{"action": "created", "data": {"issue": {"id": 1, "title": ["x"], "project": {"id": 1}}}}', "title"),
        (b'{"action": "created", "data": {"issue": {"id": 1, "title": "x", "project": {}}}}', "project"),
    ],
)
def test_what_makes_no_sense_is_refused_by_field(followed: Scene, client: Client, body: bytes, named: str) -> None:
    answer: Any = post_sentry(client, body)

    assert answer.status_code == 400
    assert named in str(answer.json()["errors"])


def test_half_of_a_sign_in_a_title_is_no_reason_to_lose_the_error(followed: Scene, client: Client) -> None:
    """A tracker cuts titles, and an emoji is two halves in JSON."""
    answer: Any = post_sentry(client, sentry_issue(title="It broke \ud83d"))

    assert answer.status_code == 200
    assert TrackedError.objects.get().title == "It broke ?"


@pytest.mark.parametrize("events_at", [5, "v1", {"v1": 1}, [1, None]])
def test_versions_of_bugsinks_that_make_no_sense_are_none(followed: Scene, client: Client, events_at: object) -> None:
    answer: Any = post_bugsink(client, bugsink_message(events_at=events_at))

    assert answer.status_code == 200
    assert TrackedError.objects.get().version == ""


def test_a_link_that_is_no_web_address_is_not_kept(followed: Scene, client: Client) -> None:
    post_sentry(client, sentry_issue(web_url="javascript:alert(1)"))

    assert TrackedError.objects.get().url == ""


def test_a_time_to_come_is_now(followed: Scene, client: Client) -> None:
    post_sentry(client, sentry_issue(lastSeen="9999-01-01T00:00:00Z"))

    assert TrackedError.objects.get().last_seen.year < 9000
