"""The calendar's API under input that nobody sends by accident, and under rivals: refused in words, never by a 500."""

import base64
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps_registry.models import Application
from deployer.calendar.actions.freezes import NewFreeze, declare
from deployer.calendar.models import Freeze, Slot
from deployer.calendar.states import SlotState
from tests.calendar.bookings import booked
from tests.scene import Scene
from tests.web.calendar.calls import Caller, fields_of, signed_in, soon, token_for_all, written

WRITES = [
    ("POST", "slots"),
    ("PATCH", "slots/{slot}"),
    ("DELETE", "slots/{slot}"),
    ("POST", "slots/{slot}/overrides"),
    ("POST", "freezes"),
    ("PATCH", "freezes/{freeze}"),
    ("POST", "freezes/{freeze}/lift"),
    ("POST", "promotions/{promotion}/overrides"),
]
READS = ["windows", "applications/frontend/next-slot", "applications/frontend/environments/integration/gate"]


@pytest.fixture
def ids(today: Scene, frontend: Application) -> dict[str, int]:
    """A slot, a freeze and a promotion to write to."""
    slot = booked(today, frontend, at=soon(5))
    new = NewFreeze(starts_at=soon(50), ends_at=soon(60), reason="An election.")
    freeze = declare(new=new, rights=today.manager(), now=today.now)
    promotion = today.promotion(today.register(frontend), "integration")
    return {"slot": slot.pk, "freeze": freeze.pk, "promotion": promotion.pk}


@pytest.fixture
def manager(today: Scene) -> Caller:
    """Who may do everything."""
    return signed_in(today.manager())


def slot_body(**fields: Any) -> dict[str, Any]:
    return {"applications": ["frontend"], "environment": "integration", "starts_at": written(soon())} | fields


def cursor(text: bytes) -> str:
    return quote(base64.urlsafe_b64encode(text).decode())


@pytest.mark.parametrize(("method", "path"), WRITES)
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"{", id="half an object"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'"slot"', id="a string"),
        pytest.param(b"0", id="a number"),
        pytest.param(b"\x00", id="NUL"),
        pytest.param(b'{"reason":"\xff"}', id="not UTF-8"),
        pytest.param(b'{"notes":' + b"[" * 100_000 + b"]" * 100_000 + b"}", id="lists 100,000 deep"),
        pytest.param(b'{"minutes":' + b"9" * 5000 + b"}", id="a number of 5,000 digits"),
        pytest.param(b'{"minutes":NaN}', id="not a number"),
        pytest.param(b'{"\x00":1}', id="a control character in a name"),
        pytest.param(b'{"\\u0000":1, "\\ud800":2}', id="NUL and half a character as names"),
    ],
)
def test_a_body_that_makes_no_sense_is_refused_everywhere(
    manager: Caller, ids: dict[str, int], method: str, path: str, body: bytes
) -> None:
    response = manager.call(method, path.format(**ids), body)

    assert response.status_code == 400
    assert response["content-type"] == "application/problem+json"
    assert response.json()["detail"]
    assert Slot.objects.get().state == SlotState.BOOKED


