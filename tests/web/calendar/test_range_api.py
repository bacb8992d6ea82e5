"""A stretch of the calendar as programs ask for it, well and badly, and what wall times mean."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps_registry.models import Application
from deployer.calendar.actions.slots import cancel
from tests.calendar.bookings import at, booked
from tests.scene import Scene
from tests.web.calendar.calls import Caller, fields_of, signed_in, soon, this_minute, token, token_for_all, written
from tests.web.calendar.timetable import frozen, ran

WEEK = {"start": "2026-03-02", "end": "2026-03-09"}
DAY = timedelta(days=1)


@pytest.fixture
def frontend(scene: Scene) -> Application:
    return scene.application("frontend")


@pytest.fixture
def program(scene: Scene) -> Caller:
    return token_for_all("read")


def lane_of(answer: Any, environment: str = "integration") -> Any:
    assert answer.status_code == 200, answer.content
    return next(lane for lane in answer.json()["lanes"] if lane["environment"] == environment)


def test_a_stretch_has_a_lane_for_each_environment_with_all_that_is_in_it(
    scene: Scene, program: Caller, frontend: Application
) -> None:
    scene.hours(scene.environments[2])
    release = scene.register(frontend, "v7")
    slot = booked(scene, frontend, at=at("2026-03-04 10:00"), release=release, watched_by="Kim", notes="Careful.")
    promotion = ran(frontend, at("2026-03-02 09:00"), version="v7")
    freeze = frozen(scene, "2026-03-05 09:00", None, environments=[scene.environments[0]])

    answer = program.get("calendar", **WEEK)

    lane = lane_of(answer)
    assert lane["slots"] == [
        {
            "id": slot.pk,
            "title": "frontend v7",
            "state": "booked",
            "starts_at": "2026-03-04T10:00:00Z",
            "starts_at_local": "2026-03-04T10:00:00",
            "ends_at": "2026-03-04T10:30:00Z",
            "ends_at_local": "2026-03-04T10:30:00",
            "applications": [{"application": "frontend", "version": "v7"}],
            "other_applications": 0,
            "exclusive": False,
            "booked_by": "Alex Doe",
            "watched_by": "Kim",
            "notes": "Careful.",
            "outcome": "",
            "overridden_by": "",
            "recurs": False,
            "sequence": 0,
            "url": slot.full_url(),
            "may_move": False,
            "may_extend": False,
        }
    ]
    [one] = lane["promotions"]
    assert (one["id"], one["title"], one["state"], one["url"]) == (
        promotion.pk,
        "frontend v7",
        "succeeded",
        promotion.full_url(),
    )
    [one] = lane["freezes"]
    assert (one["id"], one["ends_at"], one["only_for"]) == (freeze.pk, None, [])
    assert one["sentence"] == "Everything in integration is frozen by Sam Doe: The Budget."
    production = lane_of(answer, "production")
    assert production["hours"].startswith("Monday to Thursday 09:30 to 17:00, Friday 09:30 to 16:00")
    assert production["closed"][0]["ends_at"] == "2026-03-02T09:30:00Z"
    assert answer.json()["notices"] == []


def test_days_are_those_of_the_zone_and_times_are_also_said_by_its_clock(
    scene: Scene, program: Caller, frontend: Application
) -> None:
    booked(scene, frontend, at=at("2026-03-04 23:45"))

    london = program.get("calendar", start="2026-03-04", end="2026-03-05", zone="Europe/London")
    new_york = program.get("calendar", start="2026-03-04", end="2026-03-05", zone="America/New_York")
    tokyo = program.get("calendar", start="2026-03-05", end="2026-03-06", zone="Asia/Tokyo")

    assert london.json()["starts_at"] == "2026-03-04T00:00:00Z"
    assert new_york.json()["starts_at"] == "2026-03-04T05:00:00Z"
    assert lane_of(tokyo)["slots"][0]["starts_at_local"] == "2026-03-05T08:45:00"
    assert lane_of(new_york)["slots"][0]["starts_at_local"] == "2026-03-04T18:45:00"


def test_a_person_is_answered_in_their_own_zone(scene: Scene) -> None:
    person = scene.person()
    assert person.user is not None
    person.user.time_zone = "Asia/Tokyo"
    person.user.save()

    answer = signed_in(person).get("calendar", **WEEK)

    assert (answer.json()["zone"], answer.json()["starts_at"]) == ("Asia/Tokyo", "2026-03-01T15:00:00Z")


def test_a_stretch_may_be_said_in_instants(program: Caller, scene: Scene) -> None:
    for start in (
        "2026-03-04T10:00:00Z",
        "2026-03-04T11:00:00+01:00",
        "2026-03-04T11:00:00%2B01:00".replace("%2B", "+"),
    ):
        answer = program.get("calendar", start=start, end="2026-03-04T12:00:00Z")
        assert answer.json()["starts_at"] == "2026-03-04T10:00:00Z"


def test_a_slot_that_the_caller_may_change_says_so(today: Scene) -> None:
    slot = booked(today, today.application(), at=soon(2))
    start, end = (timezone.localdate() + DAY * days for days in (-1, 2))
    week = {"start": start.isoformat(), "end": end.isoformat()}

    def may(caller: Caller) -> tuple[bool, bool]:
        [one] = lane_of(caller.get("calendar", **week))["slots"]
        return one["may_move"], one["may_extend"]

    assert may(signed_in(today.person())) == (True, True)
    assert may(signed_in(today.person("kim", teams=("elsewhere",)))) == (False, False)
    cancel(slot=slot, rights=today.person(), now=today.now)
    assert lane_of(signed_in(today.person()).get("calendar", **week))["slots"] == []


def test_what_runs_has_no_end(today: Scene) -> None:
    ran(today.application(), this_minute(), state="deploying")
    start = timezone.localdate() - DAY

    answer = token_for_all("read").get("calendar", start=start.isoformat(), end=(start + 3 * DAY).isoformat())

    [one] = lane_of(answer)["promotions"]
    assert (one["starts_at"], one["ends_at"], one["ends_at_local"]) == (written(this_minute()), None, None)


def test_promotions_can_be_counted_instead_of_listed(scene: Scene, program: Caller, frontend: Application) -> None:
    ran(frontend, at("2026-03-02 10:00"))
    ran(frontend, at("2026-03-02 11:00"), version="v2", state="failed")

    lane = lane_of(program.get("calendar", promotions="counts", **WEEK))

    assert lane["promotions"] == []
    assert lane["promotion_counts"] == [{"day": "2026-03-02", "states": {"succeeded": 1, "failed": 1}}]


def test_filters_may_be_repeated(scene: Scene, program: Caller, frontend: Application) -> None:
    other = scene.application("other")
    for application, hour in ((frontend, 10), (other, 12), (scene.application("third"), 14)):
        booked(scene, application, at=at(f"2026-03-04 {hour}:00"))

    both = program.get("calendar", application=["frontend", "other"], environment=["integration", "staging"], **WEEK)
    team = program.get("calendar", team="web", **WEEK)

    assert [lane["environment"] for lane in both.json()["lanes"]] == ["integration", "staging"]
    assert [one["title"] for one in lane_of(both)["slots"]] == ["frontend", "other"]
    assert len(lane_of(team)["slots"]) == 3


# --- Who may see what -------------------------------------------------------------------------------------


def test_a_limited_token_learns_of_others_that_the_time_is_booked_and_no_more(
    scene: Scene, frontend: Application
) -> None:
    secret = scene.application("secret")
    booked(scene, secret, at=at("2026-03-04 10:00"), notes="Hush", watched_by="Kim")
    ran(secret, at("2026-03-02 10:00"))

    answer = token(frontend).get("calendar", **WEEK)

    [slot], [promotion] = lane_of(answer)["slots"], lane_of(answer)["promotions"]
    assert (slot["title"], slot["starts_at"]) == ("Booked", "2026-03-04T10:00:00Z")
    hidden = ("id", "booked_by", "watched_by", "notes", "outcome", "url", "sequence", "exclusive")
    assert {slot[name] for name in hidden} == {None}
    assert promotion["title"] == "A promotion"
    assert {promotion[name] for name in ("id", "application", "version", "state", "outcome", "url")} == {None}
    assert b"secret" not in answer.content


def test_a_limited_token_may_not_ask_for_an_application_that_is_not_its_own(
    scene: Scene, frontend: Application
) -> None:
    scene.application("secret")

    answer = token(frontend).get("calendar", application="secret", **WEEK)

    assert answer.status_code == 403
    assert answer.json()["detail"] == "This token may not be used for secret."


def test_a_token_without_the_scope_and_a_caller_without_a_token_are_refused(scene: Scene, client: Client) -> None:
    assert token_for_all("slots:write").get("calendar", **WEEK).status_code == 403
    assert client.get("/api/v1/calendar").status_code == 401
    assert client.get("/api/v1/calendar/instant").status_code == 401
    assert token_for_all("read").post("calendar", {}).status_code == 405


# --- Mistakes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"start": None}, "start", "Give a day such as 2026-03-02"),
        ({"end": None}, "end", "Give a day such as 2026-03-02"),
        ({"start": "today"}, "start", "Give a day such as 2026-03-02"),
        ({"start": "2026-02-30"}, "start", "Give a day such as 2026-03-02"),
        ({"start": "2026-03-02T10:00:00"}, "start", "Add the offset from UTC"),
        ({"start": "0001-01-01"}, "start", "from 1970 to 2199"),
        ({"start": "9999-12-31T00:00:00Z"}, "start", "from 1970 to 2199"),
        ({"end": "9999-12-31"}, "end", "from 1970 to 2199"),
        ({"end": "2026-03-02"}, "end", "must be after start"),
        ({"end": "2026-03-01"}, "end", "must be after start"),
        ({"end": "2026-04-14"}, "end", "choose 2026-04-13 or earlier"),
        ({"zone": "Mars/Olympus"}, "zone", "use an IANA name such as Europe/London"),
        ({"team": "nobody"}, "team", "There is no team 'nobody'"),
        ({"application": "nothing"}, "application", "There is no application 'nothing'"),
        ({"environment": "nowhere"}, "environment", "There is no environment 'nowhere'"),
        ({"environment": "a\x00b"}, "environment", "Null characters are not allowed"),
        ({"promotions": "some"}, "promotions", "not a valid choice"),
        ({"enviroment": "production"}, "enviroment", "There is no such field"),
    ],
)
def test_a_mistake_is_named_with_its_field_and_what_to_do(
    program: Caller, scene: Scene, change: dict[str, str | None], field: str, words: str
) -> None:
    query = {name: value for name, value in (WEEK | change).items() if value is not None}

    answer = program.get("calendar", **query)

    assert [name.partition("[")[0] for name in fields_of(answer)] == [field]
    assert words in answer.json()["detail"]


def test_six_weeks_are_answered_whether_or_not_the_clocks_change_in_them(program: Caller, scene: Scene) -> None:
    for start, end in (("2026-02-23", "2026-04-06"), ("2026-09-28", "2026-11-09"), ("2026-06-01", "2026-07-13")):
        assert program.get("calendar", start=start, end=end, zone="Europe/London").status_code == 200


# --- What a wall time means -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wall", "edge", "instant", "local"),
    [
        ("2026-03-04T10:00", "start", "2026-03-04T10:00:00Z", "2026-03-04T10:00:00"),
        ("2026-07-01T10:00:30", "end", "2026-07-01T09:00:30Z", "2026-07-01T10:00:30"),
        ("2026-03-29T01:30", "start", "2026-03-29T01:00:00Z", "2026-03-29T02:00:00"),
        ("2026-03-29T01:30", "end", "2026-03-29T01:00:00Z", "2026-03-29T02:00:00"),
        ("2026-10-25T01:30", "start", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00"),
        ("2026-10-25T01:30", "end", "2026-10-25T01:30:00Z", "2026-10-25T01:30:00"),
    ],
)
def test_a_wall_time_means_the_first_instant_of_a_start_and_the_last_of_an_end(
    program: Caller, scene: Scene, wall: str, edge: str, instant: str, local: str
) -> None:
    answer = program.get("calendar/instant", wall=wall, edge=edge, zone="Europe/London")

    assert answer.json() == {"zone": "Europe/London", "at": instant, "at_local": local}


def test_a_wall_time_is_one_of_the_persons_own_zone(scene: Scene) -> None:
    person = scene.person()
    assert person.user is not None
    person.user.time_zone = "Asia/Tokyo"
    person.user.save()

    answer = signed_in(person).get("calendar/instant", wall="2026-03-04T10:00")

    assert answer.json()["at"] == "2026-03-04T01:00:00Z"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "wall"),
        ({"wall": "2026-03-04T10:00Z"}, "wall"),
        ({"wall": "2026-03-04"}, "wall"),
        ({"wall": "2026-02-30T10:00"}, "wall"),
        ({"wall": "2026-03-04T25:00"}, "wall"),
        ({"wall": "0001-01-01T00:00"}, "wall"),
        ({"wall": "2026-03-04T10:00", "edge": "middle"}, "edge"),
        ({"wall": "2026-03-04T10:00", "zone": "Mars/Olympus"}, "zone"),
    ],
)
def test_what_is_no_wall_time_is_refused(program: Caller, scene: Scene, query: dict[str, str], field: str) -> None:
    answer = program.get("calendar/instant", **query)

    assert fields_of(answer) == [field]


def test_the_schema_describes_both(client: Client, db: None) -> None:
    schema = client.get("/api/v1/schema", headers={"accept": "application/json"}).json()

    names = {one["name"] for one in schema["paths"]["/api/v1/calendar"]["get"]["parameters"]}
    assert names == {"start", "end", "zone", "team", "application", "environment", "promotions"}
    names = {one["name"] for one in schema["paths"]["/api/v1/calendar/instant"]["get"]["parameters"]}
    assert names == {"wall", "edge", "zone"}
