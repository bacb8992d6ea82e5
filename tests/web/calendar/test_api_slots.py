"""Slots by the API: booked, listed, changed, cancelled, and refused with every reason."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from django.conf import settings

from apps_registry.models import Application, Team
from deployer.access.models.user import Role
from deployer.audit.models import Event
from deployer.calendar.actions.freezes import NewFreeze, declare
from deployer.calendar.models import EnvironmentCalendar, Slot, SlotSeries
from deployer.calendar.states import SlotState
from tests.calendar.bookings import booked
from tests.scene import Scene
from tests.web.calendar.calls import Caller, fields_of, signed_in, soon, token, token_for_all, written

REASON = "The fix must go out today."


def wanted(at: datetime | None = None, /, **fields: Any) -> dict[str, Any]:
    """A slot of half an hour for frontend in integration, in an hour."""
    return {"applications": ["frontend"], "environment": "integration", "starts_at": written(at or soon())} | fields


@pytest.fixture
def ci(frontend: Application) -> Caller:
    """A token that may book slots for frontend, and read."""
    return token(frontend)


@pytest.fixture
def alex(frontend: Application, today: Scene) -> Caller:
    """Someone of the team that owns frontend."""
    return signed_in(today.person())


class TestBooking:
    def test_a_slot_that_is_booked_is_answered_whole(self, ci: Caller, today: Scene, frontend: Application) -> None:
        today.register(frontend, "v1")
        start = soon()
        body = wanted(start, minutes=45, releases={"frontend": "v1"}, exclusive=True, notes="New.", watched_by="Sam")

        response = ci.post("slots", body)

        assert response.status_code == 201, response.json()
        answer = response.json()
        slot = Slot.objects.get()
        assert answer == {
            "id": slot.pk,
            "environment": "integration",
            "applications": ["frontend"],
            "other_applications": 0,
            "releases": {"frontend": "v1"},
            "starts_at": written(start),
            "ends_at": written(start + timedelta(minutes=45)),
            "state": "booked",
            "outcome": "",
            "exclusive": True,
            "notes": "New.",
            "watched_by": "Sam",
            "booked_by": "token token 0",
            "booked_at": written(slot.booked_at),
            "overrides": [],
            "series": None,
            "sequence": 0,
            "url": f"{settings.BASE_URL}/slots/{slot.pk}/",
        }
        assert ci.get(f"slots/{slot.pk}").json() == answer

    def test_a_time_with_an_offset_is_that_instant(self, ci: Caller) -> None:
        start = soon()
        east = timezone(timedelta(hours=5, minutes=30))

        answer = ci.post("slots", wanted(starts_at=start.astimezone(east).isoformat())).json()

        assert answer["starts_at"] == written(start)

    @pytest.mark.parametrize("name", ["starts_at", "ends_at"])
    def test_a_time_without_an_offset_is_refused_by_its_name(self, ci: Caller, name: str) -> None:
        response = ci.post("slots", wanted(**{name: soon().replace(tzinfo=None).isoformat()}))

        assert fields_of(response) == [name]
        assert "Add the offset from UTC" in response.json()["detail"]

    def test_without_an_end_it_is_as_long_as_the_environments_slots(self, ci: Caller, today: Scene) -> None:
        EnvironmentCalendar.objects.create(environment=today.environments[0], slot_minutes=20, holidays_country="")
        start = soon()

        answer = ci.post("slots", wanted(start)).json()

        assert answer["ends_at"] == written(start + timedelta(minutes=20))

    def test_one_application_can_be_given_by_itself(self, ci: Caller) -> None:
        body = wanted(application="frontend")
        del body["applications"]

        assert ci.post("slots", body).json()["applications"] == ["frontend"]

    def test_an_application_that_is_named_twice_is_booked_once(self, ci: Caller) -> None:
        response = ci.post("slots", wanted(applications=["frontend", "frontend"]))

        assert response.status_code == 201
        assert response.json()["applications"] == ["frontend"]

    def test_it_writes_an_event_in_the_callers_name(self, ci: Caller) -> None:
        ci.post("slots", wanted())

        event = Event.objects.get(kind="slot.booked")
        assert (event.actor_kind, event.application) == ("token", "frontend")

    def test_a_person_books_in_their_own_name(self, alex: Caller) -> None:
        answer = alex.post("slots", wanted()).json()

        assert answer["booked_by"] == "Alex Doe"
        assert Slot.objects.get().booker is not None

    @pytest.mark.parametrize(
        ("fields", "named", "words"),
        [
            ({"applications": None}, "applications", "may not be null"),
            ({"applications": []}, "applications", "may not be empty"),
            ({"applications": ["nothing"]}, "applications", "There is no application 'nothing'."),
            ({"application": "frontend"}, "application", "either `application` or `applications`"),
            ({"environment": "prod"}, "environment", "there are integration, staging, production"),
            ({"starts_at": "tomorrow"}, "starts_at", "ISO 8601"),
            ({"minutes": 0}, "minutes", "greater than or equal to 1"),
            ({"minutes": 1441}, "minutes", "less than or equal to 1440"),
            ({"minutes": 30, "ends_at": "2030-01-01T00:00:00Z"}, "minutes", "either `ends_at` or `minutes`"),
            ({"ends_at": "2199-01-01T00:00:00Z"}, "ends_at", "at most a day"),
            ({"releases": {"frontend": "v9"}}, "releases.frontend", "frontend has no release 'v9'"),
            ({"releases": {"router": "v1"}}, "releases.router", "router is not in this slot"),
            ({"releases": ["v1"]}, "releases", "Expected a dictionary"),
            ({"exclusive": "perhaps"}, "exclusive", "valid boolean"),
            ({"start": "now"}, "start", "There is no such field"),
            ({"overrides": [{"blocker": "window"}]}, "overrides[0].reason", "required"),
        ],
    )
    def test_bad_input_is_refused_by_field(self, ci: Caller, fields: dict[str, Any], named: str, words: str) -> None:
        response = ci.post("slots", wanted(**fields))

        assert named in fields_of(response)
        assert words in response.json()["detail"]
        assert not Slot.objects.exists()

    def test_every_field_that_is_missing_is_named_at_once(self, ci: Caller) -> None:
        assert set(fields_of(ci.post("slots", {}))) == {"applications", "environment", "starts_at"}

    def test_a_release_of_another_application_is_no_release_of_this_one(
        self, today: Scene, frontend: Application, router: Application
    ) -> None:
        today.register(router, "r1")

        response = token_for_all().post(
            "slots", wanted(applications=["frontend", "router"], releases={"frontend": "r1", "router": "r1"})
        )

        assert fields_of(response) == ["releases.frontend"]


class TestRefusals:
    def test_every_reason_is_said_at_once_with_the_next_free_time(
        self, alex: Caller, today: Scene, frontend: Application, router: Application
    ) -> None:
        start = soon()
        taken = booked(today, frontend, at=start, rights=today.manager())

        response = alex.post("slots", wanted(start, applications=["frontend", "router"], minutes=90))

        assert response.status_code == 409
        assert response["content-type"] == "application/problem+json"
        problem = response.json()
        assert [one["name"] for one in problem["blockers"]] == ["not_yours:router", "time:length", f"slot:{taken.pk}"]
        assert problem["blockers"][2] == {
            "kind": "slot",
            "name": f"slot:{taken.pk}",
            "sentence": "frontend has a slot then already, booked by Sam Doe.",
            "who": "Sam Doe can move it",
            "until": written(taken.ends_at),
            "link": f"{settings.BASE_URL}/slots/{taken.pk}/",
            "overridable": False,
        }
        assert problem["detail"].startswith("router belongs to Platform")
        assert problem["next_free"] is None
        assert Slot.objects.count() == 1

    def test_the_next_free_time_can_be_booked(self, ci: Caller, today: Scene, frontend: Application) -> None:
        booked(today, frontend, at=soon(), minutes=60)

        problem = ci.post("slots", wanted()).json()

        assert problem["next_free"]["starts_at"] >= written(soon(2))
        assert ci.post("slots", wanted() | problem["next_free"]).status_code == 201

    def test_a_freeze_is_named_with_its_page(self, ci: Caller, today: Scene) -> None:
        new = NewFreeze(starts_at=today.now, ends_at=None, reason="An election.")
        freeze = declare(new=new, rights=today.manager(), now=today.now)

        problem = ci.post("slots", wanted()).json()

        (blocker,) = problem["blockers"]
        assert (blocker["name"], blocker["until"]) == (f"freeze:{freeze.pk}", None)
        assert blocker["link"] == f"{settings.BASE_URL}/freezes/{freeze.pk}/"
        assert blocker["overridable"] is True
        assert problem["next_free"] is None

    def test_a_token_may_not_book_what_it_does_not_cover(self, ci: Caller, router: Application) -> None:
        response = ci.post("slots", wanted(applications=["frontend", "router"]))

        assert response.status_code == 403
        assert response.json()["detail"] == "This token may not be used for router."

    def test_a_token_without_the_scope_may_not_book(self, frontend: Application) -> None:
        response = token(frontend, scopes=("read", "freezes:write")).post("slots", wanted())

        assert response.status_code == 403
        assert response.json()["detail"] == "This token lacks the scope slots:write."

    def test_a_viewer_may_not_book(self, frontend: Application, today: Scene) -> None:
        viewer = signed_in(today.person("vic", role=Role.VIEWER, teams=()))

        response = viewer.post("slots", wanted())

        assert response.status_code == 409
        assert [one["name"] for one in response.json()["blockers"]] == ["not_yours:frontend"]

    def test_nobody_books_from_another_site(self, alex: Caller) -> None:
        alex.headers = {}

        response = alex.post("slots", wanted())

        assert response.status_code == 403
        assert "CSRF" in response.json()["detail"]

    def test_a_stranger_is_sent_to_sign_in_as_a_program(self, alex: Caller) -> None:
        alex.client.logout()

        for method, path in (("GET", "slots"), ("POST", "slots"), ("PATCH", "slots/1"), ("DELETE", "slots/1")):
            response = alex.call(method, path, {})
            assert response.status_code == 401
            assert response["www-authenticate"] == "Bearer"
            assert "send the header Authorization: Bearer <token>" in response.json()["detail"]


class TestOverridesWhenBooking:
    def test_a_release_manager_books_past_what_they_name(self, frontend: Application, today: Scene) -> None:
        freeze = declare(
            new=NewFreeze(starts_at=today.now, ends_at=None, reason="An election."),
            rights=today.manager(),
            now=today.now,
        )
        start = soon()
        override = {"blocker": f"freeze:{freeze.pk}", "reason": REASON, "expires_at": written(start)}

        response = signed_in(today.manager()).post("slots", wanted(start, overrides=[override]))

        assert response.status_code == 201, response.json()
        (given,) = response.json()["overrides"]
        assert (given["blocker"], given["reason"], given["given_by"]) == (f"freeze:{freeze.pk}", REASON, "Sam Doe")

    def test_a_token_may_not_even_one_for_everything(self, frontend: Application) -> None:
        override = {"blocker": "freeze:1", "reason": REASON, "expires_at": written(soon())}

        response = token_for_all().post("slots", wanted(overrides=[override]))

        assert response.status_code == 403
        assert "Only a release manager, as a person" in response.json()["detail"]
        assert not Slot.objects.exists()


class TestRecurring:
    def test_they_are_booked_as_far_ahead_as_may_be(self, alex: Caller) -> None:
        start = soon()

        response = alex.post("slots", wanted(start, recurrence={"rule": "FREQ=WEEKLY", "zone": "UTC"}))

        assert response.status_code == 201, response.json()
        answer = response.json()
        assert answer["series"] == SlotSeries.objects.get().pk
        assert [one["starts_at"] for one in answer["slots"]] == [
            written(start + timedelta(weeks=number)) for number in range(13)
        ]
        assert {one["series"] for one in answer["slots"]} == {answer["series"]}
        assert answer["refused"] == []

    def test_times_that_can_not_be_booked_are_said_with_their_reasons(
        self, alex: Caller, today: Scene, frontend: Application
    ) -> None:
        start = soon()
        taken = booked(today, frontend, at=start + timedelta(weeks=1))

        answer = alex.post("slots", wanted(start, recurrence={"rule": "FREQ=WEEKLY;COUNT=2", "zone": "UTC"})).json()

        assert len(answer["slots"]) == 1
        (refused,) = answer["refused"]
        assert refused["starts_at"] == written(taken.starts_at)
        assert [one["name"] for one in refused["blockers"]] == [f"slot:{taken.pk}"]

    def test_the_zone_is_the_environments_unless_said(self, alex: Caller, today: Scene) -> None:
        EnvironmentCalendar.objects.create(environment=today.environments[0], zone="Asia/Tokyo", holidays_country="")

        alex.post("slots", wanted(recurrence={"rule": "FREQ=WEEKLY"}))

        assert SlotSeries.objects.get().zone == "Asia/Tokyo"

    @pytest.mark.parametrize(
        ("recurrence", "fields", "named", "words"),
        [
            ({"rule": "every Friday"}, {}, "recurrence.rule", "FREQ"),
            ({"rule": "FREQ=SECONDLY"}, {}, "recurrence.rule", "FREQ"),
            ({"rule": "FREQ=WEEKLY;UNTIL=20200101T000000Z"}, {}, "recurrence.rule", "never happens"),
            ({"rule": "FREQ=WEEKLY", "zone": "Mars/Olympus"}, {}, "recurrence.zone", "is not a time zone"),
            ({"zone": "UTC"}, {}, "recurrence.rule", "required"),
            ({"rule": "FREQ=WEEKLY"}, {"releases": {"frontend": "v1"}}, "releases", "leave this out"),
        ],
    )
    def test_a_rule_that_makes_no_sense_is_refused_by_field(
        self,
        alex: Caller,
        today: Scene,
        frontend: Application,
        recurrence: dict[str, str],
        fields: dict[str, Any],
        named: str,
        words: str,
    ) -> None:
        today.register(frontend, "v1")

        response = alex.post("slots", wanted(recurrence=recurrence, **fields))

        assert fields_of(response) == [named]
        assert words in response.json()["detail"]
        assert not SlotSeries.objects.exists()

    def test_a_token_may_not_since_they_are_booked_in_somebodys_name(self, ci: Caller) -> None:
        response = ci.post("slots", wanted(recurrence={"rule": "FREQ=WEEKLY"}))

        assert response.status_code == 403
        assert "by a person" in response.json()["detail"]


class TestChanging:
    @pytest.fixture
    def slot(self, today: Scene, frontend: Application) -> Slot:
        return booked(today, frontend, at=soon(), notes="As it was.")

    def test_it_is_moved_as_the_page_does_by_dragging(self, alex: Caller, slot: Slot) -> None:
        start = soon(3)
        body = {"starts_at": written(start), "ends_at": written(start + timedelta(minutes=30)), "sequence": 0}

        response = alex.patch(f"slots/{slot.pk}", body)

        assert response.status_code == 200, response.json()
        answer = response.json()
        assert (answer["starts_at"], answer["ends_at"]) == (body["starts_at"], body["ends_at"])
        assert (answer["sequence"], answer["notes"]) == (1, "As it was.")

    def test_what_is_not_said_stays(self, ci: Caller, slot: Slot) -> None:
        answer = ci.patch(f"slots/{slot.pk}", {"watched_by": "Sam"}).json()

        assert (answer["watched_by"], answer["notes"], answer["starts_at"]) == (
            "Sam",
            "As it was.",
            written(slot.starts_at),
        )

    def test_a_release_is_put_in_and_taken_out(self, ci: Caller, today: Scene, slot: Slot) -> None:
        today.register(slot.bookings.get().application, "v1")

        assert ci.patch(f"slots/{slot.pk}", {"releases": {"frontend": "v1"}}).json()["releases"] == {"frontend": "v1"}
        assert ci.patch(f"slots/{slot.pk}", {"exclusive": True}).json()["releases"] == {"frontend": "v1"}
        assert ci.patch(f"slots/{slot.pk}", {"releases": {"frontend": None}}).json()["releases"] == {"frontend": None}

    def test_with_a_sequence_that_is_stale_nothing_is_undone(self, ci: Caller, alex: Caller, slot: Slot) -> None:
        assert alex.patch(f"slots/{slot.pk}", {"notes": "Mine.", "sequence": 0}).status_code == 200

        response = ci.patch(f"slots/{slot.pk}", {"notes": "No, mine.", "sequence": 0})

        assert response.status_code == 409
        assert "Somebody else has changed this slot meanwhile" in response.json()["detail"]
        slot.refresh_from_db()
        assert slot.notes == "Mine."

    def test_a_time_that_is_taken_is_refused_with_the_reason_and_the_next(
        self, alex: Caller, today: Scene, frontend: Application, slot: Slot
    ) -> None:
        other = booked(today, frontend, at=soon(3))

        response = alex.patch(
            f"slots/{slot.pk}", {"starts_at": written(other.starts_at), "ends_at": written(other.ends_at)}
        )

        assert response.status_code == 409
        assert [one["name"] for one in response.json()["blockers"]] == [f"slot:{other.pk}"]
        assert response.json()["next_free"]["starts_at"] >= written(other.ends_at)

    @pytest.mark.parametrize("state", [SlotState.FINISHED, SlotState.MISSED, SlotState.CANCELLED])
    def test_a_slot_that_has_ended_is_not_changed(self, alex: Caller, slot: Slot, state: SlotState) -> None:
        Slot.objects.update(state=state, due_at=None)

        for response in (alex.patch(f"slots/{slot.pk}", {"notes": "Late."}), alex.delete(f"slots/{slot.pk}")):
            assert response.status_code == 409
            assert f"It is {state.label.lower()} already" in response.json()["detail"]

    def test_somebody_elses_slot_is_not_changed(self, slot: Slot, today: Scene) -> None:
        Team.objects.create(slug="other", name="Other")
        stranger = signed_in(today.person("kim", teams=("other",)))

        for response in (stranger.patch(f"slots/{slot.pk}", {"notes": "Mine."}), stranger.delete(f"slots/{slot.pk}")):
            assert response.status_code == 403
            assert "Alex Doe booked this slot" in response.json()["detail"]

    @pytest.mark.parametrize(
        ("body", "named", "words"),
        [
            ({}, "body", "Say what is to change"),
            ({"sequence": 0}, "body", "Say what is to change"),
            ({"sequence": -1, "notes": ""}, "sequence", "greater than or equal to 0"),
            ({"starts_at": None}, "starts_at", "may not be null"),
            ({"ends_at": "2199-01-01T00:00:00Z"}, "ends_at", "at most a day"),
            ({"releases": {"router": "v1"}}, "releases.router", "not in this slot"),
            ({"applications": ["router"]}, "applications", "There is no such field"),
            ({"environment": "staging"}, "environment", "There is no such field"),
        ],
    )
    def test_bad_input_is_refused_by_field(
        self, ci: Caller, slot: Slot, body: dict[str, Any], named: str, words: str
    ) -> None:
        response = ci.patch(f"slots/{slot.pk}", body)

        assert fields_of(response) == [named]
        assert words in response.json()["detail"]

    @pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
    def test_one_that_is_not_there_is_404(self, ci: Caller, method: str) -> None:
        response = ci.call(method, "slots/999", {"notes": "None."} if method == "PATCH" else None)

        assert response.status_code == 404
        assert response.json()["detail"] == "There is no slot 999."


class TestCancelling:
    @pytest.mark.parametrize(
        ("query", "body"), [("", None), ("", {"reason": "Not ready."}), ("?reason=Not+ready.", None)]
    )
    def test_its_time_is_given_back(
        self, ci: Caller, today: Scene, frontend: Application, query: str, body: dict[str, str] | None
    ) -> None:
        slot = booked(today, frontend, at=soon())

        response = ci.delete(f"slots/{slot.pk}{query}", body)

        assert response.status_code == 200
        reason = " Not ready." if query or body else ""
        assert (response.json()["state"], response.json()["outcome"]) == (
            "cancelled",
            f"Cancelled by token token 0.{reason}",
        )
        assert response.json()["sequence"] == 1
        assert ci.post("slots", wanted(slot.starts_at)).status_code == 201


class TestOverriding:
    @pytest.fixture
    def slot(self, today: Scene, frontend: Application) -> Slot:
        """One that a freeze has caught."""
        slot = booked(today, frontend, at=soon())
        declare(
            new=NewFreeze(starts_at=today.now, ends_at=None, reason="An election."),
            rights=today.manager(),
            now=today.now,
        )
        return slot

    def override(self, slot: Slot, **fields: Any) -> dict[str, Any]:
        freeze = slot.environment.freezes.model.objects.get()
        return {"blocker": f"freeze:{freeze.pk}", "reason": REASON, "expires_at": written(slot.ends_at)} | fields

    def test_a_release_manager_lets_what_is_promoted_in_it_pass(self, slot: Slot, today: Scene) -> None:
        response = signed_in(today.manager()).post(f"slots/{slot.pk}/overrides", self.override(slot))

        assert response.status_code == 201, response.json()
        answer = response.json()
        assert (answer["given_by"], answer["expires_at"]) == ("Sam Doe", written(slot.ends_at))
        assert "An election." in answer["sentence"]
        assert [one.blocker for one in slot.overrides.all()] == [answer["blocker"]]

    def test_a_developer_may_not(self, slot: Slot, alex: Caller) -> None:
        assert alex.post(f"slots/{slot.pk}/overrides", self.override(slot)).status_code == 403

    def test_no_token_may(self, slot: Slot) -> None:
        response = token_for_all().post(f"slots/{slot.pk}/overrides", self.override(slot))

        assert response.status_code == 403
        assert response.json()["detail"] == "A token may not do this: only a person can, signed in."

    @pytest.mark.parametrize(
        ("fields", "named"),
        [
            ({"reason": "Because."}, "reason"),
            ({"reason": "          because          "}, "reason"),
            ({"expires_at": "2026-03-03T12:00:00"}, "expires_at"),
            ({"blocker": 12}, "blocker"),
        ],
    )
    def test_bad_input_is_refused_by_field(self, slot: Slot, today: Scene, fields: dict[str, Any], named: str) -> None:
        response = signed_in(today.manager()).post(f"slots/{slot.pk}/overrides", self.override(slot, **fields))

        assert fields_of(response) == [named]

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"blocker": "window"}, "Nothing named 'window' blocks it. What can be overridden now: freeze:"),
            ({"expires_at": "2026-03-03T12:00:00Z"}, "choose another expiry"),
            ({"expires_at": "2199-01-01T00:00:00Z"}, "and this one by"),
        ],
    )
    def test_what_can_not_be_overridden_is_said_in_words(
        self, slot: Slot, today: Scene, fields: dict[str, Any], words: str
    ) -> None:
        response = signed_in(today.manager()).post(f"slots/{slot.pk}/overrides", self.override(slot, **fields))

        assert response.status_code == 409
        assert words in response.json()["detail"]
