"""Who gets through to each page and each call: the table that tests/access/test_walk.py walks.

A row is a visit: a method, the name of an address, and who gets through the door. Whoever does not is sent to sign in,
or answered 401, 403 or 404. `at` fills in the address, and `sends` is what is sent, both from the world of
tests/access/world.py: as real as what the pages send, so that it is the right that decides and not the form.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from deployer.access.models.api_token import Scope
from tests.access.world import World

# The callers. Each works for one team: "web" owns what is visited, "content" doesn't.
ANONYMOUS = "nobody who is signed in"
VIEWER = "a viewer of the team"
OUTSIDER = "a developer of another team"
DEVELOPER = "a developer of the team"
MANAGER = "a release manager"
ADMIN = "an admin"
BARE = "a token without scopes"
ELSEWHERE = "a token for another application"
UNLIMITED = "a token for everything"
SCOPED = {scope: f"a token with {scope.value} for the application" for scope in Scope}
CALLERS = (ANONYMOUS, VIEWER, OUTSIDER, DEVELOPER, MANAGER, ADMIN, BARE, *SCOPED.values(), ELSEWHERE, UNLIMITED)

Who = frozenset[str]
NOBODY: Who = frozenset()
EVERYONE: Who = frozenset(CALLERS)
PEOPLE: Who = frozenset({VIEWER, OUTSIDER, DEVELOPER, MANAGER, ADMIN})
WORKERS: Who = frozenset({OUTSIDER, DEVELOPER, MANAGER, ADMIN})
"""Whoever develops anything: what they may do with which application is decided by what they send."""
OWNERS: Who = frozenset({DEVELOPER, MANAGER, ADMIN})
TEAM: Who = OWNERS | {VIEWER}
MANAGERS: Who = frozenset({MANAGER, ADMIN})
ADMINS: Who = frozenset({ADMIN})
READERS: Who = PEOPLE | {SCOPED[Scope.READ], ELSEWHERE, UNLIMITED}
"""Of lists: a limited token's has only its own."""
ITS_READERS: Who = READERS - {ELSEWHERE}


def by_token(scope: Scope, people: Who = OWNERS) -> Who:
    """These people, and the tokens with the scope that reach the application."""
    return people | {SCOPED[scope], UNLIMITED}


RELEASES = by_token(Scope.RELEASES_WRITE, NOBODY)
PROMOTIONS = by_token(Scope.PROMOTIONS_WRITE)
SLOTS = by_token(Scope.SLOTS_WRITE)
FREEZES = by_token(Scope.FREEZES_WRITE)


@dataclass(frozen=True, slots=True)
class Visit:
    """`who` gets through. `why` is given where that is everyone or nobody."""

    method: str
    name: str
    who: Who
    at: Callable[[World], Sequence[Any]] = lambda _: ()
    sends: Callable[[World], dict[str, Any]] = lambda _: {}
    why: str = ""


def hold_by(way: str) -> Callable[[World], Sequence[Any]]:
    return lambda w: [w.hold.pk, way]


WHY = {"reason": "The pods do not start."}
V1 = {"application": "frontend", "version": "v1", **WHY}

PUBLIC = [
    Visit("GET", "healthz", EVERYONE, why="whether the process answers"),
    Visit("GET", "readyz", EVERYONE, why="whether the database answers"),
    Visit("GET", "api-schema", EVERYONE, why="how the API is called, and nothing that is in it"),
    Visit("GET", "sign-in", EVERYONE, why="the way in"),
    Visit("GET", "theme", EVERYONE, why="the organisation's colour, which the sign-in page has too"),
    Visit("POST", "sign-in", EVERYONE, why="the way in; only a right password opens it"),
    Visit("POST", "sign-in-start", EVERYONE, lambda _: ["oidc"], why="the way in, to the provider"),
    Visit("GET", "sign-in-complete", NOBODY, lambda _: ["oidc"], why="without the state of a sign-in begun here"),
    Visit("GET", "feed-my", EVERYONE, lambda w: [w.secret], why="the secret in the address opens it"),
    Visit("GET", "feed-team", EVERYONE, lambda w: [w.secret, "web"], why="as above"),
    Visit("GET", "feed-application", EVERYONE, lambda w: [w.secret, "frontend"], why="as above"),
    Visit("GET", "feed-environment", EVERYONE, lambda w: [w.secret, "staging"], why="as above"),
    Visit("GET", "feed-freezes", EVERYONE, lambda w: [w.secret], why="as above"),
    Visit("GET", "feeds/<path:rest>", NOBODY, lambda _: ["feeds/wrong/my.ics"], why="a wrong secret opens nothing"),
    Visit("GET", "^api/", NOBODY, lambda _: ["api/v1/nothing"], why="there is nothing there"),
    Visit("POST", "^api/", NOBODY, lambda _: ["api/v1/nothing"], why="there is nothing there"),
    Visit("POST", "api-deploy-callback", NOBODY, lambda w: [w.step.key], why="without the backend's signature"),
    Visit("POST", "api-sentry-hook", NOBODY, lambda _: ["tests"], why="without Sentry's signature"),
    Visit("POST", "api-bugsink-hook", NOBODY, lambda _: ["tests"], why="without the token in the address"),
]

