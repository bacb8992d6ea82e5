"""What was sent: who sees it, what is shown of it, and having it sent again."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from apps_registry.models import Application, Membership, Team, Watcher
from deployer.access.models import User
from deployer.access.models.user import Role
from deployer.audit.models import Event
from deployer.notifications.models import Delivery, Lane, Notification
from tests.web import pages
from tests.web.told.test_told_pages import stop

ADDRESS = "https://hooks.example.org/releases?key=hunter2"


@pytest.fixture
def hook(db: None) -> Notification:
    """A stop of frontend, which is Web's, told to a webhook with something secret in its address."""
    application = pages.application("frontend")
    Watcher.objects.create(application=application, kind="webhook", address=ADDRESS, connection="release-hook")
    Team.objects.update(email="web@example.org")
    stop()
    return Notification.objects.get(channel="webhook")


def someone(role: str, *teams: str) -> Client:
    person = User.objects.create_user(f"{role}-{'-'.join(teams)}", role=role)
    for slug in teams:
        team, _ = Team.objects.get_or_create(slug=slug, defaults={"name": slug.title()})
        Membership.objects.create(user=person, team=team)
    client = Client()
    client.force_login(person)
    return client


ROLES = [
    # role, team, sees it, may have it sent again
    (Role.RELEASE_MANAGER, (), True, True),
    (Role.DEVELOPER, ("web",), True, True),
    (Role.VIEWER, ("web",), True, False),
    (Role.DEVELOPER, ("edge",), False, False),
    (Role.VIEWER, (), False, False),
]


@pytest.mark.parametrize(("role", "teams", "sees", "resends"), ROLES)
def test_who_sees_it_and_who_may_have_it_sent_again(
    hook: Notification, role: str, teams: tuple[str, ...], sees: bool, resends: bool
) -> None:
    client = someone(role, *teams)
    Notification.objects.filter(pk=hook.pk).update(state="failed", due_at=None, error="It answered 410.")

    listed = pages.text_of(client.get("/deliveries/"))
    page = client.get(f"/deliveries/{hook.pk}/")
    answer = client.post(f"/deliveries/{hook.pk}/redeliver/")

    assert ("hooks.example.org" in listed) is sees
    assert page.status_code == (200 if sees else 404)
    assert ("Send it again" in page.content.decode()) is resends
    assert answer.status_code == (302 if resends else 403 if sees else 404)
    hook.refresh_from_db()
    assert (hook.state, hook.redelivered) == (("pending", 1) if resends else ("failed", 0))


def test_who_is_not_signed_in_is_asked_to(hook: Notification, client: Client) -> None:
    for address in ("/deliveries/", f"/deliveries/{hook.pk}/"):
        assert client.get(address)["Location"].startswith("/sign-in/")
    assert client.post(f"/deliveries/{hook.pk}/redeliver/")["Location"].startswith("/sign-in/")


def test_having_it_sent_again_is_a_post(hook: Notification) -> None:
    assert someone(Role.RELEASE_MANAGER).get(f"/deliveries/{hook.pk}/redeliver/").status_code == 405


def test_having_it_sent_again_is_written_down(hook: Notification) -> None:
    Notification.objects.filter(pk=hook.pk).update(state="sent", due_at=None, sent_at=timezone.now())

    page = someone(Role.DEVELOPER, "web").post(f"/deliveries/{hook.pk}/redeliver/", follow=True)

    assertContains(page, "It is being sent again.")
    assert Event.objects.get(kind="notification.redelivered").application == "frontend"


def test_one_s_own_messages_are_seen_whatever_they_are_about(hook: Notification, reader: Client, person: User) -> None:
    person.email = "jo@example.org"
    person.save()
    stop(authors=[{"name": "Jo", "email": "jo@example.org"}])
    mine = Notification.objects.get(address="jo@example.org")

    assert reader.get(f"/deliveries/{mine.pk}/").status_code == 200
    assert reader.get(f"/deliveries/{hook.pk}/").status_code == 404


def test_no_page_shows_what_may_be_secret_in_the_address(hook: Notification) -> None:
    client = someone(Role.RELEASE_MANAGER)
    lane = Lane.objects.get(channel="webhook")
    Lane.objects.filter(pk=lane.pk).update(failures=3, failing_since=timezone.now(), last_error="It answered 500.")

    for address in ("/deliveries/", f"/deliveries/{hook.pk}/"):
        page = client.get(address)
        assertContains(page, "https://hooks.example.org/releases")
        assertNotContains(page, "hunter2")


