"""Promise 6: whatever is killed, frozen, flushed or restarted, everything finishes, once.

This is the short form; `make test-faults` does it at length.
"""

import subprocess
import sys

import pytest
from django.db import connection

from tests.stack import ROOT

LIMIT_SECONDS = 400

pytestmark = pytest.mark.stack


def run_faults(*options: str) -> "subprocess.CompletedProcess[str]":
    """In processes and on a database of its own, of the kind that the tests run on."""
    command = [sys.executable, "-m", "tests.faults", "--database", connection.vendor, "--seed", "1", *options]
    return subprocess.run(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )


def test_forty_promotions_all_succeed_and_start_once_whatever_is_killed() -> None:
    done = run_faults("--promotions", "40")

    assert done.returncode == 0, done.stdout
    assert "Every promotion succeeded, and every key was started exactly once." in done.stdout


def test_without_the_look_up_a_key_is_started_twice() -> None:
    done = run_faults("--promotions", "120", "--control")

    assert done.returncode == 0, done.stdout
    assert "of the keys were started twice" in done.stdout
