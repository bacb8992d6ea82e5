"""What is the reader's comes first, the filter is in the address, and a page of the board is as cheap as ever."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps_registry.models import Application, Membership, Team
from apps_registry.rights import rights_of_user
from deployer.access.models import User
from deployer.access.models.user import Role
from deployer.promotions.models import Approval, Promotion
from deployer.releases.models import Change
from deployer.web.board import kept
from deployer.web.board.reading import SHOWN, read_board
from deployer.web.board.wanted import Wanted
from deployer.web.stopped.listing import read_stopped
from tests.web import pages


@pytest.fixture
def developer(person: User) -> User:
    """Of the team "web"."""
    person.role = Role.DEVELOPER
    person.save()
    team, _ = Team.objects.get_or_create(slug="web", defaults={"name": "Web"})
    Membership.objects.create(user=person, team=team)
    return person


def parts(user: User, **wanted: str) -> dict[str, list[str]]:
    board = read_board(rights_of_user(user), Wanted(**wanted), pages.NOW)  # type: ignore[arg-type]
    return {str(one.part): [entry.slug for entry in one.entries] for one in board.sections}


def waits(app: Application, kind: str, version: str = "v2", **fields: Any) -> Promotion:
    return pages.promotion(app, "staging", version, blockers=[pages.blocker(kind, "Why.")], **fields)


def test_what_needs_the_reader_comes_first_then_their_teams_then_the_rest(developer: User) -> None:
    pages.application("quiet")
    waits(pages.application("waits"), "capacity")
    waits(pages.application("by-hand"), "manual")
    pages.hold(pages.application("held"), None, "It is slow.")
    pages.hold(pages.application("theirs", team="platform"), None, "It is slow.")
    pages.application("calm", team="platform")

    assert parts(developer) == {
        "Needs you": ["held", "by-hand"],
        "Your teams": ["waits", "quiet"],
        "Everything else": ["theirs", "calm"],
    }


def test_what_needs_the_reader_is_what_the_page_of_what_is_stopped_says(developer: User) -> None:
    for number, kind in enumerate(("manual", "approval", "no_slot", "pin", "capacity", "window", "not_configured")):
        waits(pages.application(f"app-{number}"), kind)
        waits(pages.application(f"other-{number}", team="platform"), kind)
    pages.hold(pages.application("held"), "staging", "It is slow.")

    for role in (Role.DEVELOPER, Role.RELEASE_MANAGER, Role.VIEWER):
        developer.role = role
        developer.save()
        rights = rights_of_user(developer)
        due = read_stopped(rights, pages.NOW).mine
        mine = {row.application.slug for row in due if row.application and row.kind != "overdue"}

        assert set(parts(developer).get("Needs you", [])) == mine


def test_an_approval_that_was_given_or_asked_for_by_the_reader_is_others_move(developer: User) -> None:
    asked = waits(pages.application("asked"), "approval", requested_by=developer.as_actor().label)
    answered = waits(pages.application("answered"), "approval")
    Approval.objects.create(promotion=answered, person=developer, name="Jo")

    assert asked
    assert parts(developer) == {"Your teams": ["answered", "asked"]}


def test_a_freeze_that_only_managers_lift_does_not_fill_their_board(developer: User) -> None:
    developer.role = Role.RELEASE_MANAGER
    developer.save()
    waits(pages.application("frozen", team="platform"), "freeze")
    waits(pages.application("no-hours", team="platform"), "window")

    assert parts(developer) == {"Needs you": ["no-hours"], "Everything else": ["frozen"]}


def test_a_row_says_whose_move_it_is(reader: Client) -> None:
    waits(pages.application("manual"), "manual")
    waits(pages.application("hours"), "window")
    waits(pages.application("passing"), "capacity")

    rows = {row.split()[0]: row for row in pages.rows_of(reader.get("/"))}

    assert "Web's move" in rows["manual"]
    assert "Release managers' move" in rows["hours"]
    assert "move" not in rows["passing"]


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("state=stopped", ["held"]),
        ("state=quiet", ["calm"]),
        ("environment=production", ["calm", "held", "moves"]),
        ("environment=staging&state=stopped", ["held"]),
        ("environment=staging&state=moving", ["moves"]),
        ("environment=nowhere", []),
        ("kind=APIs", ["calm"]),
        ("state=wrong", []),
    ],
)
def test_the_filters(reader: Client, query: str, shown: list[str]) -> None:
    pages.application("calm", kind="APIs")
    pages.hold(pages.application("held"), "staging", "It is slow.")
    pages.promotion(pages.application("moves"), "staging", "v2", "deploying")

    assert sorted(row.split()[0] for row in pages.rows_of(reader.get(f"/?{query}"))) == shown


def test_of_one_environment_only_its_column_is_shown(reader: Client) -> None:
    pages.hold(pages.application("held"), "staging", "It is slow.")

    page = reader.get("/?environment=production")

    assert "Application State Production held" in pages.text_of(page)
    assert "It is slow." not in pages.text_of(page)
    assert "Nothing deployed" in pages.rows_of(page)[0] or "OK" in pages.rows_of(page)[0]


def test_the_counts_are_of_what_the_filter_leaves_and_each_filters(reader: Client) -> None:
    pages.hold(pages.application("held"), None, "It is slow.")
    pages.hold(pages.application("other", team="platform"), None, "It is slow.")
    pages.application("calm")

    page = reader.get("/?team=web&state=quiet")

    assert "1 stopped, 0 moving, 0 waiting, 1 quiet" in pages.text_of(page)
    assert 'href="/?team=web&amp;state=stopped"' in page.content.decode()
    assert [row.split()[0] for row in pages.rows_of(page)] == ["calm"]


def test_how_far_behind_is_said_in_changes_or_in_releases(reader: Client) -> None:
    app = pages.application("frontend")
    pages.live(app, "integration", "v3")
    pages.live(app, "staging", "v2")
    pages.live(app, "production", "v1")
    for position in range(2):
        Change.objects.create(release=pages.release(app, "v3"), position=position, title="Mend it")
    bare = pages.application("router")
    pages.live(bare, "production", "v1")
    pages.release(bare, "v2")
    far = pages.application("far")
    pages.live(far, "production", "v1")
    pages.release(far, "v400")

    rows = {row.split()[0]: row for row in pages.rows_of(reader.get("/"))}

    assert rows["frontend"].count("2 changes behind") == 2
    assert rows["router"].count("1 release behind") == 1
    assert rows["far"].count("99+ releases behind") == 1


def test_the_board_is_shown_page_by_page(reader: Client) -> None:
    for number in range(SHOWN + 3):
        pages.application(f"app-{number:03}")

    first, second = reader.get("/?q=app"), reader.get("/?q=app&page=2")

    assert len(pages.rows_of(first)) == SHOWN
    assert [row.split()[0] for row in pages.rows_of(second)] == [f"app-{SHOWN + n:03}" for n in range(3)]
    assert 'href="/?q=app&amp;page=2"' in first.content.decode()
    assert len(pages.rows_of(reader.get("/?q=app&page=999"))) == 3
    assert f"{SHOWN + 3} quiet" in pages.text_of(second)


def test_the_tab_tells_of_what_is_the_readers(developer: User, reader: Client) -> None:
    pages.hold(pages.application("theirs", team="platform"), None, "It is slow.")
    assert "1 stopped" in title_of(reader)

    pages.application("mine")
    assert title_of(reader).startswith("Board")

    pages.hold(Application.objects.get(slug="mine"), None, "It is slow.")
    assert title_of(reader).startswith("1 stopped \N{EN DASH} Board")


def title_of(reader: Client) -> str:
    kept.forget()  # what the tests make here is told by no event
    found = re.search(r"<title>(.*?)</title>", reader.get("/").content.decode(), re.DOTALL)
    return " ".join(found[1].split()) if found else ""


def test_it_takes_as_many_queries_however_many_applications_there_are(developer: User, reader: Client) -> None:
    taken = set()
    for numbers in (range(3), range(3, 12)):
        for number in numbers:
            app = pages.application(f"app-{number}", team=f"team-{number % 3}")
            pages.live(app, "integration", "v1")
            waits(app, "approval")
            pages.promotion(app, "production", "v1", "deploying", started_at=timezone.now())
            pages.hold(app, "staging", "It is slow.", promotion=pages.promotion(app, "staging", "v1", "failed"))
        kept.forget()
        with CaptureQueriesContext(connection) as queries:
            reader.get("/")
        taken.add(len(queries))

    assert len(taken) == 1
    assert max(taken) <= 28
