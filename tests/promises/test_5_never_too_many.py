"""Promise 5: capacity and exclusions hold, whatever happens at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from apps_registry.models import ExclusionGroup
from deployer.promotions import jobs
from deployer.promotions.models import Promotion
from tests.scene import Scene


@pytest.fixture
def slow(scene: Scene) -> Scene:
    """Deploys do not end until the test says so."""
    scene.backend.stuck = True
    return scene


def active(scene: Scene) -> list[str]:
    return sorted(promotion.application.slug for promotion in Promotion.objects.active().with_names())


def test_an_environment_takes_no_more_than_its_capacity(slow: Scene) -> None:
    environment = slow.environments[0]
    environment.capacity = 2
    environment.save()
    for number in range(5):
        slow.register(slow.application(f"app-{number}", environments=1), "v1")

    slow.run(30)

    assert len(active(slow)) == 2
    waiting = Promotion.objects.waiting().first()
    assert waiting is not None
    assert "takes 2 at once and is full: app-0, app-1" in waiting.waits_for[0].sentence


def test_those_that_waited_for_a_place_go_on_when_one_is_free(slow: Scene) -> None:
    environment = slow.environments[0]
    environment.capacity = 1
    environment.save()
    for number in range(4):
        slow.register(slow.application(f"app-{number}", environments=1), "v1")
    slow.run(10)
    slow.backend.stuck = False

    slow.run(60)

    assert Promotion.objects.filter(state="succeeded").count() == 4


def test_excluded_applications_are_not_deployed_together(slow: Scene) -> None:
    one, other = slow.application("one", environments=1), slow.application("other", environments=1)
    group = ExclusionGroup.objects.create(slug="shared-schema", reason="They share a database schema.")
    group.applications.set([one, other])
    for application in (one, other):
        slow.register(application, "v1")

    slow.run(30)

    assert active(slow) == ["one"]
    waiting = Promotion.objects.waiting().get()
    assert "They share a database schema." in waiting.waits_for[0].sentence


def test_an_application_that_deploys_alone_keeps_all_others_out(slow: Scene) -> None:
    alone = slow.application("alone", environments=1)
    alone.deploys_alone, alone.deploys_alone_reason = True, "It restarts the router."
    alone.save()
    slow.register(alone, "v1")
    slow.register(slow.application("other", environments=1), "v1")

    slow.run(30)

    assert active(slow) == ["alone"]


def test_an_application_that_deploys_alone_waits_for_all_others(slow: Scene) -> None:
    alone = slow.application("zz-alone", environments=1)
    alone.deploys_alone, alone.deploys_alone_reason = True, "It restarts the router."
    alone.save()
    slow.register(slow.application("other", environments=1), "v1")
    slow.register(alone, "v1")

    slow.run(30)

    assert active(slow) == ["other"]


def test_one_target_has_one_promotion_at_a_time(slow: Scene) -> None:
    application = slow.application(environments=1)
    slow.register(application, "v1")
    slow.run(5)
    second = slow.register(application, "v2")

    slow.run(30)

    assert slow.states(second) == {"integration": "waiting"}
    assert "v1 is being promoted" in slow.promotion(second, "integration").waits_for[0].sentence


@pytest.mark.django_db(transaction=True)
def test_capacity_holds_under_many_workers_at_once(slow: Scene) -> None:
    environment = slow.environments[0]
    environment.capacity = 3
    environment.save()
    for number in range(12):
        slow.register(slow.application(f"app-{number}", environments=1), "v1")
    ids = list(Promotion.objects.values_list("pk", flat=True))

    def wake(promotion_id: int) -> None:
        try:
            jobs.wake(promotion_id, now=slow.now)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(wake, ids * 3))

    assert len(active(slow)) == 3
