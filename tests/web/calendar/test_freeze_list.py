"""The list of freezes: what is frozen now, what comes, what is over."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps_registry.models import Application
from deployer.calendar.actions.freezes import lift
from deployer.calendar.models import Freeze
from tests.scene import Scene
from tests.web.calendar.browser import Browser
from tests.web.calendar.freeze_desk import FRIDAYS, frozen, manager, viewer


def test_without_freezes_it_says_what_to_do_next(today: Scene) -> None:
    page = manager(today).open("/freezes/")

    assert "Nothing is frozen, and nothing has been." in page.text
    assert "declare a freeze" in page.text
    assert "/freezes/new/" in page.source


@pytest.mark.parametrize("who", [viewer, lambda today: Browser(today.person("lone", teams=()))])
def test_who_may_declare_none_is_told_who_does(today: Scene, who: Any) -> None:
    page = who(today).open("/freezes/")

    assert "Release managers declare freezes, and developers those of their own teams\u2019 applications." in page.text
    assert "/freezes/new/" not in page.source


def test_what_is_frozen_comes_first_then_what_comes_then_what_is_over(today: Scene, frontend: Application) -> None:
    frozen(today, start=30, reason="Later.")
    frozen(today, hours=None, reason="Held.", applications=[frontend], contact="#govuk-incident")
    over = frozen(today, reason="Gone.", environments=today.environments[:1])
    lift(freeze=over, reason="It works.", rights=today.manager("pat"), now=today.now + timedelta(microseconds=1))

    text = manager(today).open("/freezes/").text

    held, coming, gone = (text.index(word) for word in ("Frozen now", "Coming", "Over"))
    assert held < text.index("frontend in every environment Until somebody lifts it Held. Sam Doe") < coming
    assert "Contact: #govuk-incident" in text[held:coming]
    assert coming < text.index("Everything From") < gone
    assert gone < text.index("Everything in integration", gone)
    assert "Gone. Lifted by Pat Doe: It works." in text[gone:]


def test_a_freeze_that_recurs_is_listed_with_its_next_times(today: Scene) -> None:
    frozen(today, start=1, recurrence=FRIDAYS)
    again = today.now + timedelta(days=7, hours=1)

    text = manager(today).open("/freezes/").text

    assert "Every week, by the clocks of UTC. Then: " in text
    assert f"{again:%A} {again.day} {again:%B}" in text


def test_a_rule_that_has_no_further_time_is_over(today: Scene) -> None:
    past = today.now - timedelta(days=30)
    rule = "FREQ=WEEKLY;COUNT=2"
    frozen(today, start=-30 * 24, recurrence=rule, reason="Twice.")
    assert Freeze.objects.get().starts_at == past

    text = manager(today).open("/freezes/").text

    assert "Nothing is frozen now. Coming No freeze is to come. Over" in text
    assert "Twice." in text


def test_what_is_over_is_shown_page_by_page_the_newest_first(today: Scene) -> None:
    for number in range(30):
        freeze = frozen(today, reason=f"Number {number}.")
        lift(freeze=freeze, reason="Done.", rights=today.manager(), now=today.now + timedelta(microseconds=number + 1))
    browser = manager(today)

    first, second, nonsense = (browser.open(f"/freezes/?page={page}") for page in (1, 2, "x"))

    assert "Number 29." in first.text
    assert "Number 4." not in first.text
    assert "Number 4." in second.text
    assert "Page 1 of 2 Older freezes that are over" in first.text
    assert "Newer freezes that are over Page 2 of 2" in second.text
    assert nonsense.status == 200


@pytest.mark.parametrize("number", [1, 15])
def test_the_list_takes_as_many_queries_for_many_as_for_one(today: Scene, number: int) -> None:
    for count in range(number):
        frozen(today, environments=today.environments, hours=None)
        frozen(today, start=1, recurrence=FRIDAYS)
        over = frozen(today, reason=f"Gone {count}.")
        lift(freeze=over, reason="It works.", rights=today.manager(), now=today.now + timedelta(microseconds=1))
    browser = manager(today)

    with CaptureQueriesContext(connection) as captured:
        browser.open("/freezes/")

    assert len(captured) == 13
