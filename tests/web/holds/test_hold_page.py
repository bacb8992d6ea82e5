"""The page of a hold: what failed and the evidence, what is live, whose move it is, the ways out, and what followed."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertRedirects

from apps_registry.models import Application
from deployer.promotions.actions.hold import NewHold, lift_hold, place_hold
from deployer.promotions.actions.promote import roll_back
from deployer.promotions.actions.ways_out import fix_forward, retry
from deployer.promotions.models import Hold, LogChunk, Measurement
from deployer.releases.models import Change
from tests.scene import ALEX, AS_ALEX, Scene
from tests.web.holds.desk import buttons_of, developer, manager, mended, stopped, stranger, viewer

WAYS = [
    "Retry the step",
    "Retry the promotion",
    "Fix forward",
    "Veto the release and go on",
    "Roll back",
    "Lift the hold",
]


def test_it_says_what_failed_and_shows_the_evidence(today: Scene, frontend: Application) -> None:
    hold = stopped(today, frontend)
    assert hold.promotion is not None

    page = developer(today).open(hold.get_absolute_url())

    assert "frontend in integration Stopped" in page.text
    assert hold.reason in page.text
    assert "Smoke test Failed" in page.text
    assert "got 500" in page.text.split("What went wrong")[1].split("Ways out")[0]
    position = hold.promotion.steps.get(state="failed").position
    assert f'href="{hold.promotion.get_absolute_url()}#step-{position}"' in page.source
    assert f'href="{hold.promotion.get_absolute_url()}"' in page.source


def test_it_shows_the_newest_measurements_and_the_end_of_the_log_as_plain_text(
    today: Scene, frontend: Application
) -> None:
    hold = stopped(today, frontend)
    assert hold.promotion is not None
    step = hold.promotion.steps.get(state="failed")
    Measurement.objects.filter(step=step).delete()
    for number in range(1, 8):
        Measurement.objects.create(step=step, outcome="failed", sentence=f"Look {number}.")
    lines = "".join(f"line {number}\n" for number in range(1, 41))
    LogChunk.objects.create(step=step, text=f"{lines}\x1b[31m<b>Out of memory</b>\x1b[0m\n")

    page = developer(today).open(hold.get_absolute_url())

    assert "Look 7." in page.text
    assert "Look 3." in page.text
    assert "Look 2." not in page.text
    assert "line 40" in page.text
    assert "line 5 " not in page.text
    assert "&lt;b&gt;Out of memory&lt;/b&gt;" in page.response.content.decode()
    assert "\x1b" not in page.source
    assert f'href="{hold.promotion.get_absolute_url()}steps/{step.position}/log.txt"' in page.source


def test_it_says_what_is_still_live_and_whose_move_it_is(today: Scene, frontend: Application) -> None:
    frontend.owner.slack_channel = "#web-alerts"
    frontend.owner.save()
    hold = stopped(today, frontend)

    page = developer(today).open(hold.get_absolute_url())

    assert "Still live v2 in integration" in page.text
    assert "not verified" in page.text
    assert "Whose move it is Web #web-alerts, web@example.org" in page.text
    assert "Placed" in page.text
    assert "by Deployer" in page.text


def test_it_says_who_was_told(today: Scene, frontend: Application) -> None:
    hold = stopped(today, frontend)

    page = developer(today).open(hold.get_absolute_url())

    assert "web@example.org" in page.text.split("Who was told")[1].split("History")[0]
    assert "told by e-mail" not in page.text.split("History")[1]


def test_it_shows_the_release_with_its_changes_and_their_authors(today: Scene, frontend: Application) -> None:
    hold = stopped(today, frontend)
    assert hold.stopped is not None
    Change.objects.create(
        release=hold.stopped, position=1, title="Mend titles", author_name="Tom Hale", url="https://g.example/1"
    )

    page = developer(today).open(hold.get_absolute_url())

    assert "What v2 brings" in page.text
    assert "Mend titles Tom Hale" in page.text
    assert 'href="https://g.example/1"' in page.source


@pytest.mark.parametrize("who", [developer, manager])
def test_who_may_is_given_every_way_that_is_possible_as_a_button(today: Scene, frontend: Application, who: Any) -> None:
    hold = stopped(today, frontend)

    page = who(today).open(hold.get_absolute_url())

    assert buttons_of(page) == WAYS
    assert list(page.fields) == ["reason", "to"]


@pytest.mark.parametrize("who", [stranger, viewer])
def test_who_may_not_sees_the_ways_and_who_may_take_them(today: Scene, frontend: Application, who: Any) -> None:
    hold = stopped(today, frontend)

    page = who(today).open(hold.get_absolute_url())

    assert page.forms == []
    assert "Only developers of Web and release managers can take one of these: frontend is not yours." in page.text
    for way in WAYS:
        assert way in page.text


def test_a_way_that_is_not_possible_has_no_button_and_says_why(today: Scene, frontend: Application) -> None:
    hold = stopped(today, frontend, version="v1", live="")

    page = developer(today).open(hold.get_absolute_url())

    assert "Roll back" not in buttons_of(page)
    assert "Not now: No release older than v1 was verified in integration" in page.text
    assert list(page.fields) == ["reason"]


def test_the_commands_for_a_terminal_are_there(today: Scene, frontend: Application) -> None:
    hold = stopped(today, frontend)

    page = developer(today).open(hold.get_absolute_url())

    assert f'manage.py wayout {hold.pk} retry-step --reason "why"' in page.text


def test_it_says_what_it_stops(today: Scene, frontend: Application) -> None:
    hold = stopped(today, frontend)
    today.register(frontend, "v3")
    today.run(1)

    page = developer(today).open(hold.get_absolute_url())

    caught = page.text.split("What it stops")[1]
    assert "1 promotion that waits now" in caught
    assert "frontend v3 to integration" in caught


def test_a_hold_by_hand_shows_contact_end_and_what_is_safe_and_is_only_lifted(
    today: Scene, frontend: Application
) -> None:
    safe = today.register(frontend, "v1")
    ends_at = timezone.now() + timedelta(days=2)
    new = NewHold(reason="The database is moving.", contact="#web-ops", ends_at=ends_at, newest_safe=safe)
    hold = place_hold(application=frontend, environment=None, new=new, rights=AS_ALEX, now=today.now)

    page = developer(today).open(hold.get_absolute_url())

    assert "frontend in every environment Stopped" in page.text
    assert "The database is moving." in page.text
    assert "Whom to ask #web-ops" in page.text
    assert "Newest that is safe v1" in page.text
    assert "v1 is safe: it and what is older pass it." in page.text
    assert "It ends by itself at" in page.text
    assert "Still live Nothing in integration Nothing in staging" in page.text
    assert buttons_of(page) == ["Lift the hold"]
    assert "What went wrong" not in page.text


def test_one_that_a_rollback_left_shows_the_release_that_was_left(today: Scene, frontend: Application) -> None:
    for version in ("v1", "v2"):
        today.register(frontend, version)
        today.run(120)
    target = frontend.targets.get(environment__slug="staging")
    rollback = roll_back(target=target, by=ALEX, reason="Slow.", now=today.now)
    hold = Hold.objects.get()

    page = developer(today).open(hold.get_absolute_url())

    assert "Left by Rollback to v1 in staging" in page.text
    assert f'href="{rollback.get_absolute_url()}"' in page.source
    assert "What v2 brings" in page.text


def test_a_fix_that_is_waited_for_is_said(today: Scene, frontend: Application) -> None:
    hold = stopped(today, frontend)
    fix_forward(hold=hold, rights=today.person(), reason="A fix is coming.", now=today.now)

    page = developer(today).open(hold.get_absolute_url())

    assert "Alex Doe asked for a fix" in page.text
    assert "a release that is newer than v2 passes it, and lifts it by succeeding." in page.text
    assert "Fix forward" not in buttons_of(page)


def test_one_that_was_lifted_says_by_whom_how_and_why(today: Scene, frontend: Application) -> None:
    hold = stopped(today, frontend)
    lift_hold(hold=hold, rights=today.person(), resolution="The pod had no memory.", now=today.now)

    page = developer(today).open(hold.get_absolute_url())

    assert "frontend in integration Lifted" in page.text
    assert "The pod had no memory." in page.text
    assert "Alex Doe lifted it" in page.text
    assert page.forms == []
    assert "Ways out" not in page.text
    assert "Alex Doe lifted the hold on frontend in integration: The pod had no memory." in page.text


def test_one_that_was_retried_links_to_the_promotion_that_followed(today: Scene, frontend: Application) -> None:
    hold = stopped(today, frontend)
    mended(today)
    again = retry(hold=hold, rights=today.person(), reason="The disk was full.")
    today.run(60)

    page = developer(today).open(hold.get_absolute_url())

    assert "The promotion was tried again" in page.text
    assert "What followed: Promotion of frontend v2 to integration Succeeded" in page.text
    assert f'href="{again.get_absolute_url()}"' in page.source


def test_a_fix_that_passed_is_what_followed(today: Scene, frontend: Application) -> None:
    hold = stopped(today, frontend)
    fix_forward(hold=hold, rights=today.person(), reason="A fix is coming.", now=today.now)
    fix = today.register(frontend, "v3")
    today.run(120)

    page = developer(today).open(hold.get_absolute_url())

    assert "A newer release passed" in page.text
    assert f'href="{today.promotion(fix, "integration").get_absolute_url()}"' in page.source


def test_the_board_and_the_promotion_lead_to_it(today: Scene, frontend: Application) -> None:
    hold = stopped(today, frontend)
    assert hold.promotion is not None
    browser = viewer(today)

    for address in ("/", hold.promotion.get_absolute_url()):
        assert f'href="{hold.get_absolute_url()}"' in browser.open(address).source


def test_nothing_from_outside_becomes_part_of_the_page(today: Scene, frontend: Application) -> None:
    bad = "<script>alert(1)</script>"
    hold = stopped(today, frontend)
    assert hold.promotion is not None
    assert hold.stopped is not None
    step = hold.promotion.steps.get(state="failed")
    step.sentence = bad
    step.save()
    Measurement.objects.create(step=step, outcome="failed", sentence=bad)
    LogChunk.objects.create(step=step, text=f"</code></pre>{bad}\n")
    Change.objects.create(release=hold.stopped, position=1, title=bad, author_name=bad, url="javascript:alert(1)")
    Hold.objects.update(reason=bad)

    source = developer(today).open(hold.get_absolute_url()).response.content.decode()

    assert "<script>alert" not in source
    assert "javascript:alert" not in source


@pytest.mark.parametrize("address", ["1/", "1/lift/", "new/"])
def test_someone_who_is_not_signed_in_is_sent_to_sign_in(client: Client, db: None, address: str) -> None:
    assertRedirects(client.get(f"/holds/{address}"), f"/sign-in/?next=/holds/{address}")


@pytest.mark.parametrize("address", ["9/", "9/lift/"])
def test_what_does_not_exist_is_told_in_the_same_look(today: Scene, address: str) -> None:
    page = manager(today).open(f"/holds/{address}")

    assert page.status == 404
    assert "There is nothing at this address" in page.text
