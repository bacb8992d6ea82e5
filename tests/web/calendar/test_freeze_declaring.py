"""Declaring a freeze in two steps: the form, what it would catch, and only then the freeze."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps_registry.models import Application
from deployer.audit.models import Event
from deployer.calendar.models import Freeze
from tests.calendar.bookings import booked
from tests.scene import Scene
from tests.web.calendar.browser import Browser
from tests.web.calendar.calls import soon
from tests.web.calendar.freeze_desk import (
    CHANGE,
    CONFIRM,
    SEE,
    clock,
    day,
    developer,
    errors_of,
    manager,
    reading,
    viewer,
    whole,
)


def test_declaring_shows_first_what_it_would_catch_and_writes_nothing(today: Scene, frontend: Application) -> None:
    today.backend.stuck = True
    running = today.register(frontend, "v1")
    today.run(1)
    router = today.application("router", policy="manual")
    waiting = today.register(router, "v7")
    slot = booked(today, frontend, environment=today.environments[2], at=soon())
    events = Event.objects.count()

    page = manager(today).open("/freezes/new/").send(SEE, **whole(today))

    assert "Nothing is frozen yet" in page.text
    assert "2 applications in 3 environments: 6 targets" in page.text
    assert "1 promotion waits They go no further while it holds. router v7 to integration Web" in page.text
    assert today.promotion(waiting, "integration").get_absolute_url() in page.source
    assert "1 promotion runs and finishes where it is" in page.text
    assert today.promotion(running, "integration").get_absolute_url() in page.source
    assert "1 slot can\u2019t be used frontend in production," in page.text
    assert "booked by Alex Doe" in page.text
    assert slot.get_absolute_url() in page.source
    assert "Web, by e-mail" in page.text
    assert "Alex Doe, by e-mail, as Alex Doe booked it." in page.text
    assert not Freeze.objects.exists()
    assert Event.objects.count() == events


def test_what_it_says_to_tell_is_whom_it_tells(today: Scene, frontend: Application) -> None:
    booked(today, frontend)
    page = manager(today).open("/freezes/new/").send(SEE, **whole(today))
    shown = {one.name for one in page.response.context["told"]}

    page.send(CONFIRM)

    told = Event.objects.filter(kind="slot.frozen").values_list("notifications__receiver", flat=True)
    assert shown == set(told) == {"Web", "Alex Doe"}


def test_confirming_writes_what_was_shown_and_leads_to_its_page(today: Scene, frontend: Application) -> None:
    end = today.now + timedelta(hours=2)
    form = manager(today).open("/freezes/new/")

    page = form.send(
        SEE,
        **whole(
            today,
            environments=["staging", "production"],
            applications=["frontend"],
            contact="#govuk-incident",
            allows_rollbacks=None,
            allows_by_hand="on",
        ),
    ).send(CONFIRM)

    freeze = Freeze.objects.get()
    assert page.path == f"/freezes/{freeze.pk}/"
    assert page.text.count("Declared: frontend in staging, production is frozen,") == 1
    assert freeze.scope == "frontend in staging, production"
    assert (freeze.reason, freeze.contact, freeze.declared_by) == ("The Budget.", "#govuk-incident", "Sam Doe")
    assert (freeze.allows_rollbacks, freeze.allows_by_hand) == (False, True)
    assert freeze.ends_at == end
    assert today.now <= freeze.starts_at <= timezone.now()
    assert freeze.holds_at(timezone.now())


def test_changing_it_after_the_preview_loses_nothing_that_was_typed(today: Scene, frontend: Application) -> None:
    typed = whole(
        today,
        environments=["staging"],
        teams=["web"],
        applications=["frontend"],
        starts="at",
        starts_day=day(today.now + timedelta(hours=1)),
        starts_clock=clock(today.now + timedelta(hours=1)),
        recurs="rule",
        rule=f"FREQ=DAILY;INTERVAL=3;BYHOUR={(today.now + timedelta(hours=1)).hour}",
        reason='One line.\r\n<b>Another</b> & "more".',
        contact="Mia, 'on call'",
        allows_rollbacks=None,
        allows_by_hand="on",
    )
    typed["ends_day"], typed["ends_clock"] = (f(today.now + timedelta(hours=3)) for f in (day, clock))
    page = manager(today).open("/freezes/new/").send(SEE, **typed)

    changed = page.send(CHANGE)

    expected = {name: value if isinstance(value, list) else [value] for name, value in typed.items() if value}
    shown = {name: [one.replace("\n", "\r\n") for one in values] for name, values in changed.fields.items()}
    assert {name: [one.replace("\r\r\n", "\r\n") for one in shown[name]] for name in expected} == expected
    assert "allows_rollbacks" not in changed.fields
    assert not Freeze.objects.exists()


def test_bad_input_loses_nothing_that_was_typed_and_leads_to_each_field(today: Scene) -> None:
    page = (
        manager(today)
        .open("/freezes/new/")
        .send(
            SEE,
            environments=["staging"],
            starts="at",
            starts_day="31 February",
            starts_clock="25:99",
            ends="at",
            recurs="rule",
            contact="x" * 201,
        )
    )

    assert errors_of(page) == {
        "id_starts_day": "Enter a day that exists, such as 3/3/2026 or 3 March 2026",
        "id_starts_clock": "Enter a time of the day, such as 14:30",
        "id_ends_day": "Enter the day on which it ends",
        "id_ends_clock": "Enter the time at which it ends",
        "id_rule": "Enter the rule, such as FREQ=WEEKLY;BYDAY=FR",
        "id_reason": "Enter the reason",
        "id_contact": "The contact must be at most 200 characters long",
    }
    assert page.fields["starts_day"] == ["31 February"]
    assert page.fields["starts_clock"] == ["25:99"]
    assert page.fields["environments"] == ["staging"]
    assert page.fields["contact"] == ["x" * 201]


def test_an_end_before_the_start_is_refused_at_the_end(today: Scene) -> None:
    start = today.now + timedelta(hours=5)

    page = (
        manager(today)
        .open("/freezes/new/")
        .send(SEE, **whole(today, starts="at", starts_day=day(start), starts_clock=clock(start)))
    )

    assert errors_of(page) == {"id_ends_day": "It must end after it starts: choose a later end."}


def test_an_end_that_has_passed_is_refused(today: Scene) -> None:
    start, end = today.now - timedelta(hours=3), today.now - timedelta(hours=2)

    page = (
        manager(today)
        .open("/freezes/new/")
        .send(
            SEE,
            **whole(
                today,
                starts="at",
                starts_day=day(start),
                starts_clock=clock(start),
                ends_day=day(end),
                ends_clock=clock(end),
            ),
        )
    )

    assert errors_of(page) == {"id_ends_day": "It has ended already: choose a later end."}


def test_what_recurs_needs_an_end(today: Scene) -> None:
    page = manager(today).open("/freezes/new/").send(SEE, **whole(today, ends="lifted", recurs="FREQ=WEEKLY"))

    assert errors_of(page) == {
        "id_ends_0": "A freeze that recurs needs an end: how long each one lasts.",
    }


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("every Friday", "How it recurs: This is no RFC 5545 rule such as"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "How it recurs: This rule never happens"),
        ("FREQ=DAILY;BYHOUR=0,1,2", "How it recurs: "),
    ],
)
def test_a_rule_that_can_not_be_used_is_refused_at_the_rule(today: Scene, rule: str, said: str) -> None:
    page = manager(today).open("/freezes/new/").send(SEE, **whole(today, recurs="rule", rule=rule))

    errors = errors_of(page)
    assert set(errors) == {"id_rule"}
    assert errors["id_rule"].startswith(said)


def test_each_week_is_too_short_for_what_lasts_longer(today: Scene) -> None:
    end = today.now + timedelta(days=8)

    page = (
        manager(today)
        .open("/freezes/new/")
        .send(SEE, **whole(today, recurs="FREQ=WEEKLY", ends_day=day(end), ends_clock=clock(end)))
    )

    assert set(errors_of(page)) == {"id_recurs_0"}


def test_what_recurs_shows_its_first_times_in_words(today: Scene) -> None:
    page = manager(today).open("/freezes/new/").send(SEE, **whole(today, recurs="FREQ=YEARLY"))

    assert "Every year, by the clocks of UTC. The first times:" in page.text
    assert f"{today.now.day} {today.now:%B} {today.now.year + 1}" in page.text
    page.send(CONFIRM)
    freeze = Freeze.objects.get()
    assert (freeze.recurrence, freeze.zone, freeze.starts_at.second) == ("FREQ=YEARLY", "UTC", 0)


def test_what_recurs_keeps_to_the_clocks_that_are_chosen_and_is_typed_by_the_reader_s(today: Scene) -> None:
    browser = reading(today.manager("nell"), "America/New_York")
    form = browser.open("/freezes/new/")
    assert "By your clock, America/New_York" in form.text
    assert form.fields["zone"] == ["America/New_York"]

    page = form.send(
        SEE,
        starts="at",
        starts_day="2030-01-04",
        starts_clock="11:00",
        ends_day="2030-01-04",
        ends_clock="19:00",
        recurs="FREQ=WEEKLY",
        zone="Europe/London",
        reason="Friday evening.",
    )
    assert "Friday 4 January 2030 at 11:00 EST until Friday 4 January 2030 at 19:00 EST" in page.text
    page.send(CONFIRM)

    freeze = Freeze.objects.get()
    assert freeze.zone == "Europe/London"
    hours = [freeze.terms.times(first, first + timedelta(days=1)) for first in (at("2030-03-15"), at("2030-04-05"))]
    assert [time.first.hour for [time] in hours] == [16, 15]


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text} 00:00+00:00")


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (("2030-03-31", "01:30"), ("2030-03-31", "03:00"), ("2030-03-31 01:00", "2030-03-31 02:00")),
        (("2030-10-27", "01:30"), ("2030-10-27", "01:45"), ("2030-10-27 00:30", "2030-10-27 01:45")),
    ],
)
def test_times_of_the_nights_in_which_the_clocks_change(
    today: Scene, start: tuple[str, str], end: tuple[str, str], expected: tuple[str, str]
) -> None:
    typed = {"starts": "at", "starts_day": start[0], "starts_clock": start[1], "reason": "Why."}

    browser = reading(today.manager(), "Europe/London")
    browser.open("/freezes/new/").send(SEE, ends_day=end[0], ends_clock=end[1], **typed).send(CONFIRM)

    freeze = Freeze.objects.get()
    assert freeze.ends_at is not None
    assert tuple(f"{at:%Y-%m-%d %H:%M}" for at in (freeze.starts_at, freeze.ends_at)) == expected


def test_a_scope_in_which_nothing_runs_is_said_before_it_is_declared(today: Scene) -> None:
    page = manager(today).open("/freezes/new/").send(SEE, **whole(today))

    assert "No application runs there: it would stop nothing as things are" in page.text
    assert "Nobody: it catches nothing that somebody waits for." in page.text


def test_a_freeze_that_allows_deploys_by_hand_catches_no_slot_in_the_preview(
    today: Scene, frontend: Application
) -> None:
    booked(today, frontend)

    page = manager(today).open("/freezes/new/").send(SEE, **whole(today, allows_by_hand="on"))

    assert "slot can\u2019t be used" not in page.text


def test_an_address_fills_the_form_in(today: Scene, frontend: Application) -> None:
    start = "2030-01-04T16:00:00+00:00"

    form = manager(today).open(
        "/freezes/new/?environment=staging&environment=production&application=frontend"
        f"&start={start}&end=2030-01-05T00:00Z"
    )

    fields = form.fields
    assert fields["environments"] == ["staging", "production"]
    assert fields["applications"] == ["frontend"]
    assert [fields[name] for name in ("starts", "starts_day", "starts_clock")] == [["at"], ["2030-01-04"], ["16:00"]]
    assert [fields[name] for name in ("ends", "ends_day", "ends_clock")] == [["at"], ["2030-01-05"], ["00:00"]]


def test_nonsense_in_the_address_is_left_out(today: Scene) -> None:
    form = manager(today).open("/freezes/new/?environment=nowhere&team=%00&start=tomorrow&end=99")

    assert "environments" not in form.fields
    assert form.fields["starts_day"] == [""]


def test_what_does_not_exist_is_refused_where_it_was_chosen(today: Scene, frontend: Application) -> None:
    page = manager(today).open("/freezes/new/").send(SEE, **whole(today, environments=["nowhere"], teams=["nobody"]))

    assert errors_of(page) == {
        "id_environments_0": "There is no environment “nowhere”",
        "id_teams_0": "There is no team “nobody”",
    }


def test_a_developer_chooses_among_their_own_teams_applications(today: Scene, router: Application) -> None:
    today.application("frontend")

    form = developer(today).open("/freezes/new/")

    assert "You can freeze your own teams\u2019 applications" in form.text
    assert "frontend" in form.text
    assert "router" not in form.text
    assert form.fields["teams"] == ["web"]


def test_a_developer_declares_a_freeze_of_their_team(today: Scene, frontend: Application) -> None:
    page = developer(today).open("/freezes/new/").send(SEE, **whole(today)).send(CONFIRM)

    assert page.path.startswith("/freezes/")
    assert Freeze.objects.get().scope == "Web in every environment"


@pytest.mark.parametrize("scope", [{}, {"environments": ["staging"]}, {"applications": ["router"]}])
@pytest.mark.parametrize("press", [SEE, CONFIRM])
def test_a_developer_can_not_freeze_what_is_not_theirs(
    today: Scene, router: Application, scope: dict[str, list[str]], press: str
) -> None:
    today.application("frontend")
    confirms = {"confirm": "1"} if press == CONFIRM else {}

    page = developer(today).open("/freezes/new/").send(SEE, **whole(today, teams=None, **scope, **confirms))

    assert errors_of(page) == {
        "id_environments_0": "You can freeze your own teams' applications: name those. Anything else is a release "
        "manager's to freeze."
    }


@pytest.mark.parametrize("who", [viewer, lambda today: Browser(today.person("lone", teams=()))])
def test_who_may_freeze_nothing_gets_no_form(today: Scene, who: Any) -> None:
    browser = who(today)

    page = browser.open("/freezes/new/")

    assert page.status == 403
    assert "Only release managers declare freezes, and developers those of their own teams' applications." in page.text


def test_a_freeze_is_not_declared_by_a_form_of_another_site(today: Scene) -> None:
    browser = manager(today)

    answer = browser.client.post("/freezes/new/", {**whole(today), "starts": "now", "zone": "UTC", "confirm": 1})

    assert answer.status_code == 403
    assert not Freeze.objects.exists()
