"""The pages' benchmark runs, on few promotions; what it measures is no test's business."""

from tests.bench.pages import WHAT, compare, table


def test_it_measures_every_page_with_few_and_with_many_and_shows_them_in_a_table() -> None:
    found = compare("sqlite", 2, applications=8, few=60, many=400)

    lines = list(table("SQLite", found))
    assert "8 applications" in found.few
    assert [line[2:34].strip() for line in lines[1:]] == list(WHAT)
    assert all(one.ratio > 0 for one in found.pages.values())
