"""The page of the whole estate: who is automatic up to where, what to mend first, and how it went."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from apps_registry.models import Application, Environment, Target, TargetCheck, TrustIssue, Watcher
from apps_registry.models.target import Policy
from deployer.access.models import User
from deployer.audit.actions import record
from deployer.promotions.models import Approval, PromotionKind
from deployer.web.rollout.estate import read_estate
from deployer.web.rollout.history import Month, read_months
from tests.scene import ALEX
from tests.web import pages

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)


def automatic(application: Application, *environments: str) -> None:
    targets = application.targets.filter(environment__slug__in=environments)
    targets.update(policy=Policy.AUTOMATIC, deployer="command")


def ready(application: Application, environment: str) -> Target:
    """It lacks nothing but a rollback there, and that is tried."""
    target = application.targets.get(environment__slug=environment)
    target.deployer = "command"
    target.save()
    TargetCheck.objects.create(target=target, name="Smoke", kind="http", config={"expect_text": "{version}"})
    Watcher.objects.create(application=application, kind="slack", address="#web")
    application.owner.email = "web@example.org"
    application.owner.save()
    pages.promotion(application, environment, "v0", "succeeded", kind=PromotionKind.ROLLBACK)
    return target


def deployed(application: Application, environment: str, times: int, *, days_ago: int = 1) -> None:
    at = timezone.now() - timedelta(days=days_ago)
    for _ in range(times):
        pages.live(application, environment, "v1", at=at)


def matrix(client: Client, query: str = "") -> list[str]:
    """The words of each row of the table of all applications."""
    return rows_of(client, "app-matrix", query)


def to_mend(client: Client) -> list[str]:
    return rows_of(client, "app-mend")


def rows_of(client: Client, table: str, query: str = "") -> list[str]:
    source = client.get(f"/roll-out/{query}").content.decode()
    body = source[source.index(table) :].partition("<tbody")[2].partition("</tbody>")[0]
    return [pages.text_of(f"<tr{row}") for row in body.split("<tr")[1:]]


def test_it_shows_up_to_where_each_is_automatic(reader: Client) -> None:
    automatic(pages.application("whole"), "integration", "staging", "production")
    automatic(pages.application("begun"), "integration")
    automatic(pages.application("gap"), "staging", "production")
    pages.application("never")

    rows = {row.split()[0]: row for row in matrix(reader)}

    assert "All the way" in rows["whole"]
    assert "To integration" in rows["begun"]
    assert "Not at all" in rows["gap"]
    assert "Not at all" in rows["never"]
    text = pages.text_of(reader.get("/roll-out/"))
    assert "Of 4 applications 1 goes all the way by itself, 1 a part of the way, and 2 not at all." in text
    assert "Integration 2 of 4 automatic" in text
    assert "Production 2 of 4 automatic" in text


def test_it_says_what_each_lacks_and_where_it_does_not_run(reader: Client) -> None:
    application = pages.application("frontend")
    ready(application, "integration")
    application.targets.get(environment__slug="production").delete()

    [row] = matrix(reader)

    assert "Manual: frontend in integration ready" in row
    assert "lacks deployer, smoke check, health check, rollback, integration first" in row
    assert "Does not run here" in row


def test_an_automatic_target_says_what_it_goes_without(reader: Client) -> None:
    application = pages.application("frontend")
    target = ready(application, "integration")
    Target.objects.filter(pk=target.pk).update(policy=Policy.AUTOMATIC)
    Watcher.objects.all().delete()

    assert "Automatic: frontend in integration without watcher" in matrix(reader)[0]


def test_what_to_mend_first_is_deployments_a_month_by_reasons(reader: Client) -> None:
    often, rarely, never = (pages.application(slug) for slug in ("often", "rarely", "never"))
    deployed(rarely, "integration", 2)
    deployed(rarely, "integration", 40, days_ago=31)
    deployed(often, "integration", 5)
    deployed(often, "staging", 5)
    deployed(never, "integration", 9, days_ago=31)

    rows = to_mend(reader)

    assert [row.split(" deployment")[0] for row in rows] == [
        "often in staging Web 5",
        "often in integration Web 5",
        "rarely in integration Web 2",
    ]
    assert "Deployer, Owner, Watcher, Smoke check, Health check, Rollback, Integration first" in rows[0]


def test_what_only_waits_for_somebody_s_yes_is_listed_apart(reader: Client) -> None:
    ready(pages.application("frontend"), "integration")

    page = reader.get("/roll-out/")

    assert "yes. frontend in integration 0 a month" in pages.text_of(page)


def test_only_the_first_to_mend_are_listed(reader: Client) -> None:
    for at in range(12):
        deployed(pages.application(f"app-{at}"), "integration", 1)

    assert len(to_mend(reader)) == 10
    assertContains(reader.get("/roll-out/"), "And 2 more, in the table of all applications.")


def test_open_trust_issues_say_how_old_they_are_and_whose(reader: Client, person: User) -> None:
    application = pages.application("frontend")
    at = timezone.now() - timedelta(days=41)
    TrustIssue.objects.create(application=application, reason="Flaky.", opened_at=at, opened_by=person)
    TrustIssue.objects.create(
        application=application, reason="Mended.", opened_at=at, resolved_at=at, resolution="It is."
    )

    page = reader.get("/roll-out/")

    text = pages.text_of(page)
    assert "frontend Everywhere Flaky. 41 days" in text
    assert "Jo Okafor Web" in text
    assert "Mended." not in text


def test_the_filter_is_in_the_address(reader: Client) -> None:
    pages.application("frontend")
    pages.application("router", team="platform")
    TrustIssue.objects.create(application=Application.objects.get(slug="router"), reason="Router is slow.")

    page = reader.get("/roll-out/?team=web")

    assert [row.split()[0] for row in matrix(reader, "?team=web")] == ["frontend"]
    assertNotContains(page, "Router is slow.")
    assertContains(page, '<option value="web" selected>Web</option>', html=True)
    assertContains(reader.get("/roll-out/?team=nobody"), "nobody owns no application.")


def test_archived_applications_are_not_counted(reader: Client) -> None:
    automatic(pages.application("spotlight", archived_at=pages.NOW), "integration")
    pages.application("frontend")

    assert [row.split()[0] for row in matrix(reader)] == ["frontend"]


def test_without_applications_it_says_how_to_bring_them_in(reader: Client) -> None:
    assertContains(reader.get("/roll-out/"), "manage.py import_registry FILE")


def test_someone_who_is_not_signed_in_is_sent_to_sign_in(client: Client, db: None) -> None:
    assertRedirects(client.get("/roll-out/"), "/sign-in/?next=/roll-out/")


def test_the_menu_leads_to_it(reader: Client) -> None:
    assertContains(reader.get("/"), 'href="/roll-out/"')


def months(*applications: Application, zone: str = "Europe/London") -> list[Month]:
    return read_months(
        applications=list(applications) or None, environments=list(Environment.objects.all()), now=NOW, zone=zone
    )


def test_the_trend_counts_what_was_automatic_at_the_end_of_each_month(db: None) -> None:
    frontend, router = pages.application("frontend"), pages.application("router")
    automatic(frontend, "integration")
    automatic(router, "integration")
    record(
        "target.policy_changed",
        "Automatic.",
        by=ALEX,
        application="router",
        environment="integration",
        data={"old": "manual", "new": "automatic"},
        now=datetime(2026, 2, 10, tzinfo=UTC),
    )

    found = months()

    assert [month.begins.month for month in found] == [4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 2, 3]
    assert [month.automatic for month in found[-3:]] == [[1, 0, 0], [2, 0, 0], [2, 0, 0]]
    assert [month.automatic for month in months(router)[-3:]] == [[0, 0, 0], [1, 0, 0], [1, 0, 0]]


def test_the_share_is_of_what_was_deployed_without_a_person(db: None, person: User) -> None:
    application = pages.application("frontend")
    at = datetime(2026, 3, 10, tzinfo=UTC)
    alone = [pages.live(application, "integration", "v1", at=at) for _ in range(3)]
    asked = pages.live(application, "integration", "v1", at=at)
    asked.requested_by = "Jo Okafor"
    asked.save()
    Approval.objects.create(promotion=alone[0], person=person, name="Jo Okafor")
    rollback = pages.live(application, "integration", "v1", at=at)
    rollback.kind = PromotionKind.ROLLBACK
    rollback.save()
    pages.live(application, "integration", "v1", at=datetime(2025, 3, 10, tzinfo=UTC))

    *_, february, march = months()

    assert (march.deployments, march.alone, march.share) == (4, 2, 50)
    assert (february.deployments, february.share) == (0, None)


def test_a_month_begins_by_the_reader_s_clock(db: None) -> None:
    application = pages.application("frontend")
    pages.live(application, "integration", "v1", at=datetime(2026, 2, 28, 23, 30, tzinfo=UTC))

    assert [month.deployments for month in months()[-2:]] == [1, 0]
    assert [month.deployments for month in months(zone="Europe/Berlin")[-2:]] == [0, 1]


def test_the_page_shows_the_trend_as_numbers_too(reader: Client) -> None:
    automatic(pages.application("frontend"), "integration")

    page = reader.get("/roll-out/")

    assertContains(page, f"<title>{timezone.localtime():%B %Y}: 1 automatic</title>", html=True)
    assert f"{timezone.localtime():%b %Y} 1 0 0 0 None" in pages.text_of(page)


@pytest.mark.parametrize("number", [4, 100])
def test_it_takes_as_many_queries_however_many_applications_there_are(
    reader: Client, number: int, person: User
) -> None:
    for at in range(number):
        application = pages.application(f"app-{at}", team=f"team-{at % 7}")
        pages.live(application, "integration", "v1", at=timezone.now())
        Watcher.objects.create(application=application, kind="user", user=person)
        TrustIssue.objects.create(application=application, reason="Slow.", opened_by=person)

    with CaptureQueriesContext(connection) as whole_page:
        page = reader.get("/roll-out/")
    with CaptureQueriesContext(connection) as estate:
        read_estate(team="", now=timezone.now())

    assert page.status_code == 200
    assert len(estate) == 10
    assert len(whole_page) <= 20
