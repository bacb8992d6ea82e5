"""The page of an application: everything about it, and what who looks may do."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps_registry.models import Application, Environment, TrustIssue, Watcher
from deployer.promotions.models import Pin, Veto
from deployer.releases.models import Change
from tests.apps_registry.factories import make_environment
from tests.scene import Scene
from tests.web import pages
from tests.web.applications.desk import everybody, make_automatic, target_in
from tests.web.calendar.browser import Browser

PAGE = "/applications/frontend/"


def test_it_shows_who_owns_it_and_where_more_is_to_be_found(today: Scene, frontend: Application) -> None:
    frontend.repository, frontend.runbook_url = "alphagov/frontend", "https://docs.example.org/runbook"
    frontend.notes = "Ask first."
    frontend.save()

    page = Browser(today.person()).open(PAGE)

    assert "web@example.org" in page.text
    assert "Ask first." in page.text
    assert 'href="https://github.com/alphagov/frontend"' in page.source
    assert 'href="https://docs.example.org/runbook"' in page.source


def test_an_address_that_would_be_a_script_is_no_link(today: Scene, frontend: Application) -> None:
    Application.objects.update(repository="javascript://alert(1)", dashboard_url="javascript:alert(1)")

    assert "alert(1)" not in Browser(today.person()).open(PAGE).source


def test_it_shows_for_each_environment_what_is_live_moves_and_waits(today: Scene, frontend: Application) -> None:
    pages.live(frontend, "integration", "v1")
    pages.promotion(frontend, "staging", "v1", "verifying", started_at=today.now)
    pages.promotion(frontend, "production", "v1", blockers=[pages.blocker("manual", "By hand.")])

    integration, staging, production = pages.stages_of(Browser(today.person()).open(PAGE).response)

    assert "A person starts it Integration Open it in integration Live: v1" in integration
    assert "Verifying v1" in staging
    assert "Waiting v1 By hand." in production


def test_it_shows_by_which_policy_and_what_is_missing(today: Scene, frontend: Application) -> None:
    make_automatic(today, frontend, "integration")

    integration, staging, production = pages.stages_of(Browser(today.person()).open(PAGE).response)

    assert "Automatic in integration Without: rollback" in integration
    assert "Manual in staging To be automatic it lacks: rollback" in staging
    assert "lacks: rollback, staging first" in production


def test_it_shows_what_keeps_it_from_going_by_itself(today: Scene, frontend: Application) -> None:
    assert "No hold, pin, veto or trust issue stands." in Browser(today.person()).open(PAGE).text
    release = pages.release(frontend, "v1")
    hold = pages.hold(frontend, "staging", "It is slow.")
    pages.hold(frontend, None, "The database moves.")
    TrustIssue.objects.create(application=frontend, reason="Flaky.", opened_by_name="token ci")
    Pin.objects.create(
        target=target_in(frontend, "staging"), release=release, reason="Until Monday.", placed_by="Jo Okafor"
    )
    Veto.objects.create(release=release, reason="It loses mail.", placed_by="Jo Okafor")

    page = Browser(today.person()).open(PAGE)

    for words in (
        "Hold Everywhere The database moves.",
        "Hold Staging It is slow.",
        "Trust issue Everywhere Flaky.",
        "Pin Staging Stays on v1: Until Monday.",
        "Veto Everywhere v1 is never deployed again: It loses mail.",
    ):
        assert words in page.text
    assert f"/holds/{hold.pk}/" in page.source
    assert "token ci" in page.text


def test_it_shows_who_is_told(today: Scene, frontend: Application) -> None:
    text = Browser(today.person()).open(PAGE).text

    assert "Who is told" in text
    assert "#web watches frontend." in text


def test_those_whose_it_is_are_offered_what_they_may_do_and_others_are_told_why_not(
    today: Scene, frontend: Application
) -> None:
    pages.live(frontend, "staging", "v1")
    for who, browser in everybody(today).items():
        page = browser.open(PAGE)

        theirs = who in ("developer", "manager")
        assert ("Only developers of Web and release managers can hold" in page.text) == (not theirs), who
        for address in (
            "/holds/new/?application=frontend",
            "/slots/new/?application=frontend",
            "/applications/frontend/trust-issues/new/",
            "/applications/frontend/staging/pin/",
            "/applications/frontend/staging/roll-back/",
        ):
            assert (address in page.source) == theirs, (who, address)


def test_an_archived_one_says_so_and_offers_nothing(today: Scene, frontend: Application) -> None:
    frontend.archive(today.now)

    page = Browser(today.manager()).open(PAGE)

    assert "It is archived: it takes no more releases" in page.text
    assert "trust-issues/new" not in page.source


def test_one_that_runs_nowhere_says_what_to_do(today: Scene, frontend: Application) -> None:
    frontend.targets.all().delete()

    assert "It runs nowhere yet" in Browser(today.person()).open(PAGE).text


def test_the_board_and_a_promotion_lead_to_it(today: Scene, frontend: Application) -> None:
    promotion = pages.promotion(frontend, "staging", "v1", "verifying")
    browser = Browser(today.person())

    assert f'href="{PAGE}"' in browser.open("/").source
    assert f'href="{PAGE}"' in browser.open(promotion.get_absolute_url()).source


def test_one_that_is_not_there_is_not_found(today: Scene) -> None:
    assert Browser(today.person()).open("/applications/nothing/").status == 404


@pytest.mark.parametrize("number", [1, 8])
def test_it_takes_as_many_queries_for_any_number_of_environments(
    today: Scene, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = today.application("many", environments=0)
    places: list[Environment] = [make_environment(slug=f"place-{at}") for at in range(number)]
    for environment in places:
        today.target(application, environment)
        pages.live(application, environment.slug, "v1")
        pages.promotion(application, environment.slug, "v2")
        pages.hold(application, environment.slug, "Slow.")
        TrustIssue.objects.create(application=application, environment=environment, reason="Slow.")
        Watcher.objects.create(application=application, environment=environment, kind="slack", address="#web")
        Pin.objects.create(
            target=target_in(application, environment.slug),
            release=pages.release(application, "v1"),
            reason="Stay.",
            placed_by="Jo",
        )
    browser = Browser(today.manager())

    with CaptureQueriesContext(connection) as queries:
        page = browser.open("/applications/many/")

    assert page.status == 200
    assert len(queries) <= 36, [query["sql"][:120] for query in queries]


def test_a_change_is_followed_to_production(today: Scene, frontend: Application) -> None:
    old, new = (pages.release(frontend, version) for version in ("v1", "v2"))
    Change.objects.create(release=new, position=1, title="Say <hello>", author_name="Kim Lee", commit="c0ffee")
    frontend.repository = "alphagov/frontend"
    frontend.save()
    for environment in ("integration", "staging", "production"):
        pages.live(frontend, environment, "v1")
    pages.live(frontend, "integration", "v2")
    waiting = pages.promotion(frontend, "staging", "v2", blockers=[pages.blocker("manual", "By hand.")])

    page = Browser(today.person()).open(PAGE)

    row = next(row for row in pages.rows_of(page.response) if row.startswith("v2"))
    assert "Say <hello> Kim Lee In integration" in row
    assert "to staging By hand." in row
    assert waiting.get_absolute_url() in page.source
    assert f"compare/{old.commit}...{new.commit}" in page.source
    assert "1 change behind" in pages.stages_of(page.response)[2]


def test_one_whose_last_environment_has_the_newest_lacks_nothing(today: Scene, frontend: Application) -> None:
    pages.live(frontend, "production", "v1")

    assert "Nothing: production has the newest release, v1" in Browser(today.person()).open(PAGE).text


def test_what_happened_of_one_promotion_stands_together(today: Scene, frontend: Application) -> None:
    today.register(frontend, "v1")
    today.run(60)

    page = Browser(today.person()).open(PAGE)

    report = page.response.context["report"]
    assert all(one.promotion is None or len(one.events) > 1 for one in report.happenings)
    assert "/audit/?application=frontend" in page.source


@pytest.mark.parametrize("number", [3, 30])
def test_it_takes_as_many_queries_however_many_releases_there_are(
    number: int, today: Scene, frontend: Application
) -> None:
    for at in range(number):
        Change.objects.create(release=pages.release(frontend, f"v{at}"), position=1, title="A change")
    pages.live(frontend, "integration", "v1")
    browser = Browser(today.person())

    with CaptureQueriesContext(connection) as queries:
        assert browser.open(PAGE).status == 200

    assert len(queries) <= 36
