"""veto, pin and unpin at the terminal."""

import pytest
from django.core.management import CommandError, call_command

from apps_registry.models import Application
from deployer.promotions.models import Pin, Veto
from tests.scene import Scene


@pytest.fixture
def application(scene: Scene) -> Application:
    application = scene.application(environments=1, policy="manual")
    scene.register(application, "v1")
    return application


def test_a_release_is_vetoed_and_its_veto_withdrawn(
    application: Application, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("veto", "frontend", "v1", "--reason", "It loses mail.")
    assert capsys.readouterr().out == "frontend v1 is vetoed: it is never deployed again.\n"
    assert Veto.objects.get().placed_by.endswith("at the terminal")
    with pytest.raises(CommandError, match="vetoed already"):
        call_command("veto", "frontend", "v1", "--reason", "It loses mail.")

    call_command("veto", "frontend", "v1", "--withdraw", "--reason", "It was the network.")

    assert capsys.readouterr().out == "frontend v1 is no longer vetoed: it can be asked for again.\n"
    assert not Veto.objects.standing().exists()
    with pytest.raises(CommandError, match="frontend v1 is not vetoed"):
        call_command("veto", "frontend", "v1", "--withdraw", "--reason", "It was the network.")


def test_a_target_is_pinned_and_unpinned(application: Application, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("pin", "frontend", "v1", "integration", "--reason", "The audit.")
    assert capsys.readouterr().out == "frontend in integration stays on v1.\n"
    assert Pin.objects.get().reason == "The audit."

    call_command("unpin", "frontend", "integration", "--reason", "Over.")

    assert capsys.readouterr().out == "frontend in integration takes other releases again.\n"
    with pytest.raises(CommandError, match="frontend in integration is not pinned"):
        call_command("unpin", "frontend", "integration", "--reason", "Over.")


@pytest.mark.parametrize(
    "words",
    [("veto", "frontend", "v9"), ("pin", "frontend", "v9", "integration"), ("unpin", "frontend", "production")],
)
def test_what_there_is_not_is_told(application: Application, words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match=r"no release|no target"):
        call_command(*words, "--reason", "Over.")
