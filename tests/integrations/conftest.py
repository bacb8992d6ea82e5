from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from deployer.integrations import runs
from tests.integrations.servers import FakeServer, fake_server

AddProgram = Callable[[str, str], Path]


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with fake_server() as fake:
        yield fake


@pytest.fixture
def runs_dir(settings: Settings, tmp_path: Path) -> Iterator[Path]:
    """The run directories; what still runs there when the test ends is stopped."""
    folder = tmp_path / "runs"
    settings.COMMAND_RUNS_DIR = folder
    yield folder
    for run in map(runs.Run, folder.glob("*")):
        run.ask_to_stop()


@pytest.fixture
def add_program(settings: Settings, tmp_path: Path, runs_dir: Path) -> AddProgram:
    """Puts a shell script into the operator's command directory."""
    folder = tmp_path / "commands"
    folder.mkdir()
    settings.COMMAND_DIR = folder

    def add(name: str, script: str) -> Path:
        path = folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    return add
