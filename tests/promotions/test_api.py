"""The API as CI calls it, well and badly."""

import time
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps_registry.models import Application, TokenLimit
from deployer.access.models import ApiToken, User
from deployer.integrations.signing import signed_headers
from deployer.promotions.models import Promotion, Step
from deployer.releases.models import Release
from tests.scene import Scene, webhook_config

RELEASE = {"application": "frontend", "version": "v1", "commit": "c0ffee0123456789"}


class Caller:
    """A client that calls the API with a token."""

    def __init__(self, secret: str) -> None:
        self.headers = {"authorization": f"Bearer {secret}"}

    def post(self, path: str, body: Any) -> Any:
        return Client().post(f"/api/v1/{path}", body, content_type="application/json", headers=self.headers)

    def get(self, path: str) -> Any:
        return Client().get(f"/api/v1/{path}", headers=self.headers)


@pytest.fixture
def ci(scene: Scene) -> Caller:
    """A token that may register releases of the application frontend, and read."""
    token, secret = ApiToken.issue(name="ci", scopes=["releases:write", "read"], limited=True)
    TokenLimit.objects.create(token=token, application=scene.application())
    return Caller(secret)


def test_a_release_is_registered_and_starts_its_first_promotion(ci: Caller, scene: Scene) -> None:
    changes = [{"title": "Add a banner", "author_name": "Sam", "author_email": "sam@example.org"}]
    body = RELEASE | {"build_url": "https://ci.example.org/1", "built_at": "2026-03-03T12:00:00Z", "changes": changes}

    response = ci.post("releases", body)

    assert response.status_code == 201
    answer = response.json()
    assert (answer["application"], answer["version"], answer["number"]) == ("frontend", "v1", 1)
    assert [(one["environment"], one["state"]) for one in answer["promotions"]] == [("integration", "waiting")]
    assert Release.objects.get().changes.get().author_name == "Sam"


def test_the_same_release_again_is_200_and_nothing_new(ci: Caller) -> None:
    first = ci.post("releases", RELEASE).json()

    again = ci.post("releases", RELEASE)

    assert again.status_code == 200
    assert again.json()["promotions"][0]["id"] == first["promotions"][0]["id"]
    assert (Release.objects.count(), Promotion.objects.count()) == (1, 1)


def test_the_same_version_with_another_commit_is_refused(ci: Caller) -> None:
    ci.post("releases", RELEASE)

    response = ci.post("releases", RELEASE | {"commit": "badc0de0badc0de0"})

    assert response.status_code == 409
    assert response["content-type"] == "application/problem+json"
    assert "already registered with the commit c0ffee0123456789" in response.json()["detail"]


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"application": "nothing"}, "application", "There is no application 'nothing'"),
        ({"application": None}, "application", "may not be null"),
        ({"version": "v" * 10_000}, "version", "no more than 100 characters"),
        ({"version": ""}, "version", "may not be blank"),
        ({"version": "v 1"}, "version", "one word"),
        ({"version": "v\x001"}, "version", "no control characters"),
        ({"version": ["v1"]}, "version", "in quotation marks"),
        ({"commit": "not hex"}, "commit", "hexadecimal"),
        ({"build_url": "javascript:alert(1)"}, "build_url", "valid URL"),
        ({"built_at": "yesterday"}, "built_at", "wrong format"),
        ({"changes": "all of them"}, "changes", "list of items"),
        ({"changes": [{"title": "Fine"}, {"title": "Bad", "author_email": "sam"}]}, "changes", "email"),
        ({"changes": [{"title": "One"}] * 1001}, "changes", "no more than 1000"),
    ],
)
def test_bad_input_is_refused_by_field(ci: Caller, change: dict[str, Any], field: str, words: str) -> None:
    response = ci.post("releases", RELEASE | change)

    assert response.status_code == 400
    problem = response.json()
    assert response["content-type"] == "application/problem+json"
    assert problem["errors"][0]["field"].startswith(field)
    assert words in problem["errors"][0]["message"]
    assert not Release.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [(RELEASE | {"comit": "c0ffee0"}, "comit"), (RELEASE | {"changes": [{"titel": "One"}]}, "changes[0].titel")],
)
def test_a_field_that_it_does_not_know_is_refused(ci: Caller, body: dict[str, Any], field: str) -> None:
    response = ci.post("releases", body)

    assert response.status_code == 400
    assert field.rsplit(".", maxsplit=1)[-1] in response.json()["errors"][0]["field"]
    assert "There is no such field" in response.json()["detail"]


