"""What a promotion brings, takes away and does not contain."""

import pytest

from deployer.access.models import User
from deployer.promotions.contents import compare_url, contents_of
from deployer.promotions.models import Promotion, Veto
from deployer.releases.models import Change, Deployment, Release
from tests.web import pages

pytestmark = pytest.mark.django_db


def changed(release: Release, *titles: str, email: str = "") -> Release:
    for at, title in enumerate(titles, 1):
        Change.objects.create(
            release=release, position=at, title=title, commit=f"{at:040x}", author_name="Jo", author_email=email
        )
    return release


@pytest.fixture
def waiting() -> Promotion:
    """v1 is live, v3 waits, and v4 exists."""
    app = pages.application("frontend", repository="alphagov/frontend")
    pages.live(app, "staging", "v1")
    changed(pages.release(app, "v2"), "Two", email="jo@example.org")
    promotion = pages.promotion(app, "staging", "v3")
    changed(promotion.release, "Three", "Three more")
    changed(pages.release(app, "v4"), "Four")
    return promotion


def versions(parts: object) -> list[str]:
    return [part.release.version for part in parts]  # type: ignore[attr-defined]


def test_it_brings_every_release_since_what_is_live(waiting: Promotion) -> None:
    found = contents_of(waiting)

    assert found.base is not None
    assert found.base.version == "v1"
    assert versions(found.brings) == ["v3", "v2"]
    assert [change.title for part in found.brings for change in part.changes] == ["Three", "Three more", "Two"]
    assert found.compare_url == f"https://github.com/alphagov/frontend/compare/{1:040x}...{3:040x}"


def test_it_does_not_contain_what_is_newer(waiting: Promotion) -> None:
    found = contents_of(waiting)

    assert versions(found.newer) == ["v4"]
    assert [change.title for change in found.newer[0].changes] == ["Four"]


def test_authors_are_named_once_and_are_people_where_they_are_known(waiting: Promotion) -> None:
    jo = User.objects.create_user("jo", email="Jo@Example.org")

    assert [(author.name, author.person) for author in contents_of(waiting).authors] == [("Jo", None), ("Jo", jo)]


def test_what_is_vetoed_or_was_rolled_back_says_so(waiting: Promotion) -> None:
    app = waiting.application
    Veto.objects.create(release=app.releases.get(version="v4"), reason="Bad.", placed_by="Sam")
    Deployment.objects.create(
        target=waiting.target, release=app.releases.get(version="v2"), at=pages.NOW, withdrawn_at=pages.NOW
    )
    Deployment.objects.create(target=waiting.target, release=app.releases.get(version="v1"), at=pages.NOW)

    found = contents_of(waiting)

    assert found.newer[0].veto is not None
    assert [part.withdrawn for part in found.brings] == [False, True]


def test_a_rollback_takes_away_what_came_after(waiting: Promotion) -> None:
    app = waiting.application
    pages.live(app, "staging", "v3")
    back = pages.promotion(app, "staging", "v1", kind="rollback")

    found = contents_of(back)

    assert versions(found.takes) == ["v3", "v2"]
    assert found.brings == []
    assert versions(found.newer) == ["v4"]
    assert found.compare_url.endswith(f"/compare/{1:040x}...{3:040x}")


def test_one_that_has_ended_is_told_by_what_was_live_then() -> None:
    app = pages.application("frontend")
    pages.live(app, "staging", "v1")
    second = pages.live(app, "staging", "v2")
    pages.live(app, "staging", "v3")

    found = contents_of(second)

    assert found.base is not None
    assert found.base.version == "v1"
    assert versions(found.brings) == ["v2"]


def test_the_first_one_brings_its_own_changes_and_one_again_nothing() -> None:
    app = pages.application("frontend")
    first = pages.live(app, "staging", "v1")
    again = pages.promotion(app, "staging", "v1")

    assert versions(contents_of(first).brings) == ["v1"]
    assert contents_of(first).base is None
    assert contents_of(again).is_the_same


@pytest.mark.parametrize("number", [3, 60])
def test_it_asks_as_much_of_a_long_history(
    waiting: Promotion, number: int, django_assert_max_num_queries: object
) -> None:
    app = waiting.application
    for at in range(5, 5 + number):
        changed(pages.release(app, f"v{at}"), "A", "B")
    last = pages.promotion(app, "production", f"v{4 + number}")
    pages.live(app, "production", "v1")

    with django_assert_max_num_queries(9):  # type: ignore[operator]
        found = contents_of(last)
    assert len(found.brings) == min(number + 3, 30)
    assert found.more_brought == max(number + 3 - 30, 0)


@pytest.mark.parametrize(
    ("repository", "url"),
    [
        ("alphagov/frontend", "https://github.com/alphagov/frontend/compare/a...b"),
        ("https://github.example/o/n.git", "https://github.example/o/n/compare/a...b"),
        ("https://gitlab.com/o/n/", "https://gitlab.com/o/n/-/compare/a...b"),
        ("javascript:alert(1)//x/y", ""),
        ("", ""),
    ],
)
def test_the_comparison_is_the_forges(repository: str, url: str) -> None:
    assert compare_url(repository, "a", "b") == url
    assert compare_url(repository, "a", "a") == ""
