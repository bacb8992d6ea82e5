import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from deployer.integrations.checks.base import CheckContext, Outcome, Reading
from deployer.integrations.checks.command import CommandCheck
from deployer.integrations.config import load_config
from tests.integrations.conftest import AddProgram
from tests.integrations.processes import children, is_alive, wait_until

CONTEXT = CheckContext(
    key="0123456789abcdef0123456789abcdef",
    application="frontend",
    environment="staging",
    version="release_7",
    commit="c0ffee",
    target_url="https://frontend.staging.example",
    promotion_url="https://deployer.example/promotions/1",
    deployed_at=datetime(2026, 11, 24, 9, 0, tzinfo=UTC),
)


def measure(context: CheckContext = CONTEXT, **config: Any) -> Reading:
    check = CommandCheck(load_config(CommandCheck.Config, {"program": "verify", **config}))
    return check.measure(context, check.baseline(context))


@pytest.mark.parametrize(
    ("script", "outcome", "sentence"),
    [
        ("exit 0", Outcome.PASSED, "verify exited with code 0."),
        ("exit 75", Outcome.INCONCLUSIVE, "verify exited with code 75."),
        ("exit 1", Outcome.FAILED, "verify exited with code 1."),
        ("exit 255", Outcome.FAILED, "verify exited with code 255."),
        ("kill -KILL $$", Outcome.ERRORED, "verify was killed by SIGKILL."),
    ],
)
def test_the_exit_code_is_the_verdict(add_program: AddProgram, script: str, outcome: Outcome, sentence: str) -> None:
    add_program("verify", script)

    reading = measure()

    assert (reading.outcome, reading.sentence) == (outcome, sentence)


def test_the_program_is_told_what_to_check_and_its_output_is_evidence(add_program: AddProgram) -> None:
    add_program("verify", 'echo "$1 $DEPLOY_ENVIRONMENT $DEPLOY_URL"; echo warning >&2')

    reading = measure(args=["{application}={version}"])

    assert reading.evidence == {
        "returncode": 0,
        "output": "frontend=release_7 staging https://frontend.staging.example\nwarning\n",
    }


def test_the_program_sees_none_of_our_secrets(add_program: AddProgram, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOYER_CONNECTION_HOOK_SECRET", "hunter2")
    monkeypatch.setenv("DATABASE_URL", "hunter2")
    add_program("verify", "env")

    assert "hunter2" not in measure().evidence["output"]


def test_a_program_that_hangs_is_errored_and_stopped_with_all_of_its_group(
    add_program: AddProgram, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    add_program(
        "verify",
        f"""
        sh -c 'trap "" TERM; echo $$ >> {pids}; while :; do sleep 600; done' &
        echo $$ >> {pids}
        echo waiting
        wait
        """,
    )

    reading = measure(timeout_seconds=2)

    assert (reading.outcome, reading.sentence) == (Outcome.ERRORED, "verify timed out after 2 s and was stopped.")
    assert reading.evidence["output"] == "waiting\n"
    started = [int(pid) for pid in pids.read_text().split()]
    assert len(started) == 2
    wait_until(lambda: not any(map(is_alive, started)))


def test_the_end_of_a_long_output_is_kept(add_program: AddProgram) -> None:
    add_program("verify", "head -c 200000000 /dev/zero; echo é the end; exit 1")

    reading = measure()

    assert reading.outcome is Outcome.FAILED
    assert reading.evidence["output"].endswith("é the end\n")
    assert len(json.dumps(reading.evidence)) <= 8 * 1024


def test_a_missing_program_is_errored(add_program: AddProgram) -> None:
    reading = measure()

    assert reading.outcome is Outcome.ERRORED
    assert "verify is not in the command directory" in reading.sentence


def test_a_program_that_leads_out_of_the_directory_is_errored(add_program: AddProgram) -> None:
    (add_program("other", "true").parent / "verify").symlink_to("/bin/true")

    assert "leads out of the command directory" in measure().sentence


def test_a_program_that_cannot_be_run_is_errored(add_program: AddProgram) -> None:
    add_program("verify", "").write_text("#!/no/such/interpreter\n")

    reading = measure()

    assert reading.outcome is Outcome.ERRORED
    assert reading.sentence == "verify could not be run: No such file or directory."


def test_a_value_that_would_be_an_option_is_errored(add_program: AddProgram) -> None:
    add_program("verify", "true")

    reading = measure(replace(CONTEXT, version="--help"), args=["{version}"])

    assert reading.outcome is Outcome.ERRORED


def test_without_a_command_directory_it_is_errored(settings: Settings, runs_dir: Path) -> None:
    settings.COMMAND_DIR = None

    reading = measure()

    assert reading.outcome is Outcome.ERRORED
    assert "DEPLOYER_COMMAND_DIR" in reading.sentence


def test_it_leaves_nothing_behind(add_program: AddProgram, runs_dir: Path) -> None:
    add_program("verify", "true")
    before = children()

    measure()

    assert not list(runs_dir.iterdir())
    assert children() <= before


def test_the_program_ends_with_the_worker_that_waits_for_it(
    add_program: AddProgram, tmp_path: Path, runs_dir: Path, settings: Settings
) -> None:
    pid_file = tmp_path / "pid"
    add_program("verify", f"echo $$ > {pid_file}; exec sleep 600")
    script = f"""
from django.conf import settings
settings.configure(COMMAND_DIR={str(settings.COMMAND_DIR)!r}, COMMAND_RUNS_DIR={str(runs_dir)!r})
from tests.integrations.test_command_check import measure
measure(timeout_seconds=240)
"""
    with subprocess.Popen([sys.executable, "-c", script]) as worker:
        wait_until(lambda: pid_file.exists() and pid_file.read_text())

        os.kill(worker.pid, signal.SIGKILL)

    wait_until(lambda: not is_alive(int(pid_file.read_text())))


def test_the_program_ends_when_the_worker_is_interrupted(
    add_program: AddProgram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid_file = tmp_path / "pid"
    add_program("verify", f"echo $$ > {pid_file}; kill -ALRM {os.getpid()}; exec sleep 600")

    class InterruptedWorkError(Exception):
        pass

    def interrupt(*_: object) -> None:
        raise InterruptedWorkError("as rq does when a job's time is over")

    began = time.monotonic()
    previous = signal.signal(signal.SIGALRM, interrupt)
    try:
        with pytest.raises(InterruptedWorkError):
            measure(timeout_seconds=240)
    finally:
        signal.signal(signal.SIGALRM, previous)

    assert time.monotonic() - began < 120
    wait_until(lambda: not is_alive(int(pid_file.read_text())))
