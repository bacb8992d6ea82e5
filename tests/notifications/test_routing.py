"""Who hears of several events at once, as the preview of a freeze asks before anything is written."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps_registry.models import Team, Watcher
from deployer.access.models import User
from deployer.audit.models import Event
from deployer.notifications.routing import receivers, receivers_of
from tests.scene import Scene


def event(kind: str, application: str = "frontend", environment: str = "staging", **fields: object) -> Event:
    return Event(kind=kind, application=application, environment=environment, **fields)


def test_each_address_is_there_once_for_its_first_reason(scene: Scene) -> None:
    for slug in ("frontend", "router"):
        scene.application(slug, environments=1)
    events = [event("promotion.frozen"), event("promotion.frozen", "router"), event("slot.frozen")]

    assert [(one.name, one.why) for one in receivers_of(events)] == [("Web", "Web owns frontend.")]
    assert receivers_of([]) == []


@pytest.mark.parametrize(("environment", "heard"), [("staging", True), ("production", False), (None, True)])
def test_a_watcher_of_one_environment_hears_of_that_one(scene: Scene, environment: str | None, heard: bool) -> None:
    application = scene.application(environments=1)
    where = next((one for one in scene.environments if one.slug == environment), None)
    Watcher.objects.create(application=application, environment=where, kind="email", address="boss@example.org")

    told = {one.address for one in receivers(event("promotion.succeeded"))}

    assert ("boss@example.org" in told) is heard


def test_who_booked_hears_of_it_unless_they_did_it_or_can_not_be_told(scene: Scene) -> None:
    scene.application(environments=1)
    people = [User.objects.create_user(name, email=f"{name}@example.org") for name in ("ann", "bob", "eve")]
    people[2].is_active = False
    people[2].save()
    ids = [one.pk for one in people]
    Team.objects.update(email="")
    happened = event("slot.frozen", data={"people": [*ids, 99]}, actor_kind="user", actor_ref=str(ids[0]))

    assert [one.address for one in receivers(happened)] == ["bob@example.org"]


def test_it_takes_three_queries_however_many_there_are(scene: Scene) -> None:
    user = User.objects.create_user("ann", email="ann@example.org")
    for number in range(8):
        application = scene.application(f"app-{number}", environments=1)
        Watcher.objects.create(application=application, kind="user", user=user)
        Watcher.objects.create(application=application, kind="team", team=application.owner)
    events = [event("slot.frozen", f"app-{number}", data={"people": [user.pk]}) for number in range(8)]

    with CaptureQueriesContext(connection) as captured:
        found = receivers_of(events)

    assert {one.name for one in found} == {"ann", "Web"}
    assert len(captured) == 3


@pytest.mark.parametrize("told", [event("promotion.requested"), event("promotion.frozen", "unknown"), event("x", "")])
def test_of_some_events_nobody_hears(scene: Scene, told: Event) -> None:
    scene.application(environments=1)

    assert receivers(told) == []
