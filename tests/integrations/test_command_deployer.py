import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from deployer.integrations import runs
from deployer.integrations.config import load_config
from deployer.integrations.deploy import command, command_supervisor
from deployer.integrations.deploy.base import DeployRequest, DeployState, DeployStatus
from deployer.integrations.deploy.command import CommandDeployer
from deployer.integrations.errors import Refused, Unavailable
from tests.integrations.conftest import AddProgram
from tests.integrations.processes import (
    children,
    is_alive,
    peak_memory_kib,
    pids_of_supervisors,
    supervisor_pid,
    wait_until,
)

KEY = "0123456789abcdef0123456789abcdef"


def deployer(**config: Any) -> CommandDeployer:
    return CommandDeployer(load_config(CommandDeployer.Config, {"program": "deploy", **config}))


def request(**changes: Any) -> DeployRequest:
    made = DeployRequest(
        key=KEY,
        fence=1,
        deadline=time.monotonic() + 600,
        application="frontend",
        environment="staging",
        version="release_7",
        commit="c0ffee",
        previous_version="release_6",
        target_url="https://frontend.staging.example",
        promotion_url="https://deployer.example/promotions/1",
        callback_url="https://deployer.example/callbacks/1",
    )
    return replace(made, **changes)


def settled(adapter: CommandDeployer, on_poll: Callable[[], object] = lambda: None) -> DeployStatus:
    """The status with which the run ended, its whole log in it."""
    statuses: list[DeployStatus] = []

    def has_ended() -> bool:
        on_poll()
        offset = statuses[-1].log_offset if statuses else 0
        statuses.append(adapter.poll(KEY, log_offset=offset))
        return statuses[-1].state is not DeployState.RUNNING

    wait_until(has_ended, 120)
    return replace(statuses[-1], log="".join(status.log for status in statuses))


def test_it_runs_the_program_and_tells_of_its_success(add_program: AddProgram) -> None:
    add_program("deploy", "echo to stdout; echo to stderr >&2")
    adapter = deployer()

    reference = adapter.start(request())

    assert reference == KEY
    status = settled(adapter)
    assert (status.state, status.sentence) == (DeployState.SUCCEEDED, "deploy succeeded.")
    assert status.log == "to stdout\nto stderr\n"
    assert status.log_offset == len(status.log)


def test_it_gives_the_program_its_arguments_without_a_shell(add_program: AddProgram) -> None:
    add_program("deploy", 'printf "%s\\n" "$@"')
    adapter = deployer(
        args=["{application}@{version}", "--from={previous_version}", "{commit} {environment}", "{url}", "{key}",
              '{"json": 1}', "$(id); echo *"]
    )  # fmt: skip

    adapter.start(request(version="{commit}`id`"))

    assert settled(adapter).log.splitlines() == [
        "frontend@{commit}`id`",
        "--from=release_6",
        "c0ffee staging",
        "https://frontend.staging.example",
        KEY,
        '{"json": 1}',
        "$(id); echo *",
    ]


def test_the_program_sees_the_release_and_none_of_our_secrets(
    add_program: AddProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DEPLOYER_SECRET_KEY", "DEPLOYER_CONNECTION_HOOK_SECRET", "DATABASE_URL", "REDIS_URL", "SENTRY_DSN"):
        monkeypatch.setenv(name, "hunter2")
    monkeypatch.setenv("LANG", "C.UTF-8")
    add_program("deploy", "env")
    adapter = deployer()

    adapter.start(request())

    seen = dict(line.split("=", 1) for line in settled(adapter).log.splitlines())
    assert seen.keys() - {"PWD", "OLDPWD", "SHLVL", "_"} == {
        "PATH", "HOME", "LANG", "TZ", "DEPLOY_APPLICATION", "DEPLOY_ENVIRONMENT", "DEPLOY_VERSION", "DEPLOY_COMMIT",
        "DEPLOY_PREVIOUS_VERSION", "DEPLOY_URL", "DEPLOY_KEY",
    }  # fmt: skip
    assert seen["DEPLOY_VERSION"] == "release_7"
    assert "hunter2" not in seen.values()


def test_neither_the_supervisor_has_any_of_our_secrets(
    add_program: AddProgram, runs_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEPLOYER_SECRET_KEY", "hunter2")
    add_program("deploy", "sleep 600")

    deployer().start(request())

    pid = supervisor_pid(runs_dir / KEY)
    assert b"hunter2" not in Path(f"/proc/{pid}/environ").read_bytes()


def test_the_run_directory_is_for_this_user_only(add_program: AddProgram, runs_dir: Path) -> None:
    add_program("deploy", "true")

    deployer().start(request())

    assert (runs_dir / KEY).stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("exit 3", "deploy exited with code 3."),
        ("kill -SEGV $$", "deploy was killed by SIGSEGV."),
        ("kill -40 $$", "deploy was killed by signal 40."),
    ],
)
def test_it_says_how_the_program_failed(add_program: AddProgram, script: str, sentence: str) -> None:
    add_program("deploy", script)
    adapter = deployer()

    adapter.start(request())

    status = settled(adapter)
    assert (status.state, status.sentence) == (DeployState.FAILED, sentence)


