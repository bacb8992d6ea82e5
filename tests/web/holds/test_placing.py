"""Putting an application on hold: which, the form, what it would stop, and only then the hold."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps_registry.models import Application
from deployer.promotions.models import Hold
from tests.scene import Scene
from tests.web.calendar.browser import Browser
from tests.web.calendar.freeze_desk import clock, day, reading
from tests.web.holds.desk import developer, manager, stranger, viewer

SEE, CONFIRM, CHANGE = "See what it stops", "Put it on hold", "Change it"


def soon(hours: float = 2) -> datetime:
    return timezone.now().replace(second=0, microsecond=0) + timedelta(hours=hours)


def test_only_what_one_may_work_on_can_be_chosen(today: Scene, frontend: Application, router: Application) -> None:
    page = developer(today).open("/holds/new/")

    assert '<option value="frontend">' in page.source
    assert "router" not in page.source
    assert '<option value="router">' in manager(today).open("/holds/new/").source


def test_choosing_one_leads_to_its_form(today: Scene, frontend: Application) -> None:
    page = developer(today).open("/holds/new/?application=frontend")

    assert "Put frontend on hold" in page.text
    assert page.fields["contact"] == ["Alex Doe, alex@example.org"]
    assert page.fields["ends"] == ["lifted"]


def test_the_address_names_the_environment_too(today: Scene, frontend: Application) -> None:
    browser = developer(today)

    assert browser.open("/holds/new/?application=frontend&environment=staging").fields["environment"] == ["staging"]
    # One in which it doesn't run is left out.
    assert "selected" not in browser.open("/holds/new/?application=frontend&environment=production").source.split(
        "</select>"
    )[0].replace('value="" selected', "")


def test_someone_without_an_address_is_asked_for_by_their_team_s_channel(today: Scene, frontend: Application) -> None:
    frontend.owner.slack_channel = "#web"
    frontend.owner.save()
    person = today.person()
    assert person.user is not None
    person.user.email = ""
    person.user.save()

    assert Browser(person).open("/holds/new/?application=frontend").fields["contact"] == ["#web"]


def test_it_says_what_it_would_stop_before_anything_is_written(today: Scene, frontend: Application) -> None:
    today.register(frontend, "v1")
    today.backend.stuck = True
    today.run(5)
    today.register(frontend, "v2")
    today.run(1)

    page = developer(today).open("/holds/new/?application=frontend").send(SEE, reason="The database is moving.")

    assert "Nothing is on hold by this yet" in page.text
    assert "frontend in every environment" in page.text
    waiting, running = page.text.split("What it would stop")[1].split("What runs already goes on to its end")
    assert "frontend v2 to integration" in waiting
    assert "frontend v1 to integration Deploying" in running
    assert not Hold.objects.exists()


def test_it_is_placed_when_it_is_confirmed(today: Scene, frontend: Application) -> None:
    form = developer(today).open("/holds/new/?application=frontend")

    page = form.send(SEE, reason="The database\r\nis moving.", environment="staging").send(CONFIRM)

    hold = Hold.objects.get()
    assert page.path == hold.get_absolute_url()
    assert "Placed: frontend in staging is on hold." in page.text
    assert (hold.reason, hold.placed_by, hold.contact) == (
        "The database\nis moving.",
        "Alex Doe",
        "Alex Doe, alex@example.org",
    )
    assert (hold.ends_at, hold.newest_safe, hold.kind) == (None, None, "manual")
    assert str(hold.environment) == "staging"


def test_it_takes_an_end_by_the_reader_s_clock_and_the_newest_that_is_safe(today: Scene, frontend: Application) -> None:
    frontend.targets.update(policy="manual")
    safe = today.register(frontend, "v1")
    today.register(frontend, "v2")
    today.run(1)
    end = soon()
    india = end + timedelta(hours=5, minutes=30)
    form = reading(today.person(), "Asia/Kolkata").open("/holds/new/?application=frontend")
    typed = {"reason": "Slow.", "ends": "at", "ends_day": day(india), "ends_clock": clock(india), "newest_safe": "v1"}

    preview = form.send(SEE, **typed)

    assert f"at {clock(india)} IST" in preview.text
    assert "releases up to v1" in preview.text
    assert "frontend v2 to integration" in preview.text
    assert "frontend v1 to integration" not in preview.text
    preview.send(CONFIRM)
    hold = Hold.objects.get()
    assert (hold.ends_at, hold.newest_safe) == (end, safe)


@pytest.mark.parametrize(
    ("typed", "said", "field"),
    [
        ({"reason": ""}, "Enter the reason", "id_reason"),
        ({"contact": " "}, "Say whom to ask about it", "id_contact"),
        ({"contact": "x" * 201}, "The contact must be at most 200 characters long", "id_contact"),
        ({"ends": "at"}, "Enter the day on which it ends", "id_ends_day"),
        ({"ends": "at", "ends_day": "2020-01-01", "ends_clock": "12:00"}, "It must end later than now", "id_ends_day"),
        ({"ends": "at", "ends_day": "soon", "ends_clock": "12:00"}, "Enter a day that exists", "id_ends_day"),
        ({"environment": "moon"}, "There is no environment moon: choose one of these", "id_environment"),
        ({"newest_safe": "v9"}, "Choose one of these releases: there is no v9", "id_newest_safe"),
    ],
)
def test_what_is_wrong_is_said_where_it_is_mended_and_the_rest_stays(
    today: Scene, frontend: Application, typed: dict[str, Any], said: str, field: str
) -> None:
    form = developer(today).open("/holds/new/?application=frontend")

    page = form.send(SEE, **{"reason": "The database is moving."} | typed)

    assert "There is a problem" in page.text
    assert said in page.text
    assert f'href="#{field}"' in page.source
    assert field in page.ids
    if "reason" not in typed:
        assert page.fields["reason"] == ["The database is moving."]
    assert not Hold.objects.exists()


def test_what_was_typed_can_be_changed_after_the_look(today: Scene, frontend: Application) -> None:
    form = developer(today).open("/holds/new/?application=frontend")

    page = form.send(SEE, reason="Teh database.", environment="staging").send(CHANGE)

    assert page.fields["reason"] == ["Teh database."]
    assert page.fields["environment"] == ["staging"]
    assert not Hold.objects.exists()


def test_an_end_that_has_passed_during_the_look_is_refused(today: Scene, frontend: Application) -> None:
    browser = developer(today)
    past = timezone.now() - timedelta(minutes=5)
    typed = {"reason": "Slow.", "contact": "Me", "ends": "at", "ends_day": day(past), "ends_clock": clock(past)}
    browser.client.handler.enforce_csrf_checks = False

    response = browser.client.post("/holds/new/?application=frontend", typed | {"confirm": "1"})

    assert "It must end later than now" in response.content.decode()
    assert not Hold.objects.exists()


@pytest.mark.parametrize("who", [stranger, viewer])
def test_the_application_of_others_is_refused_with_who_may(today: Scene, frontend: Application, who: Any) -> None:
    browser = who(today)
    browser.client.handler.enforce_csrf_checks = False

    page = browser.open("/holds/new/?application=frontend")
    sent = browser.client.post("/holds/new/?application=frontend", {"reason": "Because.", "confirm": "1"})

    assert (page.status, sent.status_code) == (403, 403)
    assert "Only developers of Web and release managers may put it on hold: frontend is not yours." in page.text
    assert not Hold.objects.exists()


def test_who_may_work_on_nothing_is_told_so(today: Scene, frontend: Application) -> None:
    page = viewer(today).open("/holds/new/")

    assert page.status == 403
    assert "can put it on hold: none is yours." in page.text


@pytest.mark.parametrize("slug", ["nothing", "", "%00", "front%00end"])
def test_an_application_that_there_is_not_is_asked_for_again(today: Scene, frontend: Application, slug: str) -> None:
    page = developer(today).open(f"/holds/new/?application={slug}")

    assert page.status == 200
    assert "Put an application on hold" in page.text
    assert "There is a problem" in page.text


def test_an_archived_application_can_t_be_chosen(today: Scene, frontend: Application) -> None:
    today.application("other", environments=1)
    frontend.archive(timezone.now())

    page = developer(today).open("/holds/new/?application=frontend")

    assert "Choose one from the list" in page.text
    assert "frontend" not in page.source.split("<select")[1]


def test_no_release_of_another_application_is_offered_as_safe(
    today: Scene, frontend: Application, router: Application
) -> None:
    today.register(router, "r7")

    assert "r7" not in developer(today).open("/holds/new/?application=frontend").source


def test_nothing_typed_becomes_part_of_a_page(today: Scene, frontend: Application) -> None:
    bad = "<script>alert(1)</script>"
    form = developer(today).open("/holds/new/?application=frontend")

    preview = form.send(SEE, reason=bad, contact=bad)
    page = preview.send(CONFIRM)

    for shown in (preview, page):
        assert "<script>alert" not in shown.response.content.decode()
        assert bad in shown.text
