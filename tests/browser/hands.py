"""How a person works a page: with a mouse, or with the keyboard alone. A journey is written once, for both."""

import re
from datetime import date, time
from typing import Protocol

from playwright.sync_api import Locator, Page, expect

MOST_STOPS = 250
"""So many times Tab is pressed before what is wanted counts as out of the keyboard's reach."""


class Hand(Protocol):
    """Things are named as they are on the page. Each gives up with a failed test where a person would."""

    page: Page

    def follow(self, link: str) -> None: ...
    def press(self, button: str) -> None: ...
    def write(self, label: str, words: str) -> None: ...
    def choose(self, label: str) -> None:
        """A radio button, or a box to tick."""

    def open(self, summary: str) -> None:
        """What is folded."""


class Mouse:
    def __init__(self, page: Page) -> None:
        self.page = page

    def follow(self, link: str) -> None:
        with self.page.expect_navigation():
            link_named(self.page, link).click()

    def press(self, button: str) -> None:
        with self.page.expect_navigation():
            button_named(self.page, button).click()

    def write(self, label: str, words: str) -> None:
        field_named(self.page, label).fill(words)

    def choose(self, label: str) -> None:
        choice_named(self.page, label).check()

    def open(self, summary: str) -> None:
        summary_named(self.page, summary).click()


class Keyboard:
    def __init__(self, page: Page) -> None:
        self.page = page

    def follow(self, link: str) -> None:
        self._go_to(link_named(self.page, link))
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def press(self, button: str) -> None:
        self._go_to(button_named(self.page, button))
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def write(self, label: str, words: str) -> None:
        field = field_named(self.page, label)
        self._go_to(field)
        kind = field.get_attribute("type")
        if kind == "date":  # typed part by part, in the order of Chromium's own language
            words = f"{date.fromisoformat(words):%m%d%Y}"
        elif kind == "time":
            words = f"{time.fromisoformat(words):%I%M%p}"
        else:
            self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(words)
        self.page.keyboard.press("Escape")  # closes what a list of suggestions may have opened

    def choose(self, label: str) -> None:
        """Of radio buttons only one is a stop, and the arrows go to the others."""
        choice = choice_named(self.page, label)
        group = choice.get_attribute("name")
        if choice.get_attribute("type") == "checkbox":
            self._go_to(choice)
            if not choice.is_checked():
                self.page.keyboard.press("Space")
        else:
            self._go_to(self.page.locator(f"input[type=radio][name='{group}']"))
            for _ in range(20):
                if is_focused(choice):
                    break
                self.page.keyboard.press("ArrowDown")
            self.page.keyboard.press("Space")
        expect(choice).to_be_checked()

    def open(self, summary: str) -> None:
        self._go_to(summary_named(self.page, summary))
        self.page.keyboard.press("Enter")

    def _go_to(self, wanted: Locator) -> None:
        """By Tab, from where the focus is; what has it must show so."""
        expect(wanted.first).to_be_visible()
        for _ in range(MOST_STOPS):
            self.page.keyboard.press("Tab")
            if wanted.evaluate_all("(found) => found.includes(document.activeElement)"):
                return
        raise AssertionError(f"The keyboard does not reach it: {wanted}")


def link_named(page: Page, name: str) -> Locator:
    """A link, also one that looks like a button; the first in the page's own part with exactly this name."""
    main = page.get_by_role("main")
    return main.get_by_role("link", name=whole(name)).or_(main.get_by_role("button", name=whole(name))).first


def button_named(page: Page, name: str) -> Locator:
    return page.get_by_role("main").get_by_role("button", name=whole(name)).last


def field_named(page: Page, label: str) -> Locator:
    return page.get_by_role("main").get_by_label(label, exact=True).locator("visible=true").first


def choice_named(page: Page, label: str) -> Locator:
    main = page.get_by_role("main")
    return main.get_by_role("radio", name=whole(label)).or_(main.get_by_role("checkbox", name=whole(label))).first


def told(page: Page) -> Locator:
    """What the page says of what was just done."""
    return page.get_by_role("main").get_by_role("status").first


def summary_named(page: Page, name: str) -> Locator:
    return page.get_by_role("main").locator("summary", has_text=name).first


def is_focused(wanted: Locator) -> bool:
    focused: bool = wanted.evaluate("(found) => found === document.activeElement")
    return focused


def whole(name: str) -> re.Pattern[str]:
    """This and nothing else, but for white space and what only a screen reader is told after a comma."""
    return re.compile(rf"^\s*{re.escape(name)}(,.*)?\s*$")
