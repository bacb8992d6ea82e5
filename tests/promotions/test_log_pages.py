"""A step's log on pages: what has come since, a part, words in it, and that an old action on a page is refused."""

import re
import time
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains

from deployer.access.models import User
from deployer.promotions.models import LogChunk, Measurement, Promotion, Step
from tests.web import pages

BAD = "<script>alert(1)</script>\x1b]8;;javascript:alert(1)\x07x"


@pytest.fixture
def reader(client: Client, db: None) -> Client:
    client.force_login(User.objects.create_user("jo"))
    return client


@pytest.fixture
def step(db: None) -> Step:
    promotion = pages.promotion(pages.application("frontend"), "staging", "v1", "deploying", started_at=pages.NOW)
    return Step.objects.create(
        promotion=promotion, position=2, kind="deploy", name="Deploy", state="running", started_at=pages.NOW
    )


def printed(step: Step, *texts: str) -> None:
    for text in texts:
        LogChunk.objects.create(step=step, text=text)


def log(reader: Client, step: Step, **query: Any) -> HttpResponse:
    return reader.get(f"/promotions/{step.promotion_id}/steps/{step.position}/log/", query)  # type: ignore[return-value]


def position_in(page: HttpResponse) -> str:
    found = re.search(r'data-log-next="([^"]*)"', page.content.decode())
    assert found
    return found.group(1)


def test_only_what_is_new_is_answered(reader: Client, step: Step) -> None:
    printed(step, "one\ntw")
    page = reader.get(step.promotion.get_absolute_url())
    printed(step, "o\nthree\n")

    part = log(reader, step, after=position_in(page))  # type: ignore[arg-type]

    assertContains(page, 'id="log-2-L1"')
    assertNotContains(part, 'id="log-2-L1"')
    assertContains(part, 'id="log-2-L2"')
    assertContains(part, ">three<")
    assertNotContains(part, "<html")
    assertNotContains(part, "data-log-ended")
    again = log(reader, step, after=position_in(part))
    assertNotContains(again, "app-log__line")


def test_the_last_part_of_a_step_that_ended_says_so(reader: Client, step: Step) -> None:
    printed(step, "one\n")
    Step.objects.update(state="passed", finished_at=pages.NOW)

    assertContains(log(reader, step, after="0.0.1.0."), "data-log-ended")


@pytest.mark.parametrize("after", ["", "x", "1.1.1.1.<script>", "9" * 60])
def test_a_position_that_is_none_is_refused(reader: Client, step: Step, after: str) -> None:
    assert log(reader, step, after=after).status_code == 400


@pytest.mark.parametrize("query", [{}, {"line": "1"}, {"line": "x"}, {"line": "9" * 30}, {"q": "script"}, {"part": ""}])
def test_whatever_was_printed_is_only_text(reader: Client, step: Step, query: dict[str, str]) -> None:
    printed(step, f"{BAD}\n", "\x01\x1b[31m", "\x1b[" + "9" * 4000, "\r\r", "a" * 20_000, "\n\u202e")

    page = log(reader, step, **query)

    assert page.status_code == 200
    assertNotContains(page, "<script>")
    assertNotContains(page, "javascript:")
    assertContains(page, "alert(1)")


def test_a_part_has_the_line_and_the_way_to_the_others(reader: Client, step: Step) -> None:
    printed(step, "".join(f"line {number}\n" for number in range(1, 2501)))

    page = log(reader, step, line="1200")
    end = log(reader, step)

    assertContains(page, "Lines 1001 to 2000 of 2500")
    assertContains(page, 'id="log-2-L1200"')
    assertContains(page, "?line=1000")
    assertContains(page, "?line=2001")
    assertContains(end, "Lines 2001 to 2500 of 2500")
    assertNotContains(end, "Later lines")


def test_words_are_found_marked_and_lead_to_their_line(reader: Client, step: Step) -> None:
    printed(step, "one\n\x1b[31mError\x1b[0m: <b>\nthree\n")

    page = log(reader, step, q="error")

    assertContains(page, "1 line has “error”")
    assertContains(page, '<mark class="app-log__hit">Error</mark>: &lt;b&gt;')
    assertContains(page, "?line=2#log-2-L2")
    assertContains(log(reader, step, q="four"), "No line has “four”")


def test_a_log_without_lines_says_so(reader: Client, step: Step) -> None:
    assertContains(log(reader, step), "It has printed nothing yet.")


def test_what_runs_is_open_and_what_has_passed_is_folded(reader: Client, step: Step) -> None:
    printed(step, "one\n")
    done = Step.objects.create(promotion=step.promotion, position=1, kind="deploy", name="Before", state="passed")
    printed(done, "two\n")

    page = reader.get(step.promotion.get_absolute_url()).content.decode()

    assert re.search(r'id="step-2-more"\s+open', page)
    assert not re.search(r'id="step-1-more"\s+open', page)
    assert "data-log-runs" in page


def test_a_long_log_and_many_measurements_are_answered_quickly_and_in_as_many_queries(
    reader: Client, step: Step, django_assert_max_num_queries: Any
) -> None:
    check = Step.objects.create(
        promotion=step.promotion,
        position=3,
        kind="check",
        name="Errors",
        state="running",
        spec={"samples": 3, "failure_limit": 1, "error_limit": 5, "config": {"threshold": 3}},
    )
    LogChunk.objects.bulk_create(
        LogChunk(step=step, text=f"\x1b[32mok\x1b[0m line {number}\n" * 20) for number in range(1000)
    )
    Measurement.objects.bulk_create(
        Measurement(step=check, outcome="passed", sentence="Fine.", evidence={"value": number % 3, "body": "x" * 4000})
        for number in range(2000)
    )
    reader.get(step.promotion.get_absolute_url())
    begun = time.monotonic()

    with django_assert_max_num_queries(60):
        page = reader.get(step.promotion.get_absolute_url())

    assert time.monotonic() - begun < 1
    assertContains(page, 'id="log-2-L20000"')
    assertContains(page, "Errors: 2,000 measurements, 2,000 passed. Value 0 to 2. Limit 3.")
    assert page.content.count(b'<path class="app-chart__mark app-chart__mark--passed" d=') == 120 + 1
    assert len(page.content) < 500_000


@pytest.mark.parametrize("others", [3, 30])
def test_the_page_asks_as_much_with_a_long_history(
    reader: Client, others: int, django_assert_max_num_queries: Any
) -> None:
    app = pages.application("frontend")
    for number in range(1, others):
        pages.live(app, "staging", f"v{number}")
    promotion: Promotion = pages.live(app, "staging", f"v{others}")
    reader.get(promotion.get_absolute_url())

    with django_assert_max_num_queries(48):
        reader.get(promotion.get_absolute_url())
