"""CSV files are read strictly, and what can't be read says why and where."""

import gzip
from pathlib import Path

import pytest

from apps_registry.importers.base import EntryError, Problem
from deployer.calendar.importers import base
from deployer.calendar.importers.base import CalendarFileError, Row, read_rows


def written(folder: Path, content: bytes) -> Path:
    file = folder / "file.csv"
    file.write_bytes(content)
    return file


def test_rows_know_the_line_at_which_they_begin_though_a_cell_has_several(tmp_path: Path) -> None:
    file = written(tmp_path, b'app,reason\none,"first\nsecond"\ntwo,third\n')

    rows = read_rows(file, ["app"]).rows

    assert [(row.line, row.text("app")) for row in rows] == [(2, "one"), (4, "two")]


@pytest.mark.parametrize("content", ["app,team\n one , x\n", "\ufeffapp,team\r\none,x\r\n", "app,team\n\none,x"])
def test_spaces_byte_order_marks_windows_line_ends_and_empty_lines_change_nothing(tmp_path: Path, content: str) -> None:
    found = read_rows(written(tmp_path, content.encode()), ["app", "team"])

    assert [row.cells for row in found.rows] == [{"app": "one", "team": "x"}]
    assert found.problems == []


def test_a_gzipped_file_is_read_as_its_content_whatever_its_name(tmp_path: Path) -> None:
    file = written(tmp_path, gzip.compress(b"app\none\n"))

    assert [row.text("app") for row in read_rows(file, ["app"]).rows] == ["one"]


def test_a_row_of_another_length_is_a_problem_of_its_line_and_the_rest_is_read(tmp_path: Path) -> None:
    found = read_rows(written(tmp_path, b"app,team\none\ntwo,x\nthree,x,y\n"), ["app"])

    assert [row.text("app") for row in found.rows] == ["two"]
    assert [problem.line for problem in found.problems] == [2, 4]
    assert found.problems[0].message == "it has 1 cells where the first line names 2 columns."


@pytest.mark.parametrize(
    ("content", "message", "line"),
    [
        (b"", "is empty.", None),
        (b"\n\n", "is empty.", None),
        (b"app,app\n", "names the column 'app' twice.", 1),
        (b"team\n", "names no column app in its first line.", 1),
        (b"app\n\xff\n", "is not a text file in UTF-8.", 2),
        (b'app\none\n"two\n', "is not CSV: unexpected end of data.", 3),
        (b"\x1f\x8b not gzip", "can't be read: ", None),
        (gzip.compress(b"app\none\n", mtime=0)[:-10], "can't be read: ", None),
    ],
)
def test_a_file_that_is_no_such_file_is_refused(tmp_path: Path, content: bytes, message: str, line: int | None) -> None:
    with pytest.raises(CalendarFileError) as error:
        read_rows(written(tmp_path, content), ["app"])

    assert str(error.value).startswith(message)
    assert error.value.line == line


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CalendarFileError, match=r"^can't be read: No such file or directory\.$"):
        read_rows(tmp_path / "none.csv", ["app"])


def test_a_small_file_that_unpacks_to_a_huge_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "MAX_BYTES", 2_000_000)
    file = written(tmp_path, gzip.compress(b"app\n" + b"x" * 3_000_000))
    assert file.stat().st_size < 10_000

    with pytest.raises(CalendarFileError, match=r"^is larger than 2 MB\.$"):
        read_rows(file, ["app"])


@pytest.mark.parametrize("text", ["2025-11-17T14:04:57Z", "2025-11-17T14:04:57+00:00", "2025-11-17T16:04:57+02:00"])
def test_a_time_is_read_with_its_offset(text: str) -> None:
    at = Row(1, {"at": text}).moment("at")

    assert at is not None
    assert at.isoformat() == "2025-11-17T14:04:57+00:00"


@pytest.mark.parametrize("text", ["2025-11-17T14:04:57", "17/11/2025", "2025-02-30T00:00:00Z", "soon", "2025-11-17"])
def test_a_time_without_offset_and_what_is_no_time_is_a_problem_of_its_line(text: str) -> None:
    with pytest.raises(EntryError) as error:
        Row(7, {"at": text}).moment("at")

    expected = f"at: {text!r} is no time with its offset, such as 2025-11-17T14:04:57Z."
    assert error.value.problem == Problem(7, expected)


@pytest.mark.parametrize(("text", "expected"), [("true", True), ("false", False), ("", None)])
def test_a_flag_is_true_false_or_not_given(text: str, expected: bool | None) -> None:
    assert Row(1, {"on": text}).flag("on") is expected


def test_any_other_flag_is_a_problem() -> None:
    with pytest.raises(EntryError, match="neither true nor false"):
        Row(1, {"on": "yes"}).flag("on")
