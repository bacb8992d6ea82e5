"""What a check measured, as a picture: its forms, its limit, and what is left out of very many."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from deployer.promotions import charts
from deployer.promotions.charts import MEASURES, Point

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
ELAPSED = next(one for one in MEASURES if one.key == "elapsed_ms")


def points(*outcomes: str, values: list[float] | None = None) -> list[Point]:
    return [
        Point(at, NOON + timedelta(seconds=at), outcome, values[at] if values else None)
        for at, outcome in enumerate(outcomes)
    ]


def test_outcomes_differ_in_form_and_not_in_colour_alone() -> None:
    forms = {re.sub(r"[-\d. ]+", "", charts.path_of(outcome, 10, 10)) for outcome in charts.WORST}
    first = {charts.path_of(outcome, 10, 10) for outcome in charts.WORST}

    assert len(first) == 4
    assert len(forms) == 4


def test_the_limit_and_what_was_before_are_level_lines_in_the_scale() -> None:
    values = [40.0, 60.0, 50.0]
    made = charts.chart(
        "Health", points("passed", "failed", "passed", values=values), {"passed": 2, "failed": 1}, measure=ELAPSED,
        limit=100, baseline=50,
    )  # fmt: skip

    assert made.limit is not None
    assert made.baseline is not None
    assert (made.limit.y, made.limit.text) == ("8.0", "100 ms")
    assert float(made.limit.y) < float(made.baseline.y)
    assert made.line == "8.0,56.0 320.0,40.0 632.0,48.0"
    assert made.says == (
        "Health: 3 measurements, 1 failed, 2 passed. Time to answer 40 ms to 60 ms."
        " Limit 100 ms. Before the deploy 50 ms."
    )


def test_without_numbers_the_outcomes_are_a_strip() -> None:
    made = charts.chart("Smoke test", points("passed", "errored", "inconclusive"), {"passed": 1})

    assert (made.line, made.limit, made.height) == ("", None, charts.STRIP)
    assert [mark.says for mark in made.marks] == ["passed", "errored", "inconclusive"]


def test_of_very_many_no_failure_is_hidden_by_what_passed_beside_it() -> None:
    outcomes = ["passed"] * 2000
    outcomes[777] = "failed"
    outcomes[1200] = "errored"

    thinned = charts.thin(points(*outcomes))

    assert len(thinned) == charts.MOST_MARKS
    assert [(one.id, one.outcome) for one in thinned if one.outcome != "passed"] == [(777, "failed"), (1200, "errored")]
    assert thinned[-1].id == 1999


def test_measurements_of_one_moment_stand_beside_no_error() -> None:
    same = [Point(at, NOON, "passed", 1.0) for at in range(3)]

    assert len(charts.chart("Health", same, {"passed": 3}, measure=MEASURES[0]).marks) == 3


@pytest.mark.parametrize(
    ("evidence", "key"),
    [
        ([{"elapsed_ms": 12}], "elapsed_ms"),
        ([{"body": "x"}, {"value": 0.5, "elapsed_ms": 3}], "value"),
        ([{"value": "12"}], None),
        ([{"value": True}], None),
        ([{"value": float("nan")}], None),
        ([], None),
    ],
)
def test_what_is_drawn_is_a_number_of_the_evidence(evidence: list[dict[str, object]], key: str | None) -> None:
    found = charts.measure_in(evidence)

    assert (found.key if found else None) == key


def test_a_limit_comes_from_the_evidence_or_the_configuration() -> None:
    assert charts.limit_of(MEASURES[0], {"threshold": 5}, [{"value": 1, "limit": 2}]) == 2
    assert charts.limit_of(MEASURES[0], {"threshold": 5}, [{"value": 1}]) == 5
    assert charts.limit_of(MEASURES[0], {}, []) is None
    assert charts.limit_of(ELAPSED, {"timeout_seconds": 2}, []) == 2000
