"""The pages on which trust issues are opened and resolved, for each role."""

from apps_registry.models import Application, TrustIssue
from apps_registry.trust import open_trust_issue
from tests.scene import Scene
from tests.web.applications.desk import everybody, make_automatic, target_in
from tests.web.calendar.browser import Browser

NEW = "/applications/frontend/trust-issues/new/"
OPEN, RESOLVE = "Open the trust issue", "Resolve it"


def issue_of(scene: Scene, application: Application) -> TrustIssue:
    return open_trust_issue(
        application=application, environment=None, reason="It is slow.", rights=scene.person(), now=scene.now
    )


def test_a_developer_opens_one_and_it_becomes_manual_there(today: Scene, frontend: Application) -> None:
    make_automatic(today, frontend, "integration")
    make_automatic(today, frontend, "staging")

    page = Browser(today.person()).open(f"{NEW}?environment=staging")
    assert page.fields["environment"] == ["staging"]
    assert page.fields["make_manual"] == ["on"]
    assert "It is automatic in integration and staging." in page.text
    done = page.send(OPEN, reason="It is slow.")

    assert done.path == "/applications/frontend/"
    assert "Trust issue Staging It is slow." in done.text
    issue = TrustIssue.objects.get()
    assert (issue.environment and issue.environment.slug, issue.opener) == ("staging", "Alex Doe")
    assert [target_in(frontend, one).policy for one in ("integration", "staging")] == ["automatic", "manual"]


def test_it_stays_automatic_when_the_tick_is_taken_away(today: Scene, frontend: Application) -> None:
    make_automatic(today, frontend, "integration")

    Browser(today.person()).open(NEW).send(OPEN, reason="It is slow.", make_manual=None)

    assert TrustIssue.objects.get().environment is None
    assert target_in(frontend, "integration").policy == "automatic"


def test_what_is_manual_anyway_is_not_offered(today: Scene, frontend: Application) -> None:
    assert "make_manual" not in Browser(today.person()).open(NEW).fields


def test_without_a_reason_nothing_that_was_chosen_is_lost(today: Scene, frontend: Application) -> None:
    make_automatic(today, frontend, "integration")

    page = Browser(today.person()).open(NEW).send(OPEN, environment="staging", make_manual=None)

    assert "Enter the reason" in page.text
    assert page.fields["environment"] == ["staging"]
    assert "make_manual" not in page.fields
    assert not TrustIssue.objects.exists()


def test_an_environment_that_is_none_of_its_own_is_refused(today: Scene, frontend: Application) -> None:
    page = Browser(today.person()).open(NEW).send(OPEN, environment="moon", reason="It is slow.")

    assert "There is no environment moon: choose one of these" in page.text


def test_one_is_resolved_with_what_was_done(today: Scene, frontend: Application) -> None:
    make_automatic(today, frontend, "integration")
    issue = issue_of(today, frontend)
    browser = Browser(today.person())

    page = browser.open(f"/trust-issues/{issue.pk}/resolve/")
    assert "releases go by themselves again to integration." in page.text
    assert "It stays manual in staging and production" in page.text
    refused = page.send(RESOLVE)
    assert "Say what was done about it" in refused.text
    done = refused.send(RESOLVE, reason="Mended.")

    assert done.path == "/applications/frontend/"
    issue.refresh_from_db()
    assert (issue.resolved_by, issue.resolution) == ("Alex Doe", "Mended.")
    again = browser.open(f"/trust-issues/{issue.pk}/resolve/")
    assert "A resolved trust issue" in again.text
    assert "Mended. Resolved" in again.text
    assert again.forms == []


def test_only_those_whose_it_is_get_through(today: Scene, frontend: Application) -> None:
    issue = issue_of(today, frontend)

    for who, browser in everybody(today).items():
        expected = 200 if who in ("developer", "manager") else 403
        for address in (NEW, f"/trust-issues/{issue.pk}/resolve/"):
            assert browser.open(address).status == expected, (who, address)
            browser.client.handler.enforce_csrf_checks = False
            if expected == 403:
                assert browser.client.post(address, {"reason": "I say so."}).status_code == 403, (who, address)

    assert TrustIssue.objects.open().count() == 1


def test_what_is_not_there_is_not_found(today: Scene, frontend: Application) -> None:
    browser = Browser(today.manager())

    assert browser.open("/trust-issues/999/resolve/").status == 404
    assert browser.open("/applications/nothing/trust-issues/new/").status == 404
