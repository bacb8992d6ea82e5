"""The authors of a release are told of it: who has an account, and nobody else."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps_registry.models import Target, Team
from deployer.access.models import User
from deployer.audit.models import Event
from deployer.notifications.models import Notification
from deployer.notifications.routing import receivers
from deployer.promotions.actions.register import register
from deployer.releases.actions import NewChange, NewRelease
from deployer.releases.models import Release
from tests.scene import CI, Scene


def register_by(scene: Scene, version: str, *authors: str) -> Release:
    """A release with a change by each of these addresses."""
    application = Target.objects.all()[0].application
    changes = [
        NewChange(title=f"Change {at}", author_name=f"A{at}", author_email=one) for at, one in enumerate(authors)
    ]
    release, _, _ = register(
        application=application,
        new=NewRelease(version=version, commit=f"{version:a>40}"[:40].replace("v", "f"), changes=changes),
        by=CI,
        now=scene.now,
    )
    return release


def told(address: str) -> list[tuple[str, str]]:
    """The kinds of what was told to an address, and where."""
    rows = Notification.objects.filter(address=address).order_by("id")
    return [(one.event.kind, one.event.environment) for one in rows]


def test_an_author_hears_when_their_release_is_in_production_and_not_of_each_step(scene: Scene) -> None:
    scene.application()
    User.objects.create_user("ann", first_name="Ann", last_name="Lee", email="ann@example.org")

    register_by(scene, "v1", "Ann@Example.org", "ann@example.org")
    scene.run(600)

    assert told("ann@example.org") == [("promotion.succeeded", "production")]
    assert Notification.objects.get(address="ann@example.org").why == "Ann Lee wrote a change in frontend v1."


def test_an_author_hears_of_a_stop_wherever_it_is(scene: Scene) -> None:
    scene.application()
    User.objects.create_user("ann", email="ann@example.org")
    scene.backend.failing.add(("frontend", "v1", "integration"))

    register_by(scene, "v1", "ann@example.org")
    scene.run(60)

    assert told("ann@example.org") == [("promotion.failed", "integration")]
    assert Notification.objects.get(address="ann@example.org").urgent


def test_strangers_are_sent_nothing(scene: Scene) -> None:
    scene.application()
    User.objects.create_user("gone", email="gone@example.org", is_active=False)
    scene.backend.failing.add(("frontend", "v1", "integration"))

    register_by(scene, "v1", "stranger@example.net", "gone@example.org", "")
    scene.run(60)

    assert {one.address for one in Notification.objects.all()} == {"web@example.org"}


def test_the_authors_of_what_a_rollback_brings_back_are_left_alone(scene: Scene) -> None:
    scene.application(rollback="on_failed")
    ann, bob = (User.objects.create_user(name, email=f"{name}@example.org") for name in ("ann", "bob"))
    first = register_by(scene, "v1", ann.email)
    scene.run(600)
    before = told(ann.email)
    scene.backend.broken.add(("frontend", "v2", "production"))

    register_by(scene, "v2", bob.email)
    scene.run(600)

    assert Event.objects.filter(kind="promotion.succeeded", release_id=first.pk, environment="production").count() == 2
    assert told(ann.email) == before
    assert told(bob.email) == [("promotion.failed", "production")]


def test_an_author_whose_release_is_superseded_hears_by_which(scene: Scene) -> None:
    application = scene.application(environments=1)
    User.objects.create_user("ann", email="ann@example.org")
    Target.objects.update(policy="manual")
    register_by(scene, "v1", "ann@example.org")
    scene.run(10)

    Target.objects.update(policy="automatic")
    register_by(scene, "v2")
    scene.run(600)

    assert told("ann@example.org") == [("promotion.superseded", "integration")]
    assert application.slug in Event.objects.get(kind="promotion.superseded").sentence


def test_an_author_who_aborted_it_knows_already(scene: Scene) -> None:
    scene.application(environments=1)
    ann = User.objects.create_user("ann", email="ann@example.org")
    happened = Event(
        kind="promotion.aborted",
        application="frontend",
        environment="integration",
        actor_kind="user",
        actor_ref=str(ann.pk),
        data={"authors": [{"name": "Ann", "email": "ann@example.org"}], "release": "frontend v1"},
    )

    assert [one.address for one in receivers(happened)] == []


@pytest.mark.parametrize("number", [1, 40])
def test_it_takes_three_queries_however_many_authors_there_are(scene: Scene, number: int) -> None:
    scene.application(environments=1)
    Team.objects.update(email="")
    authors = [{"name": f"a{at}", "email": f"a{at}@example.org"} for at in range(number)]
    for author in authors:
        User.objects.create_user(author["name"], email=author["email"])
    stopped = Event(
        kind="promotion.failed", application="frontend", environment="integration", data={"authors": authors}
    )

    with CaptureQueriesContext(connection) as captured:
        found = receivers(stopped)

    assert len(found) == number + 1  # and the operators' log, as the team has no address
    assert len(captured) == 3
