"""Pins and vetoes by the API."""

from typing import Any

import pytest

from apps_registry.models import Application
from deployer.access.models.user import Role
from deployer.promotions.models import Pin, Veto
from tests.scene import Scene
from tests.web.calendar.calls import Caller, fields_of, signed_in, token

SCOPES = ("read", "promotions:write")
PIN = {"application": "frontend", "environment": "integration", "version": "v1", "reason": "The audit."}
VETO = {"application": "frontend", "version": "v1", "reason": "It loses mail."}
WHY = {"reason": "Over."}


@pytest.fixture
def program(today: Scene, frontend: Application) -> Caller:
    """A token for frontend alone, whose v1 is registered."""
    today.register(frontend, "v1")
    return token(frontend, scopes=SCOPES)


@pytest.fixture
def router(today: Scene) -> Application:
    return today.application("router", environments=1)


def test_a_pin_is_placed_listed_and_removed(program: Caller) -> None:
    placed = program.post("pins", PIN)

    assert placed.status_code == 201
    body = placed.json()
    assert {name: body[name] for name in PIN} == PIN
    assert (body["removed"], body["placed_by"]) == (None, "token token 0")
    assert program.get("pins").json()["results"] == [body]

    removed = program.post(f"pins/{body['id']}/remove", WHY)
    assert removed.status_code == 200
    assert removed.json()["removed"]["reason"] == "Over."
    assert program.get("pins", standing="true").json()["results"] == []
    assert len(program.get("pins", standing="false", environment="integration").json()["results"]) == 1


def test_a_veto_is_placed_listed_and_withdrawn(program: Caller) -> None:
    placed = program.post("vetoes", VETO)

    assert placed.status_code == 201
    body = placed.json()
    assert {name: body[name] for name in VETO} == VETO
    assert body["withdrawn"] is None
    assert program.get("vetoes", application="frontend").json()["results"] == [body]

    withdrawn = program.post(f"vetoes/{body['id']}/withdraw", WHY)
    assert withdrawn.status_code == 200
    assert withdrawn.json()["withdrawn"]["by"] == "token token 0"
    assert program.get("vetoes", standing="true").json()["results"] == []


@pytest.mark.parametrize(("path", "body", "ending"), [("pins", PIN, "remove"), ("vetoes", VETO, "withdraw")])
class TestBoth:
    def test_a_second_one_and_a_second_end_are_conflicts(
        self, program: Caller, path: str, body: dict[str, str], ending: str
    ) -> None:
        pk = program.post(path, body).json()["id"]
        assert program.post(path, body).status_code == 409
        program.post(f"{path}/{pk}/{ending}", WHY)

        again = program.post(f"{path}/{pk}/{ending}", WHY)

        assert again.status_code == 409
        assert "already" in again.json()["detail"]

    def test_a_person_may_by_their_own_rights(
        self, program: Caller, today: Scene, path: str, body: dict[str, str], ending: str
    ) -> None:
        for rights in (today.person("vera", role=Role.VIEWER, teams=()), today.person("olli", teams=("other",))):
            refused = signed_in(rights).post(path, body)
            assert refused.status_code == 403
            assert "Only developers of Web" in refused.json()["detail"]
        placed = signed_in(today.person()).post(path, body)

        assert placed.status_code == 201
        stranger = signed_in(today.person("olli", teams=("other",)))
        assert stranger.post(f"{path}/{placed.json()['id']}/{ending}", WHY).status_code == 403

    def test_a_token_needs_the_scope_and_the_application(
        self, program: Caller, router: Application, path: str, body: dict[str, str], ending: str
    ) -> None:
        pk = program.post(path, body).json()["id"]
        reader, other = token(router, scopes=("read",)), token(router, scopes=SCOPES)

        assert reader.post(path, body).json()["detail"] == "This token lacks the scope promotions:write."
        assert other.post(path, body).status_code == 403
        assert other.post(f"{path}/{pk}/{ending}", WHY).status_code == 403
        assert other.get(path).json()["results"] == []
        assert other.get(path, application="frontend").status_code == 403

    def test_the_same_key_does_it_once(self, program: Caller, path: str, body: dict[str, str], ending: str) -> None:
        first, again = (program.post(path, body, **{"idempotency-key": "once"}) for _ in range(2))

        assert (first.status_code, again.status_code) == (201, 201)
        assert Pin.objects.count() + Veto.objects.count() == 1

    def test_an_unknown_one_is_not_found(self, program: Caller, path: str, body: dict[str, str], ending: str) -> None:
        assert program.post(f"{path}/999/{ending}", WHY).status_code == 404

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"version": "v9"}, "version"),
            ({"reason": ""}, "reason"),
            ({"reason": None}, "reason"),
            ({"application": "nothing"}, "application"),
            ({"why": "Over."}, "why"),
        ],
    )
    def test_what_can_t_be_read_is_named(
        self, program: Caller, path: str, body: dict[str, str], ending: str, change: dict[str, Any], field: str
    ) -> None:
        assert fields_of(program.post(path, body | change)) == [field]
        assert Pin.objects.count() + Veto.objects.count() == 0


def test_what_is_vetoed_is_not_pinned_and_what_is_pinned_not_vetoed(program: Caller) -> None:
    program.post("vetoes", VETO)
    assert "vetoed by" in program.post("pins", PIN).json()["detail"]
    program.post(f"vetoes/{Veto.objects.get().pk}/withdraw", WHY)
    program.post("pins", PIN)

    assert "remove that pin first" in program.post("vetoes", VETO).json()["detail"]


def test_an_environment_without_a_target_is_not_found(program: Caller) -> None:
    answer = program.post("pins", PIN | {"environment": "staging"})

    assert answer.status_code == 404
    assert "no target" in answer.json()["detail"]