def test_a_body_of_ten_megabytes_is_refused_as_too_large(manager: Caller, frontend: Application) -> None:
    response = manager.post("slots", json.dumps(slot_body()).encode() + b" " * 10_000_000)

    assert response.status_code == 413
    assert response["content-type"] == "application/problem+json"
    assert response.json()["detail"] == "The body may have 2,500,000 bytes."


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        pytest.param({"applications": "frontend"}, "applications", id="a string for a list"),
        pytest.param({"applications": {"frontend": 1}}, "applications", id="an object for a list"),
        pytest.param({"applications": [["frontend"]]}, "applications[0]", id="a list in a list"),
        pytest.param({"applications": [1]}, "applications[0]", id="a number for a slug"),
        pytest.param({"applications": ["front\x00end"]}, "applications[0]", id="NUL in a slug"),
        pytest.param({"applications": ["\ud800"]}, "applications[0]", id="half a character for a slug"),
        pytest.param({"applications": ["x" * 100_000]}, "applications[0]", id="a slug of 100,000 characters"),
        pytest.param({"application": "\x00"}, "application", id="NUL for the application"),
        pytest.param({"application": "\ud800"}, "application", id="half a character for the application"),
        pytest.param({"environment": "\x00"}, "environment", id="NUL for the environment"),
        pytest.param({"environment": "\ud800"}, "environment", id="half a character for the environment"),
        pytest.param({"environment": ["integration"]}, "environment", id="a list for the environment"),
        pytest.param({"environment": 1}, "environment", id="a number for the environment"),
        pytest.param({"starts_at": 1772539200}, "starts_at", id="a number for a time"),
        pytest.param({"starts_at": ["2026-03-03T10:00:00Z"]}, "starts_at", id="a list for a time"),
        pytest.param({"starts_at": "2026-02-30T10:00:00Z"}, "starts_at", id="the 30th of February"),
        pytest.param({"starts_at": "2026-03-03T24:30:00Z"}, "starts_at", id="half past 24"),
        pytest.param({"starts_at": "2026-03-03T10:00:00+99:00"}, "starts_at", id="an offset of 99 hours"),
        pytest.param({"starts_at": "0001-01-01T00:00:00Z"}, "starts_at", id="the year 1"),
        pytest.param({"starts_at": "0001-01-01T00:00:00+14:00"}, "starts_at", id="before the year 1"),
        pytest.param({"starts_at": "9999-12-31T23:59:59Z"}, "starts_at", id="the year 9999"),
        pytest.param({"starts_at": "9999-12-31T23:59:59-14:00"}, "starts_at", id="after the year 9999"),
        pytest.param({"ends_at": "9999-12-31T23:59:59Z"}, "ends_at", id="to the year 9999"),
        pytest.param({"ends_at": "2199-12-31T23:59:59Z"}, "ends_at", id="173 years long"),
        pytest.param({"minutes": 0}, "minutes", id="no minutes"),
        pytest.param({"minutes": -30}, "minutes", id="minutes back in time"),
        pytest.param({"minutes": 10**4000}, "minutes", id="a number of 4,000 digits"),
        pytest.param({"minutes": 1e300}, "minutes", id="a power for minutes"),
        pytest.param({"minutes": 30.5}, "minutes", id="half a minute"),
        pytest.param({"minutes": True}, "minutes", id="a boolean for minutes"),
        pytest.param({"minutes": "9" * 100_000}, "minutes", id="100,000 digits for minutes"),
        pytest.param({"releases": "v1"}, "releases", id="a string for the releases"),
        pytest.param({"releases": {"frontend": 1}}, "releases.frontend", id="a number for a version"),
        pytest.param({"releases": {"frontend": "\x00"}}, "releases.frontend", id="NUL in a version"),
        pytest.param({"releases": {"frontend": {"a": 1}}}, "releases.frontend", id="an object for a version"),
        pytest.param({"releases": {"\x00": "v1"}}, "releases.\x00", id="NUL for an application of a release"),
        pytest.param({"releases": {f"a{n}": "v1" for n in range(10_000)}}, "releases", id="10,000 releases"),
        pytest.param({"exclusive": []}, "exclusive", id="a list for a boolean"),
        pytest.param({"exclusive": None}, "exclusive", id="null for a boolean"),
        pytest.param({"notes": "\x00"}, "notes", id="NUL in the notes"),
        pytest.param({"notes": "x" * 5001}, "notes", id="notes of 5,001 characters"),
        pytest.param({"watched_by": "\ud800"}, "watched_by", id="half a character for who watches"),
        pytest.param({"overrides": "window"}, "overrides", id="a string for the overrides"),
        pytest.param({"overrides": [[]]}, "overrides[0]", id="a list for an override"),
        pytest.param({"recurrence": "FREQ=DAILY"}, "recurrence", id="a string for how it recurs"),
        pytest.param({"recurrence": {"rule": "FREQ=DAILY;INTERVAL=0"}}, "recurrence.rule", id="every 0 days"),
        pytest.param({"recurrence": {"rule": "FREQ=DAILY;COUNT=" + "9" * 50}}, "recurrence.rule", id="endless count"),
        pytest.param({"recurrence": {"rule": "FREQ=YEARLY;BYMONTHDAY=30;BYMONTH=2"}}, "recurrence.rule", id="never"),
        pytest.param({"recurrence": {"rule": "x" * 301}}, "recurrence.rule", id="a rule of 301 characters"),
        pytest.param({"recurrence": {"rule": "FREQ=DAILY\x00"}}, "recurrence.rule", id="NUL in a rule"),
        pytest.param(
            {"recurrence": {"rule": "FREQ=DAILY", "zone": "../../etc/passwd"}}, "recurrence.zone", id="a path"
        ),
        pytest.param({"recurrence": {"rule": "FREQ=DAILY", "zone": "\x00"}}, "recurrence.zone", id="NUL for a zone"),
    ],
)
def test_a_value_that_can_not_be_is_refused_by_its_field(
    manager: Caller, frontend: Application, fields: dict[str, Any], named: str
) -> None:
    body = slot_body(**fields)
    if "application" in fields:
        del body["applications"]

    response = manager.post("slots", body)

    assert set(fields_of(response)) == {named}
    assert not Slot.objects.exists()


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        pytest.param({"environments": {"production": 1}}, "environments", id="an object for a list"),
        pytest.param({"teams": [None]}, "teams[0]", id="null for a team"),
        pytest.param({"applications": ["\x00"]}, "applications[0]", id="NUL for an application"),
        pytest.param({"starts_at": "9999-12-31T23:59:59Z"}, "starts_at", id="from the year 9999"),
        pytest.param({"ends_at": "9999-12-31T23:59:59Z"}, "ends_at", id="to the year 9999"),
        pytest.param({"ends_at": "0001-01-01T00:00:00+14:00"}, "ends_at", id="to before the year 1"),
        pytest.param({"reason": "\x00"}, "reason", id="NUL in the reason"),
        pytest.param({"reason": "x" * 2001}, "reason", id="a reason of 2,001 characters"),
        pytest.param({"contact": {"a": 1}}, "contact", id="an object for the contact"),
        pytest.param({"contact": "x" * 201}, "contact", id="a contact of 201 characters"),
        pytest.param({"dry_run": "perhaps"}, "dry_run", id="perhaps a dry run"),
        pytest.param({"recurrence": []}, "recurrence", id="a list for how it recurs"),
        pytest.param({"recurrence": {}}, "recurrence.rule", id="no rule"),
    ],
)
def test_a_freeze_that_can_not_be_is_refused_by_its_field(manager: Caller, fields: dict[str, Any], named: str) -> None:
    response = manager.post("freezes", {"reason": "An election."} | fields)

    assert fields_of(response) == [named]
    assert not Freeze.objects.exists()


