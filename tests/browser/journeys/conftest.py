from collections.abc import Callable

import pytest

from apps_registry.rights import Rights
from tests.browser.conftest import SignIn
from tests.browser.hands import Hand, Keyboard, Mouse

At = Callable[[Rights, str], Hand]


@pytest.fixture(params=["mouse", "keyboard", "mouse, without JavaScript"])
def at(request: pytest.FixtureRequest, sign_in: SignIn) -> At:
    """Someone at a page: `at(person, "/slots/")`."""
    hand = Keyboard if request.param == "keyboard" else Mouse

    def at(person: Rights, path: str) -> Hand:
        page = sign_in(person, javascript="without" not in request.param)
        page.goto(path)
        return hand(page)

    return at
