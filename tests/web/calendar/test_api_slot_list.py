"""Slots listed by the API, and what a limited token sees of them."""

from datetime import timedelta
from itertools import chain
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps_registry.models import Application
from deployer.calendar.models import Slot
from deployer.calendar.states import SlotState
from tests.calendar.bookings import booked
from tests.scene import Scene
from tests.web.calendar.calls import Caller, fields_of, signed_in, soon, token, token_for_all, written


@pytest.fixture
def ci(frontend: Application) -> Caller:
    """A token that may book slots for frontend, and read."""
    return token(frontend)


@pytest.fixture
def alex(frontend: Application, today: Scene) -> Caller:
    """Someone of the team that owns frontend."""
    return signed_in(today.person())


class TestList:
    @pytest.fixture
    def slots(self, today: Scene, frontend: Application, router: Application) -> dict[str, Slot]:
        manager = today.manager()
        staging = today.environments[1]
        return {
            "first": booked(today, frontend, at=soon(1), rights=manager),
            "second": booked(today, router, at=soon(2), rights=manager),
            "third": booked(today, frontend, router, at=soon(3), rights=manager, environment=staging),
        }

    def listed(self, slots: dict[str, Slot], response: Any) -> list[str]:
        assert response.status_code == 200, response.content
        names = {slot.pk: name for name, slot in slots.items()}
        return [names[one["id"]] for one in response.json()["results"]]

    def test_they_come_in_the_order_of_their_start(self, slots: dict[str, Slot], alex: Caller) -> None:
        assert self.listed(slots, alex.get("slots")) == ["first", "second", "third"]

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ({"application": "router"}, ["second", "third"]),
            ({"application": ["frontend", "router"]}, ["first", "second", "third"]),
            ({"team": "platform"}, ["second", "third"]),
            ({"team": "platform", "application": "frontend"}, []),
            ({"environment": "staging"}, ["third"]),
            ({"environment": ["staging", "integration"], "application": "router"}, ["second", "third"]),
            ({"state": "booked"}, ["first", "second", "third"]),
            ({"state": ["cancelled", "missed"]}, []),
        ],
    )
    def test_they_are_filtered(
        self, slots: dict[str, Slot], alex: Caller, query: dict[str, Any], names: list[str]
    ) -> None:
        assert self.listed(slots, alex.get("slots", **query)) == names

    def test_a_time_has_those_that_overlap_it(self, slots: dict[str, Slot], alex: Caller) -> None:
        second = slots["second"]
        middle = second.starts_at + timedelta(minutes=10)

        assert self.listed(slots, alex.get("slots", from_=written(middle))) == ["second", "third"]
        assert self.listed(slots, alex.get("slots", to=written(middle))) == ["first", "second"]
        assert self.listed(slots, alex.get("slots", from_=written(second.ends_at))) == ["third"]
        assert self.listed(slots, alex.get("slots", to=written(second.starts_at))) == ["first"]

    def test_a_plus_sign_that_was_not_escaped_is_understood(self, slots: dict[str, Slot], alex: Caller) -> None:
        start = slots["third"].starts_at.isoformat()
        assert "+00:00" in start

        assert self.listed(slots, alex.get(f"slots?from={start}")) == ["third"]

    @pytest.mark.parametrize(
        ("query", "named"),
        [
            ({"application": "nothing"}, "application"),
            ({"team": "nobody"}, "team"),
            ({"environment": "prod"}, "environment"),
            ({"state": "open,booked"}, "state[0]"),
            ({"from": "2026-03-03"}, "from"),
            ({"to": "later"}, "to"),
            ({"enviroment": "staging"}, "enviroment"),
        ],
    )
    def test_a_filter_that_is_wrong_is_refused_by_its_name(
        self, alex: Caller, query: dict[str, str], named: str
    ) -> None:
        assert fields_of(alex.get("slots", **query)) == [named]

    def test_many_cost_no_more_queries_than_few(self, today: Scene, frontend: Application, alex: Caller) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert alex.get("slots").status_code == 200
            return len(captured)

        booked(today, frontend, at=soon(1))
        few = queries()
        for hour in range(2, 8):
            booked(today, frontend, at=soon(hour))

        assert queries() == few

    def test_pages_follow_each_other_both_ways_and_miss_none(
        self, today: Scene, frontend: Application, alex: Caller
    ) -> None:
        """Most of them with one start, which a position in time alone could not tell apart."""
        end = soon(2)
        Slot.objects.bulk_create(
            Slot(environment=today.environments[0], starts_at=soon(1), ends_at=end, booked_by="Sam", due_at=end)
            for _ in range(250)
        )

        pages, last = [], "slots"
        while last:
            answer = alex.get(last.rpartition("/api/v1/")[2]).json()
            pages.append([one["id"] for one in answer["results"]])
            before, last = answer["previous"], answer["next"]
        back = []
        while before:
            answer = alex.get(before.rpartition("/api/v1/")[2]).json()
            back.append([one["id"] for one in answer["results"]])
            before = answer["previous"]

        assert [len(page) for page in pages] == [100, 100, 50]
        assert sorted(chain(*pages)) == sorted(Slot.objects.values_list("pk", flat=True))
        assert back == [pages[1], pages[0]]


class TestLimitedToken:
    """It sees and changes slots of the applications that it covers, and of other slots no more than that they are."""

    def test_it_lists_only_those_with_an_application_of_its_own(
        self, ci: Caller, today: Scene, frontend: Application, router: Application
    ) -> None:
        mine = booked(today, frontend, at=soon(1))
        booked(today, router, at=soon(2), rights=today.manager())

        assert [one["id"] for one in ci.get("slots").json()["results"]] == [mine.pk]
        assert token().get("slots").json()["results"] == []
        assert ci.get("slots", application="router").status_code == 403

    def test_of_a_slot_of_several_it_is_shown_its_own(
        self, ci: Caller, today: Scene, frontend: Application, router: Application
    ) -> None:
        today.register(router, "r1")
        slot = booked(today, frontend, router, at=soon(), rights=today.manager())

        answer = ci.get(f"slots/{slot.pk}").json()

        assert (answer["applications"], answer["other_applications"]) == (["frontend"], 1)
        assert answer["releases"] == {"frontend": None}
        assert token_for_all().get(f"slots/{slot.pk}").json()["applications"] == ["frontend", "router"]

    def test_it_neither_reads_nor_changes_anothers(self, ci: Caller, today: Scene, router: Application) -> None:
        slot = booked(today, router, at=soon(), rights=today.manager())

        for response in (
            ci.get(f"slots/{slot.pk}"),
            ci.patch(f"slots/{slot.pk}", {"notes": "Mine."}),
            ci.delete(f"slots/{slot.pk}"),
        ):
            assert response.status_code == 403
        assert Slot.objects.get().state == SlotState.BOOKED

    def test_it_does_not_change_a_slot_that_is_only_partly_its_own(
        self, ci: Caller, today: Scene, frontend: Application, router: Application
    ) -> None:
        slot = booked(today, frontend, router, at=soon(), rights=today.manager())

        assert ci.delete(f"slots/{slot.pk}").status_code == 403
        assert ci.patch(f"slots/{slot.pk}", {"notes": "Mine."}).status_code == 403
