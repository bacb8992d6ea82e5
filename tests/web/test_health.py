"""What load balancers and Prometheus ask."""

import pytest
from django.test import Client

from deployer.access.models import ApiToken
from tests.scene import Scene


def test_the_process_says_that_it_lives() -> None:
    assert Client().get("/healthz").json() == {"status": "ok"}


@pytest.mark.django_db
def test_it_is_ready_without_its_queue_and_says_so(settings: object) -> None:
    queue = {"URL": "redis://127.0.0.1:9/0"}
    settings.RQ_QUEUES = {"engine": queue, "effects": queue}  # type: ignore[attr-defined]

    response = Client().get("/readyz")

    assert (response.status_code, response.json()) == (200, {"database": "ok", "queue": "down"})


def test_the_metrics_count_what_is_open(scene: Scene) -> None:
    scene.register(scene.application(policy="manual"), "v1")
    scene.run(5)
    _, secret = ApiToken.issue(name="prometheus", scopes=["read"], limited=False)

    text = Client().get("/metrics", headers={"authorization": f"Bearer {secret}"}).content.decode()

    assert 'deployer_promotions{state="waiting"} 1.0' in text
    assert 'deployer_promotions{state="deploying"} 0.0' in text
    assert "deployer_holds 0.0" in text


@pytest.mark.django_db
def test_the_metrics_are_not_for_everyone() -> None:
    assert Client().get("/metrics").status_code == 401
