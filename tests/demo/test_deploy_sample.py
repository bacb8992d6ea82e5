import http.client
import json
import shutil
import socket

import pytest

from demo.deploy import answered_version, closed_sign
from demo.pidfile import PidFile
from tests.demo.conftest import Sample


def get(sample: Sample, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", sample.port, timeout=5)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body


def test_it_deploys_a_versioned_folder_that_answers_with_its_version(sample: Sample) -> None:
    sample.deploy("1.0.0")

    assert (sample.folder / "current").resolve() == sample.folder / "releases" / "1.0.0"
    status, page = get(sample, "/")
    assert (status, "Version 1.0.0 in staging." in page) == (200, True)
    status, report = get(sample, "/healthcheck")
    assert status == 200
    assert json.loads(report) == {"version": "1.0.0", "status": "ok", "checks": {"orders": {"status": "ok"}}}
    assert get(sample, "/nothing")[0] == 404


def test_the_next_deploy_switches_the_version_and_keeps_the_folder_before(sample: Sample) -> None:
    sample.deploy("1.0.0")
    first = PidFile(sample.folder / "service.pid").group()

    sample.deploy("2.0.0")

    assert answered_version(sample.port) == "2.0.0"
    assert PidFile(sample.folder / "service.pid").group() != first
    assert {path.name for path in (sample.folder / "releases").iterdir()} == {"1.0.0", "2.0.0"}


def test_going_back_to_an_older_version_works(sample: Sample) -> None:
    sample.deploy("1.0.0")
    sample.deploy("2.0.0")
    commit = json.loads((sample.root / "builds" / "1.0.0" / "release.json").read_text())["commit"]

    assert sample.run("1.0.0", commit).returncode == 0
    assert answered_version(sample.port) == "1.0.0"


def test_a_release_that_breaks_here_is_deployed_and_says_500(sample: Sample) -> None:
    sample.deploy("2.0.0", breaks_in="staging")

    status, report = get(sample, "/healthcheck")
    assert status == 500
    assert json.loads(report)["status"] == "critical"
    assert get(sample, "/")[0] == 200


def test_a_release_that_breaks_elsewhere_is_well_here(sample: Sample) -> None:
    sample.deploy("2.0.0", breaks_in="production")

    assert get(sample, "/healthcheck")[0] == 200


def test_it_refuses_a_version_that_was_never_built(sample: Sample) -> None:
    done = sample.run("1.0.0", "abc")

    assert done.returncode == 1
    assert "There is no build of version 1.0.0" in done.stdout
    assert not sample.folder.exists()


def test_it_refuses_a_build_of_another_commit(sample: Sample) -> None:
    sample.build("1.0.0")

    done = sample.run("1.0.0", "abc")

    assert done.returncode == 1
    assert "The build in" in done.stdout
    assert not sample.folder.exists()


@pytest.mark.parametrize("version", ["../../etc", ".hidden", "", "a/b"])
def test_it_refuses_a_version_that_is_no_folder_name(sample: Sample, version: str) -> None:
    assert sample.run(version, "abc").returncode == 2


def test_it_refuses_while_another_deploy_runs_there(sample: Sample) -> None:
    commit = sample.build("1.0.0")
    sample.folder.mkdir()

    with PidFile(sample.folder / "deploy.pid").held():
        done = sample.run("1.0.0", commit)

    assert done.returncode == 1
    assert "deploy.pid" in done.stdout


def test_it_deploys_nothing_once_the_demo_closes_down(sample: Sample) -> None:
    closed_sign(sample.root).touch()

    done = sample.run("1.0.0", sample.build("1.0.0"))

    assert done.returncode == 1
    assert answered_version(sample.port) is None


def test_it_fails_when_the_port_is_someone_elses_and_leaves_the_stranger_alone(sample: Sample) -> None:
    commit = sample.build("1.0.0")
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", sample.port))
        stranger.listen()

        done = sample.run("1.0.0", commit)

        assert done.returncode == 1
        assert "Address already in use" in done.stdout
        assert stranger.getsockname()[1] == sample.port


def test_a_version_that_does_not_start_is_replaced_by_the_one_before(sample: Sample) -> None:
    sample.deploy("1.0.0")
    commit = sample.build("2.0.0")
    (sample.root / "builds" / "2.0.0" / "service.py").write_text("raise SystemExit('no configuration')\n")

    done = sample.run("2.0.0", commit)

    assert done.returncode == 1
    assert "no configuration" in done.stdout
    assert answered_version(sample.port) == "1.0.0"
    assert (sample.folder / "current").resolve().name == "1.0.0"


def test_a_service_that_crashed_is_no_obstacle(sample: Sample) -> None:
    sample.deploy("1.0.0")
    PidFile(sample.folder / "service.pid").stop(patience=0)

    sample.deploy("2.0.0")

    assert answered_version(sample.port) == "2.0.0"


def test_half_a_copy_of_an_earlier_deploy_is_never_run(sample: Sample) -> None:
    sample.deploy("1.0.0")
    shutil.copytree(sample.folder / "releases" / "1.0.0", sample.folder / "releases" / ".2.0.0.part")

    sample.deploy("2.0.0")

    assert answered_version(sample.port) == "2.0.0"
    assert not (sample.folder / "releases" / ".2.0.0.part").exists()
