"""The tests' own PostgreSQL: found where it is, and clear about what is missing."""

import stat
from pathlib import Path

import pytest

from tests.postgres import PostgresError, find_binaries, server_version


def fake_server(folder: Path, version: str) -> Path:
    """A folder with programs that say they are this version."""
    folder.mkdir(parents=True)
    for name in ("initdb", "postgres"):
        program = folder / name
        program.write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return folder


@pytest.mark.parametrize(("said", "major"), [("15.18 (Debian 15.18-0+deb12u1)", 15), ("17.2", 17), ("18beta1", 18)])
def test_it_reads_the_major_version(tmp_path: Path, said: str, major: int) -> None:
    assert server_version(fake_server(tmp_path / "bin", said)) == major


def test_a_folder_without_the_programs_has_no_version(tmp_path: Path) -> None:
    assert server_version(tmp_path) is None


def test_the_folder_that_the_operator_names_is_the_only_one_looked_at(tmp_path: Path) -> None:
    named = fake_server(tmp_path / "named", "16.1")

    assert find_binaries({"POSTGRES_BIN": str(named), "PATH": ""}) == named
    with pytest.raises(PostgresError, match=r"no PostgreSQL server in POSTGRES_BIN=.*install the package postgresql"):
        find_binaries({"POSTGRES_BIN": str(tmp_path / "empty"), "PATH": ""})


def test_a_server_that_is_too_old_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PostgresError, match="is 14: 15 or newer is needed"):
        find_binaries({"POSTGRES_BIN": str(fake_server(tmp_path / "old", "14.9")), "PATH": ""})
