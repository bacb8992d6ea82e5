"""What the importers share: CSV files read strictly, each row with its line. Nothing here touches the database."""

import csv
import gzip
import io
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from apps_registry.importers.base import EntryError, Problem

MAX_BYTES = 64_000_000
GZIP_BEGINS = b"\x1f\x8b"


class CalendarFileError(Exception):
    """The file as a whole can't be read; nothing was done. `line` is None where no line is to blame."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Row:
    """A row's cells by their column, without the space around them; `line` is where it begins."""

    line: int
    cells: Mapping[str, str]

    def text(self, name: str) -> str:
        """Empty where the file has no such column."""
        return self.cells.get(name, "")

    def needed(self, name: str) -> str:
        """Raises EntryError when it is empty."""
        if not self.text(name):
            raise EntryError(self.line, f"{name} is missing.")
        return self.text(name)

    def moment(self, name: str) -> datetime | None:
        """UTC; None when it is empty. Raises EntryError for what is no time or names no offset."""
        text = self.text(name)
        if not text:
            return None
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            raise EntryError(self.line, f"{name}: {text!r} is no time with its offset, such as 2025-11-17T14:04:57Z.")
        return at.astimezone(UTC)

    def needed_moment(self, name: str) -> datetime:
        """As `moment`. Raises EntryError when it is empty, too."""
        self.needed(name)
        at = self.moment(name)
        assert at is not None  # noqa: S101 — narrows the type; it isn't empty
        return at

    def flag(self, name: str) -> bool | None:
        """None when it is empty. Raises EntryError for anything but true and false."""
        text = self.text(name)
        if text not in ("", "true", "false"):
            raise EntryError(self.line, f"{name}: {text!r} is neither true nor false.")
        return text == "true" if text else None


@dataclass(slots=True)
class Rows:
    """A file's rows, and why others could not be taken."""

    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_rows(path: Path, needed: Sequence[str]) -> Rows:
    """The rows of a CSV file in UTF-8, gzipped or not, whose first line names the columns.

    Raises CalendarFileError when it can't be read, is too large or no such file, or lacks a `needed` column.
    """
    reader = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    found, line = Rows(), 1
    try:
        columns = [name.strip() for name in next(reader, [])]
        _check_columns(columns, needed)
        line = reader.line_num + 1
        for cells in reader:
            if len(cells) == len(columns):
                found.rows.append(Row(line, {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}))
            elif cells:
                message = f"it has {len(cells)} cells where the first line names {len(columns)} columns."
                found.problems.append(Problem(line, message))
            line = reader.line_num + 1
    except csv.Error as error:
        raise CalendarFileError(f"is not CSV: {error}.", line) from error
    return found


def _check_columns(columns: Sequence[str], needed: Sequence[str]) -> None:
    missing = [name for name in needed if name not in columns]
    if missing:
        raise CalendarFileError(f"names no column {', '.join(missing)} in its first line.", 1)
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise CalendarFileError(f"names the column {twice[0]!r} twice.", 1)


def _text(path: Path) -> str:
    try:
        data = _data(path)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CalendarFileError(f"can't be read: {reason.rstrip('.')}.") from error
    if len(data) > MAX_BYTES:
        raise CalendarFileError(f"is larger than {MAX_BYTES // 1_000_000} MB.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CalendarFileError("is not a text file in UTF-8.", data.count(b"\n", 0, error.start) + 1) from error
    if not text.strip():
        raise CalendarFileError("is empty.")
    return text


def _data(path: Path) -> bytes:
    """The file's content, at most one byte more than is allowed, however small it was compressed."""
    with path.open("rb") as file:
        is_gzip = file.read(len(GZIP_BEGINS)) == GZIP_BEGINS
        file.seek(0)
        if not is_gzip:
            return file.read(MAX_BYTES + 1)
        with gzip.open(file) as unzipped:
            return unzipped.read(MAX_BYTES + 1)