PAGES = [
    Visit("GET", "board", PEOPLE),
    Visit("GET", "board-rows", PEOPLE),
    Visit("GET", "search", PEOPLE),
    Visit("GET", "teams", PEOPLE),
    Visit("GET", "team", PEOPLE, lambda _: ["web"]),
    Visit("GET", "environments", PEOPLE),
    Visit("GET", "environment", PEOPLE, lambda _: ["staging"]),
    Visit("GET", "person", PEOPLE, lambda w: [w.owner.actor.ref]),
    Visit("GET", "my", PEOPLE),
    Visit("GET", "my-settings", PEOPLE),
    Visit("POST", "my-settings", PEOPLE, sends=lambda _: {"zone": "Europe/Paris"}),
    Visit("POST", "sign-out", PEOPLE),
    Visit("GET", "application", PEOPLE, lambda _: ["frontend"]),
    Visit("GET", "application-errors", PEOPLE, lambda _: ["frontend"]),
    Visit("GET", "roll-out", PEOPLE),
    Visit("GET", "release", PEOPLE, lambda w: [w.failed.release_id]),
    Visit("GET", "live-changes", PEOPLE),
    Visit("GET", "live", PEOPLE),
    Visit("GET", "promotion", PEOPLE, lambda w: [w.waiting.pk]),
    Visit("GET", "step-log", PEOPLE, lambda w: [w.failed.pk, w.step.position]),
    Visit("GET", "step-log-page", PEOPLE, lambda w: [w.failed.pk, w.step.position]),
    Visit("GET", "audit", PEOPLE),
    Visit("GET", "audit-new", PEOPLE),
    Visit("GET", "audit-csv", PEOPLE),
    Visit("GET", "promotion-override", MANAGERS, lambda w: [w.waiting.pk]),
    Visit("POST", "promotion-override", MANAGERS, lambda w: [w.waiting.pk]),
    Visit("GET", "promotion-abort", OWNERS, lambda w: [w.waiting.pk]),
    Visit("POST", "promotion-abort", OWNERS, lambda w: [w.waiting.pk], lambda _: WHY),
    Visit("GET", "promotion-promote", OWNERS, lambda w: [w.waiting.pk]),
    Visit("POST", "promotion-promote", OWNERS, lambda w: [w.waiting.pk], lambda _: WHY),
    Visit("GET", "roll-back", OWNERS, lambda _: ["frontend", "integration"]),
    Visit("POST", "roll-back", OWNERS, lambda _: ["frontend", "integration"], lambda _: WHY),
    Visit("GET", "promotion-approve", PEOPLE, lambda w: [w.waiting.pk]),
    Visit("POST", "promotion-approve", OWNERS, lambda w: [w.waiting.pk], lambda _: {"verdict": "approve"}),
    Visit("GET", "pin-new", OWNERS, lambda _: ["frontend", "integration"]),
    Visit("POST", "pin-new", OWNERS, lambda _: ["frontend", "integration"], lambda _: {"version": "v1"} | WHY),
    Visit("GET", "pin-remove", OWNERS, lambda w: [w.pin.pk]),
    Visit("POST", "pin-remove", OWNERS, lambda w: [w.pin.pk], lambda _: WHY),
    Visit("GET", "veto-new", OWNERS, lambda w: [w.failed.release_id]),
    Visit("POST", "veto-new", OWNERS, lambda w: [w.failed.release_id], lambda _: WHY),
    Visit("GET", "veto-withdraw", OWNERS, lambda w: [w.veto.pk]),
    Visit("POST", "veto-withdraw", OWNERS, lambda w: [w.veto.pk], lambda _: WHY),
    Visit("GET", "target-policy", PEOPLE, lambda _: ["frontend", "integration"]),
    Visit("POST", "target-policy", OWNERS, lambda _: ["frontend", "integration"], lambda _: {"policy": "manual"}),
    Visit("GET", "trust-issue-new", OWNERS, lambda _: ["frontend"]),
    Visit("POST", "trust-issue-new", OWNERS, lambda _: ["frontend"], lambda _: WHY),
    Visit("GET", "trust-issue-resolve", OWNERS, lambda w: [w.issue.pk]),
    Visit("POST", "trust-issue-resolve", OWNERS, lambda w: [w.issue.pk], lambda _: WHY),
    Visit("GET", "hold", PEOPLE, lambda w: [w.hold.pk]),
    Visit("GET", "hold-new", OWNERS, sends=lambda _: {"application": "frontend"}),
    Visit("POST", "hold-new", OWNERS, sends=lambda w: w.typed_hold),
    *(
        Visit(method, "hold-way", OWNERS, hold_by(way), lambda _: WHY)
        for way in ("lift", "retry-step", "retry", "roll-back", "veto", "fix-forward")
        for method in ("GET", "POST")
    ),
    Visit("GET", "stopped", PEOPLE),
    Visit("GET", "stop-everything", MANAGERS),
    Visit("POST", "stop-everything", MANAGERS, sends=lambda _: WHY),
    Visit("GET", "hours", PEOPLE),
    Visit("GET", "calendar", PEOPLE),
    Visit("GET", "slots", PEOPLE),
    Visit("GET", "slot", PEOPLE, lambda w: [w.slot.pk]),
    Visit("GET", "slot-ics", PEOPLE, lambda w: [w.slot.pk]),
    Visit("GET", "slot-new", PEOPLE),
    Visit("POST", "slot-new", OWNERS, sends=lambda w: w.typed_slot),
    Visit("GET", "slot-change", OWNERS, lambda w: [w.slot.pk]),
    Visit("POST", "slot-change", OWNERS, lambda w: [w.slot.pk]),
    Visit("GET", "slot-cancel", OWNERS, lambda w: [w.slot.pk]),
    Visit("POST", "slot-cancel", OWNERS, lambda w: [w.slot.pk], lambda _: WHY),
    Visit("GET", "slot-override", MANAGERS, lambda w: [w.slot.pk]),
    Visit("POST", "slot-override", MANAGERS, lambda w: [w.slot.pk]),
    Visit("GET", "slot-series", PEOPLE, lambda w: [w.series.pk]),
    Visit("GET", "slot-series-end", OWNERS, lambda w: [w.series.pk]),
    Visit("POST", "slot-series-end", OWNERS, lambda w: [w.series.pk], lambda _: WHY),
    Visit("GET", "freezes", PEOPLE),
    Visit("GET", "freeze", PEOPLE, lambda w: [w.freeze.pk]),
    Visit("GET", "freeze-new", WORKERS),
    Visit("POST", "freeze-new", WORKERS),
    Visit("GET", "freeze-extend", OWNERS, lambda w: [w.freeze.pk]),
    Visit("POST", "freeze-extend", OWNERS, lambda w: [w.freeze.pk]),
    Visit("GET", "freeze-lift", OWNERS, lambda w: [w.freeze.pk]),
    Visit("POST", "freeze-lift", OWNERS, lambda w: [w.freeze.pk], lambda _: WHY),
    Visit("GET", "told", PEOPLE),
    Visit("GET", "told-settings", PEOPLE),
    Visit("POST", "told-settings", PEOPLE),
    Visit("GET", "deliveries", PEOPLE),
    Visit("GET", "delivery", TEAM, lambda w: [w.sent.pk]),
    Visit("POST", "redeliver", OWNERS, lambda w: [w.sent.pk]),
    Visit("GET", "feeds", PEOPLE),
    Visit("POST", "feeds", PEOPLE),
]

