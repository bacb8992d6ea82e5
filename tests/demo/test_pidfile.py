import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.pidfile import PidFile, PidFileError

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)",
]


@pytest.fixture
def pidfile(tmp_path: Path) -> Iterator[PidFile]:
    pidfile = PidFile(tmp_path / "one.pid")
    yield pidfile
    pidfile.stop(patience=0)


def start(pidfile: PidFile, command: list[str]) -> "subprocess.Popen[bytes]":
    """Start it and wait until it has said that it is up."""
    log = pidfile.path.with_suffix(".log")
    process = pidfile.start(command, log=log, cwd=pidfile.path.parent)
    give_up_at = time.monotonic() + 10
    while log.read_text() != "up\n":
        assert time.monotonic() < give_up_at
        time.sleep(0.01)
    return process


def test_it_names_the_group_of_a_process_that_lives(pidfile: PidFile) -> None:
    process = start(pidfile, SLEEP)

    assert pidfile.group() == process.pid == os.getpgid(process.pid)
    assert pidfile.stop()
    assert pidfile.group() is None
    assert process.wait() == -signal.SIGTERM


def test_it_kills_what_does_not_end_when_asked(pidfile: PidFile) -> None:
    process = start(pidfile, DEAF)

    assert pidfile.stop(patience=0.2)
    assert process.wait() == -signal.SIGKILL


def test_a_process_that_died_counts_for_nothing_though_its_number_is_written(pidfile: PidFile) -> None:
    process = start(pidfile, SLEEP)
    process.kill()
    process.wait()

    assert pidfile.path.read_text().strip() == str(process.pid)
    assert pidfile.group() is None
    assert not pidfile.stop()


def test_a_stranger_whose_number_is_in_the_file_is_not_touched(pidfile: PidFile) -> None:
    with subprocess.Popen(SLEEP, stdout=subprocess.DEVNULL, start_new_session=True) as stranger:
        pidfile.path.write_text(f"{stranger.pid}\n")

        assert not pidfile.stop()
        assert stranger.poll() is None
        stranger.kill()


def test_it_does_not_start_a_second_one(pidfile: PidFile) -> None:
    process = start(pidfile, SLEEP)

    with pytest.raises(PidFileError, match=f"Process group {process.pid} holds"):
        pidfile.start(SLEEP, log=pidfile.path.with_suffix(".log"), cwd=pidfile.path.parent)
    pidfile.stop()
    process.wait()


def test_what_is_left_of_a_group_whose_leader_died_is_found_and_stopped(pidfile: PidFile) -> None:
    process = start(pidfile, ["/bin/sh", "-c", "sleep 60 & echo up; wait"])
    process.kill()
    process.wait()

    assert pidfile.group() == process.pid
    assert pidfile.stop()


def test_a_command_that_is_not_there_ends_at_once(pidfile: PidFile) -> None:
    process = pidfile.start(["/nowhere/at-all"], log=pidfile.path.with_suffix(".log"), cwd=pidfile.path.parent)

    assert process.wait() == 127
    assert "/nowhere/at-all" in pidfile.path.with_suffix(".log").read_text()
    assert pidfile.group() is None


def test_asking_about_a_file_that_is_not_there_finds_nobody(tmp_path: Path) -> None:
    assert PidFile(tmp_path / "none.pid").group() is None
    assert not PidFile(tmp_path / "none.pid").stop()
