"""The page of an application's errors."""

import pytest
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains

from deployer.access.models import User
from deployer.tracking.models import TrackedError, TrackedProject
from deployer.tracking.standing import open_errors
from tests.web.pages import NOW, application, environments, release, text_of


@pytest.fixture
def reader(client: Client, db: None) -> Client:
    client.force_login(User.objects.create_user("jo"))
    return client


def error(project: TrackedProject, key: str, **fields: object) -> TrackedError:
    values: dict[str, object] = {"title": f"Error {key}", "first_seen": NOW, "last_seen": NOW}
    return TrackedError.objects.create(project=project, key=key, **values | fields)


def test_without_a_tracker_it_says_what_to_do(reader: Client) -> None:
    application("frontend")

    page = reader.get("/applications/frontend/errors/")

    assertContains(page, "An admin can add its project in Sentry or Bugsink")


def test_open_errors_are_shown_with_their_links_and_the_others_apart(reader: Client) -> None:
    app = application("frontend")
    project = TrackedProject.objects.create(tracker="sentry", connection="errors", project="app", application=app)
    error(
        project,
        "1",
        url="https://sentry.example.org/issues/1/",
        environment=environments()[2],
        release=release(app, "v7"),
        is_inferred=True,
    )
    error(project, "2", state="resolved")

    page = reader.get("/applications/frontend/errors/")

    assertContains(page, 'href="https://sentry.example.org/issues/1/"')
    assert "Production v7 was live then" in text_of(page)
    assertNotContains(page, "Error 2")
    assertContains(reader.get("/applications/frontend/errors/?state=resolved"), "Error 2")
    assertContains(reader.get("/applications/frontend/errors/?state=ignored"), "No error is ignored.")


def test_a_title_is_text_and_never_markup(reader: Client) -> None:
    app = application("frontend")
    project = TrackedProject.objects.create(tracker="sentry", connection="errors", project="app", application=app)
    error(project, "1", title="<script>alert(1)</script>")

    assertContains(reader.get("/applications/frontend/errors/"), "&lt;script&gt;alert(1)&lt;/script&gt;")


def test_they_are_counted_by_environment(db: None) -> None:
    app = application("frontend")
    project = TrackedProject.objects.create(tracker="sentry", connection="errors", project="app", application=app)
    production = environments()[2]
    for key in "123":
        error(project, key, environment=production)
    error(project, "4")
    error(project, "5", state="resolved", environment=production)

    found = open_errors(app, newest=2)

    assert found.by_environment == {"production": 3, "": 1}
    assert (found.total, len(found.newest)) == (4, 2)


def test_an_unknown_application_is_not_found(reader: Client) -> None:
    assert reader.get("/applications/nothing/errors/").status_code == 404