def test_a_post_to_a_wrong_address_is_a_404_problem(ci: Caller) -> None:
    client = Client(enforce_csrf_checks=True)

    response = client.post("/api/v1/releases/", RELEASE, content_type="application/json", headers=ci.headers)

    assert response.status_code == 404
    assert "There is nothing at /api/v1/releases/" in response.json()["detail"]


def test_every_missing_field_is_named_at_once(ci: Caller) -> None:
    problem = ci.post("releases", {}).json()

    assert {error["field"] for error in problem["errors"]} == {"application", "version", "commit"}


@pytest.mark.parametrize("body", ["{", "", "[]", "null", '"v1"', "\x00", "{" * 10_000])
def test_malformed_json_is_refused(ci: Caller, body: str) -> None:
    response = ci.post("releases", body)

    assert response.status_code == 400
    assert response.json()["title"] == "Bad Request"
    assert response.json()["detail"]


def test_another_content_type_is_refused(ci: Caller) -> None:
    response = Client().post("/api/v1/releases", "version=v1", content_type="text/plain", headers=ci.headers)

    assert response.status_code == 415


@pytest.mark.parametrize(
    "header",
    [{}, {"authorization": "Bearer"}, {"authorization": "Bearer dpl_unknown"}, {"authorization": "Token dpl_x"}],
)
def test_without_a_good_token_nothing_is_done(scene: Scene, header: dict[str, str]) -> None:
    scene.application()

    response = Client().post("/api/v1/releases", RELEASE, content_type="application/json", headers=header)

    assert response.status_code == 401
    assert response["www-authenticate"] == "Bearer"
    assert response["content-type"] == "application/problem+json"
    assert not Release.objects.exists()


def test_a_token_of_another_application_is_refused(ci: Caller, scene: Scene) -> None:
    scene.application("whitehall")

    response = ci.post("releases", RELEASE | {"application": "whitehall"})

    assert response.status_code == 403
    assert response.json()["detail"] == "This token may not be used for whitehall."
    assert not Release.objects.exists()


def test_a_token_of_the_owning_team_may(scene: Scene) -> None:
    application = scene.application()
    token, secret = ApiToken.issue(name="team", scopes=["releases:write"], limited=True)
    TokenLimit.objects.create(token=token, team=application.owner)

    assert Caller(secret).post("releases", RELEASE).status_code == 201


def test_a_limited_token_whose_list_is_empty_reaches_nothing(scene: Scene) -> None:
    scene.application()
    _, secret = ApiToken.issue(name="empty", scopes=["releases:write"], limited=True)

    assert Caller(secret).post("releases", RELEASE).status_code == 403


def test_a_token_without_the_scope_is_refused(scene: Scene) -> None:
    scene.application()
    _, secret = ApiToken.issue(name="reader", scopes=["read"], limited=False)

    response = Caller(secret).post("releases", RELEASE)

    assert response.status_code == 403
    assert "lacks the scope releases:write" in response.json()["detail"]


def test_a_person_who_is_signed_in_reads_but_does_not_register(scene: Scene) -> None:
    scene.application()
    client = Client()
    client.force_login(User.objects.create_user("alex"))

    assert client.get("/api/v1/applications/frontend").status_code == 200
    assert client.post("/api/v1/releases", RELEASE, content_type="application/json").status_code == 403


def test_an_archived_application_takes_no_release(ci: Caller, scene: Scene) -> None:
    Application.objects.get().archive(scene.now)

    response = ci.post("releases", RELEASE)

    assert response.status_code == 409
    assert "archived" in response.json()["detail"]


def test_an_application_without_a_target_takes_the_release_and_starts_nothing(scene: Scene) -> None:
    scene.application(environments=0)
    _, secret = ApiToken.issue(name="any", scopes=["releases:write"], limited=False)

    response = Caller(secret).post("releases", RELEASE)

    assert response.status_code == 201
    assert response.json()["promotions"] == []


def test_what_is_live_where_is_shown_with_what_waits_and_why(ci: Caller, scene: Scene) -> None:
    ci.post("releases", RELEASE)
    scene.now = Promotion.objects.get().created_at
    scene.backend.broken.add(("frontend", "v1", "staging"))
    scene.run(60)

    answer = ci.get("applications/frontend").json()

    by_name = {one["environment"]: one for one in answer["environments"]}
    assert by_name["integration"]["live"]["version"] == "v1"
    assert by_name["integration"]["live"]["verified_at"]
    assert by_name["staging"]["live"]["verified_at"] is None
    assert "Smoke test" in by_name["staging"]["holds"][0]["reason"]
    assert by_name["production"]["live"] is None


