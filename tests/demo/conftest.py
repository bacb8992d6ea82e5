"""A folder to deploy the sample service in, with what was started there stopped at the end."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.ci import build
from demo.preflight import choose_ports
from demo.stack import BASE_DIR, stop_processes

DEPLOY_SAMPLE = BASE_DIR / "demo" / "bin" / "deploy-sample"


class Sample:
    """The sample service in one environment. `run` deploys as Deployer's command adapter does."""

    def __init__(self, root: Path, environment: str = "staging") -> None:
        self.root = root
        self.environment = environment
        self.folder = root / environment
        (self.port,) = choose_ports(1)

    def build(self, version: str, *, breaks_in: str = "") -> str:
        return build(self.root, version, breaks_in=breaks_in)

    def run(self, version: str, commit: str) -> "subprocess.CompletedProcess[str]":
        options = {
            "--root": self.root,
            "--environment": self.environment,
            "--version": version,
            "--commit": commit,
            "--url": f"http://127.0.0.1:{self.port}/",
        }
        command = [sys.executable, str(DEPLOY_SAMPLE), *(f"{name}={value}" for name, value in options.items())]
        return subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=60
        )

    def deploy(self, version: str, *, breaks_in: str = "") -> None:
        """Build and deploy a version. Fails the test when that fails."""
        done = self.run(version, self.build(version, breaks_in=breaks_in))
        assert done.returncode == 0, done.stdout


@pytest.fixture
def sample(tmp_path: Path) -> Iterator[Sample]:
    yield Sample(tmp_path)
    stop_processes(tmp_path)
