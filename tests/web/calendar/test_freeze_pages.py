"""A freeze's page, and extending and lifting it: what it says, who may, what is refused."""

from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.asserts import assertRedirects

from apps_registry.models import Application
from deployer.access.models.user import Role
from deployer.calendar.actions.freezes import lift
from deployer.calendar.models import Freeze
from deployer.promotions.engine.facts import gate_facts
from deployer.promotions.models import Promotion
from deployer.promotions.rules import gate
from tests.calendar.bookings import booked
from tests.scene import Scene
from tests.web.calendar.browser import Browser
from tests.web.calendar.freeze_desk import (
    CONFIRM,
    EXTEND,
    FRIDAYS,
    LIFT,
    LIFT_ONE,
    SEE,
    clock,
    day,
    developer,
    frozen,
    manager,
    reading,
    viewer,
    whole,
)


def test_the_page_says_how_it_stands_what_it_is_for_and_what_it_catches(today: Scene, frontend: Application) -> None:
    release = today.register(frontend, "v1")
    freeze = frozen(
        today,
        hours=None,
        environments=[today.environments[0]],
        teams=[frontend.owner],
        contact="#govuk-incident",
        reason="It is\nbroken.",
    )

    page = manager(today).open(freeze.get_absolute_url())

    assert "Web in integration Frozen now" in page.text
    assert "Holds now, until somebody lifts it." in page.text
    assert "It is<br>broken." in page.source
    assert "Contact: #govuk-incident" in page.text
    assert 'href="/calendar/?team=web"' in page.source
    assert 'href="/calendar/?environment=integration"' in page.source
    assert "1 application in 1 environment: 1 target" in page.text
    assert "Still allowed Rollbacks" in page.text
    assert today.promotion(release, "integration").get_absolute_url() in page.source
    assert "Sam Doe froze Web in integration, from" in page.text
    assert f'href="/freezes/{freeze.pk}/lift/"' in page.source
    assert f'href="/freezes/{freeze.pk}/extend/"' in page.source


def test_times_are_shown_by_the_reader_s_clock(today: Scene) -> None:
    freeze = frozen(today, start=1, hours=1)
    reader = reading(today.person("anu", role=Role.VIEWER, teams=()), "Asia/Kolkata")

    page = reader.open(freeze.get_absolute_url())

    assert f"{(freeze.starts_at + timedelta(hours=5, minutes=30)):%H:%M} IST" in page.text


@pytest.mark.parametrize("who", [viewer, lambda today: Browser(today.person("lone", teams=("other",)))])
def test_who_may_not_change_it_is_offered_nothing_and_refused(today: Scene, who: Any) -> None:
    freeze = frozen(today, recurrence=FRIDAYS)
    browser = who(today)

    page = browser.open(freeze.get_absolute_url())

    assert page.forms == []
    assert "/lift/" not in page.source
    assert "/extend/" not in page.source
    for name in ("lift", "extend"):
        refused = browser.open(f"/freezes/{freeze.pk}/{name}/")
        assert refused.status == 403
        assert "A release manager, or whoever's applications it freezes, can change this freeze." in refused.text


def test_a_developer_lifts_the_freeze_of_their_own_application(today: Scene, frontend: Application) -> None:
    freeze = frozen(today, applications=[frontend])

    developer(today).open(f"/freezes/{freeze.pk}/lift/").send(LIFT, reason="It works again.")

    freeze.refresh_from_db()
    assert (freeze.lifted_by, freeze.lift_reason) == ("Alex Doe", "It works again.")


def test_lifting_says_first_what_goes_on_then(today: Scene) -> None:
    newest = today.application("newest", environments=1)
    ordered = today.application("ordered", environments=1, batching="every")
    manual = today.application("manual", environments=1, policy="manual")
    freeze = frozen(today, hours=None)
    for application in (newest, ordered, manual):
        for version in ("v1", "v2"):
            today.register(application, version)
    waiting_only_for_it(today, freeze)

    page = manager(today).open(f"/freezes/{freeze.pk}/lift/")

    assert "newest v1 to integration: v2 goes instead" in page.text
    assert "newest v2 to integration: goes on" in page.text
    assert "ordered v1 to integration: goes on" in page.text
    assert "ordered v2 to integration: still waits. v1 goes first" in page.text
    assert "manual v2 to integration: still waits. Promotions of manual to integration are started by a person." in (
        page.text
    )
    assert freeze.holds_at(timezone.now())


def waiting_only_for_it(today: Scene, freeze: Freeze) -> None:
    """Have the engine say why each promotion waits, without letting it decide which of them are pointless."""
    for promotion in Promotion.objects.waiting().with_names():
        facts = gate_facts(promotion.release, promotion.target, now=today.now, promotion=promotion)
        promotion.blockers = [blocker.to_json() for blocker in gate(facts, today.now)]
        promotion.save()


