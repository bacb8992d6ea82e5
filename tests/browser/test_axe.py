"""axe-core finds nothing on any page, in either colour scheme.

The pages are those of tests/access/walk.py, so that none can be forgotten.
"""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from playwright.sync_api import Browser, Page
from pytest_django import Settings

from apps_registry.rights import Rights, rights_of_user
from deployer.access.models import User
from tests.access.test_walk import path_of
from tests.access.walk import PAGES
from tests.access.world import World
from tests.browser.conftest import SignIn
from tests.scene import Scene

AXE = Path(django_settings.BASE_DIR) / "node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# In the calendar a size is a time, which WCAG 2.5.8 excepts as essential.
RUN = """async (rules) => {
  const {violations} = await axe.run(document, {runOnly: rules});
  const isDrawnToScale = ({id}, {target}) =>
    id === "target-size" && document.querySelector(target.at(-1))?.matches(".app-event__link");
  const places = (nodes) => nodes.slice(0, 3).map((node) => node.target.join(" ")).join(", ");
  return violations
    .map((found) => ({...found, nodes: found.nodes.filter((node) => !isDrawnToScale(found, node))}))
    .filter(({nodes}) => nodes.length)
    .map(({id, help, nodes}) => `${id}: ${help}: ${places(nodes)}`);
}"""

SEEN = [visit for visit in PAGES if visit.method == "GET" and visit.name != "live"]


@pytest.fixture
def world(scene: Scene) -> World:
    return World(scene)


def an_admin(world: World) -> Rights:
    user = world.scene.person("admin", teams=("web",)).user
    assert isinstance(user, User)
    user.is_superuser = user.is_staff = True
    user.save()
    return rights_of_user(user)


def faults_of(page: Page) -> list[str]:
    found: list[str] = []
    page.evaluate(AXE.read_text())
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found += [f"{scheme}: {fault}" for fault in page.evaluate(RUN, RULES)]
    return found


@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing(part: int, width: int, world: World, sign_in: SignIn) -> None:
    page = sign_in(an_admin(world), width=width, bypass_csp=True)
    paths: list[Any] = [path_of(visit, world) for visit in SEEN]
    wrong: list[str] = []
    for path in [*paths, "/nothing-here/"][part::4]:
        if "<html" not in page.request.get(path).text():
            continue
        page.goto(path)
        wrong += [f"{path} {fault}" for fault in faults_of(page)]

    assert not wrong, "\n".join(wrong)


def test_axe_finds_nothing_on_the_way_in(
    address: str, chromium: Browser, settings: Settings, transactional_db: None
) -> None:
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    settings.LOCAL_PASSWORD_SIGN_IN = True
    with chromium.new_context(base_url=address, bypass_csp=True) as context:
        page = context.new_page()
        page.goto("/sign-in/")

        assert faults_of(page) == []