CALLS = [
    Visit("GET", "metrics", PEOPLE | {UNLIMITED}),
    Visit("POST", "api-releases", RELEASES, sends=lambda w: w.release),
    Visit("GET", "api-applications", READERS),
    Visit("GET", "api-application", ITS_READERS, lambda _: ["frontend"]),
    Visit("POST", "api-promotions", PROMOTIONS, sends=lambda w: w.asked),
    Visit("GET", "api-promotion", ITS_READERS, lambda w: [w.waiting.pk]),
    Visit("POST", "api-promotion-abort", PROMOTIONS, lambda w: [w.waiting.pk], lambda _: WHY),
    Visit("POST", "api-promotion-overrides", MANAGERS, lambda w: [w.waiting.pk], lambda w: w.override),
    Visit("GET", "api-promotion-approvals", ITS_READERS, lambda w: [w.waiting.pk]),
    Visit("POST", "api-promotion-approvals", OWNERS, lambda w: [w.waiting.pk], lambda _: {"verdict": "approve"}),
    Visit("GET", "api-pins", READERS),
    Visit("POST", "api-pins", PROMOTIONS, sends=lambda _: V1 | {"environment": "integration"}),
    Visit("POST", "api-pin-remove", PROMOTIONS, lambda w: [w.pin.pk], lambda _: WHY),
    Visit("GET", "api-vetoes", READERS),
    Visit("POST", "api-vetoes", PROMOTIONS, sends=lambda _: V1),
    Visit("POST", "api-veto-withdraw", PROMOTIONS, lambda w: [w.veto.pk], lambda _: WHY),
    Visit("POST", "api-roll-back", PROMOTIONS, lambda _: ["frontend", "integration"], lambda _: WHY),
    Visit("GET", "api-gate", ITS_READERS, lambda _: ["frontend", "staging"], lambda _: {"version": "v1"}),
    Visit("GET", "api-target-policy", ITS_READERS, lambda _: ["frontend", "integration"]),
    Visit(
        *("POST", "api-target-policy", PROMOTIONS),
        *(lambda _: ["frontend", "integration"], lambda _: {"policy": "manual"}),
    ),
    Visit("GET", "api-trust-issues", READERS),
    Visit("POST", "api-trust-issues", PROMOTIONS, sends=lambda _: {"application": "frontend"} | WHY),
    Visit("POST", "api-trust-issue-resolve", PROMOTIONS, lambda w: [w.issue.pk], lambda _: {"resolution": "Fixed."}),
    Visit("GET", "api-stopped", READERS),
    Visit("POST", "api-stop", MANAGERS | {UNLIMITED}, sends=lambda _: WHY),
    Visit("GET", "api-holds", READERS),
    Visit("POST", "api-holds", PROMOTIONS, sends=lambda _: {"application": "frontend", "contact": "Jo"} | WHY),
    Visit("GET", "api-hold", ITS_READERS, lambda w: [w.hold.pk]),
    *(
        Visit("POST", f"api-hold-{way}", PROMOTIONS, lambda w: [w.hold.pk], lambda _: WHY)
        for way in ("retry-step", "retry", "roll-back", "veto", "fix-forward")
    ),
    Visit("POST", "api-hold-lift", PROMOTIONS, lambda w: [w.hold.pk], lambda _: {"resolution": "Fixed."}),
    Visit("GET", "api-slots", READERS),
    Visit("POST", "api-slots", SLOTS, sends=lambda w: w.new_slot),
    Visit("GET", "api-slot", ITS_READERS, lambda w: [w.slot.pk]),
    Visit("PATCH", "api-slot", SLOTS, lambda w: [w.slot.pk], lambda w: {"notes": "x", "sequence": w.slot.sequence}),
    Visit("DELETE", "api-slot", SLOTS, lambda w: [w.slot.pk]),
    Visit("POST", "api-slot-overrides", MANAGERS, lambda w: [w.slot.pk], lambda w: w.override),
    Visit("GET", "api-freezes", READERS),
    Visit("POST", "api-freezes", FREEZES, sends=lambda _: {"applications": ["frontend"]} | WHY),
    Visit("GET", "api-freeze", ITS_READERS, lambda w: [w.freeze.pk]),
    Visit("PATCH", "api-freeze", FREEZES, lambda w: [w.freeze.pk], lambda _: {"ends_at": None}),
    Visit("POST", "api-freeze-lift", FREEZES, lambda w: [w.freeze.pk], lambda _: WHY),
    Visit("GET", "api-windows", READERS, sends=lambda _: {"environment": "staging"}),
    Visit("GET", "api-next-slot", ITS_READERS, lambda _: ["frontend"], lambda _: {"environment": "staging"}),
    Visit("GET", "api-calendar", READERS),
    Visit("GET", "api-calendar-instant", READERS),
]

WALK: list[Visit] = [*PUBLIC, *PAGES, *CALLS]
