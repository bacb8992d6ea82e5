"""What a step printed, made fit to read."""

import pytest

from deployer.promotions import log_text
from deployer.promotions.models import LogChunk, Step
from tests.web import pages


@pytest.mark.parametrize(
    ("printed", "read"),
    [
        ("\x1b[1;32mok\x1b[0m\n", "ok\n"),
        ("\x1b]0;a title\x07ok", "ok"),
        ("\x1b]8;;https://example.org\x1b\\a link\x1b]8;;\x1b\\", "a link"),
        ("\x1b]never closed\nok", "\nok"),
        ("\x1b(Bok\x1b=", "ok"),
        ("\x9b31mok", "ok"),
        ("10%\r50%\r100%\r\ndone", "10%\n50%\n100%\ndone"),
        ("a\tb\x00\x07\x08c\x7f", "a\tbc"),
        ("rm \u202eelif\u202c", "rm elif"),
        ("at the end \x1b", "at the end "),
        ("<b>grün</b> ✓", "<b>grün</b> ✓"),
    ],
)
def test_what_is_meant_for_a_terminal_is_left_out(printed: str, read: str) -> None:
    assert log_text.plain(printed) == read


@pytest.fixture
def step(db: None) -> Step:
    promotion = pages.promotion(pages.application("frontend"), "staging", "v1", "deploying")
    return Step.objects.create(promotion=promotion, position=0, kind="deploy", name="Deploy")


def printed(step: Step, *texts: str) -> None:
    for text in texts:
        LogChunk.objects.create(step=step, text=text)


def test_a_code_that_arrived_in_two_pieces_is_left_out(step: Step) -> None:
    printed(step, "a\x1b[3", "2mb\n")

    assert log_text.whole(step) == "ab\n"
    assert log_text.tail(step).text == "ab\n"


def test_a_step_that_printed_nothing_has_an_empty_log(step: Step) -> None:
    assert log_text.tail(step) == log_text.Tail("", is_whole=True)


def test_a_short_log_is_whole(step: Step) -> None:
    printed(step, "one\ntwo\n", "three")

    assert log_text.tail(step, lines=3) == log_text.Tail("one\ntwo\nthree", is_whole=True)


def test_the_end_is_cut_at_a_line(step: Step) -> None:
    printed(step, "one\ntwo\nth", "ree\nfour\n")

    assert log_text.tail(step, lines=2) == log_text.Tail("three\nfour\n", is_whole=False)


def test_no_more_is_read_than_the_end_takes(step: Step) -> None:
    printed(step, *[f"line {number}\n" for number in range(1000)])

    found = log_text.tail(step, lines=5)

    assert found == log_text.Tail("line 995\nline 996\nline 997\nline 998\nline 999\n", is_whole=False)


def test_one_endless_line_is_cut_too(step: Step) -> None:
    printed(step, "a" * 500, "b" * 500)

    assert log_text.tail(step, characters=600) == log_text.Tail("a" * 100 + "b" * 500, is_whole=False)
