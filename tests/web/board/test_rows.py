"""What an open board is told: its rows as they are now, or that the order has changed."""

import re
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps_registry.models import Application
from deployer.audit.actions import touch
from deployer.promotions.models import Promotion
from tests.web import pages


def only(reader: Client, path: str = "/") -> dict[str, str]:
    """What the page has of each region."""
    found = re.findall(r'data-live-only="([^"]*)"', reader.get(path).content.decode())
    return {one.partition("~")[0]: one for one in found}


def ask(reader: Client, *asked: str, path: str = "/board/rows/") -> str:
    query = urlencode([("only", one) for one in asked])
    return str(reader.get(f"{path}{'&' if '?' in path else '?'}{query}").content.decode())


def test_the_rows_that_are_asked_for_are_as_on_the_page(reader: Client) -> None:
    for slug in ("frontend", "router"):
        pages.happens(pages.application(slug))

    answer = ask(reader, *only(reader).values())

    assert 'id="app-frontend"' in answer
    assert 'id="app-router"' in answer
    assert 'id="board-counts"' in answer
    assert "data-live-whole" not in answer


def test_a_change_that_leaves_the_order_is_shown_at_once(reader: Client) -> None:
    app = pages.application("frontend")
    waiting = pages.promotion(app, "staging", "v2", blockers=[pages.blocker("capacity", "It is full.")])
    pages.happens(app)
    asked = only(reader)["frontend"]
    assert "It is full." in ask(reader, asked)

    blockers = [pages.blocker("capacity", "It is fuller.").to_json()]
    Promotion.objects.filter(pk=waiting.pk).update(blockers=blockers)
    pages.happens(app)

    assert "It is fuller." in ask(reader, asked)


@pytest.mark.parametrize("what", ["stops", "comes", "goes", "waits for a person"])
def test_what_changes_the_order_asks_for_the_whole_board(reader: Client, what: str) -> None:
    app = pages.application("frontend")
    pages.promotion(app, "staging", "v2", blockers=[pages.blocker("capacity", "It is full.")])
    pages.happens(app)
    page = only(reader)

    if what == "stops":
        pages.hold(app, "staging", "It is slow.")
    elif what == "comes":
        pages.application("router")
    elif what == "goes":
        Application.objects.update(archived_at=pages.NOW)
    else:
        Promotion.objects.update(blockers=[pages.blocker("manual", "By hand.").to_json()])
    pages.happens(app)

    assert 'data-live-whole="#board"' in ask(reader, page[""])
    if what != "comes":
        assert 'data-live-whole="#board"' in ask(reader, page["frontend"])


def test_the_row_that_changed_its_place_comes_before_the_whole_board(reader: Client) -> None:
    app = pages.application("frontend")
    pages.happens(app)
    page = only(reader)

    pages.hold(app, "staging", "It is slow.")
    pages.happens(app)

    answer = ask(reader, page["frontend"], page[""])
    assert "It is slow." in answer
    assert "1 stopped" in " ".join(re.sub("<[^>]*>", " ", answer).split())


def test_a_change_that_no_event_tells_of_is_shown_at_once(reader: Client) -> None:
    app = pages.application("frontend")
    waiting = pages.promotion(app, "staging", "v2", blockers=[pages.blocker("capacity", "It is full: router.")])
    pages.happens(app)
    asked = only(reader)["frontend"]
    assert "It is full: router." in ask(reader, asked)

    Promotion.objects.filter(pk=waiting.pk).update(
        blockers=[pages.blocker("capacity", "It is full: signon.").to_json()]
    )
    touch(application=app.slug, promotion_id=waiting.pk)

    assert "It is full: signon." in ask(reader, asked)


def test_the_filter_counts(reader: Client) -> None:
    pages.happens(pages.application("frontend"))
    page = only(reader, "/?team=web")
    pages.happens(pages.application("router", team="platform"))

    assert "data-live-whole" not in ask(reader, page[""], path="/board/rows/?team=web")
    assert "data-live-whole" in ask(reader, page["frontend"], path="/board/rows/?team=platform")


def test_many_open_boards_cost_one_reading(reader: Client) -> None:
    app = pages.application("frontend")
    pages.happens(app)
    page = only(reader)
    first = ask(reader, *page.values())

    with CaptureQueriesContext(connection) as queries:
        again = ask(reader, *page.values())

    assert again.count("app-frontend") == first.count("app-frontend") == 1
    assert len(queries) == 4, "the session, the person, and the newest events and touches"


def test_times_are_in_the_zone_of_who_asks(reader: Client, person: object) -> None:
    app = pages.application("frontend")
    pages.live(app, "staging", "v1")
    pages.happens(app)
    asked = only(reader)["frontend"]
    london = ask(reader, asked)

    type(person).objects.update(time_zone="Asia/Tokyo")  # type: ignore[attr-defined]

    assert "12:00" in london
    assert "21:00" in ask(reader, asked)


def test_nonsense_is_no_error(reader: Client) -> None:
    pages.happens(pages.application("frontend"))

    assert reader.get("/board/rows/?only=~&only=nobody&only=&environment=x&page=y").status_code == 200
    assert reader.get("/board/rows/").status_code == 200
