"""A step's log by its lines: its end, what has come since, a part of it, words in it, and whatever a program prints."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployer.promotions import ansi, log_lines
from deployer.promotions.log_lines import Position
from deployer.promotions.models import LogChunk, Step
from tests.web import pages


@pytest.fixture
def step(db: None) -> Step:
    promotion = pages.promotion(pages.application("frontend"), "staging", "v1", "deploying")
    return Step.objects.create(promotion=promotion, position=0, kind="deploy", name="Deploy")


def printed(step: Step, *texts: str) -> None:
    for text in texts:
        LogChunk.objects.create(step=step, text=text)


def shown(part: log_lines.Part) -> list[tuple[int, str]]:
    return [(line.number, line.html) for line in part.lines]


# --- One line ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "html"),
    [
        ("plain", "plain"),
        ("\x1b[31mred\x1b[0m not", '<span class="app-ansi-fg-1">red</span> not'),
        ("\x1b[1;4;32mok", '<span class="app-ansi-bold app-ansi-underline app-ansi-fg-2">ok</span>'),
        ("\x1b[38;5;196mred", '<span class="app-ansi-fg-1">red</span>'),
        ("\x1b[48;2;0;0;255mblue", '<span class="app-ansi-bg-4">blue</span>'),
        ("\x1b[8mhidden", "hidden"),
        ("10%\r50%\r100%\r", "100%"),
        ("\x1b[33m10%\r\x1b[2K100%", '<span class="app-ansi-fg-3">100%</span>'),
        ("a\x1b[3", "a"),
        ("a\x1b", "a"),
        ("\x1b]0;a title\x07ok", "ok"),
        ("\x1b]8;;javascript:alert(1)\x1b\\a link\x1b]8;;\x1b\\", "a link"),
        ("\x1b[" + "9" * 4500 + "mok", "ok"),
        ("\x1b[38;5mok", "ok"),
        ("\x1b[38:2:1:2:3mok", "ok"),
        ("rm \u202eelif\x00\x07", "rm elif"),
        ("\x1b[31m<b>&\x1b[0m\"'", '<span class="app-ansi-fg-1">&lt;b&gt;&amp;</span>&quot;&#x27;'),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
    ],
)
def test_a_line_keeps_its_colours_and_nothing_else(line: str, html: str) -> None:
    assert ansi.html_of(line) == html


def test_colours_hold_until_they_are_reset() -> None:
    colours = ansi.carried("\x1b[1mbold\x1b[31m", "")

    assert ansi.html_of("still", colours) == '<span class="app-ansi-bold app-ansi-fg-1">still</span>'
    assert ansi.carried("x\x1b[0m", colours) == ""
    assert ansi.carried("x\x1b[0;32m", colours) == "32"


def test_a_very_long_line_is_cut_and_says_so() -> None:
    html = ansi.html_of("a" * (ansi.LONGEST + 1234))

    assert len(html) < ansi.LONGEST + 100
    assert html.endswith('<span class="app-log__rest">and 1,234 more characters</span>')


@given(st.text(alphabet=st.sampled_from("\x1b[]()0138;:mKhHJ\x9b\r\x00\x07<>&\"'ab\u202e\x1f~?"), max_size=200))
@settings(max_examples=400, deadline=None)
def test_whatever_is_printed_becomes_nothing_but_spans_with_classes(line: str) -> None:
    html = ansi.html_of(line, ansi.carried(line))
    outside = re.sub(r'<span class="(app-ansi-[a-z0-9-]+ ?)+">|</span>', "", html)

    assert "<" not in outside
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", html)


# --- The end, and what has come since ---------------------------------------------------------------------


def test_the_end_is_shown_with_its_numbers(step: Step) -> None:
    printed(step, *[f"line {number}\n" for number in range(1, 101)])

    assert shown(log_lines.end_of(step, lines=2)) == [(99, "line 99"), (100, "line 100")]


def test_a_log_that_is_empty_has_no_lines(step: Step) -> None:
    part = log_lines.end_of(step)

    assert part.lines == ()
    assert log_lines.length(step) == 0
    printed(step, "one\n")
    assert shown(log_lines.after(step, part.next)) == [(1, "one")]


def test_what_has_come_since_begins_with_the_line_that_had_not_ended(step: Step) -> None:
    printed(step, "one\ntw")
    part = log_lines.end_of(step)
    printed(step, "o\nthree\n")

    assert shown(part) == [(1, "one"), (2, "tw")]
    assert shown(log_lines.after(step, part.next)) == [(2, "two"), (3, "three")]


def test_nothing_new_is_nothing(step: Step) -> None:
    printed(step, "one\n")
    part = log_lines.end_of(step)

    again = log_lines.after(step, part.next)

    assert (again.lines, again.next, again.more) == ([], part.next, False)


def test_a_code_in_two_pieces_and_colours_of_earlier_lines_are_right(step: Step) -> None:
    printed(step, "\x1b[32mgreen\nstill\x1b[3")
    part = log_lines.end_of(step)
    printed(step, "1m red\x1b[0m\nplain\n")

    assert shown(part)[1] == (2, '<span class="app-ansi-fg-2">still</span>')
    assert shown(log_lines.after(step, part.next)) == [
        (2, '<span class="app-ansi-fg-2">still</span><span class="app-ansi-fg-1"> red</span>'),
        (3, "plain"),
    ]


def test_a_line_that_never_ends_is_shown_once_and_the_rest_of_it_left_out(step: Step) -> None:
    printed(step, "a" * (ansi.LONGEST + 1))
    part = log_lines.end_of(step)
    printed(step, "b" * 100)
    second = log_lines.after(step, part.next)
    printed(step, "c\nnext\n")

    assert part.next.inside
    assert second.lines == []
    assert shown(log_lines.after(step, second.next)) == [(2, "next")]


def test_much_that_has_come_is_given_in_parts(step: Step, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_lines, "MOST_READ", 100)
    printed(step, "".join(f"line {number}\n" for number in range(1, 51)))
    position, seen, rounds = Position(), [], 0
    while True:
        part = log_lines.after(step, position)
        seen += [one for one in shown(part) if one not in seen]
        position, rounds = part.next, rounds + 1
        if not part.more:
            break

    assert rounds > 3
    assert [number for number, html in seen if html == f"line {number}"] == list(range(1, 51))


@given(st.lists(st.text(alphabet="ab\n\r\x1b[31m", max_size=12), max_size=8), st.integers(0, 8))
@settings(max_examples=150, deadline=None)
def test_however_it_is_cut_what_is_fetched_is_what_is_there(texts: list[str], at: int) -> None:
    chunks = list(enumerate(texts, 1))
    whole = {line.number: line.html for line in log_lines._cut(chunks, Position()).lines}
    lines: dict[int, str] = {}
    position = Position()
    for until in (at, len(chunks)):
        part = log_lines._cut([one for one in chunks[:until] if one[0] >= position.chunk], position)
        lines |= {line.number: line.html for line in part.lines}
        position = part.next
    assert lines == whole


@pytest.mark.parametrize("text", ["", "1", "1.2.3.4.", "1.2.3.0.x", "9" * 30 + ".0.1.0.", "1.0.1.0.\n", "-1.0.1.0."])
def test_a_position_that_is_none_is_not_taken_for_one(text: str) -> None:
    assert Position.read(text) is None


def test_a_position_is_read_as_it_was_written() -> None:
    position = Position(chunk=12, offset=3, line=44, inside=True, colours="1;31")

    assert Position.read(str(position)) == position


# --- A part, and words ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("line", "first", "last"), [(1, 1, 10), (10, 1, 10), (11, 11, 20), (25, 21, 25), (99, 21, 25)])
def test_the_part_around_a_line(step: Step, line: int, first: int, last: int) -> None:
    printed(step, *["".join(f"line {chunk * 5 + one}\n" for one in range(1, 6)) for chunk in range(5)])

    part = log_lines.around(step, line, lines=10)

    assert (part.first, part.last) == (first, last)
    assert all(one.html == f"line {one.number}" for one in part.lines)
    assert log_lines.length(step) == 25


def test_words_are_found_through_colours_however_they_are_written(step: Step) -> None:
    printed(step, "one\n\x1b[31mERR\x1b[0mor: <b>\n", "an er", "ror and another error\n")

    found, count = log_lines.find(step, "error")

    assert count == 2
    assert [(one.number, one.parts) for one in found] == [
        (2, ["", "ERRor", ": <b>"]),
        (3, ["an ", "error", " and another ", "error", ""]),
    ]


def test_a_long_log_is_opened_followed_and_searched_quickly(step: Step) -> None:
    text = "".join(f"\x1b[32m[{number}]\x1b[0m pulling layer {number:040x}\n" for number in range(1_000))
    LogChunk.objects.bulk_create([LogChunk(step=step, text=text) for _ in range(150)])
    begun = time.monotonic()

    end = log_lines.end_of(step)
    middle = log_lines.around(step, 75_000)
    log_lines.after(step, end.next)

    assert end.last == 150_000
    assert middle.first == 74_001
    assert time.monotonic() - begun < 1.5
    assert log_lines.find(step, "[999]")[1] == 150
