"""No page asks the database more often because there is more: with 10 applications and with 1,000.

The pages are those of tests/access/walk.py, so that none can be forgotten.
"""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps_registry.models import Application, Environment, Target, Team
from deployer.audit.models import Event
from deployer.promotions.models import Hold, Promotion
from deployer.releases.models import Deployment, Release
from tests.access.test_walk import path_of
from tests.access.walk import PAGES
from tests.access.world import World
from tests.scene import Scene

FEW, MANY = 10, 1000
MOST = 60
SLACK = 4
"""What is shown of few at all may need a look that is not needed where there is none."""

SEEN = [visit for visit in PAGES if visit.method == "GET"]


@pytest.fixture
def world(scene: Scene) -> World:
    return World(scene)


def fill(up_to: int) -> None:
    """Applications until there are so many, of ten teams, live everywhere; every tenth has something open."""
    teams = [Team.objects.get_or_create(slug=f"team-{at}", defaults={"name": f"Team {at}"})[0] for at in range(10)]
    environments = list(Environment.objects.all())
    names = [f"app-{at:04}" for at in range(Application.objects.count(), up_to)]
    applications = Application.objects.bulk_create(
        Application(slug=name, name=name, owner=teams[at % len(teams)]) for at, name in enumerate(names)
    )
    targets = Target.objects.bulk_create(
        Target(application=one, environment=environment) for one in applications for environment in environments
    )
    releases = Release.objects.bulk_create(made for one in applications for made in releases_of(one))
    by_application = {release.application_id: release for release in releases if release.number == 1}
    Deployment.objects.bulk_create(
        Deployment(target=target, release=by_application[target.application_id], verified_at=timezone.now())
        for target in targets
    )
    newer = {release.application_id: release for release in releases if release.number == 2}
    Promotion.objects.bulk_create(
        Promotion(target=target, release=newer[target.application_id], due_at=timezone.now())
        for target in targets[:: 10 * len(environments)]
    )
    Hold.objects.bulk_create(
        Hold(application=one, reason="It is slow.", placed_by="Jo", kind="manual") for one in applications[5::10]
    )
    Event.objects.bulk_create(
        Event(kind="release.registered", actor_kind="engine", actor_ref="", actor_label="Deployer", application=name,
              sentence="It was registered.") for name in names
    )  # fmt: skip


def releases_of(application: Application) -> Iterator[Release]:
    for number in (1, 2):
        yield Release(
            application=application,
            number=number,
            order=number * 2**20,
            version=f"v{number}",
            commit=f"{application.pk:038x}{number:02x}",
            created_by="token ci",
        )


def asked(client: Client, paths: dict[str, str]) -> dict[str, int]:
    found = {}
    for name, path in paths.items():
        with CaptureQueriesContext(connection) as queries:
            client.get(path)
        found[name] = len(queries)
    return found


def test_pages_ask_as_often_of_a_thousand_applications_as_of_ten(world: World) -> None:
    user = world.scene.person("caller").user
    assert user is not None
    user.is_superuser = True
    user.save()
    client = Client()
    client.force_login(user)
    paths = {visit.name: path_of(visit, world) for visit in SEEN if visit.name != "live"}

    fill(FEW)
    few = asked(client, paths)
    fill(MANY)
    many = asked(client, paths)

    assert Application.objects.count() == MANY
    grown = {name: (few[name], many[name]) for name in few if many[name] > few[name] + SLACK}
    assert grown == {}
    assert {name: count for name, count in many.items() if count > MOST} == {}
