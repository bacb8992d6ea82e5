"""Promotions by the API: asked for, aborted and rolled back, by tokens and by people."""

from typing import Any

import pytest

from apps_registry.models import Application
from deployer.access.models.user import Role
from deployer.promotions.actions.abort import abort
from deployer.promotions.models import Hold, Promotion
from tests.scene import ALEX, Scene
from tests.web.calendar.calls import Caller, fields_of, signed_in, token, token_for_all

SCOPES = ("read", "promotions:write")
ASKED = {"application": "frontend", "version": "v1", "environment": "integration"}
BACK = "applications/frontend/environments/integration/roll-back"


@pytest.fixture
def program(frontend: Application) -> Caller:
    """A token for frontend alone."""
    return token(frontend, scopes=SCOPES)


@pytest.fixture
def waiting(today: Scene, frontend: Application) -> Promotion:
    """It waits for a person."""
    frontend.targets.update(policy="manual")
    release = today.register(frontend, "v1")
    today.run(1)
    return today.promotion(release, "integration")


def live(today: Scene, frontend: Application, *versions: str) -> None:
    for version in versions:
        today.register(frontend, version)
        today.run(120)


class TestPromoting:
    def test_one_that_waits_for_a_person_becomes_the_caller_s(self, program: Caller, waiting: Promotion) -> None:
        response = program.post("promotions", ASKED | {"reason": "Before the Budget."})

        assert response.status_code == 200, response.json()
        answer = response.json()
        assert (answer["id"], answer["version"], answer["environment"]) == (waiting.pk, "v1", "integration")
        assert answer["requested_by"].startswith("token")
        assert answer["state"] == "deploying"

    def test_a_new_one_is_201(self, program: Caller, waiting: Promotion) -> None:
        abort(promotion=waiting, by=ALEX, reason="Not today.")

        response = program.post("promotions", ASKED)

        assert response.status_code == 201, response.json()
        assert response.json()["id"] > waiting.pk

    def test_a_person_asks_by_their_own_rights(self, today: Scene, waiting: Promotion) -> None:
        answer = signed_in(today.person()).post("promotions", ASKED).json()

        assert answer["requested_by"] == "Alex Doe"

    def test_what_no_waiting_ends_is_409_with_every_reason(
        self, program: Caller, today: Scene, frontend: Application
    ) -> None:
        live(today, frontend, "v1", "v2")

        response = program.post("promotions", ASKED)

        assert response.status_code == 409
        assert [one["kind"] for one in response.json()["blockers"]] == ["backwards"]

    def test_what_waiting_ends_is_answered_with_why_it_waits(
        self, program: Caller, today: Scene, frontend: Application, waiting: Promotion
    ) -> None:
        today.hold(frontend, reason="The database is moving.")

        answer = program.post("promotions", ASKED).json()

        assert (answer["state"], [one["kind"] for one in answer["blockers"]]) == ("waiting", ["hold"])

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"application": "nothing"}, "application"),
            ({"version": "v9"}, "version"),
            ({"version": 1}, "version"),
            ({"environment": "moon"}, "environment"),
            ({"why": "Because."}, "why"),
        ],
    )
    def test_bad_input_is_refused_by_field(
        self, program: Caller, waiting: Promotion, change: dict[str, Any], field: str
    ) -> None:
        assert fields_of(program.post("promotions", ASKED | change)) == [field]

    def test_where_it_does_not_run_is_404(self, program: Caller, waiting: Promotion) -> None:
        response = program.post("promotions", ASKED | {"environment": "production"})

        assert response.status_code == 404
        assert "There is no target of 'frontend' in 'production'" in response.json()["detail"]

    def test_the_same_key_asks_once(self, program: Caller, waiting: Promotion) -> None:
        key = {"idempotency-key": "a"}

        first = program.post("promotions", ASKED, **key)
        again = program.post("promotions", ASKED, **key)

        assert (again.status_code, again.json()) == (200, first.json())
        assert again["idempotent-replayed"] == "true"


