"""The audit as CSV."""

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from deployer.access.models import User
from deployer.web.audit import export, listing
from tests.web.audit.test_pages import event


def rows(reader: Client, **query: Any) -> list[dict[str, str]]:
    answer = reader.get("/audit/audit.csv", query)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text)))


def test_it_has_what_the_filter_finds_with_times_in_utc_and_by_the_readers_clock(reader: Client, person: User) -> None:
    person.time_zone = "Europe/London"
    person.save()
    event("Not this.", application="router")
    event(
        "This, “quoted”,\nin two lines.",
        application="frontend",
        at=datetime(2026, 7, 1, 12, 0, 0, 123456, tzinfo=UTC),
        promotion_id=7,
        data={"b": 1, "secret": "pony"},
    )

    found = rows(reader, application="frontend")

    assert len(found) == 1
    assert found[0]["at_utc"] == "2026-07-01T12:00:00.123Z"
    assert found[0]["at_local"] == "2026-07-01T13:00:00+01:00"
    assert found[0]["time_zone"] == "Europe/London"
    assert found[0]["sentence"] == "This, “quoted”,\nin two lines."
    assert found[0]["what"] == "Promotions: succeeded"
    assert found[0]["url"].endswith("/promotions/7/")
    assert json.loads(found[0]["data"]) == {"b": 1, "secret": "(not shown)"}


@pytest.mark.parametrize(
    "text",
    ['=HYPERLINK("http://bad")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\u00a0=1", "\n=1", "|cmd", "%0A"],
)
def test_nothing_that_was_written_is_a_formula(reader: Client, text: str) -> None:
    event(text, reason=text, actor_label=text)

    found = rows(reader)[0]

    for column in ("sentence", "reason", "actor"):
        assert found[column].startswith("'")
    assert found["id"].isdecimal()


def test_all_of_them_are_there_in_order_however_the_stretches_fall(
    reader: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "STRETCH", 20)
    ids = [event(f"{number}", application="frontend" if number % 7 else "router").pk for number in range(90)]

    assert [int(row["id"]) for row in rows(reader)] == ids[::-1]
    assert [int(row["id"]) for row in rows(reader, application="router")] == ids[::7][::-1]


def test_one_file_holds_so_many_and_says_where_the_rest_is(reader: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "MOST_ROWS", 3)
    ids = [event(f"{number}").pk for number in range(5)]

    first = rows(reader, kind="promotions")
    last = first[-1]["id"]
    rest = rows(reader, kind="promotions", before=last.rpartition("=")[2])

    assert last.startswith("There is more: one file holds 3 events.")
    assert f"/audit/audit.csv?kind=promotions&before={ids[2]}" in last
    assert [int(row["id"]) for row in [*first[:-1], *rest]] == ids[::-1]


def test_nothing_is_the_head_alone(reader: Client) -> None:
    assert rows(reader) == []
