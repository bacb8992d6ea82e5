"""The page on which a target becomes automatic or manual, for each role."""

import pytest

from apps_registry.models import Application, Watcher
from deployer.audit.models import Event
from tests.scene import Scene
from tests.web import pages
from tests.web.applications.desk import REASON, everybody, make_automatic, rollback_tried, target_in
from tests.web.calendar.browser import Browser

PAGE = "/applications/frontend/integration/policy/"
AUTOMATIC, OVERRIDE, MANUAL = "Make it automatic", "Make it automatic all the same", "Make it manual"


def test_a_developer_makes_automatic_what_is_ready(today: Scene, frontend: Application) -> None:
    rollback_tried(today, target_in(frontend, "integration"))

    page = Browser(today.person()).open(PAGE)
    assert "Nothing is missing" in page.text
    done = page.send(AUTOMATIC)

    assert "frontend in integration is automatic now." in done.text
    assert target_in(frontend, "integration").policy == "automatic"


def test_what_is_missing_is_listed_with_how_it_is_mended(today: Scene, frontend: Application) -> None:
    page = Browser(today.person()).open(PAGE)

    assert "It lacks 1 of the 9 needs" in page.text
    assert "No rollback has succeeded here" in page.text
    assert "/applications/frontend/integration/roll-back/" in page.source
    assert "Mend what is missing, or ask a release manager" in page.text
    assert page.forms == []


def test_a_release_manager_overrides_with_a_reason(today: Scene, frontend: Application) -> None:
    page = Browser(today.manager()).open(PAGE)

    refused = page.send(OVERRIDE, reason="Why not")
    assert "at least 10 characters" in refused.text
    assert refused.fields["reason"] == ["Why not"]
    refused = page.send(OVERRIDE)
    assert "is not ready to be automatic" in refused.text
    assert target_in(frontend, "integration").policy == "manual"

    refused.send(OVERRIDE, reason=REASON)

    assert target_in(frontend, "integration").policy == "automatic"
    assert Event.objects.get(kind="target.policy_changed").reason == REASON


@pytest.mark.parametrize("who", ["developer", "manager"])
def test_without_a_watcher_the_page_offers_nobody_the_button(today: Scene, frontend: Application, who: str) -> None:
    Watcher.objects.all().delete()
    browser = everybody(today)[who]

    page = browser.open(PAGE)

    assert "It lacks what nobody can override, a release manager neither: watcher." in page.text
    assert page.forms == []


def test_one_who_sends_the_form_all_the_same_is_refused(today: Scene, frontend: Application) -> None:
    for who, browser in everybody(today).items():
        browser.client.handler.enforce_csrf_checks = False
        answer = browser.client.post(PAGE, {"policy": "automatic", "reason": REASON if who != "manager" else ""})

        assert answer.status_code == (200 if who == "manager" else 403), who
        assert target_in(frontend, "integration").policy == "manual"


def test_a_viewer_reads_and_changes_nothing(today: Scene, frontend: Application) -> None:
    people = everybody(today)

    for who in ("viewer", "stranger"):
        page = people[who].open(PAGE)
        assert page.status == 200
        assert "Only developers of Web and release managers can change its policy." in page.text
        assert "Mend it" not in page.text
        assert page.forms == []


def test_it_becomes_manual_with_or_without_a_reason(today: Scene, frontend: Application) -> None:
    make_automatic(today, frontend, "integration")

    page = Browser(today.person()).open(PAGE)
    assert "Automatic, though it lacks 1 of 9 needs" in page.text
    page.send(MANUAL)

    assert target_in(frontend, "integration").policy == "manual"


def test_making_it_manual_says_what_no_longer_arrives_later(today: Scene, frontend: Application) -> None:
    make_automatic(today, frontend, "integration")
    make_automatic(today, frontend, "staging")

    page = Browser(today.person()).open(PAGE)

    assert "Nothing would reach Staging by itself either." in page.text


def test_it_says_what_would_go_at_once(today: Scene, frontend: Application) -> None:
    assert "Nothing waits here" in Browser(today.person()).open(PAGE).text
    today.register(frontend, "v1")
    today.register(frontend, "v2")
    today.run()

    page = Browser(today.person()).open(PAGE)

    assert "v2 starts as soon as it is automatic." in page.text
    assert "v1" not in page.text


def test_it_says_what_that_would_wait_for_still(today: Scene, frontend: Application) -> None:
    today.register(frontend, "v1")
    pages.hold(frontend, "integration", "The database moves.")

    page = Browser(today.person()).open(PAGE)

    assert (
        "v1 would still wait: frontend in integration is on hold, placed by Alex Doe: The database moves." in page.text
    )


def test_links_into_the_admin_are_for_those_who_may_follow_them(today: Scene, frontend: Application) -> None:
    Watcher.objects.all().delete()
    manager = today.manager()
    assert "/admin/apps_registry/application/" not in Browser(manager).open(PAGE).source

    assert manager.user is not None
    manager.user.is_staff = True
    manager.user.save()
    assert f"/admin/apps_registry/application/{frontend.pk}/change/" in Browser(manager).open(PAGE).source


@pytest.mark.parametrize(
    "address", ["/applications/nothing/integration/policy/", "/applications/frontend/moon/policy/"]
)
def test_where_it_does_not_run_there_is_no_page(today: Scene, frontend: Application, address: str) -> None:
    assert Browser(today.person()).open(address).status == 404


def test_an_archived_application_offers_nothing(today: Scene, frontend: Application) -> None:
    frontend.archive(today.now)

    page = Browser(today.manager()).open(PAGE)

    assert "It is archived and is deployed nowhere" in page.text
    assert page.forms == []
