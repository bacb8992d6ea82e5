"""Finding things, and following a release as it goes."""

import re

import pytest
from playwright.sync_api import expect

from deployer.promotions.models import Promotion
from tests.browser.conftest import SignIn
from tests.browser.journeys.conftest import At
from tests.scene import Scene


def test_a_commit_is_found_from_any_page(scene: Scene, at: At) -> None:
    scene.register(scene.application(), "v1", commit="c0ffee" + "0" * 34)
    hand = at(scene.person(), "/slots/")

    box = hand.page.get_by_role("banner").get_by_role("searchbox")
    box.focus()
    hand.page.keyboard.type("c0ffee0")
    hand.page.keyboard.press("Enter")

    expect(hand.page).to_have_url(re.compile(r"/search/\?q=c0ffee0$"))
    hand.page.get_by_role("main").get_by_role("link", name="c0ffee000000").click()
    expect(hand.page.get_by_role("heading", level=1)).to_contain_text("v1")


@pytest.mark.parametrize("javascript", [True, False])
def test_a_release_is_followed_to_production(javascript: bool, scene: Scene, sign_in: SignIn) -> None:
    """By itself where scripts run; else by loading the page again. What is typed stays, and so does the place."""
    frontend = scene.application(environments=3)
    scene.register(frontend, "v1")
    person = scene.person()
    board, promotion = sign_in(person, javascript=javascript), sign_in(person, javascript=javascript)
    board.goto("/")
    promotion.goto(Promotion.objects.get().get_absolute_url())
    expect(promotion.get_by_role("heading", level=1)).to_contain_text("Waiting")
    if javascript:
        for page in (board, promotion):
            expect(page.locator("#live-status")).to_contain_text("Live")
        board.get_by_role("main").get_by_role("searchbox").first.focus()

    scene.run(60)
    if not javascript:
        board.reload()
        promotion.reload()

    expect(promotion.get_by_role("heading", level=1)).to_contain_text("Succeeded")
    expect(promotion).to_have_title(re.compile("^Succeeded"))
    row = board.get_by_role("row").filter(has_text="frontend")
    expect(row.get_by_role("cell").last).to_contain_text("v1")
    if javascript:
        expect(board.get_by_role("main").get_by_role("searchbox").first).to_be_focused()
