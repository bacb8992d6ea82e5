"""The API under input that nobody sends by accident: refused in words, never with a 500."""

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from apps_registry.models import Application, TokenLimit
from deployer.access.models import ApiToken
from deployer.promotions.models import Promotion
from deployer.releases.models import Release
from tests.scene import Scene

RELEASE = {"application": "frontend", "version": "v1", "commit": "c0ffee0123456789"}


class Caller:
    """Calls the API with a token, and is answered 500 where an exception gets out, as a real caller would be."""

    def __init__(self, secret: str = "") -> None:
        self.headers = {"authorization": f"Bearer {secret}"} if secret else {}
        self.client = Client(raise_request_exception=False)

    def call(self, method: str, path: str, body: bytes = b"", content_type: str = "application/json") -> Any:
        return self.client.generic(method, path, body, content_type=content_type, headers=self.headers)

    def get(self, path: str) -> Any:
        return self.call("GET", path)

    def register(self, body: object, content_type: str = "application/json") -> Any:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.call("POST", "/api/v1/releases", content, content_type)


@pytest.fixture
def application(scene: Scene) -> Application:
    return scene.application(environments=1)


@pytest.fixture
def ci(application: Application) -> Caller:
    """A token for everything there is."""
    _, secret = ApiToken.issue(name="ci", scopes=["releases:write", "read"], limited=False)
    return Caller(secret)


def cursor(position: bytes) -> str:
    return quote(base64.b64encode(position).decode())


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"changes":' + b"[" * 200_000 + b"]" * 200_000 + b"}", id="lists 200,000 deep"),
        pytest.param(b'{"changes":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001, id="objects 50,000 deep"),
        pytest.param(b'{"version":' + b"9" * 5000 + b"}", id="a number of 5,000 digits"),
        pytest.param(b'{"version":"\xff"}', id="not UTF-8"),
        pytest.param(b'{"version":NaN}', id="not a number"),
        pytest.param(b'"\\ud800"', id="half a character"),
    ],
)
def test_a_body_that_is_no_object_of_json_is_refused(ci: Caller, body: bytes) -> None:
    response = ci.register(body)

    assert response.status_code == 400
    assert response["content-type"] == "application/problem+json"
    assert not Release.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param({"application": "\x00"}, "application", id="NUL in the application"),
        pytest.param({"application": "front\x00end"}, "application", id="NUL within the application"),
        pytest.param({"application": {"a": 1}}, "application", id="an object for the application"),
        pytest.param({"application": "\ud800"}, "application", id="half a character for the application"),
        pytest.param({"version": 1}, "version", id="a number for the version"),
        pytest.param({"version": 1e3}, "version", id="a power for the version"),
        pytest.param({"version": True}, "version", id="a boolean for the version"),
        pytest.param({"version": "v\ud800"}, "version", id="half a character in the version"),
        pytest.param({"commit": 1234567}, "commit", id="a number for the commit"),
        pytest.param({"build_url": "https://[x/"}, "build_url", id="half an address of IPv6"),
        pytest.param({"built_at": "9999-12-31T23:59:59Z"}, "built_at", id="built in the year 9999"),
        pytest.param({"built_at": "0001-01-01T00:00:00+14:00"}, "built_at", id="built before the calendar"),
        pytest.param({"built_at": [1]}, "built_at", id="a list for a time"),
        pytest.param({"changes": [[[[[]]]]]}, "changes", id="lists of lists of changes"),
        pytest.param({"changes": {"a": 1}}, "changes", id="an object for the changes"),
        pytest.param({"changes": [{"title": "\x00"}]}, "changes", id="NUL in a title"),
        pytest.param(
            {"changes": [{"title": "t", "author_email": "a" * 243 + "@example.org"}]},
            "changes",
            id="an e-mail address of 255 characters",
        ),
    ],
)
def test_a_value_that_can_not_be_is_refused_by_its_field(ci: Caller, change: dict[str, Any], field: str) -> None:
    response = ci.register(RELEASE | change)

    assert response.status_code == 400
    assert all(error["field"].startswith(field) for error in response.json()["errors"])
    assert not Release.objects.exists()


@pytest.mark.parametrize("built_at", ["1970-01-01T00:00:00Z", "2199-12-31T23:59:59Z", None])
def test_a_time_at_the_edge_of_what_is_plausible_is_taken(ci: Caller, built_at: str | None) -> None:
    assert ci.register(RELEASE | {"built_at": built_at}).status_code == 201


def test_an_email_address_as_long_as_one_may_be_is_taken(ci: Caller) -> None:
    address = "a" * 64 + "@" + ".".join(["b" * 61] * 3) + ".ex"
    assert len(address) <= 254

    response = ci.register(RELEASE | {"changes": [{"title": "t", "author_email": address}]})

    assert response.status_code == 201
    assert Release.objects.get().changes.get().author_email == address


def test_the_same_commit_in_capitals_is_the_same_commit(ci: Caller) -> None:
    assert ci.register(RELEASE).status_code == 201

    again = ci.register(RELEASE | {"commit": "C0FFEE0123456789"})

    assert again.status_code == 200
    assert again.json()["commit"] == "c0ffee0123456789"
    assert Release.objects.count() == 1