@pytest.mark.parametrize(
    ("path", "name"), [("slots", "applications"), ("freezes", "applications"), ("freezes", "teams")]
)
def test_ten_thousand_slugs_are_refused_without_looking_for_them(
    manager: Caller, frontend: Application, path: str, name: str
) -> None:
    slugs = [f"app-{number}" for number in range(10_000)]
    body = slot_body() if path == "slots" else {"reason": "An election."}

    with CaptureQueriesContext(
        connection,
    ) as queries:
        response = manager.post(path, body | {name: slugs})

    assert fields_of(response) == [name]
    assert "Give at most" in response.json()["detail"]
    assert len(queries) < 10


def test_a_freeze_for_ever_and_ever_is_taken_and_shown(manager: Caller, frontend: Application) -> None:
    body = {"reason": "For good.", "starts_at": "1970-01-01T00:00:00Z", "ends_at": "2199-12-31T23:59:59Z"}

    answer = manager.post("freezes", body)

    assert answer.status_code == 201
    assert manager.get("freezes?state=now").json()["results"][0]["ends_at"] == "2199-12-31T23:59:59Z"
    assert manager.post("slots", slot_body()).status_code == 409


@pytest.mark.parametrize("path", ["slots", "freezes"])
@pytest.mark.parametrize(
    "text",
    [
        cursor(b'["2026-03-03T10:00:00+00:00", 1]'),
        cursor(b'["2026-03-03T10:00:00+00:00", 1e999, false]'),
        cursor(b'["2026-03-03T10:00:00+00:00", ' + b"9" * 30 + b", false]"),
        cursor(b'["2026-03-03T10:00:00+00:00", -1, false]'),
        cursor(b'["2026-03-03T10:00:00", 1, false]'),
        cursor(b'["\\u0000", 1, false]'),
        cursor(b"[" * 100_000),
        cursor(b"{}"),
        cursor(b"\xff\xfe"),
        "%F0%9F%98%80",
        "%00",
        "=",
        "x" * 5000,
    ],
)
def test_a_cursor_of_ones_own_making_is_refused_by_its_name(manager: Caller, path: str, text: str) -> None:
    assert fields_of(manager.get(f"{path}?cursor={text}")) == ["cursor"]