def test_its_page_shows_each_request_and_each_answer(hook: Notification) -> None:
    for status, body in ((500, "<b>Oops</b>"), (None, "")):
        Delivery.objects.create(
            notification=hook,
            what="POST",
            request_url="https://hooks.example.org/releases",
            request_headers={"X-Deployer-Delivery": "7.1"},
            request_body='{"kind": "promotion.failed"}',
            response_status=status,
            response_body=body,
            error="" if status else "It gave no whole answer within 10 s.",
            duration_ms=120,
        )

    page = someone(Role.RELEASE_MANAGER).get(f"/deliveries/{hook.pk}/")

    text = pages.text_of(page)
    assert "Answered 500 after 120 ms" in text
    assert "It gave no whole answer within 10 s." in text
    assert "X-Deployer-Delivery: 7.1" in text
    assertContains(page, "&lt;b&gt;Oops&lt;/b&gt;")


def test_what_went_out_as_one_is_named_together(hook: Notification) -> None:
    stop()
    first, second = Notification.objects.filter(channel="email").order_by("id")
    Notification.objects.filter(channel="email").update(delivered_with=first)

    page = someone(Role.RELEASE_MANAGER).get(f"/deliveries/{second.pk}/")

    assertContains(page, f'href="/deliveries/{first.pk}/"')


def test_what_went_out_with_it_is_named_only_to_who_may_see_it(hook: Notification) -> None:
    """One address may be told of two teams' applications at once."""
    edge, _ = Team.objects.get_or_create(slug="edge", defaults={"name": "Edge"})
    other = Application.objects.create(slug="router", name="Router", owner=edge)
    Watcher.objects.create(application=other, kind="email", address="web@example.org")
    stop("router")
    mine, theirs = Notification.objects.filter(channel="email", address="web@example.org").order_by("id")
    Notification.objects.filter(pk__in=[mine.pk, theirs.pk]).update(delivered_with=mine)

    assertContains(someone(Role.RELEASE_MANAGER).get(f"/deliveries/{mine.pk}/"), f'href="/deliveries/{theirs.pk}/"')
    assertNotContains(someone(Role.DEVELOPER, "web").get(f"/deliveries/{mine.pk}/"), "router")


def test_a_receiver_that_cannot_be_reached_is_shown_with_what_to_do(hook: Notification) -> None:
    now = timezone.now()
    Lane.objects.filter(channel="webhook").update(
        failures=3, failing_since=now - timedelta(hours=2), last_error="It answered 500.", paused_until=now
    )

    page = someone(Role.DEVELOPER, "web").get("/deliveries/")

    text = pages.text_of(page)
    assert "Webhook, https://hooks.example.org/releases: can\u2019t be reached" in text
    assert "1 message waits." in text
    assert "knows the secret of the connection release-hook" in text
    assertNotContains(someone(Role.DEVELOPER, "edge").get("/deliveries/"), "can\u2019t be reached")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("application=frontend", 2),
        ("application=router", 0),
        ("receiver=HOOKS.example", 1),
        ("receiver=Web", 1),
        ("channel=email", 1),
        ("state=pending", 2),
        ("state=sent", 0),
        ("state=nonsense&channel=nonsense&page=nonsense", 2),
        ("application=%00", 2),
        ("page=9", 0),
    ],
)
def test_it_can_be_filtered(hook: Notification, query: str, found: int) -> None:
    page = someone(Role.RELEASE_MANAGER).get(f"/deliveries/?{query}")

    assert len(pages.rows_of(page)) == found


def test_an_empty_list_says_what_it_is_for(db: None) -> None:
    assertContains(someone(Role.RELEASE_MANAGER).get("/deliveries/"), "Nothing was sent yet")
    assertContains(someone(Role.VIEWER).get("/deliveries/"), "about your teams\u2019 applications")


def test_what_was_only_logged_cannot_be_sent(hook: Notification) -> None:
    Notification.objects.filter(pk=hook.pk).update(channel="log")
    client = someone(Role.RELEASE_MANAGER)

    assertNotContains(client.get(f"/deliveries/{hook.pk}/"), "Send it")
    assert client.post(f"/deliveries/{hook.pk}/redeliver/").status_code == 403


def test_what_is_about_no_application_any_more_is_for_release_managers(hook: Notification) -> None:
    Watcher.objects.all().delete()
    for target in Application.objects.get().targets.all():
        target.delete()
    Application.objects.all().delete()

    assert someone(Role.RELEASE_MANAGER).post(f"/deliveries/{hook.pk}/redeliver/").status_code == 302
    assert someone(Role.DEVELOPER, "web").get(f"/deliveries/{hook.pk}/").status_code == 404


def test_it_takes_as_many_queries_for_many_as_for_one(hook: Notification) -> None:
    client = someone(Role.DEVELOPER, "web")

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get("/deliveries/")
        return len(captured)

    few = count()
    for _ in range(5):
        stop()

    assert count() == few