@pytest.mark.parametrize("charset", ["zlib", "bz2", "hex", "undefined", "idna", "rot13", "nonsense"])
def test_a_body_said_to_be_packed_is_not_unpacked(ci: Caller, charset: str) -> None:
    response = ci.register(RELEASE, f"application/json; charset={charset}")

    assert response.status_code < 500


def test_a_body_of_ten_megabytes_is_refused(ci: Caller) -> None:
    response = ci.register(json.dumps(RELEASE).encode() + b" " * 10_000_000)

    assert response.status_code in {400, 413}
    assert not Release.objects.exists()


@pytest.mark.parametrize("path", ["applications", "applications/frontend", "promotions/1"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_what_is_only_read_answers_405_to_a_write(ci: Caller, method: str, path: str) -> None:
    response = ci.call(method, f"/api/v1/{path}", b"{}")

    assert response.status_code == 405
    assert response["content-type"] == "application/problem+json"


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_what_is_only_written_answers_405_to_a_read(ci: Caller, method: str) -> None:
    assert ci.call(method, "/api/v1/releases").status_code == 405


@pytest.mark.parametrize("path", ["applications", "applications/frontend", "promotions/1"])
@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.django_db
def test_a_stranger_who_writes_where_one_reads_is_refused_too(method: str, path: str) -> None:
    assert Caller().call(method, f"/api/v1/{path}", b"{}").status_code in {401, 403, 405}


@pytest.mark.parametrize(
    "path",
    [
        "applications?cursor=" + cursor(b"p=%00"),
        "applications?cursor=" + cursor(b"p=%ED%A0%80"),
        "applications?cursor=" + cursor(b"o=99999999999999999999"),
        "applications?cursor=%F0%9F%98%80",
        "applications?cursor=%00",
        "applications/%00",
        f"promotions/{10**30}",
        "promotions/" + "9" * 5000,
    ],
)
def test_an_address_that_can_not_be_looked_up_is_no_error_of_ours(ci: Caller, path: str) -> None:
    response = ci.get(f"/api/v1/{path}")

    assert response.status_code < 500


@pytest.mark.parametrize(
    "key", ["%00", "x", "0" * 31, "0" * 33, "G" * 32, "A" * 32, "0" * 31 + "%00", "0" * 32 + "%0A", "0" * 32]
)
@pytest.mark.django_db
def test_a_callback_with_a_key_that_is_none_is_404(key: str) -> None:
    response = Caller().call("POST", f"/api/v1/deploys/{key}/callback", b"{}")

    assert response.status_code == 404


class TestLimitedToken:
    """It reads what it covers and nothing else."""

    @pytest.fixture
    def promotions(self, application: Application, scene: Scene) -> dict[str, Promotion]:
        """One of each of two applications of different teams."""
        other = scene.application("whitehall", environments=1)
        return {one.slug: scene.promotion(scene.register(one), "integration") for one in (application, other)}

    def token(self, *covered: Application) -> Caller:
        token, secret = ApiToken.issue(name=f"limited {len(covered)}", scopes=["read"], limited=True)
        for one in covered:
            TokenLimit.objects.create(token=token, application=one)
        return Caller(secret)

    def test_it_reads_what_it_covers(self, promotions: dict[str, Promotion], application: Application) -> None:
        caller = self.token(application)

        assert caller.get("/api/v1/applications/frontend").status_code == 200
        assert caller.get(f"/api/v1/promotions/{promotions['frontend'].pk}").status_code == 200

    def test_it_does_not_read_another(self, promotions: dict[str, Promotion], application: Application) -> None:
        caller = self.token(application)

        assert caller.get("/api/v1/applications/whitehall").status_code == 403
        assert caller.get(f"/api/v1/promotions/{promotions['whitehall'].pk}").status_code == 403

    def test_the_list_has_only_what_it_covers(self, promotions: dict[str, Promotion], application: Application) -> None:
        def listed(caller: Caller) -> list[str]:
            return [one["slug"] for one in caller.get("/api/v1/applications").json()["results"]]

        assert listed(self.token(application)) == ["frontend"]
        assert listed(self.token(*Application.objects.all())) == ["frontend", "whitehall"]
        assert listed(self.token()) == []

    def test_an_application_that_is_covered_twice_is_listed_once(self, application: Application) -> None:
        token, secret = ApiToken.issue(name="both", scopes=["read"], limited=True)
        TokenLimit.objects.create(token=token, application=application)
        TokenLimit.objects.create(token=token, team=application.owner)

        results = Caller(secret).get("/api/v1/applications").json()["results"]

        assert [one["slug"] for one in results] == ["frontend"]

    def test_limited_to_nothing_it_reads_nothing(self, promotions: dict[str, Promotion]) -> None:
        caller = self.token()

        assert caller.get("/api/v1/applications/frontend").status_code == 403
        assert caller.get(f"/api/v1/promotions/{promotions['frontend'].pk}").status_code == 403

    def test_it_does_not_read_the_metrics_which_are_of_all(self, application: Application, ci: Caller) -> None:
        assert self.token(application).get("/metrics").status_code == 403
        assert self.token().get("/metrics").status_code == 403
        assert ci.get("/metrics").status_code == 200