def test_a_program_that_cannot_be_run_has_failed(add_program: AddProgram) -> None:
    add_program("deploy", "").write_text("#!/no/such/interpreter\n")
    adapter = deployer()

    adapter.start(request())

    status = settled(adapter)
    assert status.state is DeployState.FAILED
    assert status.sentence == "deploy could not be run: No such file or directory."


def test_a_program_that_hangs_is_stopped_with_all_of_its_group(add_program: AddProgram, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    add_program(
        "deploy",
        f"""
        trap '' TERM
        sh -c 'trap "" TERM; echo $$ >> {pids}; while :; do sleep 600; done' &
        (sleep 600 & echo $! >> {pids}; wait) >/dev/null 2>&1 &
        echo $$ >> {pids}
        while :; do sleep 600; done
        """,
    )
    adapter = deployer(timeout_seconds=3, grace_seconds=0.2)

    adapter.start(request())

    status = settled(adapter)
    assert (status.state, status.sentence) == (DeployState.FAILED, "deploy timed out after 3 s and was stopped.")
    started = [int(pid) for pid in pids.read_text().split()]
    assert len(started) == 3
    wait_until(lambda: not any(map(is_alive, started)))


def test_a_program_that_hangs_may_clean_up_when_its_time_is_over(add_program: AddProgram) -> None:
    add_program("deploy", "trap 'echo cleaning up; exit 0' TERM; echo begun; sleep 600 & wait")
    adapter = deployer(timeout_seconds=2, grace_seconds=60)

    adapter.start(request())

    status = settled(adapter)
    assert status.state is DeployState.FAILED
    assert status.log == "begun\ncleaning up\n"


def test_what_a_program_leaves_in_the_background_does_not_hold_it_up(add_program: AddProgram, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    add_program("deploy", f"sleep 600 & echo $! > {pid}; echo done")
    adapter = deployer()

    adapter.start(request())

    status = settled(adapter)
    assert (status.state, status.log) == (DeployState.SUCCEEDED, "done\n")
    wait_until(lambda: not is_alive(int(pid.read_text())))


def test_a_daemon_that_left_the_group_and_writes_on_does_not_hold_it_up(
    add_program: AddProgram, tmp_path: Path
) -> None:
    pid = tmp_path / "pid"
    add_program("deploy", f"setsid sh -c 'echo $$ > {pid}; exec yes' & while [ ! -s {pid} ]; do :; done")
    adapter = deployer()

    adapter.start(request())

    assert settled(adapter).state is DeployState.SUCCEEDED
    wait_until(lambda: not is_alive(int(pid.read_text())))


def test_an_endless_talker_fills_neither_disk_nor_memory(add_program: AddProgram, runs_dir: Path) -> None:
    add_program("deploy", "echo begun; head -c 1000000000 /dev/zero; echo ended")
    adapter = deployer()
    peaks = [0]

    adapter.start(request())

    pid = supervisor_pid(runs_dir / KEY)
    status = settled(adapter, on_poll=lambda: peaks.append(peak_memory_kib(pid)))
    limit = command.LOG_HEAD_BYTES + command.LOG_TAIL_BYTES + 100
    assert status.state is DeployState.SUCCEEDED
    assert (runs_dir / KEY / "log").stat().st_size <= limit
    assert 0 < max(peaks) < 64 * 1024
    left_out = 1_000_000_000 + len("begun\nended\n") - command.LOG_HEAD_BYTES - command.LOG_TAIL_BYTES
    assert f"\n[{left_out} bytes of output were left out here]\n" in status.log
    assert status.log.startswith("begun\n")
    assert status.log.endswith("ended\n")
    assert "\0" not in status.log


def test_a_program_that_closes_its_output_and_goes_on_is_waited_for(add_program: AddProgram, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    add_program("deploy", f"exec >&- 2>&-; while [ ! -e {gate} ]; do sleep 0.05; done; exit 4")
    adapter = deployer()

    adapter.start(request())
    running = adapter.poll(KEY, log_offset=0)
    gate.touch()

    assert running.state is DeployState.RUNNING
    assert settled(adapter).sentence == "deploy exited with code 4."


def test_the_log_can_be_followed_while_it_grows(add_program: AddProgram, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    add_program("deploy", f"echo one; while [ ! -e {gate} ]; do sleep 0.05; done; echo two")
    adapter = deployer()
    adapter.start(request())
    wait_until(lambda: adapter.poll(KEY, log_offset=0).log)

    first = adapter.poll(KEY, log_offset=0)
    gate.touch()
    wait_until(lambda: adapter.poll(KEY, log_offset=0).state is DeployState.SUCCEEDED)
    rest = adapter.poll(KEY, log_offset=first.log_offset)

    assert (first.state, first.sentence, first.log) == (DeployState.RUNNING, "deploy is running.", "one\n")
    assert (rest.log, rest.log_offset) == ("two\n", 8)


def test_with_the_end_comes_all_of_the_log(add_program: AddProgram) -> None:
    add_program("deploy", "head -c 300000 /dev/zero | tr '\\0' x")
    adapter = deployer()
    adapter.start(request())
    settled(adapter)

    status = adapter.poll(KEY, log_offset=10)

    assert len(status.log) == 300_000 - 10


def test_while_it_runs_a_poll_returns_a_bounded_piece_of_the_log(add_program: AddProgram, runs_dir: Path) -> None:
    add_program("deploy", "head -c 300000 /dev/zero | tr '\\0' x; sleep 600")
    adapter = deployer()
    adapter.start(request())
    log = runs_dir / KEY / "log"
    wait_until(lambda: log.exists() and log.stat().st_size == 300_000)

    assert len(adapter.poll(KEY, log_offset=0).log) == command.LOG_POLL_BYTES


def test_a_character_that_is_half_written_is_left_for_the_next_poll(tmp_path: Path) -> None:
    run = runs.Run(tmp_path)
    (tmp_path / "log").write_bytes("café".encode()[:-1])

    first = run.read_log(0, 100)
    (tmp_path / "log").write_bytes("café".encode())
    second = run.read_log(first[1], 100)

    assert (first, second) == (("caf", 3), ("é", 5))


def test_bytes_that_are_no_text_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"a\xff\xfeb\xc3")

    assert runs.Run(tmp_path).read_log(0, None) == ("a\ufffd\ufffdb\ufffd", 5)


def test_two_starts_run_it_once(add_program: AddProgram, tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    add_program("deploy", f"echo ran >> {marks}")
    adapter = deployer()

    references = [adapter.start(request()), adapter.start(request(fence=2))]
    settled(adapter)
    references.append(adapter.start(request(fence=3)))

    assert references == [KEY] * 3
    assert marks.read_text() == "ran\n"


def test_many_starts_at_once_run_it_once(add_program: AddProgram, tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    add_program("deploy", f"echo ran >> {marks}; sleep 0.5")
    adapter = deployer()
    references: list[str] = []
    threads = [threading.Thread(target=lambda: references.append(adapter.start(request()))) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert references == [KEY] * 8
    assert settled(adapter).state is DeployState.SUCCEEDED
    assert marks.read_text() == "ran\n"


def test_a_start_whose_program_is_gone_since_is_still_the_same_start(add_program: AddProgram) -> None:
    program = add_program("deploy", "true")
    adapter = deployer()
    adapter.start(request())
    settled(adapter)
    program.unlink()

    assert adapter.start(request()) == KEY


def test_it_outlives_the_worker_that_started_it(
    add_program: AddProgram, tmp_path: Path, runs_dir: Path, settings: Settings
) -> None:
    gate = tmp_path / "gate"
    add_program("deploy", f"while [ ! -e {gate} ]; do sleep 0.05; done; echo done")
    worker = f"""
import os, signal
from django.conf import settings
settings.configure(COMMAND_DIR={str(settings.COMMAND_DIR)!r}, COMMAND_RUNS_DIR={str(runs_dir)!r})
from tests.integrations.test_command_deployer import deployer, request
deployer().start(request())
os.killpg(0, signal.SIGKILL)
"""

    died = subprocess.run([sys.executable, "-c", worker], start_new_session=True, check=False)
    adapter = deployer()
    found = adapter.find(KEY)
    running = adapter.poll(KEY, log_offset=0)
    gate.touch()

    assert died.returncode == -signal.SIGKILL
    assert found == KEY
    assert running.state is DeployState.RUNNING
    status = settled(adapter)
    assert (status.state, status.log) == (DeployState.SUCCEEDED, "done\n")


def test_it_leaves_no_zombies_to_a_long_lived_worker(add_program: AddProgram) -> None:
    add_program("deploy", "true")
    adapter = deployer()
    before = children()

    adapter.start(request())
    settled(adapter)

    assert children() <= before


def test_the_death_of_the_supervisor_leaves_the_outcome_unknown(add_program: AddProgram, runs_dir: Path) -> None:
    add_program("deploy", "echo begun; exec sleep 5")
    adapter = deployer()
    adapter.start(request())
    pid = supervisor_pid(runs_dir / KEY)
    wait_until(lambda: adapter.poll(KEY, log_offset=0).log)

    os.kill(pid, signal.SIGKILL)

    status = settled(adapter)
    assert status.state is DeployState.UNKNOWN
    assert "its supervisor died" in status.sentence
    assert status.log == "begun\n"
    assert adapter.find(KEY) == KEY
    assert adapter.start(request()) == KEY
    assert adapter.poll(KEY, log_offset=0).state is DeployState.UNKNOWN


def test_a_run_that_was_never_made_is_unknown_and_not_found(add_program: AddProgram) -> None:
    adapter = deployer()

    assert adapter.poll(KEY, log_offset=7).state is DeployState.UNKNOWN
    assert adapter.poll(KEY, log_offset=7).log_offset == 7
    assert adapter.find(KEY) is None


@pytest.mark.parametrize("key", ["", "../../etc", KEY.upper(), KEY + "0", KEY + "\n"])
def test_a_key_never_becomes_another_path(add_program: AddProgram, key: str) -> None:
    adapter = deployer()

    with pytest.raises(Refused, match="key"):
        adapter.start(request(key=key))
    assert adapter.poll(key, log_offset=0).state is DeployState.UNKNOWN
    assert adapter.find(key) is None
    with pytest.raises(Refused):
        adapter.cancel(key)


def test_a_worker_that_runs_no_commands_cannot_tell(runs_dir: Path, settings: Settings) -> None:
    settings.COMMAND_DIR = None
    adapter = deployer()

    with pytest.raises(Refused, match="DEPLOYER_COMMAND_DIR"):
        adapter.start(request())
    with pytest.raises(Unavailable, match="DEPLOYER_COMMAND_DIR"):
        adapter.find(KEY)
    with pytest.raises(Unavailable, match="DEPLOYER_COMMAND_DIR"):
        adapter.poll(KEY, log_offset=0)


def test_a_command_directory_that_is_not_there_is_refused(runs_dir: Path, settings: Settings) -> None:
    settings.COMMAND_DIR = runs_dir / "nowhere"

    with pytest.raises(Refused, match="DEPLOYER_COMMAND_DIR cannot be used"):
        deployer().start(request())


def test_a_missing_program_is_refused(add_program: AddProgram) -> None:
    with pytest.raises(Refused, match="deploy is not in the command directory"):
        deployer().start(request())


def test_a_program_that_leads_out_of_the_directory_is_refused(add_program: AddProgram) -> None:
    folder = add_program("other", "true").parent
    (folder / "deploy").symlink_to("/bin/sh")

    with pytest.raises(Refused, match="deploy leads out of the command directory"):
        deployer(args=["-c", "exit 0"]).start(request())


def test_a_symlink_within_the_directory_may_be_used(add_program: AddProgram) -> None:
    path = add_program("deploy-v2", "echo v2")
    (path.parent / "deploy").symlink_to("deploy-v2")
    adapter = deployer()

    adapter.start(request())

    assert settled(adapter).log == "v2\n"


def test_a_symlink_that_leads_to_itself_is_refused(add_program: AddProgram) -> None:
    folder = add_program("other", "true").parent
    (folder / "deploy").symlink_to("deploy")

    with pytest.raises(Refused, match="deploy is not in the command directory"):
        deployer().start(request())


def test_what_is_not_executable_or_not_a_file_is_refused(add_program: AddProgram) -> None:
    folder = add_program("deploy", "true").parent
    (folder / "deploy").chmod(0o644)
    (folder / "folder").mkdir()

    for program in ("deploy", "folder"):
        with pytest.raises(Refused, match=f"{program} is not an executable file"):
            deployer(program=program).start(request())


def test_a_value_that_would_be_an_option_is_refused(add_program: AddProgram, runs_dir: Path) -> None:
    add_program("deploy", "true")

    with pytest.raises(Refused, match="for an option"):
        deployer(args=["{version}"]).start(request(version="--force"))
    assert deployer(args=["--version={version}"]).start(request(version="--force")) == KEY


@pytest.mark.parametrize("version", ["a\0b", "half a pair \ud800"])
def test_a_value_that_no_program_can_take_is_refused(add_program: AddProgram, version: str) -> None:
    add_program("deploy", "true")

    with pytest.raises(Refused, match="version holds a character"):
        deployer(args=["{version}"]).start(request(version=version))


def test_values_may_be_in_any_language_wherever_we_run(
    add_program: AddProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "POSIX")
    add_program("deploy", 'echo "$1 $DEPLOY_VERSION"')
    adapter = deployer(args=["{version}"])

    adapter.start(request(version="vérsion-七"))

    assert settled(adapter).log == "vérsion-七 vérsion-七\n"


def test_nothing_is_started_past_the_deadline(add_program: AddProgram) -> None:
    add_program("deploy", "true")
    adapter = deployer()

    with pytest.raises(Unavailable, match="claim on this work was lost"):
        adapter.start(request(deadline=time.monotonic()))

    assert adapter.find(KEY) is None


def test_a_supervisor_that_comes_up_past_the_deadline_starts_nothing(add_program: AddProgram, runs_dir: Path) -> None:
    run = prepared(add_program("deploy", "true"), runs_dir)

    late = subprocess.run([sys.executable, command_supervisor.__file__, run.folder, "0.0", "detached"], check=False)

    assert late.returncode == command_supervisor.DEADLINE_PASSED
    assert not run.has_started()


def prepared(program: Path, runs_dir: Path) -> runs.Run:
    """A run of which the worker died before it had a supervisor."""
    runs_dir.mkdir(exist_ok=True)
    run = runs.Run(runs_dir / KEY)
    run.prepare(
        argv=[str(program)],
        env={},
        cwd=program.parent,
        timeout_seconds=60,
        grace_seconds=1,
        keep_head=1000,
        keep_tail=1000,
    )
    return run


def test_a_supervisor_on_its_way_is_waited_for(add_program: AddProgram, runs_dir: Path) -> None:
    prepared(add_program("deploy", "true"), runs_dir)

    status = deployer().poll(KEY, log_offset=0)

    assert (status.state, status.sentence) == (DeployState.RUNNING, "deploy is about to start.")
    assert deployer().find(KEY) is None


def test_a_run_that_never_started_fails_and_then_can_never_start(
    add_program: AddProgram, runs_dir: Path, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    run = prepared(add_program("deploy", f"touch {mark}"), runs_dir)
    long_ago = time.time() - command.START_SECONDS - 1
    os.utime(run.folder, (long_ago, long_ago))
    adapter = deployer()

    status = adapter.poll(KEY, log_offset=0)
    run.launch(time.monotonic() + 600)

    assert (status.state, status.sentence) == (DeployState.FAILED, "deploy could not be started.")
    assert adapter.poll(KEY, log_offset=0) == status
    with pytest.raises(Refused, match="given up"):
        adapter.start(request())
    wait_until(lambda: not pids_of_supervisors(run.folder))
    assert not mark.exists()


def test_a_run_that_has_started_cannot_be_settled_as_never_started(add_program: AddProgram, runs_dir: Path) -> None:
    add_program("deploy", "true")
    deployer().start(request())

    assert not runs.Run(runs_dir / KEY).bury()


def test_a_start_after_a_worker_died_before_it_goes_on_from_there(add_program: AddProgram, runs_dir: Path) -> None:
    prepared(add_program("deploy", "echo ran"), runs_dir)
    adapter = deployer()

    adapter.start(request(fence=2))

    assert settled(adapter).log == "ran\n"


def test_it_can_be_cancelled(add_program: AddProgram) -> None:
    add_program("deploy", "trap 'echo stopping; exit 1' TERM; echo begun; sleep 600 & wait")
    adapter = deployer()
    adapter.start(request())
    wait_until(lambda: adapter.poll(KEY, log_offset=0).log)

    adapter.cancel(KEY)

    status = settled(adapter)
    assert (status.state, status.sentence) == (DeployState.FAILED, "deploy was cancelled.")
    assert status.log == "begun\nstopping\n"


def test_a_supervisor_that_is_told_to_stop_stops_the_program(add_program: AddProgram, runs_dir: Path) -> None:
    add_program("deploy", "exec sleep 600")
    adapter = deployer()
    adapter.start(request())
    pid = supervisor_pid(runs_dir / KEY)

    os.kill(pid, signal.SIGTERM)

    assert settled(adapter).sentence == "deploy was cancelled."


def test_a_cancel_before_the_start_means_that_it_never_runs(
    add_program: AddProgram, runs_dir: Path, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    prepared(add_program("deploy", f"touch {mark}"), runs_dir)
    adapter = deployer()

    adapter.cancel(KEY)
    adapter.start(request())

    assert settled(adapter).sentence == "deploy was cancelled before it ran."
    assert not mark.exists()


def test_a_cancel_after_the_end_changes_nothing(add_program: AddProgram) -> None:
    add_program("deploy", "true")
    adapter = deployer()
    adapter.start(request())
    settled(adapter)

    adapter.cancel(KEY)

    assert adapter.poll(KEY, log_offset=0).state is DeployState.SUCCEEDED


def test_a_cancel_of_an_unknown_run_is_refused(add_program: AddProgram) -> None:
    with pytest.raises(Refused, match="Nothing is known"):
        deployer().cancel(KEY)


def test_a_runs_directory_that_cannot_be_made_starts_nothing(add_program: AddProgram, settings: Settings) -> None:
    settings.COMMAND_RUNS_DIR = add_program("deploy", "true") / "runs"

    with pytest.raises(Unavailable, match="directory of runs could not be made"):
        deployer().start(request())


def test_old_runs_are_removed_and_those_at_work_are_not(add_program: AddProgram, runs_dir: Path) -> None:
    add_program("deploy", "true")
    add_program("stay", "sleep 600")
    keys = {name: f"{number:032x}" for number, name in enumerate(["old", "fresh", "busy"])}
    deployer().start(request(key=keys["old"]))
    deployer().start(request(key=keys["fresh"]))
    deployer(program="stay").start(request(key=keys["busy"]))
    for name in ("old", "fresh"):
        wait_until(lambda name=name: not pids_of_supervisors(runs_dir / keys[name]))  # type: ignore[misc]
    (runs_dir / "not-a-run").mkdir()
    for name in (keys["old"], keys["busy"], "not-a-run"):
        os.utime(runs_dir / name, (0, 0))

    removed = command.prune(timedelta(days=30))

    assert removed == 1
    assert {path.name for path in runs_dir.iterdir()} == {keys["fresh"], keys["busy"], "not-a-run"}


def test_the_ending_is_written_down_for_whoever_looks_at_the_machine(add_program: AddProgram, runs_dir: Path) -> None:
    add_program("deploy", "exit 3")
    adapter = deployer()
    adapter.start(request())
    settled(adapter)

    assert json.loads((runs_dir / KEY / "exit.json").read_text()) == {
        "returncode": 3,
        "reason": "exited",
        "sentence": "",
    }
