"""Pages that stay open: what others do, and what begins by the clock, is on them, and the reader's place is kept."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Page, expect

from apps_registry.rights import Rights
from deployer.audit.actions import touch
from deployer.calendar.actions.freezes import NewFreeze, declare
from deployer.promotions.actions.approvals import approve
from deployer.promotions.models import LogChunk, Promotion, Step
from tests.browser.conftest import SignIn
from tests.browser.server import running_server
from tests.calendar.bookings import booked
from tests.scene import Scene
from tests.stack import free_port

Open = Callable[[Rights, str], Page]


@pytest.fixture
def open_page(sign_in: SignIn) -> Open:
    """Someone's page, once its stream is open: `open_page(person, "/calendar/")`."""

    def open_page(person: Rights, path: str) -> Page:
        page = sign_in(person)
        page.goto(path)
        expect(page.locator("#live-status")).to_contain_text("Live")
        return page

    return open_page


def tomorrow(scene: Scene) -> str:
    return (scene.now + timedelta(days=1)).date().isoformat()


@pytest.mark.parametrize("layout", ["grid", "list"])
def test_a_slot_that_another_books_is_on_the_open_calendar(scene: Scene, open_page: Open, layout: str) -> None:
    frontend, router = scene.application(), scene.application("router")
    at = (scene.now + timedelta(days=1)).replace(hour=10, minute=0, second=0)
    first = booked(scene, frontend, at=at)
    page = open_page(scene.manager(), f"/calendar/?view=day&date={at.date()}&layout={layout}")
    shown = page.locator(f"#calendar-{layout}")
    mine = shown.locator(f'a[href="{first.get_absolute_url()}"]')
    mine.focus()

    booked(scene, router, at=at + timedelta(hours=2))

    expect(shown.get_by_role("link", name=re.compile("router"))).to_be_visible()
    expect(mine).to_be_focused()


def test_the_calendar_says_that_nothing_is_booked_until_something_is(scene: Scene, open_page: Open) -> None:
    frontend = scene.application()
    page = open_page(scene.manager(), f"/calendar/?view=day&date={tomorrow(scene)}")
    expect(page.get_by_role("main")).to_contain_text("Nothing is booked on")

    booked(scene, frontend, at=(scene.now + timedelta(days=1)).replace(hour=10, minute=0, second=0))

    expect(page.get_by_role("main")).not_to_contain_text("Nothing is booked on")


def test_what_another_approves_is_on_the_page_while_one_writes(scene: Scene, open_page: Open) -> None:
    frontend = scene.application(environments=1, approvals_needed=2, approval_by_others=False)
    scene.register(frontend, "v1")
    scene.run(5)
    promotion = Promotion.objects.get()
    page = open_page(scene.person("jo"), f"{promotion.get_absolute_url()}approve/")
    field = page.get_by_label(re.compile("Why")).first
    field.fill("I have looked at")

    approve(promotion=promotion, rights=scene.person("kim"), now=scene.now)

    expect(page.get_by_role("main")).to_contain_text("Kim Doe")
    expect(page.get_by_role("main")).to_contain_text("1 of 2")
    expect(field).to_have_value("I have looked at")
    expect(field).to_be_focused()


def test_what_a_step_prints_comes_by_itself_and_is_followed_to_its_end(scene: Scene, open_page: Open) -> None:
    scene.backend.stuck = True
    scene.register(scene.application(environments=1), "v1")
    scene.run(5)
    step = Step.objects.get(kind="deploy")
    prints(step, "".join(f"line {number}\n" for number in range(1, 201)))
    page = open_page(scene.person(), step.promotion.get_absolute_url())
    page.locator(".app-log").scroll_into_view_if_needed()
    expect(page.locator(f"#log-{step.position}-L200")).to_be_in_viewport()

    prints(step, "\x1b[31mthe disk is full\x1b[0m\n")

    last = page.locator(f"#log-{step.position}-L201")
    expect(last).to_contain_text("the disk is full")
    expect(last).to_be_in_viewport()
    expect(last.locator("[class*=ansi]")).to_have_text("the disk is full")