def test_a_promotion_is_shown_with_its_steps_and_measurements(ci: Caller, scene: Scene) -> None:
    promotion_id = ci.post("releases", RELEASE).json()["promotions"][0]["id"]
    scene.now = Promotion.objects.get().created_at
    scene.run(60)

    answer = ci.get(f"promotions/{promotion_id}").json()

    assert answer["state"] == "succeeded"
    assert [(step["name"], step["state"]) for step in answer["steps"]] == [
        ("Deploy", "passed"),
        ("Smoke test", "passed"),
    ]
    assert answer["steps"][1]["measurements"][0]["outcome"] == "passed"


@pytest.mark.parametrize("path", ["applications/nothing", "promotions/999", "nothing"])
def test_what_is_not_there_is_a_404_problem(ci: Caller, path: str) -> None:
    response = ci.get(path)

    assert response.status_code == 404
    assert response["content-type"] == "application/problem+json"
    assert response.json()["detail"]


def test_the_applications_come_in_pages(ci: Caller, scene: Scene) -> None:
    answer = ci.get("applications").json()

    assert [one["slug"] for one in answer["results"]] == ["frontend"]
    assert answer["next"] is None


def test_the_schema_lists_the_calls() -> None:
    response = Client().get("/api/v1/schema")

    assert response.status_code == 200
    assert b"/api/v1/releases" in response.content


class TestCallback:
    """A backend reports the end of a deploy by itself."""

    @pytest.fixture
    def step(self, scene: Scene) -> Step:
        config = webhook_config(scene.backend, mode="callback", status_url="", find_url="", cancel_url="")
        scene.now = timezone.now()
        scene.register(scene.application(environments=1, deployer_config=config), "v1")
        scene.run(5)
        return Step.objects.get(kind="deploy")

    def report(self, step: Step, body: str, secret: str = "a secret of the tests") -> Any:
        return Client().post(
            f"/api/v1/deploys/{step.key}/callback",
            body,
            content_type="application/json",
            headers=signed_headers(secret, body.encode(), now=time.time()),
        )

    def test_a_signed_report_ends_the_deploy(self, step: Step, scene: Scene) -> None:
        response = self.report(step, f'{{"key": "{step.key}", "state": "succeeded", "log": "done"}}')

        assert response.status_code == 204
        step.refresh_from_db()
        assert (step.state, step.log.get().text) == ("passed", "done")
        assert self.report(step, f'{{"key": "{step.key}", "state": "failed"}}').status_code == 204
        step.refresh_from_db()
        assert step.state == "passed"

    def test_progress_is_taken_and_its_log_is_written_once(self, step: Step) -> None:
        for log in ("pulling\\n", "pulling\\n", "pulling\\nstarting\\n"):
            body = f'{{"key": "{step.key}", "state": "running", "detail": "Nearly.", "log": "{log}"}}'
            assert self.report(step, body).status_code == 204

        before = step.due_at
        step.refresh_from_db()
        assert (step.state, step.sentence, step.due_at) == ("running", "Nearly.", before)
        assert "".join(chunk.text for chunk in step.log.all()) == "pulling\nstarting\n"

    def test_without_the_secret_it_says_what_to_set(self, step: Step, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("DEPLOYER_CONNECTION_TESTS_SECRET")

        response = self.report(step, "{}")

        assert response.status_code == 503
        assert "DEPLOYER_CONNECTION_TESTS_SECRET" in response.json()["detail"]

    def test_a_report_with_another_signature_is_refused(self, step: Step) -> None:
        response = self.report(step, f'{{"key": "{step.key}", "state": "succeeded"}}', secret="another")

        assert response.status_code == 403
        assert Step.objects.get(pk=step.pk).state == "running"

    @pytest.mark.parametrize("body", ["{", "{}", '{"key": "other", "state": "succeeded"}', '{"state": "fine"}'])
    def test_a_report_that_makes_no_sense_is_refused(self, step: Step, body: str) -> None:
        assert self.report(step, body).status_code == 400
        assert Step.objects.get(pk=step.pk).state == "running"

    def test_a_report_of_an_unknown_deploy_is_404(self, step: Step) -> None:
        step.key = "0" * 32

        assert self.report(step, "{}").status_code == 404
