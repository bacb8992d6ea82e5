"""Default deny: every page and every call, against every role and kind of token.

What may be visited is asked of Django's resolver, and who gets through of the table in tests/access/walk.py, so that
nothing that is added is forgotten here.
"""

import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.exceptions import NoReverseMatch
from pytest_django import Settings

from apps_registry.models import TokenLimit
from deployer.access.models import ApiToken, User
from deployer.access.models.api_token import Scope
from deployer.access.models.user import Role
from tests.access import walk
from tests.access.walk import CALLERS, WALK, Visit
from tests.access.world import World
from tests.scene import Scene

ODD = "WALK"
"""A method that nothing allows: what is answered to it says what is allowed."""

REFUSED = (401, 403, 404)
NOT_YOURS = "and you are not in that team."


def addresses(patterns: list[Any], namespace: str = "", route: str = "") -> Iterator[tuple[str, str]]:
    """Every address as (name, route); one without a name is named by its route."""
    for pattern in patterns:
        path = route + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            within = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from addresses(pattern.url_patterns, within, path)
        elif isinstance(pattern, URLPattern):
            yield (namespace + pattern.name if pattern.name else path), path


EVERY = list(addresses(get_resolver().url_patterns))
ADDRESSES = [(name, route) for name, route in EVERY if not route.startswith("admin/")]
NAMES = sorted({name for name, _ in ADDRESSES})
ADMIN = sorted(
    f"/{re.sub('<[^>]*>', '1', route)}"
    for name, route in EVERY
    if route.startswith("admin/") and name not in ("admin:login", "admin:logout") and "(?P" not in route
)
"""Of Django's admin, filled in with a 1: its way in and out, which show nothing, and its last resort aside."""


@pytest.fixture
def world(scene: Scene, settings: Settings) -> World:
    settings.LOCAL_PASSWORD_SIGN_IN = True
    settings.SIGN_IN_PROVIDERS = {"oidc": "OpenID Connect"}
    settings.SOCIAL_AUTH_OIDC_OIDC_ENDPOINT = "http://127.0.0.1:9"
    return World(scene)


def caller(name: str, world: World) -> Client:
    """A browser at which someone is signed in, or a program with a token."""
    people = {
        walk.VIEWER: (Role.VIEWER, "web"),
        walk.OUTSIDER: (Role.DEVELOPER, "content"),
        walk.DEVELOPER: (Role.DEVELOPER, "web"),
        walk.MANAGER: (Role.RELEASE_MANAGER, "content"),
        walk.ADMIN: (Role.VIEWER, "content"),
    }
    if name in people:
        role, team = people[name]
        user = world.scene.person("caller", role=role, teams=(team,)).user
        assert user is not None
        user.is_superuser = user.is_staff = name == walk.ADMIN
        user.save()
        client = Client(raise_request_exception=False)
        client.force_login(user)
        return client
    secret = secret_of(name, world)
    return Client(raise_request_exception=False, headers={"authorization": f"Bearer {secret}"} if secret else None)


def secret_of(name: str, world: World) -> str:
    """A new token's; nothing for who has none."""
    scopes: dict[str, list[str]] = {walk.BARE: [], walk.ELSEWHERE: Scope.values, walk.UNLIMITED: Scope.values}
    scopes |= {label: [scope] for scope, label in walk.SCOPED.items()}
    if name not in scopes:
        return ""
    token, secret = ApiToken.issue(name=name, scopes=scopes[name], limited=name != walk.UNLIMITED)
    application = world.elsewhere if name == walk.ELSEWHERE else world.frontend
    TokenLimit.objects.create(token=token, application=application)
    return secret


def path_of(visit: Visit, world: World) -> str:
    given = list(visit.at(world))
    try:
        return reverse(visit.name, args=given)
    except NoReverseMatch:
        return f"/{given[0]}"