def test_what_the_page_says_of_lifting_is_what_the_engine_does(today: Scene) -> None:
    application = today.application("newest", environments=1)
    freeze = frozen(today, hours=None)
    releases = [today.register(application, f"v{number}") for number in (1, 2, 3)]
    page = manager(today).open(f"/freezes/{freeze.pk}/lift/")
    said = {one.promotion.release.version: one.instead for one in page.response.context["onward"]}

    page.send(LIFT, reason="It works.")
    today.now = timezone.now()
    today.run(120)

    became = [today.states(release)["integration"] for release in releases]
    assert became == ["superseded", "superseded", "succeeded"]
    assert [said[f"v{number}"] is None for number in (1, 2, 3)] == [False, False, True]


def test_lifting_ends_it_now_and_says_so(today: Scene) -> None:
    freeze = frozen(today)

    page = manager(today).open(f"/freezes/{freeze.pk}/lift/").send(LIFT, reason="It works.")

    assert page.path == f"/freezes/{freeze.pk}/"
    assert "Lifted: Everything is no longer frozen by this." in page.text
    assert "Lifted by Sam Doe, " in page.text
    assert "It works." in page.text
    assert "What it catches" not in page.text
    assert "/lift/" not in page.source


@pytest.mark.parametrize("reason", ["", "   "])
def test_lifting_needs_a_reason(today: Scene, reason: str) -> None:
    freeze = frozen(today)

    page = manager(today).open(f"/freezes/{freeze.pk}/lift/").send(LIFT, reason=reason)

    assert "Error: Say why it can be lifted" in page.text
    assert 'href="#id_reason"' in page.source
    freeze.refresh_from_db()
    assert freeze.lifted_at is None


@pytest.mark.parametrize(
    ("page", "said"), [("lift", "It is over already."), ("extend", "It is over: declare another.")]
)
def test_what_is_over_leads_back_with_why(today: Scene, page: str, said: str) -> None:
    freeze = frozen(today)
    lift(freeze=freeze, reason="It works.", rights=today.manager(), now=today.now + timedelta(microseconds=1))

    shown = manager(today).open(f"/freezes/{freeze.pk}/{page}/")

    assert shown.path == f"/freezes/{freeze.pk}/"
    assert said in shown.text


def test_somebody_else_s_lifting_meanwhile_is_said(today: Scene) -> None:
    freeze = frozen(today)
    form = manager(today).open(f"/freezes/{freeze.pk}/lift/")
    lift(freeze=freeze, reason="It works.", rights=today.manager("pat"), now=today.now + timedelta(microseconds=1))

    page = form.send(LIFT, reason="Me too.")

    assert "It is over already." in page.text
    freeze.refresh_from_db()
    assert freeze.lifted_by == "Pat Doe"


def test_one_time_of_a_recurring_freeze_is_lifted_from_its_page(today: Scene) -> None:
    freeze = frozen(today, start=1, recurrence=FRIDAYS)
    browser = manager(today)
    second = freeze.terms.times(today.now + timedelta(days=7), today.now + timedelta(days=8))[0]
    address = f"/freezes/{freeze.pk}/lift/?{urlencode({'occurrence': second.first.isoformat()})}"
    page = browser.open(freeze.get_absolute_url())
    assert page.text.count("Lift this one") == 5
    assert address in page.source
    assert "/extend/" not in page.source

    form = browser.open(address)
    assert "Lift one time of the freeze" in form.text
    lifted = form.send(LIFT_ONE, reason="A quiet week.")

    assert "Its other times stay." in lifted.text
    assert "Times that were lifted" in lifted.text
    assert "by Sam Doe: A quiet week." in lifted.text
    freeze = Freeze.objects.with_scope().get()
    assert [freeze.holds_at(time + timedelta(hours=1, minutes=1)) for time in weeks(today, 3)] == [True, False, True]


def weeks(today: Scene, number: int) -> list[datetime]:
    return [today.now + timedelta(days=7 * week) for week in range(number)]


def test_a_time_that_is_years_ahead_is_listed_and_lifted(today: Scene) -> None:
    freeze = frozen(today, start=1, recurrence="FREQ=YEARLY")
    browser = manager(today)
    third = list(islice(freeze.terms.coming(today.now), 3))[2]

    page = browser.open(f"/freezes/{freeze.pk}/lift/?{urlencode({'occurrence': third.first.isoformat()})}")
    page.send(LIFT_ONE, reason="Not that year.")

    assert Freeze.objects.get().lifts.get().occurrence == third.first


@pytest.mark.parametrize("occurrence", ["2030-01-01T00:00:00Z", "nonsense", ""])
def test_a_time_that_it_does_not_have_leads_back_with_why(today: Scene, occurrence: str) -> None:
    freeze = frozen(today, recurrence=FRIDAYS)

    page = manager(today).open(f"/freezes/{freeze.pk}/lift/?occurrence={occurrence}")

    assert page.path == f"/freezes/{freeze.pk}/"
    assert "The freeze has no such time that is still to end: choose one of those that are listed." in page.text