class TestAborting:
    def test_one_that_waits_ends_at_once(self, program: Caller, waiting: Promotion) -> None:
        response = program.post(f"promotions/{waiting.pk}/abort", {"reason": "Not today."})

        assert response.status_code == 200, response.json()
        assert response.json()["state"] == "aborted"
        assert response.json()["outcome"].endswith("Not today.")

    def test_one_that_has_ended_is_409(self, program: Caller, waiting: Promotion) -> None:
        abort(promotion=waiting, by=ALEX, reason="Mine.")

        response = program.post(f"promotions/{waiting.pk}/abort", {"reason": "Not today."})

        assert response.status_code == 409
        assert "has aborted meanwhile" in response.json()["detail"]

    def test_it_needs_a_reason(self, program: Caller, waiting: Promotion) -> None:
        assert fields_of(program.post(f"promotions/{waiting.pk}/abort", {})) == ["reason"]

    def test_what_is_not_there_is_404(self, program: Caller) -> None:
        assert program.post("promotions/9/abort", {"reason": "Not today."}).status_code == 404


class TestRollingBack:
    def test_it_goes_back_to_the_last_that_was_verified(
        self, program: Caller, today: Scene, frontend: Application
    ) -> None:
        live(today, frontend, "v1", "v2", "v3")

        response = program.post(BACK, {"reason": "Customers see it."})

        assert response.status_code == 201, response.json()
        assert (response.json()["kind"], response.json()["version"]) == ("rollback", "v2")
        assert Hold.objects.open().get().kind == "rollback"

    def test_it_goes_back_to_what_is_named(self, program: Caller, today: Scene, frontend: Application) -> None:
        live(today, frontend, "v1", "v2", "v3")

        assert program.post(BACK, {"reason": "Slow.", "to": "v1"}).json()["version"] == "v1"

    def test_where_there_is_nothing_to_go_back_to_is_409(
        self, program: Caller, today: Scene, frontend: Application
    ) -> None:
        live(today, frontend, "v1")

        response = program.post(BACK, {"reason": "Slow."})

        assert response.status_code == 409
        assert "No release older than v1" in response.json()["detail"]

    @pytest.mark.parametrize(("body", "field"), [({}, "reason"), ({"reason": "Slow.", "to": "v9"}, "to")])
    def test_bad_input_is_refused_by_field(
        self, program: Caller, today: Scene, frontend: Application, body: dict[str, str], field: str
    ) -> None:
        live(today, frontend, "v1", "v2")

        assert fields_of(program.post(BACK, body)) == [field]

    def test_where_it_does_not_run_is_404(self, frontend: Application) -> None:
        caller = token_for_all(*SCOPES)

        for place in ("frontend/environments/production", "nothing/environments/integration"):
            assert caller.post(f"applications/{place}/roll-back", {"reason": "Slow."}).status_code == 404


def test_who_may_not_is_403(today: Scene, frontend: Application, router: Application, waiting: Promotion) -> None:
    callers = {
        "another's developer": signed_in(today.person("lone", teams=("other",))),
        "viewer": signed_in(today.person("vera", role=Role.VIEWER, teams=())),
        "another application's token": token(router, scopes=SCOPES),
        "a token that only reads": token(frontend, scopes=("read",)),
        "a token for something else": token(frontend, scopes=("read", "releases:write", "slots:write")),
    }
    calls = [("promotions", ASKED), (f"promotions/{waiting.pk}/abort", {"reason": "x"}), (BACK, {"reason": "x"})]

    answers = {
        (name, path): caller.post(path, body).status_code for name, caller in callers.items() for path, body in calls
    }

    assert set(answers.values()) == {403}
    waiting.refresh_from_db()
    assert (waiting.state, waiting.requested_by) == ("waiting", "")


def test_nobody_is_401(client: Any, waiting: Promotion) -> None:
    for path in ("promotions", f"promotions/{waiting.pk}/abort", BACK):
        assert client.post(f"/api/v1/{path}", {}, content_type="application/json").status_code == 401
