"""Chromium as the tests and `make screenshots` start it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
# The sandbox wants rights that a container lacks. Nothing is fetched but what the tests serve.
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")


class NoChromiumError(Exception):
    """There is no browser; the message says what to install."""


def find_chromium() -> str:
    """The path of the browser's program. Raises NoChromiumError."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise NoChromiumError(
            "Chromium is missing: install it (on Debian and Ubuntu: `apt-get install chromium`), or set CHROMIUM to "
            "the path of its program."
        )
    return found


@contextmanager
def running_chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()