def test_a_cursor_at_the_edge_of_time_is_the_end(manager: Caller, frontend: Application) -> None:
    for at in ("0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59+00:00"):
        response = manager.get(f"slots?cursor={cursor(json.dumps([at, 2**63 - 1, False]).encode())}")
        assert response.status_code == 200
        assert response.json()["results"] == []


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("application=%00", "application[0]"),
        ("application=%ED%A0%80", "application"),
        ("application[0]=frontend", "application[0]"),
        ("&".join(f"application=a{number}" for number in range(500)), "application"),
        ("from=9999-12-31T23:59:59Z", "from"),
        ("to=0001-01-01T00:00:00Z", "to"),
        ("from=%00", "from"),
        ("state=", "state[0]"),
        ("%00=1", "\x00"),
    ],
)
def test_a_filter_of_ones_own_making_is_refused_by_its_name(manager: Caller, query: str, named: str) -> None:
    assert fields_of(manager.get(f"slots?{query}")) == [named]


@pytest.mark.parametrize("path", ["slots", "freezes"])
def test_two_thousand_parameters_are_refused(manager: Caller, path: str) -> None:
    response = manager.get(f"{path}?" + "&".join(["application=frontend"] * 2000))

    assert response.status_code == 400
    assert response["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path", ["slots/{}", "freezes/{}", "slots/{}/overrides", "freezes/{}/lift", "promotions/{}/overrides"]
)
@pytest.mark.parametrize("number", ["0", str(2**63), str(10**30), "9" * 5000, "-1", "1.5", "%00", "x"])
def test_what_is_at_no_address_is_404(manager: Caller, path: str, number: str) -> None:
    for method in ("GET", "POST", "PATCH", "DELETE"):
        assert manager.call(method, path.format(number), {}).status_code in {404, 405}


@pytest.mark.parametrize(
    "path",
    [
        "applications/%00/next-slot?environment=integration",
        "applications/{long}/next-slot?environment=integration",
        "applications/frontend/environments/%00/gate",
        "applications/frontend/environments/{long}/gate",
        "applications/fr%C3%B6ntend/environments/integration/gate",
        "applications/frontend/environments/integration/gate/",
    ],
)
def test_names_of_ones_own_making_are_404(manager: Caller, frontend: Application, path: str) -> None:
    assert manager.get(path.replace("{long}", "x" * 3000)).status_code == 404


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("next-slot?environment=integration&minutes=" + "9" * 5000, "minutes"),
        ("next-slot?environment=integration&minutes=1441", "minutes"),
        ("next-slot?environment=integration&from=9999-12-31T23:59:59Z", "from"),
        ("next-slot?environment=%00", "environment"),
        ("environments/integration/gate?version=%00", "version"),
        ("environments/integration/gate?by_hand=[]", "by_hand"),
    ],
)
def test_questions_that_make_no_sense_are_refused_by_their_field(
    manager: Caller, frontend: Application, path: str, named: str
) -> None:
    assert fields_of(manager.get(f"applications/frontend/{path}")) == [named]


def test_the_last_day_of_the_calendar_can_be_asked_for(manager: Caller, today: Scene, frontend: Application) -> None:
    today.hours(today.environments[0])

    answer = manager.get("applications/frontend/next-slot?environment=integration&from=2199-12-31T23:59:59Z").json()

    assert answer["next_free"] is None
    assert "time:ahead" in {one["name"] for one in answer["blockers"]}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", READS)
