"""An outside that behaves badly, seen from the engine: each ends in a clear state and says why."""

import threading
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from deployer.promotions.models import Promotion, Step
from tests.integrations.servers import FakeServer, fake_server
from tests.scene import Scene, webhook_config


@pytest.fixture
def impatient(scene: Scene, settings: Any) -> Scene:
    settings.HTTP_TIMEOUT_SECONDS = 0.3
    settings.LEASE_SECONDS = 3
    return scene


def ended(scene: Scene, config: dict[str, str], seconds: float = 3600) -> Promotion:
    release = scene.register(scene.application(environments=1, deployer_config=config), "v1")
    scene.run(seconds)
    return scene.promotion(release, "integration")


def webhook_at(server: FakeServer, scene: Scene) -> dict[str, str]:
    return webhook_config(scene.backend) | {"url": f"{server.url}/deploys"}


def test_a_backend_that_answers_nonsense_ends_as_errored(impatient: Scene) -> None:
    with fake_server() as server:
        server.answer(200, b"<html>Welcome</html>")

        promotion = ended(impatient, webhook_at(server, impatient))

    assert promotion.state == "errored"
    assert "not with JSON as agreed" in promotion.outcome


def test_a_backend_that_never_answers_ends_as_errored(impatient: Scene) -> None:
    with fake_server() as server:
        server.answer_never()

        promotion = ended(impatient, webhook_at(server, impatient))

    assert promotion.state == "errored"
    assert "127.0.0.1" in promotion.outcome


def test_a_backend_whose_status_is_nonsense_ends_as_errored_at_its_deadline(impatient: Scene) -> None:
    with fake_server() as server:
        server.answer(200, b"[]")
        config = webhook_config(impatient.backend) | {"status_url": f"{server.url}/{{key}}"}

        promotion = ended(impatient, config)

    assert promotion.state == "errored"
    assert "did not end in time" in promotion.outcome


class TestCommands:
    """The command deployer in the engine, with real programs."""

    @pytest.fixture
    def programs(self, settings: Any, tmp_path: Path) -> Path:
        settings.COMMAND_DIR = tmp_path / "programs"
        settings.COMMAND_RUNS_DIR = tmp_path / "runs"
        settings.COMMAND_DIR.mkdir()
        return tmp_path / "programs"

    def deploy(self, scene: Scene, program: str, **config: object) -> Promotion:
        """Run to the end, in real time because the programs are real."""
        application = scene.application(
            environments=1, deployer="command", deployer_config={"program": program, **config}
        )
        application.targets.get().checks.all().delete()
        scene.now = timezone.now()
        release = scene.register(application, "v1")
        for _ in range(600):
            scene.now = timezone.now()
            scene.run(0)
            promotion = scene.promotion(release, "integration")
            if not promotion.is_open:
                return promotion
            self.pause()
        raise AssertionError("It did not end.")

    @staticmethod
    def pause() -> None:
        threading.Event().wait(0.1)

    def add(self, programs: Path, script: str) -> str:
        (programs / "deploy").write_text(f"#!/bin/sh\n{script}\n")
        (programs / "deploy").chmod(0o755)
        return "deploy"

    def test_one_that_works_succeeds_with_its_log(self, scene: Scene, programs: Path) -> None:
        program = self.add(programs, 'echo "deploying $DEPLOY_VERSION to $DEPLOY_ENVIRONMENT"')

        promotion = self.deploy(scene, program)

        assert promotion.state == "succeeded"
        assert "".join(chunk.text for chunk in Step.objects.get().log.all()) == "deploying v1 to integration\n"

    def test_one_that_is_missing_failed(self, scene: Scene, programs: Path) -> None:
        promotion = self.deploy(scene, "nothing")

        assert (promotion.state, promotion.outcome) == (
            "failed",
            "Deploy: The program nothing is not in the command directory.",
        )

    def test_one_that_hangs_is_stopped_and_failed(self, scene: Scene, programs: Path) -> None:
        promotion = self.deploy(scene, self.add(programs, "sleep 600"), timeout_seconds=1)

        assert promotion.state == "failed"
        assert "1 s" in promotion.outcome

    def test_one_that_prints_without_end_has_a_bounded_log(self, scene: Scene, programs: Path) -> None:
        promotion = self.deploy(scene, self.add(programs, "head -c 1000000000 /dev/zero | tr '\\0' x"))

        assert promotion.state == "succeeded"
        assert sum(len(chunk.text) for chunk in Step.objects.get().log.all()) < 1_200_000
