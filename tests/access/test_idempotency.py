"""`Idempotency-Key`: what is sent again is answered again and not done again, whatever dies and whoever is quicker."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate
from rest_framework.views import APIView

from apps_registry.models import Application
from deployer.access.idempotency import InProgress, claim, idempotent, perform
from deployer.access.jobs import SOURCES, prune_calls
from deployer.access.models import ApiToken, KeyedCall, User
from deployer.access.problems import Conflict, NotReady, Unprocessable
from deployer.calendar.models import Slot
from deployer.releases.models import Release
from tests.scene import Scene
from tests.web.calendar.calls import Caller, signed_in, soon, token_for_all, written

KEY = {"idempotency-key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
RELEASE = {"application": "frontend", "version": "v1", "commit": "c0ffee0123456789"}


@pytest.fixture
def frontend(scene: Scene) -> Application:
    return scene.application()


@pytest.fixture
def ci(frontend: Application) -> Caller:
    return token_for_all("read", "releases:write", "slots:write", "freezes:write")


@pytest.fixture
def body() -> dict[str, Any]:
    """A slot, which can be booked once."""
    return {"applications": ["frontend"], "environment": "integration", "starts_at": written(soon())}


def is_replay(response: Any) -> bool:
    return bool(response.headers.get("Idempotent-Replayed") == "true")


class TestReplay:
    def test_the_same_call_again_has_the_first_answer_and_is_not_done(self, ci: Caller, body: dict[str, Any]) -> None:
        first = ci.post("slots", body, **KEY)
        assert ci.delete(f"slots/{first.json()['id']}").status_code == 200

        again = ci.post("slots", body, **KEY)

        assert (first.status_code, is_replay(first)) == (201, False)
        assert (again.status_code, is_replay(again)) == (201, True)
        assert again.content == first.content
        assert Slot.objects.count() == 1

    def test_a_release_is_answered_as_new_again(self, ci: Caller) -> None:
        first = ci.post("releases", RELEASE, **KEY)

        again = ci.post("releases", RELEASE, **KEY)

        assert (first.status_code, again.status_code) == (201, 201)
        assert again.content == first.content
        assert ci.post("releases", RELEASE).status_code == 200
        assert Release.objects.count() == 1

    def test_a_refusal_is_given_again_too(self, ci: Caller, body: dict[str, Any]) -> None:
        slot = ci.post("slots", body).json()
        refused = ci.post("slots", body, **KEY)
        ci.delete(f"slots/{slot['id']}")

        again = ci.post("slots", body, **KEY)

        assert (refused.status_code, again.status_code, is_replay(again)) == (409, 409, True)
        assert again["content-type"] == "application/problem+json"
        assert again.json() == refused.json()
        assert again.json()["blockers"]
        assert ci.post("slots", body, **{"idempotency-key": "another"}).status_code == 201

    def test_bad_input_is_refused_again(self, ci: Caller) -> None:
        assert ci.post("slots", {}, **KEY).status_code == 400

        again = ci.post("slots", {}, **KEY)

        assert (again.status_code, is_replay(again)) == (400, True)

    def test_a_person_has_keys_too(self, scene: Scene, frontend: Application, body: dict[str, Any]) -> None:
        person = signed_in(scene.person())

        assert not is_replay(person.post("slots", body, **KEY))
        assert is_replay(person.post("slots", body, **KEY))

    def test_after_a_day_the_key_is_new(self, ci: Caller, body: dict[str, Any]) -> None:
        slot = ci.post("slots", body, **KEY).json()
        ci.delete(f"slots/{slot['id']}")
        KeyedCall.objects.update(expires_at=timezone.now())

        again = ci.post("slots", body, **KEY)

        assert (again.status_code, is_replay(again)) == (201, False)
        assert is_replay(ci.post("slots", body, **KEY))
        assert Slot.objects.count() == 2

    def test_after_a_day_it_may_be_used_for_something_else(self, ci: Caller, body: dict[str, Any]) -> None:
        ci.post("slots", {}, **KEY)
        KeyedCall.objects.update(expires_at=timezone.now())

        assert ci.post("slots", body, **KEY).status_code == 201


class TestWhichCallItIs:
    def test_the_same_key_with_another_body_is_refused(self, ci: Caller, body: dict[str, Any]) -> None:
        ci.post("slots", body, **KEY)

        response = ci.post("slots", body | {"notes": "Another."}, **KEY)

        assert response.status_code == 422
        assert response["content-type"] == "application/problem+json"
        assert "was used for something else" in response.json()["detail"]

    def test_what_the_address_asks_counts_as_the_body_does(self, ci: Caller, body: dict[str, Any]) -> None:
        slot = ci.post("slots", body).json()
        ci.delete(f"slots/{slot['id']}?reason=One", **KEY)

        assert ci.delete(f"slots/{slot['id']}?reason=Two", **KEY).status_code == 422

    def test_anothers_key_is_another_key(self, ci: Caller, body: dict[str, Any]) -> None:
        ci.post("slots", body, **KEY)

        response = token_for_all().post("slots", body, **KEY)

        assert (response.status_code, is_replay(response)) == (409, False)

    def test_at_another_address_or_by_another_method_it_is_another_key(self, ci: Caller, body: dict[str, Any]) -> None:
        slot = ci.post("slots", body, **KEY).json()

        assert ci.post("freezes", {"reason": "An election."}, **KEY).status_code == 201
        assert ci.patch(f"slots/{slot['id']}", {"notes": "Mine."}, **KEY).status_code == 200
        assert ci.delete(f"slots/{slot['id']}", **KEY).status_code == 200
        assert KeyedCall.objects.count() == 4

    @pytest.mark.parametrize("key", ["", " ", "x" * 256, "a\tb", "\x7f", "schlüssel", "\x00"])
    def test_a_key_that_is_none_is_refused(self, ci: Caller, body: dict[str, Any], key: str) -> None:
        response = ci.post("slots", body, **{"idempotency-key": key})

        assert response.status_code == 400
        assert response.json()["detail"].startswith("Idempotency-Key: give 1 to 255 printable")
        assert not Slot.objects.exists()

    def test_a_key_of_255_characters_is_taken(self, ci: Caller, body: dict[str, Any]) -> None:
        key = {"idempotency-key": '"~ ' + "x" * 252}

        assert ci.post("slots", body, **key).status_code == 201
        assert is_replay(ci.post("slots", body, **key))

    def test_a_read_has_no_use_for_one(self, ci: Caller) -> None:
        assert ci.call("GET", "slots", **KEY).status_code == 200
        assert not KeyedCall.objects.exists()

    def test_every_write_of_the_api_takes_one_but_what_the_outside_reports(self) -> None:
        paths = Client().get("/api/v1/schema?format=json").json()["paths"]

        without = {
            (method, path)
            for path, calls in paths.items()
            for method, call in calls.items()
            if method != "get"
            and "Idempotency-Key" not in {parameter["name"] for parameter in call.get("parameters", [])}
        }

        assert without == {
            ("post", "/api/v1/deploys/{key}/callback"),
            ("post", "/api/v1/hooks/bugsink/{connection}"),
            ("post", "/api/v1/hooks/sentry/{connection}"),
        }


class TestWhoMay:
    def test_who_may_no_longer_call_is_not_answered_again(self, ci: Caller, body: dict[str, Any]) -> None:
        ci.post("slots", body, **KEY)
        ApiToken.objects.update(revoked_at=timezone.now())

        assert ci.post("slots", body, **KEY).status_code == 401

    def test_the_lack_of_a_scope_is_not_kept(self, frontend: Application, body: dict[str, Any]) -> None:
        reader = token_for_all("read")
        assert reader.post("slots", body, **KEY).status_code == 403
        ApiToken.objects.update(scopes=["slots:write"])

        assert reader.post("slots", body, **KEY).status_code == 201


class TestWhatIsKept:
    def test_no_secret_is_and_nothing_that_was_sent(self, ci: Caller, body: dict[str, Any]) -> None:
        ci.post("slots", body | {"noted": "a password"}, **KEY)
        ci.post("releases", RELEASE | {"build_url": "https://user:secret@ci.example.org"}, **KEY)

        rows = repr(list(KeyedCall.objects.values_list("name", "content")))

        for secret in (KEY["idempotency-key"], "a password", "user:secret", ci.headers["authorization"][7:]):
            assert secret not in rows
        assert ci.headers["authorization"][7:] not in repr(list(KeyedCall.objects.values()))

    def test_without_a_key_the_database_is_not_asked(self, ci: Caller) -> None:
        with CaptureQueriesContext(connection) as queries:
            assert ci.post("releases", RELEASE).status_code == 201

        assert not [query for query in queries.captured_queries if KeyedCall._meta.db_table in query["sql"]]

    def test_what_is_too_old_to_be_given_again_is_removed_daily(self, ci: Caller, body: dict[str, Any]) -> None:
        now = timezone.now()
        ci.post("slots", {}, **KEY)
        KeyedCall.objects.update(expires_at=now)
        ci.post("slots", body, **{"idempotency-key": "another"})
        source = next(one for one in SOURCES if one.job is prune_calls)

        (due,) = source.due(now)
        source.job(due)

        assert KeyedCall.objects.get().status == 201
        assert not source.due(now + timedelta(hours=23))
        assert source.due(now + timedelta(hours=24))

    @pytest.mark.parametrize("status", [0, 199, 500, 503])
    @pytest.mark.django_db
    def test_no_answer_that_is_not_final_is(self, status: int) -> None:
        now = timezone.now()

        with pytest.raises(IntegrityError), transaction.atomic():
            KeyedCall.objects.create(name="n", content="c", claimed_until=now, expires_at=now, status=status)


class TestWhatDied:
    """Claims whose holder never answered."""

    def test_while_a_claim_lasts_the_call_is_in_progress(self, ci: Caller, body: dict[str, Any]) -> None:
        self.abandon(ci, body, until=timezone.now() + timedelta(minutes=1))

        response = ci.post("slots", body, **KEY)

        assert response.status_code == 409
        assert response["retry-after"] == "1"
        assert "is in progress" in response.json()["detail"]
        assert KeyedCall.objects.get().status is None
        assert not Slot.objects.exists()

    def test_when_it_has_lasted_long_enough_the_next_one_does_it(self, ci: Caller, body: dict[str, Any]) -> None:
        self.abandon(ci, body, until=timezone.now())

        response = ci.post("slots", body, **KEY)

        assert (response.status_code, is_replay(response)) == (201, False)
        assert is_replay(ci.post("slots", body, **KEY))
        assert Slot.objects.count() == 1

    def test_another_body_does_not_take_its_place(self, ci: Caller, body: dict[str, Any]) -> None:
        self.abandon(ci, body, until=timezone.now())

        assert ci.post("slots", body | {"notes": "Another."}, **KEY).status_code == 422

    def abandon(self, ci: Caller, body: dict[str, Any], *, until: Any) -> None:
        """Leave what a process leaves that was killed within its transaction."""
        ci.post("slots", body, **KEY)
        Slot.objects.all().delete()
        KeyedCall.objects.update(status=None, answer="", claimed_until=until)


class Note(APIView):
    """Writes a row, then does what the test says."""

    then: Callable[[], Response] = staticmethod(lambda: Response(status=204))

    @idempotent
    def post(self, request: Request) -> Response:
        User.objects.create_user("noted")
        return self.then()


def note(then: Callable[[], Response]) -> Any:
    request = APIRequestFactory().post("/note", {}, headers=KEY)
    force_authenticate(request, user=User.objects.get_or_create(username="caller")[0])
    return Note.as_view(then=staticmethod(then))(request)


@pytest.mark.django_db
class TestWhatWentWrong:
    def noted(self) -> bool:
        return User.objects.filter(username="noted").exists()

    def test_an_answer_without_a_body_is_given_again(self) -> None:
        first, again = note(lambda: Response(status=204)), note(lambda: Response(status=500))

        assert (first.status_code, again.status_code, again.data) == (204, 204, None)
        assert is_replay(again)

    def test_of_a_mistake_of_ours_nothing_is_left_and_the_next_call_does_it(self) -> None:
        def fail() -> Response:
            raise RuntimeError("A mistake.")

        with pytest.raises(RuntimeError, match="A mistake"):
            note(fail)

        assert not self.noted()
        assert not KeyedCall.objects.exists()
        assert note(lambda: Response(status=204)).status_code == 204
        assert self.noted()

    @pytest.mark.parametrize("raised", [True, False])
    def test_what_could_not_be_answered_yet_is_not_kept(self, raised: bool) -> None:
        def unready() -> Response:
            if raised:
                raise NotReady("Set the secret first.")
            return Response(status=503)

        assert note(unready).status_code == 503

        assert not self.noted()
        assert not KeyedCall.objects.exists()

    def test_of_a_refusal_the_answer_is_left_and_nothing_else(self) -> None:
        def refuse() -> Response:
            raise Conflict("No.")

        assert note(refuse).status_code == 409

        assert not self.noted()
        assert KeyedCall.objects.get().status == 409

    def test_a_query_that_the_database_refused_does_not_lose_the_answer(self) -> None:
        """On PostgreSQL, which then takes no more of the transaction."""

        def refuse() -> Response:
            try:
                User.objects.create(username="noted")
            except IntegrityError as error:
                raise Conflict("There is one.") from error
            return Response(status=204)

        assert note(refuse).status_code == 409
        assert is_replay(note(refuse))

    def test_one_that_is_slower_than_its_claim_and_was_overtaken_changes_nothing(self) -> None:
        def write() -> Response:
            User.objects.create_user("noted")
            return Response(status=204)

        slow = claim("name", "content", now=timezone.now() - timedelta(hours=1))
        quick = claim("name", "content", now=timezone.now())

        with pytest.raises(InProgress):
            perform(slow, Note(), write)

        assert not self.noted()
        assert perform(quick, Note(), write).status_code == 204
        assert self.noted()
        assert KeyedCall.objects.get().status == 204


class TestRivals:
    """Several at once, each with a connection of its own."""

    def at_once(self, number: int, call: Callable[[], Any]) -> list[Any]:
        def run(_: int) -> Any:
            try:
                return call()
            finally:
                connection.close()

        with ThreadPoolExecutor(number) as pool:
            return list(pool.map(run, range(number)))

    @pytest.mark.django_db(transaction=True)
    def test_of_many_of_one_call_one_is_done_and_the_others_have_its_answer_or_wait(
        self, ci: Caller, body: dict[str, Any]
    ) -> None:
        def call() -> Any:
            return Caller(Client(raise_request_exception=False), **ci.headers).post("slots", body, **KEY)

        responses = self.at_once(12, call)

        slot = Slot.objects.get()
        booked = [response for response in responses if response.status_code == 201]
        assert [is_replay(response) for response in booked].count(False) == 1
        assert {response.json()["id"] for response in booked} == {slot.pk}
        for response in responses:
            if response.status_code != 201:
                assert (response.status_code, response["retry-after"]) == (409, "1")
        assert is_replay(call())

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("dead", [False, True])
    def test_one_of_many_claims_it_new_or_left_behind(self, dead: bool) -> None:
        now = timezone.now()
        if dead:
            claim("name", "content", now=now - timedelta(hours=1))

        def attempt() -> str:
            try:
                return f"claim {claim('name', 'content', now=now).claim}"
            except InProgress:
                return "in progress"

        outcomes = self.at_once(12, attempt)

        assert Counter(outcomes) == {f"claim {2 if dead else 1}": 1, "in progress": 11}

    @pytest.mark.django_db(transaction=True)
    def test_another_content_is_told_at_once(self) -> None:
        now = timezone.now()
        claim("name", "content", now=now)

        with pytest.raises(Unprocessable):
            claim("name", "another", now=now)
