"""The search over everything: what is found, and that it asks little."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps_registry.models import Team
from deployer.access.models import User
from deployer.releases.models import Change, Release
from deployer.web.search.reading import SHOWN, search
from tests.web import pages


def found(text: str, kind: str = "") -> dict[str, list[str]]:
    return {group.kind: [hit.label for hit in group.hits] for group in search(text, kind).groups}


def exact(text: str) -> list[str]:
    return [hit.link for hit in search(text).exact]


@pytest.fixture
def release(db: None) -> Release:
    app = pages.application("frontend")
    made = Release.objects.create(
        application=app, number=7, version="release_7", commit="c0ffee" + "0" * 34, created_by="CI"
    )
    Change.objects.create(
        release=made, position=0, title="Mend the search of organisations", commit="beef12" + "0" * 34, author_name="Jo"
    )
    return made


def test_applications_by_any_words_of_their_names(release: Release) -> None:
    pages.application("frontend-admin")

    assert found("FRONT")["Applications"] == ["frontend", "frontend-admin"]
    assert found("admin front")["Applications"] == ["frontend-admin"]


@pytest.mark.parametrize("text", ["release_7", "rele", "frontend rel", "front release_7"])
def test_releases_by_the_beginning_of_the_version(release: Release, text: str) -> None:
    assert found(text)["Releases"] == ["frontend release_7"]


@pytest.mark.parametrize("text", ["release_8", "elease", "router rel"])
def test_other_versions_are_not_found(release: Release, text: str) -> None:
    assert "Releases" not in found(text)


def test_commits_by_the_beginning_of_their_id_or_words_of_the_title(release: Release) -> None:
    assert found("c0ffee0")["Commits"] == ["c0ffee000000"]
    assert found("BEEF12")["Commits"] == ["Mend the search of organisations"]
    assert found("organisations mend")["Commits"] == ["Mend the search of organisations"]
    assert "Commits" not in found("c0ffee1")


def test_what_is_named_in_full_is_offered_first(release: Release) -> None:
    promotion = pages.promotion(release.application, "staging", "v1")

    assert exact("frontend") == ["/applications/frontend/"]
    assert exact(f"#{promotion.pk}") == exact(str(promotion.pk)) == [promotion.get_absolute_url()]
    assert exact("frontend release_7") == exact(release.commit) == [release.get_absolute_url()]
    assert exact("front") == exact("99999999") == []


def test_people_by_name_and_never_by_address(release: Release) -> None:
    User.objects.create_user("sam", first_name="Sam", last_name="Doe", email="hidden@example.org")
    Team.objects.create(slug="publishing", name="Publishing")

    assert found("sam doe")["People"] == ["Sam Doe"]
    assert found("publish")["Teams"] == ["Publishing"]
    assert "People" not in found("hidden")


def test_at_most_ten_of_a_kind_and_more_on_request(reader: Client, release: Release) -> None:
    for number in range(SHOWN + 1):
        pages.application(f"app-{number:02}")

    page = reader.get("/search/?q=app-")

    assert len(found("app-")["Applications"]) == SHOWN
    assert "/search/?q=app-&amp;kind=applications" in page.content.decode()
    assert len(found("app-", "applications")["Applications"]) == SHOWN + 1


def test_it_says_what_to_try(reader: Client) -> None:
    assert "Look for an application" in pages.text_of(reader.get("/search/"))
    assert "Type at least 2 characters." in pages.text_of(reader.get("/search/?q=x"))
    assert "Nothing matches “&lt;b&gt;x”." in reader.get("/search/?q=<b>x").content.decode()


def test_odd_characters_are_looked_for_as_they_are(release: Release) -> None:
    for text in ("%%", "__", "'\"", "\\", "frontend  %"):
        assert "Releases" not in found(text)


def test_it_takes_as_many_queries_however_much_is_found(release: Release) -> None:
    taken = []
    for numbers in (range(3), range(3, 12)):
        for number in numbers:
            pages.release(pages.application(f"cafe-{number}"), f"cafe{number}")
        with CaptureQueriesContext(connection) as queries:
            search("cafe")
        taken.append(len(queries))

    assert taken[0] == taken[1] <= 14
