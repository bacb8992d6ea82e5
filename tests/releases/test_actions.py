"""Registering releases."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, transaction

from deployer.promotions.models import Promotion
from deployer.releases.models import Deployment, Release
from tests.scene import Scene


def test_numbers_count_the_releases_of_each_application(scene: Scene) -> None:
    one, other = scene.application("one"), scene.application("other")

    numbers = [scene.register(app, version).number for app, version in ((one, "v1"), (other, "v1"), (one, "v2"))]

    assert numbers == [1, 1, 2]


@pytest.mark.django_db(transaction=True)
def test_the_same_release_from_many_at_once_is_one_release_and_one_promotion(scene: Scene) -> None:
    application = scene.application()

    def attempt(_: int) -> int:
        try:
            return scene.register(application, "v1").pk
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(attempt, range(16)))

    assert len(ids) == 1
    assert (Release.objects.count(), Promotion.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_releases_registered_at_once_have_no_twin_numbers_and_no_gaps(scene: Scene) -> None:
    application = scene.application()

    def attempt(number: int) -> None:
        try:
            scene.register(application, f"v{number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(attempt, range(16)))

    assert sorted(Release.objects.values_list("number", flat=True)) == list(range(1, 17))


def test_two_releases_can_not_have_one_version_or_one_number(scene: Scene) -> None:
    first = scene.register(scene.application(), "v1")

    for twin in ({"version": "v1", "number": 2}, {"version": "v2", "number": 1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Release.objects.create(application=first.application, commit="c" * 40, created_by="x", **twin)


def test_what_is_live_is_the_newest_deployment_of_each_target(scene: Scene) -> None:
    application = scene.application(environments=2)
    for version in ("v1", "v2"):
        scene.register(application, version)
        scene.run(60)

    live = Deployment.objects.live()

    assert sorted((one.target.environment.slug, one.release.version) for one in live) == [
        ("integration", "v2"),
        ("staging", "v2"),
    ]
    assert Deployment.objects.count() == 4