def answer_to(client: Client, visit: Visit, world: World, method: str = "") -> Any:
    """What is answered, with all that it changed undone."""
    path, sent = path_of(visit, world), visit.sends(world)
    cookies = deepcopy(client.cookies)
    with transaction.atomic():
        savepoint = transaction.savepoint()
        if method:
            answer = client.generic(method, path)
        elif visit.method == "GET":
            answer = client.get(path, sent)
        else:
            send = getattr(client, visit.method.lower())
            is_call = path.startswith("/api/")
            answer = send(path, sent, content_type="application/json") if is_call else send(path, sent)
        transaction.savepoint_rollback(savepoint)
    client.cookies = cookies
    return answer


def got_through(answer: Any) -> bool:
    """A booking of what isn't theirs is refused together with all else that is in its way."""
    to_sign_in = answer.status_code == 302 and answer["location"].startswith(("/sign-in/?next=", "/admin/login/"))
    writes = answer.wsgi_request.method != "GET"
    not_theirs = writes and answer.status_code in (200, 409) and NOT_YOURS in answer.content.decode(errors="replace")
    return not (answer.status_code in REFUSED or to_sign_in or not_theirs)


def test_every_address_has_its_rows_and_no_row_is_left_over() -> None:
    visited = {visit.name for visit in WALK}

    missing, left_over = set(NAMES) - visited, visited - set(NAMES)

    assert not missing, "\n".join(
        ["Say in tests/access/walk.py who gets through to them:"]
        + [f'  Visit("GET", "{name}", …)  # {route}' for name, route in ADDRESSES if name in missing]
    )
    assert not left_over, f"There are no such addresses: take their rows out of tests/access/walk.py: {left_over}"


def test_what_is_open_to_everyone_or_nobody_says_why() -> None:
    assert not [visit.name for visit in WALK if visit.who in (walk.EVERYONE, walk.NOBODY) and not visit.why]


def test_every_method_has_its_row(world: World) -> None:
    client = caller(walk.ADMIN, world)
    wrong = []
    for name in NAMES:
        visits = [visit for visit in WALK if visit.name == name]
        if not visits:
            continue
        answer = answer_to(client, visits[0], world, ODD)
        allowed = set(answer.headers.get("allow", "GET, POST").replace(" ", "").split(","))
        has, wants = {visit.method for visit in visits}, allowed - {"HEAD", "OPTIONS"}
        wrong += [f"{method} {name} has no row" for method in sorted(wants - has)]
        wrong += [f"{method} {name} is not allowed by the view" for method in sorted(has - wants)]

    assert not wrong, "In tests/access/walk.py:\n" + "\n".join(wrong)


@pytest.mark.parametrize("name", CALLERS)
def test_who_gets_through(name: str, world: World) -> None:
    client = caller(name, world)
    wrong = []
    for visit in WALK:
        answer = answer_to(client, visit, world)
        if got_through(answer) != (name in visit.who) or answer.status_code == 500:
            wanted = "gets through" if name in visit.who else "is refused"
            told = f"{visit.method} {path_of(visit, world)} ({visit.name}) is answered {answer.status_code}"
            wrong.append(f"{told}, but {name} {wanted}")

    assert not wrong, "\n".join(wrong)


def test_only_admins_enter_the_admin(world: World) -> None:
    inside = []
    for name in (walk.ANONYMOUS, walk.VIEWER, walk.DEVELOPER, walk.MANAGER, walk.UNLIMITED):
        client = caller(name, world)
        inside += [f"{name}: {path}" for path in ADMIN if got_through(client.get(path))]

    assert len(ADMIN) > 100
    assert inside == []


def test_an_admin_sees_every_list_of_the_admin(world: World) -> None:
    client = caller(walk.ADMIN, world)

    lists = [f"/{route}" for name, route in EVERY if name.startswith("admin:") and name.endswith("_changelist")]

    refused = [path for path in lists if not got_through(client.get(path))]

    assert len(lists) > 15
    assert refused == []


def test_staff_without_permissions_see_only_its_front_page(world: World) -> None:
    client = caller(walk.VIEWER, world)
    User.objects.filter(username="caller").update(is_staff=True)

    shown = [path for path in ADMIN if client.get(path).status_code == 200]

    assert shown == ["/admin/", "/admin/jsi18n/", "/admin/password_change/", "/admin/password_change/done/"]
