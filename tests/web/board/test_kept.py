"""What is kept of the board for a moment: made once for all who ask, and never older than what was told."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from deployer.access.models import User
from deployer.audit.actions import record, touch
from deployer.audit.actor import ENGINE
from deployer.web.board import kept
from deployer.web.board.brief import Brief
from deployer.web.board.index import Entry
from deployer.web.board.rows import read_rows
from deployer.web.board.wanted import Wanted
from tests.web import pages


@pytest.fixture(autouse=True)
def _no_time_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is."""
    monkeypatch.setattr("deployer.web.board.brief.time", Clock())


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


def queries_of(reader: Client, path: str = "/") -> int:
    with CaptureQueriesContext(connection) as queries:
        assert reader.get(path).status_code == 200
    return len(queries)


def test_a_board_that_another_has_just_opened_costs_no_reading_of_its_rows(reader: Client, client: Client) -> None:
    for number in range(5):
        pages.live(pages.application(f"app-{number}"), "integration", "v1")
    first = queries_of(reader)
    other = Client()
    other.force_login(User.objects.create_user("sam"))

    assert queries_of(other) <= 8 < first
    assert "app-4" in other.get("/").content.decode()


def test_what_is_told_is_on_the_next_board_and_only_its_row_is_made_again(
    reader: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    apps = [pages.application(f"app-{number}") for number in range(3)]
    for app in apps:
        pages.happens(app)
    reader.get("/")
    made: list[str] = []

    def counting(entries: Any, environments: Any) -> Any:
        made.extend(entry.slug for entry in entries)
        return read_rows(entries, environments)

    monkeypatch.setattr("deployer.web.board.kept.read_rows", counting)
    pages.live(apps[1], "integration", "v7")
    pages.happens(apps[1])

    assert "v7" in reader.get("/").content.decode()
    assert made == ["app-1"]


def test_a_row_of_which_nothing_was_told_lately_is_made_again_when_anything_is_told(reader: Client) -> None:
    quiet, other = pages.application("quiet"), pages.application("other")
    reader.get("/")
    pages.live(quiet, "integration", "v7")

    pages.happens(other)

    assert "v7" in reader.get("/").content.decode()


def test_what_is_told_of_no_application_makes_every_row_again_but_what_a_step_prints_makes_none(
    reader: Client,
) -> None:
    app = pages.application("frontend")
    pages.happens(app)
    reader.get("/")
    app.owner.name = "Web frontends"
    app.owner.save()

    touch(promotion_id=1)
    assert "Web frontends" not in reader.get("/").content.decode().partition("<tbody")[2]
    record("registry.team.changed", "It was renamed.", by=ENGINE, subject="team:1")
    assert "Web frontends" in reader.get("/").content.decode().partition("<tbody")[2]


def test_the_times_of_a_row_are_in_the_readers_zone(reader: Client, person: User) -> None:
    pages.live(pages.application("frontend"), "integration", "v1")
    found = set()
    for zone in ("Europe/London", "Pacific/Auckland"):
        person.time_zone = zone
        person.save()
        found.add(reader.get("/").content.decode().partition('id="app-frontend"')[2].partition("</tr>")[0])

    assert len(found) == 2


def entry(pk: int, slug: str) -> Entry:
    return Entry(pk, slug, slug, "", 1, "web", "Web", 0, False, False, ())


@pytest.mark.django_db
def test_a_row_of_an_application_that_is_gone_is_left_out() -> None:
    app = pages.application("frontend")

    drawn = kept.draw_rows([entry(app.pk, app.slug), entry(app.pk + 1, "gone")], [], Wanted(), (), pages.NOW)

    assert list(drawn) == [app.pk]


# --- Brief ------------------------------------------------------------------------------------------------


def test_who_asks_for_what_is_being_made_waits_for_it() -> None:
    brief: Brief[str, int] = Brief(seconds=60, most=10)
    begun, go_on = threading.Event(), threading.Event()
    made: list[int] = []

    def make() -> int:
        begun.set()
        assert go_on.wait(10)
        made.append(1)
        return len(made)

    with ThreadPoolExecutor(5) as pool:
        first = pool.submit(brief.get, "key", make)
        assert begun.wait(10)
        others = [pool.submit(brief.get, "key", make) for _ in range(4)]
        go_on.set()
        assert {one.result() for one in (first, *others)} == {1}
    assert made == [1]


def test_only_what_is_not_kept_is_made_and_what_can_not_be_made_is_left_out() -> None:
    brief: Brief[str, int] = Brief(seconds=60, most=10)
    asked: list[list[str]] = []

    def make(missing: Any) -> dict[str, int]:
        asked.append(list(missing))
        return {key: len(key) for key in missing if key != "none"}

    assert brief.get_all(["a", "bb"], make) == {"a": 1, "bb": 2}
    assert brief.get_all(["a", "ccc", "none"], make) == {"a": 1, "ccc": 3}
    assert brief.get_all(["a", "bb", "ccc"], make) == {"a": 1, "bb": 2, "ccc": 3}
    assert asked == [["a", "bb"], ["ccc", "none"]]


def test_an_error_while_it_is_made_is_the_askers_and_keeps_nothing() -> None:
    brief: Brief[str, int] = Brief(seconds=60, most=10)

    def fail() -> int:
        raise ValueError("No.")

    with pytest.raises(ValueError, match="No"):
        brief.get("key", fail)
    assert brief.get("key", lambda: 5) == 5


def test_it_keeps_no_longer_and_no_more_than_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr("deployer.web.board.brief.time", clock)
    brief: Brief[str, int] = Brief(seconds=2, most=2)
    for number, key in enumerate("abc"):
        brief.get(key, lambda number=number: number)  # type: ignore[misc]

    assert brief.get("c", lambda: 9) == 2
    assert brief.get("a", lambda: 9) == 9
    clock.now += 2
    assert brief.get("c", lambda: 8) == 8