def test_a_freeze_that_recurs_is_lifted_for_good(today: Scene) -> None:
    freeze = frozen(today, start=1, recurrence=FRIDAYS)

    page = manager(today).open(f"/freezes/{freeze.pk}/lift/")

    assert "None of its times holds any more, once it is lifted." in page.text
    page.send(LIFT, reason="Enough.")
    assert Freeze.objects.with_scope().get().is_over(timezone.now())


def test_its_end_is_changed_from_what_it_is(today: Scene) -> None:
    freeze = frozen(today, hours=2)
    later = today.now + timedelta(hours=5)
    form = manager(today).open(f"/freezes/{freeze.pk}/extend/")
    assert freeze.ends_at is not None
    assert [form.fields[name] for name in ("ends", "ends_day", "ends_clock")] == [
        ["at"],
        [day(freeze.ends_at)],
        [clock(freeze.ends_at)],
    ]

    page = form.send(EXTEND, ends_day=day(later), ends_clock=clock(later))

    assert "Changed: Everything is frozen," in page.text
    freeze.refresh_from_db()
    assert freeze.ends_at == later


def test_its_end_is_left_to_whoever_lifts_it(today: Scene) -> None:
    freeze = frozen(today, hours=2)

    manager(today).open(f"/freezes/{freeze.pk}/extend/").send(EXTEND, ends="lifted")

    freeze.refresh_from_db()
    assert freeze.ends_at is None


def test_an_end_in_the_past_is_refused_and_stays_typed(today: Scene) -> None:
    freeze = frozen(today, hours=2)
    past = today.now - timedelta(hours=1)

    page = manager(today).open(f"/freezes/{freeze.pk}/extend/").send(EXTEND, ends_day=day(past), ends_clock=clock(past))

    assert "It must end later than now and than its start: lift it to end it at once." in page.text
    assert 'href="#id_ends_day"' in page.source
    assert page.fields["ends_clock"] == [clock(past)]
    freeze.refresh_from_db()
    assert freeze.ends_at == today.now + timedelta(hours=2)


def test_the_end_of_what_recurs_is_not_changed(today: Scene) -> None:
    freeze = frozen(today, recurrence=FRIDAYS)

    page = manager(today).open(f"/freezes/{freeze.pk}/extend/")

    assert page.path == f"/freezes/{freeze.pk}/"
    assert "It recurs: lift one of its times, or lift it and declare another." in page.text


def test_a_freeze_further_ahead_than_any_look_can_be_lifted(today: Scene) -> None:
    freeze = frozen(today, start=500 * 24)

    page = manager(today).open(freeze.get_absolute_url())
    assert "Coming" in page.text

    manager(today).open(f"/freezes/{freeze.pk}/lift/").send(LIFT, reason="Not needed.")

    freeze.refresh_from_db()
    assert freeze.lifted_at is not None


@pytest.mark.parametrize("number", [1, 12])
def test_its_page_and_the_preview_take_as_many_queries_for_many_as_for_one(today: Scene, number: int) -> None:
    for count in range(number):
        application = today.application(f"app-{count}", policy="manual")
        today.register(application, "v1")
        booked(today, application, environment=today.environments[2], at=today.now + timedelta(hours=count + 2))
    freeze = frozen(today, hours=None)
    browser = manager(today)
    form = browser.open("/freezes/new/")

    with CaptureQueriesContext(connection) as captured:
        browser.open(freeze.get_absolute_url())
    with CaptureQueriesContext(connection) as previewed:
        preview = form.send(SEE, **whole(today, ends="lifted"))

    assert f"{number} slot" in preview.text
    assert len(captured) == 17
    assert len(previewed) == 14


@pytest.mark.parametrize("address", ["", "new/", "1/", "1/lift/", "1/extend/"])
def test_someone_who_is_not_signed_in_is_sent_to_sign_in(client: Client, db: None, address: str) -> None:
    assertRedirects(client.get(f"/freezes/{address}"), f"/sign-in/?next=/freezes/{address}")


@pytest.mark.parametrize("address", ["1/", "1/lift/", "1/extend/"])
def test_what_does_not_exist_is_told_in_the_same_look(today: Scene, address: str) -> None:
    page = manager(today).open(f"/freezes/{address}")

    assert page.status == 404
    assert "There is nothing at this address" in page.text


def test_nothing_from_outside_becomes_part_of_a_page(today: Scene, frontend: Application) -> None:
    bad = "<script>alert(1)</script>"
    browser = manager(today)
    form = browser.open("/freezes/new/").send(SEE, **whole(today, reason=bad, contact=bad))
    page = form.send(CONFIRM)

    for shown in (form, page, browser.open("/freezes/"), browser.open("/"), browser.open(f"{page.path}lift/")):
        assert "<script>alert" not in shown.response.content.decode()
        assert bad in shown.text