def test_what_ends_while_one_is_about_to_abort_it_is_said_and_not_aborted(scene: Scene, open_page: Open) -> None:
    scene.backend.stuck = True
    scene.register(scene.application(environments=1), "v1")
    scene.run(5)
    promotion = Promotion.objects.get()
    page = open_page(scene.person(), f"{promotion.get_absolute_url()}abort/")
    expect(page.get_by_role("main")).to_contain_text("It is being deployed now")
    page.get_by_label("Why").fill("It is slow.")

    scene.backend.stuck = False
    scene.run(60)

    expect(page.get_by_role("main")).to_contain_text("There is nothing to abort any more")
    expect(page.get_by_label("Why")).to_have_value("It is slow.")
    page.get_by_role("button", name="Abort it").click()
    expect(page.get_by_role("main")).to_contain_text("has succeeded meanwhile")
    promotion.refresh_from_db()
    assert promotion.state == "succeeded"


def test_a_freeze_that_begins_by_the_clock_alone_is_on_the_open_board(scene: Scene, open_page: Open) -> None:
    scene.application()
    starts = timezone.now() + timedelta(seconds=15)
    new = NewFreeze(starts_at=starts, ends_at=starts + timedelta(hours=2), reason="The Budget.")
    declare(new=new, rights=scene.manager(), now=timezone.now())
    page = open_page(scene.person(), "/")
    banner = page.locator("#freeze-banner")
    expect(banner).to_contain_text("Coming")

    expect(banner).to_contain_text("Frozen now", timeout=40_000)


def test_a_page_whose_server_was_restarted_catches_up(scene: Scene, sign_in: SignIn) -> None:
    frontend = scene.application()
    page, port = sign_in(scene.person()), free_port()
    status = page.locator("#live-status")
    with running_server(port) as address:
        page.goto(f"{address}/")
        expect(status).to_have_text("Live")
    expect(status).to_contain_text("Trying again", timeout=40_000)

    scene.hold(frontend, reason="The database is moving.")

    with running_server(port):
        row = page.get_by_role("row").filter(has_text="frontend")
        expect(row).to_contain_text("The database is moving.", timeout=40_000)
        expect(status).to_have_text("Live", timeout=40_000)


def test_where_no_stream_gets_through_the_page_asks_now_and_then(scene: Scene, sign_in: SignIn) -> None:
    frontend = scene.application()
    page = sign_in(scene.person())
    page.route(re.compile(r"/live/(\?|$)"), lambda route: route.abort())
    page.goto("/")
    expect(page.locator("#live-status")).to_have_text("Updating every 10 s", timeout=30_000)

    scene.hold(frontend, reason="The database is moving.")

    expect(page.get_by_role("row").filter(has_text="frontend")).to_contain_text(
        "The database is moving.", timeout=30_000
    )


def test_what_one_reads_stays_where_it_is_when_something_comes_above_it(scene: Scene, open_page: Open) -> None:
    applications = [scene.application(f"app-{number:02}") for number in range(40)]
    page = open_page(scene.person(), "/")
    row = page.locator("#app-app-30")
    row.evaluate("row => row.scrollIntoView({block: 'center'})")
    top = row.bounding_box()
    assert top

    scene.hold(applications[2], reason="It is slow. " * 10)

    expect(page.get_by_text("Needs you", exact=False).first).to_be_attached()
    expect(page.get_by_role("row").filter(has_text="app-02")).to_contain_text("It is slow.")
    page.wait_for_timeout(1_500)  # the order follows
    after = row.bounding_box()
    assert after
    assert abs(after["y"] - top["y"]) < 40


def prints(step: Step, text: str) -> None:
    """As the engine does."""
    with transaction.atomic():
        LogChunk.objects.create(step=step, text=text)
        touch(promotion_id=step.promotion_id)
