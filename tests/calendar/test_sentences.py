"""Parts of sentences."""

from datetime import timedelta

import pytest

from deployer.calendar.sentences import clause, listed, minutes, stopped


@pytest.mark.parametrize(
    ("text", "sentence", "part"),
    [
        ("Budget week", "Budget week.", "Budget week"),
        ("Budget week.", "Budget week.", "Budget week"),
        ("Wait...", "Wait.", "Wait"),
        ("Why? ", "Why?", "Why?"),
        ("Stop!", "Stop!", "Stop!"),
        ("One line.\n\nAnother  one.\n", "One line. Another one.", "One line. Another one"),
    ],
)
def test_what_people_wrote_ends_with_one_mark(text: str, sentence: str, part: str) -> None:
    assert (stopped(text), clause(text)) == (sentence, part)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(60, "1 minute"), (1800, "30 minutes"), (61, "2 minutes"), (30, "1 minute"), (0, "0 minutes")],
)
def test_a_part_of_a_minute_counts_as_one(seconds: int, words: str) -> None:
    assert minutes(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(("names", "words"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")])
def test_names_are_listed_as_people_do(names: list[str], words: str) -> None:
    assert listed(names) == words
