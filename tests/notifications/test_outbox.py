"""Who is told of a stop, and that the telling is not lost."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps_registry.models import Team, Watcher
from deployer.access.models import User
from deployer.notifications import jobs, lanes
from deployer.notifications.models import Lane, Notification
from tests.scene import Scene


@pytest.fixture
def stopped(scene: Scene) -> Scene:
    """A failed deploy of an application that a person, a team, a channel and an address watch."""
    application = scene.application(environments=1)
    team = application.owner
    team.alerts_channel = "#web-alerts"
    team.save()
    sam = User.objects.create_user("sam", email="sam@example.org", first_name="Sam", last_name="Doe")
    Watcher.objects.create(application=application, kind="user", user=sam)
    Watcher.objects.create(application=application, kind="team", team=team)
    Watcher.objects.create(application=application, kind="slack", address="#releases")
    Watcher.objects.create(application=application, kind="email", address="boss@example.org")
    scene.backend.failing.add(("frontend", "v1", "integration"))
    scene.register(application, "v1")
    scene.run(60)
    return scene


def deliver_all() -> None:
    for lane_id in lanes.due_lanes(timezone.now()):
        jobs.deliver(lane_id)


def test_the_owner_and_each_watcher_are_told_once_and_why(stopped: Scene) -> None:
    told = {one.address: one.why for one in Notification.objects.all()}

    assert told == {
        "web@example.org": "Web owns frontend.",
        "#web-alerts": "Web owns frontend.",
        "sam@example.org": "Sam Doe watches frontend.",
        "#releases": "#releases watches frontend.",
        "boss@example.org": "boss@example.org watches frontend.",
    }


def test_the_mail_says_what_happened_and_the_ways_out(stopped: Scene) -> None:
    deliver_all()

    message = next(message for message in mail.outbox if message.to == ["web@example.org"])
    assert "failed: Deploy: The new pods did not start." in message.subject
    assert "pulling" in message.body
    assert "/holds/" in message.body
    assert "You are told because Web owns frontend." in message.body


def test_what_was_sent_is_not_sent_again(stopped: Scene) -> None:
    deliver_all()
    sent = len(mail.outbox)

    for lane in Lane.objects.all():
        jobs.deliver(lane.pk)

    assert len(mail.outbox) == sent == 3
    assert not Notification.objects.exclude(state="sent").exists()


def test_a_mail_server_that_is_down_is_tried_again_later(stopped: Scene, settings: object) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"  # type: ignore[attr-defined]
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # type: ignore[attr-defined]
    deliver_all()

    pending = Notification.objects.get(address="web@example.org")
    assert (pending.state, pending.attempts) == ("pending", 1)
    assert "did not take it" in pending.error
    assert pending.lane.paused_until is not None
    assert pending.lane.paused_until > timezone.now()
    assert Notification.objects.get(address="#releases").state == "sent"


def test_after_a_day_of_trying_it_is_given_up(stopped: Scene, settings: object) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"  # type: ignore[attr-defined]
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # type: ignore[attr-defined]
    Lane.objects.update(failures=1, failing_since=timezone.now() - timedelta(days=1))

    deliver_all()

    assert Notification.objects.get(address="web@example.org").state == "failed"


def test_a_stop_that_nobody_can_be_told_of_is_in_the_log_at_least(scene: Scene) -> None:
    application = scene.application(environments=1)
    Team.objects.update(email="")
    scene.backend.failing.add(("frontend", "v1", "integration"))

    scene.register(application, "v1")
    scene.run(60)

    told = Notification.objects.get()
    assert (told.channel, told.receiver) == ("log", "Nobody")


def test_the_operators_are_told_by_mail_of_what_nobody_else_would_hear(scene: Scene, settings: object) -> None:
    settings.FALLBACK_EMAIL = "operators@example.org"  # type: ignore[attr-defined]
    application = scene.application(environments=1)
    Team.objects.update(email="", alerts_channel="#web-alerts")
    scene.backend.failing.add(("frontend", "v1", "integration"))

    scene.register(application, "v1")
    scene.run(60)

    assert {one.address for one in Notification.objects.all()} == {"#web-alerts", "operators@example.org"}


def test_a_notification_that_has_ended_has_no_timer(stopped: Scene) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Notification.objects.update(state="sent")
