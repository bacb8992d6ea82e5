"""The ways out at the terminal."""

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from deployer.promotions.models import Hold
from tests.promotions.ways.stops import checks_fail, mended
from tests.scene import Scene


def run(capsys: pytest.CaptureFixture[str], *args: str) -> str:
    call_command(*args)
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("way", "said", "lifted"),
    [
        ("retry-step", "Asked for frontend v2 to integration: http", "retry_step"),
        ("retry", "Asked for frontend v2 to integration: http", "retry"),
        ("roll-back", "Asked for frontend v1 to integration: http", "roll_back"),
        ("veto", "frontend v2 is vetoed, and the hold on frontend in integration lifted.", "veto"),
        ("fix-forward", "Newer releases pass the hold on frontend in integration", ""),
        ("lift", "Lifted the hold on frontend in integration.", "lift"),
    ],
)
def test_each_way_is_taken_and_says_what_it_did(
    scene: Scene, capsys: pytest.CaptureFixture[str], way: str, said: str, lifted: str
) -> None:
    hold = checks_fail(scene)
    mended(scene)

    assert said in run(capsys, "wayout", str(hold.pk), way, "--reason", "It was the network.")

    hold.refresh_from_db()
    assert hold.way_out == lifted


def test_status_shows_the_ways_out_of_each_hold(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    hold = checks_fail(scene)

    shown = run(capsys, "status", "frontend")

    assert f'to go on: manage.py wayout {hold.pk} retry-step --reason "why"  # retry the step' in shown
    assert hold.full_url() in shown


def test_what_is_refused_is_said_with_what_to_do_instead(scene: Scene) -> None:
    hold = checks_fail(scene)
    call_command("wayout", str(hold.pk), "lift", "--reason", "It was the network.")

    with pytest.raises(CommandError, match="has lifted this hold meanwhile: It was the network"):
        call_command("wayout", str(hold.pk), "retry", "--reason", "Again.")
    with pytest.raises(CommandError, match=r"There is no hold 999\. Open: none"):
        call_command("wayout", "999", "retry", "--reason", "Again.")
    with pytest.raises(CommandError, match="--to goes with roll-back only"):
        call_command("wayout", str(hold.pk), "retry", "--reason", "Again.", "--to", "v1")


def test_a_hold_is_placed_with_its_terms_and_status_shows_them(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.register(scene.application(environments=1), "v1")
    terms = ["--contact", "Sam", "--until", "2040-01-02T09:00", "--newest-safe", "v1"]

    run(capsys, "hold", "frontend", "integration", "--reason", "It leaks.", *terms)
    shown = run(capsys, "status", "frontend")

    assert Hold.objects.get().contact == "Sam"
    for words in ("until 2 Jan 09:00 GMT", "releases up to v1 pass it", "ask Sam"):
        assert words in shown
    with pytest.raises(CommandError, match="must be in the future"):
        call_command("hold", "frontend", "--reason", "It leaks.", "--until", "2020-01-02T09:00")


def test_whom_to_ask_about_a_hold_is_who_placed_it_unless_they_say_otherwise(scene: Scene) -> None:
    scene.application(environments=1)

    call_command("hold", "frontend", "--reason", "It leaks.")

    hold = Hold.objects.get()
    assert hold.contact == hold.placed_by