def test_what_is_only_read_answers_405_to_a_write(
    manager: Caller, frontend: Application, method: str, path: str
) -> None:
    response = manager.call(method, path, {})

    assert response.status_code == 405
    assert response["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_a_token_that_only_reads_writes_nowhere(ids: dict[str, int], method: str, path: str) -> None:
    response = token_for_all("read").call(method, path.format(**ids), {})

    assert response.status_code == 403
    assert Slot.objects.get().state == SlotState.BOOKED


def test_a_rule_that_would_keep_the_environment_busy_with_booking_is_refused(
    manager: Caller, frontend: Application
) -> None:
    hours = ",".join(str(hour) for hour in range(24))
    start = soon(2).replace(minute=0)
    recurrence = {"rule": f"FREQ=DAILY;BYHOUR={hours}", "zone": "UTC"}

    response = manager.post("slots", slot_body(starts_at=written(start), minutes=15, recurrence=recurrence))

    assert response.status_code == 409
    assert "more than 400 slots in the 90 days" in response.json()["detail"]
    assert not Slot.objects.exists()


class TestRivals:
    """Several at once, each with a connection of its own."""

    def at_once(self, method: str, path: str, bodies: Sequence[Any]) -> list[Any]:
        headers = token_for_all().headers

        def call(body: Any) -> Any:
            try:
                return Caller(Client(raise_request_exception=False), **headers).call(method, path, body)
            finally:
                connection.close()

        with ThreadPoolExecutor(len(bodies)) as pool:
            return list(pool.map(call, bodies))

    @pytest.mark.django_db(transaction=True)
    def test_of_two_changes_of_what_both_have_seen_one_is_refused(self, today: Scene, frontend: Application) -> None:
        slot = booked(today, frontend, at=soon(), rights=today.manager())
        changes = [{"notes": f"Change {number}.", "sequence": 0} for number in range(8)]

        responses = self.at_once("PATCH", f"slots/{slot.pk}", changes)

        assert sorted(response.status_code for response in responses) == [200] + [409] * 7
        winner = next(response for response in responses if response.status_code == 200)
        slot.refresh_from_db()
        assert (slot.sequence, slot.notes) == (1, winner.json()["notes"])
        for response in responses:
            assert response is winner or "Somebody else has changed this slot" in response.json()["detail"]

    @pytest.mark.django_db(transaction=True)
    def test_changes_that_say_no_sequence_do_not_undo_each_other(self, today: Scene, frontend: Application) -> None:
        """What each did not say is as the change before it left it, and not as it was read."""
        slot = booked(today, frontend, at=soon(), rights=today.manager())
        changes = [{("notes", "watched_by")[number % 2]: f"Change {number}."} for number in range(12)]

        responses = self.at_once("PATCH", f"slots/{slot.pk}", changes)

        done = [(one.json(), change) for one, change in zip(responses, changes, strict=True) if one.status_code == 200]
        assert {response.status_code for response in responses} <= {200, 409}
        assert sorted(answer["sequence"] for answer, _ in done) == list(range(1, len(done) + 1))
        expected = {"notes": "", "watched_by": ""}
        for answer, change in sorted(done, key=lambda one: one[0]["sequence"]):
            expected |= change
            assert {name: answer[name] for name in expected} == expected

    @pytest.mark.django_db(transaction=True)
    def test_of_several_bookings_of_one_time_one_is_made(self, today: Scene, frontend: Application) -> None:
        responses = self.at_once("POST", "slots", [slot_body()] * 8)

        assert sorted(response.status_code for response in responses) == [201] + [409] * 7
        slot = Slot.objects.get()
        for response in responses:
            if response.status_code == 409:
                assert [one["name"] for one in response.json()["blockers"]] == [f"slot:{slot.pk}"]
                assert response.json()["next_free"]["starts_at"] >= written(slot.starts_at + timedelta(minutes=30))

    @pytest.mark.django_db(transaction=True)
    def test_what_is_cancelled_several_times_at_once_is_cancelled_once(
        self, today: Scene, frontend: Application
    ) -> None:
        slot = booked(today, frontend, at=soon(), rights=today.manager())

        responses = self.at_once("DELETE", f"slots/{slot.pk}", [None] * 4)

        assert sorted(response.status_code for response in responses) == [200, 409, 409, 409]
