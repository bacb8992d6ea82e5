"""The calendar's benchmark runs, on few slots; what it measures is no test's business."""

from tests.bench.calendar import WHAT, compare


def test_it_measures_everything_in_both_databases() -> None:
    found = compare("sqlite", 2, many=2_000)

    assert set(found) == set(WHAT)
    assert all(one.ratio > 0 for one in found.values())
