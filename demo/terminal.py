"""What the demo prints: aligned, one line a happening, with the time and how long it took."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TextIO

BOLD, DIM, RED, GREEN, YELLOW = "1", "2", "31", "32", "33"


class Terminal:
    """Writes to a stream, with colours only when that is a terminal and NO_COLOR is unset or empty."""

    def __init__(self, stream: TextIO = sys.stdout) -> None:
        self.stream = stream
        self.colours = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def heading(self, text: str) -> None:
        self.write("")
        self.write(self.paint(text, BOLD))

    def line(self, what: str, text: str, *, seconds: float | None = None, colour: str = "") -> None:
        """`what` happened to what, in a column of its own; how it went, and in how many seconds."""
        took = f"{seconds:6.1f} s" if seconds is not None else " " * 8
        clock = datetime.now().astimezone().strftime("%H:%M:%S")
        self.write(f"  {self.paint(clock, DIM)} {self.paint(took, DIM)}  {what:<12} {self.paint(text, colour)}")

    def block(self, text: str) -> None:
        """Another program's output, set off from what the demo says."""
        for line in text.splitlines():
            self.write(f"    {line}" if line else "")

    def write(self, text: str) -> None:
        print(text.rstrip() if not self.colours else text, file=self.stream, flush=True)

    def paint(self, text: str, colour: str) -> str:
        return f"\033[{colour}m{text}\033[0m" if self.colours and colour else text

    @contextmanager
    def timed(self, what: str, text: str) -> Iterator[None]:
        """A line about the block, written when it has ended well, with the time it took."""
        started = time.monotonic()
        yield
        self.line(what, text, seconds=time.monotonic() - started)
