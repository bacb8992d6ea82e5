"""The benchmark of the streams runs, with few of them; what it measures is no test's business."""

from tests.bench.live import measure


def test_every_board_is_answered_with_its_row_and_whole() -> None:
    found = measure("sqlite", 4, changes=1, fetches=1, promotions=60, applications=8)

    assert found.heard == [4]
    assert (len(found.rows), len(found.boards)) == (4, 4)
    assert found.ended
