"""The commands at the terminal."""

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from deployer.calendar.models import Freeze
from deployer.notifications import jobs
from deployer.notifications.lanes import due_lanes
from deployer.promotions.models import Hold
from tests.scene import Scene


@pytest.fixture
def stopped(scene: Scene) -> Scene:
    """v1 is live everywhere; v2 failed its smoke test in staging."""
    application = scene.application()
    scene.register(application, "v1")
    scene.run(60)
    scene.backend.broken.add(("frontend", "v2", "staging"))
    scene.register(application, "v2")
    scene.run(60)
    return scene


def run(capsys: pytest.CaptureFixture[str], *args: str) -> str:
    call_command(*args)
    return capsys.readouterr().out


def test_status_shows_what_is_live_stopped_who_was_told_and_the_way_out(
    stopped: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    stopped.run(5)  # what isn't urgent waits for what else happens
    for lane_id in due_lanes(stopped.now):
        jobs.deliver(lane_id, now=stopped.now)

    shown = run(capsys, "status", "frontend")

    assert "production  v1 live" in shown
    assert "staging     v2 live" in shown
    assert "not verified" in shown
    assert "ON HOLD" in shown
    assert 'manage.py unhold frontend staging --resolution "what was done"' in shown
    assert "Web: told by e-mail to web@example.org. Web owns frontend." in shown


def test_status_of_everything_shows_what_waits_and_why(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    scene.register(scene.application(policy="manual"), "v1")
    scene.run(5)

    shown = run(capsys, "status")

    assert "v1 waits:" in shown
    assert "are started by a person. Web can promote it." in shown


@pytest.mark.django_db
def test_status_of_nothing_says_how_to_begin(capsys: pytest.CaptureFixture[str]) -> None:
    assert "import_registry FILE" in run(capsys, "status")


def test_unhold_lets_the_line_go_on_and_remembers_why(stopped: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "unhold", "frontend", "staging", "--resolution", "Fixed in v3.")

    hold = Hold.objects.get()
    assert (hold.resolution, hold.lifted_at is None) == ("Fixed in v3.", False)
    with pytest.raises(CommandError, match="frontend in staging is not on hold"):
        run(capsys, "unhold", "frontend", "staging", "--resolution", "Again.")


def test_hold_stops_an_application_everywhere(stopped: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    assert "frontend in every environment is on hold." in run(
        capsys, "hold", "frontend", "--reason", "The database moves."
    )

    with pytest.raises(CommandError, match="needs a reason"):
        run(capsys, "hold", "frontend", "--reason", " ")


def test_promote_asks_for_a_promotion(stopped: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Asked for frontend v2 to staging" in run(capsys, "promote", "frontend", "v2", "staging")

    with pytest.raises(CommandError, match="v1 is older than v2"):
        run(capsys, "promote", "frontend", "v1", "staging")


def test_rollback_goes_to_the_last_that_was_verified_and_leaves_a_hold(
    stopped: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "rollback to v1" in run(capsys, "rollback", "frontend", "staging", "--reason", "v2 is broken")
    stopped.now = timezone.now()
    stopped.run(60)

    assert stopped.live(stopped.environments[0].targets.get().application)["staging"] == "v1"
    assert Hold.objects.open().filter(kind="rollback").count() == 1
    with pytest.raises(CommandError, match="is not older than v1"):
        run(capsys, "rollback", "frontend", "staging", "--to", "v2", "--reason", "why not")


def test_abort_ends_what_waits(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    release = scene.register(scene.application(policy="manual"), "v1")

    assert "Aborted: frontend v1 to integration" in run(capsys, "abort", "frontend", "integration", "--reason", "No.")
    assert scene.states(release) == {"integration": "aborted"}
    with pytest.raises(CommandError, match="Nothing is open"):
        run(capsys, "abort", "frontend", "integration", "--reason", "No.")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["status", "front"], "no application 'front'. Did you mean: frontend"),
        (["hold", "frontend", "moon", "--reason", "x"], "there are integration, staging, production"),
        (["promote", "frontend", "v9", "staging"], "no release 'v9'. The newest: v2, v1"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(
    stopped: Scene, capsys: pytest.CaptureFixture[str], args: list[str], words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        run(capsys, *args)


def test_freeze_says_what_it_catches_and_unfreeze_lets_it_go(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    application = scene.application(environments=1, policy="manual")
    scene.now = timezone.now()
    scene.register(application, "v1")

    declared = run(capsys, "freeze", "--environment", "integration", "--reason", "An incident.")
    freeze = Freeze.objects.get()
    shown = run(capsys, "status")
    lifted = run(capsys, "unfreeze", str(freeze.pk), "--reason", "It is over.")

    assert "It catches frontend v1 to integration" in declared
    assert "FROZEN: Everything in integration" in shown
    assert f"manage.py unfreeze {freeze.pk}" in shown
    assert lifted == "The freeze of everything in integration is lifted.\n"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--team", "nobody"], "There is no team 'nobody'"),
        (["--until", "tomorrow"], "'tomorrow' is no time"),
        (["--until", "2020-01-01T09:00"], "end after it starts"),
        (["--environment", "moon"], "There is no environment 'moon'"),
    ],
)
def test_freeze_refuses_what_makes_no_sense(scene: Scene, args: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        call_command("freeze", "--reason", "An incident.", *args)

    assert not Freeze.objects.exists()


@pytest.mark.django_db
def test_unfreeze_of_none_says_which_there_are() -> None:
    with pytest.raises(CommandError, match=r"There is no freeze 7\. Those that hold: none"):
        call_command("unfreeze", "7", "--reason", "It is over.")


def test_promote_says_at_once_what_it_waits_for(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    application = scene.application(environments=1)
    call_command("freeze", "--reason", "An incident.")
    scene.register(application, "v1")

    shown = run(capsys, "promote", "frontend", "v1", "integration")

    assert "It waits: Everything is frozen by" in shown
    assert "or a release manager can lift it." in shown
