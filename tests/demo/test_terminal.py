import io

import pytest

from demo.terminal import RED, Terminal


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


def test_a_terminal_gets_colours() -> None:
    stream = Tty()
    Terminal(stream).line("staging", "failed", colour=RED)
    assert "\033[31mfailed\033[0m" in stream.getvalue()


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Tty()
    Terminal(stream).line("staging", "failed", colour=RED)
    assert "\033" not in stream.getvalue()


def test_a_file_gets_aligned_text_without_colours() -> None:
    stream = io.StringIO()
    terminal = Terminal(stream)
    terminal.line("staging", "failed", seconds=2.46, colour=RED)
    terminal.line("production", "waiting")

    first, second = stream.getvalue().splitlines()
    assert first[10:] == "    2.5 s  staging      failed"
    assert second[10:] == "           production   waiting"
