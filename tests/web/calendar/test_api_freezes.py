"""Freezes by the API: declared, tried, listed, extended, lifted, and refused in words."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps_registry.models import Application, TokenLimit
from deployer.access.models import ApiToken
from deployer.audit.models import Event
from deployer.calendar.actions.freezes import NewFreeze, declare, lift, when
from deployer.calendar.models import Freeze, FreezeLift
from deployer.promotions.models import Promotion
from tests.calendar.bookings import booked
from tests.scene import Scene
from tests.web.calendar.calls import Caller, bearer, fields_of, signed_in, soon, token, token_for_all, written

DAY = timedelta(days=1)


@pytest.fixture
def manager(today: Scene) -> Caller:
    return signed_in(today.manager())


def declared(
    scene: Scene, *, starts_at: datetime | None = None, ends_at: datetime | None = None, **fields: Any
) -> Freeze:
    """A freeze of everything from now on until it is lifted, unless said otherwise."""
    new = NewFreeze(starts_at=starts_at or scene.now, ends_at=ends_at, **{"reason": "An election."} | fields)
    return declare(new=new, rights=scene.manager(), now=min(scene.now, new.starts_at))


def weekly(scene: Scene, *, first: datetime, **fields: Any) -> Freeze:
    """Two hours of each week."""
    recurring = {"recurrence": "FREQ=WEEKLY", "zone": "UTC"}
    return declared(scene, starts_at=first, ends_at=first + timedelta(hours=2), **recurring | fields)


class TestDeclaring:
    def test_what_is_declared_is_answered_whole(self, manager: Caller, frontend: Application) -> None:
        start = soon()
        body = {
            "environments": ["production"],
            "teams": ["web"],
            "applications": ["frontend"],
            "starts_at": written(start),
            "ends_at": written(start + DAY),
            "reason": "An election.",
            "contact": "#releases",
            "allows_rollbacks": False,
            "allows_by_hand": True,
        }

        response = manager.post("freezes", body)

        assert response.status_code == 201, response.json()
        answer = response.json()
        freeze = Freeze.objects.get()
        assert answer == body | {
            "id": freeze.pk,
            "state": "coming",
            "scope": "Web, frontend in production",
            "when": when(freeze),
            "recurrence": None,
            "times": [{"starts_at": written(start), "ends_at": written(start + DAY)}],
            "declared_by": "Sam Doe",
            "declared_at": written(freeze.declared_at),
            "lifted": None,
            "lifts": [],
            "url": f"{settings.BASE_URL}/freezes/{freeze.pk}/",
        }
        assert manager.get(f"freezes/{freeze.pk}").json() == answer

    def test_a_reason_is_enough_to_freeze_everything_from_now_on(self, manager: Caller) -> None:
        answer = manager.post("freezes", {"reason": "Something is on fire."}).json()

        assert (answer["scope"], answer["state"], answer["ends_at"]) == ("Everything", "now", None)

    def test_one_that_recurs_shows_its_next_times(self, manager: Caller) -> None:
        start = soon()
        body = {
            "reason": "The weekend.",
            "starts_at": written(start),
            "ends_at": written(start + DAY),
            "recurrence": {"rule": "FREQ=WEEKLY", "zone": "UTC"},
        }

        answer = manager.post("freezes", body).json()

        assert answer["recurrence"] == body["recurrence"]
        assert [one["starts_at"] for one in answer["times"]] == [
            written(start + number * 7 * DAY) for number in range(10)
        ]

    def test_a_dry_run_says_what_it_would_catch_and_writes_nothing(
        self, manager: Caller, today: Scene, frontend: Application
    ) -> None:
        slot = booked(today, frontend, at=soon())
        waiting = today.promotion(today.register(frontend), "integration")
        before = Event.objects.count()

        response = manager.post("freezes", {"reason": "An election.", "dry_run": True})

        assert response.status_code == 200, response.json()
        answer = response.json()
        assert [one["id"] for one in answer["slots"]] == [slot.pk]
        assert [(one["id"], one["version"]) for one in answer["promotions"]] == [(waiting.pk, "v1")]
        assert answer["finishing"] == []
        assert answer["scope"] == "Everything"
        assert "until it is lifted" in answer["when"]
        assert not Freeze.objects.exists()
        assert Event.objects.count() == before

    def test_a_dry_run_says_what_would_finish(self, manager: Caller, today: Scene, frontend: Application) -> None:
        today.backend.stuck = True
        today.register(frontend)
        today.run(5)
        running = Promotion.objects.active().get()

        answer = manager.post("freezes", {"reason": "An election.", "dry_run": True}).json()

        assert [one["id"] for one in answer["finishing"]] == [running.pk]
        assert answer["promotions"] == []

    def test_a_dry_run_is_refused_where_declaring_would_be(self, frontend: Application, today: Scene) -> None:
        response = signed_in(today.person()).post("freezes", {"reason": "An election.", "dry_run": True})

        assert response.status_code == 403

    @pytest.mark.parametrize(
        ("body", "named", "words"),
        [
            ({}, "reason", "required"),
            ({"reason": " "}, "reason", "may not be blank"),
            ({"reason": "x", "environments": "production"}, "environments", "Expected a list"),
            ({"reason": "x", "environments": ["prod"]}, "environments", "There is no environment 'prod'."),
            ({"reason": "x", "teams": ["nobody", "noone"]}, "teams", "There is no team 'nobody', 'noone'."),
            ({"reason": "x", "starts_at": "2026-12-22"}, "starts_at", "Add the offset"),
            ({"reason": "x", "ends_at": "2020-01-01T00:00:00Z"}, "ends_at", "must end after it starts"),
            (
                {"reason": "x", "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2020-01-02T00:00:00Z"},
                "ends_at",
                "has ended already",
            ),
            ({"reason": "x", "recurrence": {"rule": "FREQ=WEEKLY"}}, "ends_at", "needs an end"),
            (
                {"reason": "x", "ends_at": "2190-01-01T00:00:00Z", "recurrence": {"rule": "FREQ=WEEKLY"}},
                "recurrence.rule",
                "How it recurs",
            ),
            ({"reason": "x", "recurrence": {"rule": "FREQ=WEEKLY", "zone": "GMT+1"}}, "recurrence.zone", "IANA"),
            ({"reason": "x", "scope": "everything"}, "scope", "There is no such field"),
        ],
    )
    def test_bad_input_is_refused_by_field(self, manager: Caller, body: dict[str, Any], named: str, words: str) -> None:
        response = manager.post("freezes", body)

        assert fields_of(response) == [named]
        assert words in response.json()["detail"]
        assert not Freeze.objects.exists()


class TestWhoMay:
    def test_a_developer_freezes_their_teams_applications_and_no_others(
        self, today: Scene, frontend: Application, router: Application
    ) -> None:
        alex = signed_in(today.person())

        assert alex.post("freezes", {"reason": "x", "applications": ["frontend"]}).status_code == 201
        assert alex.post("freezes", {"reason": "x", "teams": ["web"]}).status_code == 201
        for scope in (
            {},
            {"applications": ["frontend", "router"]},
            {"teams": ["platform"]},
            {"environments": ["staging"]},
        ):
            response = alex.post("freezes", {"reason": "x"} | scope)
            assert response.status_code == 403
            assert "You can freeze your own teams' applications" in response.json()["detail"]

    def test_a_token_needs_the_scope(self, frontend: Application) -> None:
        ci = token(frontend, scopes=("read", "slots:write"))

        for response in (
            ci.post("freezes", {"reason": "x", "applications": ["frontend"]}),
            ci.patch("freezes/1", {"ends_at": None}),
            ci.post("freezes/1/lift", {"reason": "x"}),
        ):
            assert response.status_code == 403
            assert response.json()["detail"] == "This token lacks the scope freezes:write."

    def test_a_limited_token_freezes_what_it_covers_and_nothing_else(
        self, frontend: Application, router: Application
    ) -> None:
        ci = token(frontend)

        assert ci.post("freezes", {"reason": "x", "applications": ["frontend"]}).status_code == 201
        for scope in ({}, {"applications": ["router"]}, {"teams": ["web"]}, {"environments": ["production"]}):
            assert ci.post("freezes", {"reason": "x"} | scope).status_code == 403
        assert Freeze.objects.count() == 1

    def test_a_token_that_is_limited_to_a_team_freezes_that_team(self, frontend: Application) -> None:
        made, secret = ApiToken.issue(name="web", scopes=["freezes:write"], limited=True)
        TokenLimit.objects.create(token=made, team=frontend.owner)

        assert bearer(secret).post("freezes", {"reason": "x", "teams": ["web"]}).status_code == 201

    def test_a_limited_token_sees_the_freezes_that_touch_what_it_covers(
        self, today: Scene, frontend: Application, router: Application
    ) -> None:
        everything = declared(today, environments=[today.environments[0]])
        mine = declared(today, applications=[frontend, router])
        my_teams = declared(today, teams=[frontend.owner])
        anothers = declared(today, applications=[router])
        ci = token(frontend)

        seen = {one["id"] for one in ci.get("freezes").json()["results"]}

        assert seen == {everything.pk, mine.pk, my_teams.pk}
        assert ci.get(f"freezes/{mine.pk}").status_code == 200
        assert ci.get(f"freezes/{anothers.pk}").status_code == 403
        assert ci.post(f"freezes/{anothers.pk}/lift", {"reason": "x"}).status_code == 403
        assert token().get("freezes").json()["results"] == []

    def test_a_limited_token_does_not_lift_what_is_only_partly_its_own(
        self, today: Scene, frontend: Application, router: Application
    ) -> None:
        freeze = declared(today, applications=[frontend, router])
        ci = token(frontend)

        for response in (
            ci.patch(f"freezes/{freeze.pk}", {"ends_at": written(soon())}),
            ci.post(f"freezes/{freeze.pk}/lift", {"reason": "x"}),
        ):
            assert response.status_code == 403
            assert "can change this freeze" in response.json()["detail"]

    def test_of_what_it_would_catch_a_limited_token_sees_its_own(
        self, today: Scene, frontend: Application, router: Application
    ) -> None:
        booked(today, frontend, router, at=soon(), rights=today.manager())

        answer = token(frontend).post("freezes", {"reason": "x", "applications": ["frontend"], "dry_run": True}).json()

        assert [(one["applications"], one["other_applications"]) for one in answer["slots"]] == [(["frontend"], 1)]


class TestChanging:
    def test_the_end_is_moved(self, manager: Caller, today: Scene) -> None:
        freeze = declared(today, ends_at=soon(2))

        assert manager.patch(f"freezes/{freeze.pk}", {"ends_at": written(soon(5))}).json()["ends_at"] == written(
            soon(5)
        )
        assert manager.patch(f"freezes/{freeze.pk}", {"ends_at": None}).json()["ends_at"] is None

    @pytest.mark.parametrize(
        ("body", "named"),
        [
            ({}, "ends_at"),
            ({"ends_at": "2020-01-01T00:00:00Z"}, "ends_at"),
            ({"ends_at": "2026-12-24T12:00"}, "ends_at"),
            ({"ends_at": None, "reason": "Another."}, "reason"),
        ],
    )
    def test_bad_input_is_refused_by_field(
        self, manager: Caller, today: Scene, body: dict[str, Any], named: str
    ) -> None:
        freeze = declared(today)

        assert fields_of(manager.patch(f"freezes/{freeze.pk}", body)) == [named]

    def test_one_that_is_over_or_recurs_is_refused_in_words(self, manager: Caller, today: Scene) -> None:
        over, recurring = declared(today), weekly(today, first=soon())
        lift(freeze=over, reason="It is over.", rights=today.manager(), now=today.now)

        for freeze, words in ((over, "It is over"), (recurring, "It recurs")):
            response = manager.patch(f"freezes/{freeze.pk}", {"ends_at": written(soon(9))})
            assert response.status_code == 409
            assert words in response.json()["detail"]


class TestLifting:
    def test_it_is_lifted_for_good(self, manager: Caller, today: Scene) -> None:
        freeze = declared(today)

        answer = manager.post(f"freezes/{freeze.pk}/lift", {"reason": "It is over."}).json()

        freeze.refresh_from_db()
        assert freeze.lifted_at is not None
        assert answer["state"] == "over"
        assert answer["lifted"] == {"at": written(freeze.lifted_at), "by": "Sam Doe", "reason": "It is over."}
        assert answer["times"] == []

    def test_one_time_of_a_recurring_one_is_lifted(self, manager: Caller, today: Scene) -> None:
        first = soon()
        freeze = weekly(today, first=first)

        answer = manager.post(
            f"freezes/{freeze.pk}/lift", {"reason": "Not this week.", "occurrence": written(first)}
        ).json()

        made = FreezeLift.objects.get()
        assert answer["lifts"] == [
            {"occurrence": written(first), "at": written(made.lifted_at), "by": "Sam Doe", "reason": "Not this week."}
        ]
        assert answer["times"][0]["starts_at"] == written(first + 7 * DAY)
        assert answer["state"] == "coming"

    def test_a_time_that_it_does_not_have_is_refused(self, manager: Caller, today: Scene) -> None:
        freeze = weekly(today, first=soon())

        for occurrence in (soon(3), soon() + 6 * DAY, datetime.fromisoformat("2199-01-01T00:00:00Z")):
            response = manager.post(
                f"freezes/{freeze.pk}/lift", {"reason": "Not then.", "occurrence": written(occurrence)}
            )
            assert response.status_code == 409
            assert "no such time" in response.json()["detail"]

    def test_it_is_not_lifted_twice(self, manager: Caller, today: Scene) -> None:
        freeze = weekly(today, first=soon())
        once = {"reason": "Not this week.", "occurrence": written(soon())}
        assert manager.post(f"freezes/{freeze.pk}/lift", once).status_code == 200

        assert manager.post(f"freezes/{freeze.pk}/lift", once).status_code == 409

        assert manager.post(f"freezes/{freeze.pk}/lift", {"reason": "No more."}).status_code == 200
        assert manager.post(f"freezes/{freeze.pk}/lift", {"reason": "No more."}).status_code == 409

    @pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": None}, {"reason": ["x"]}])
    def test_it_needs_a_reason(self, manager: Caller, today: Scene, body: dict[str, Any]) -> None:
        freeze = declared(today)

        assert fields_of(manager.post(f"freezes/{freeze.pk}/lift", body)) == ["reason"]
        assert not Freeze.objects.filter(lifted_at__isnull=False).exists()

    def test_one_that_is_not_there_is_404(self, manager: Caller) -> None:
        for response in (
            manager.get("freezes/999"),
            manager.patch("freezes/999", {"ends_at": None}),
            manager.post("freezes/999/lift", {"reason": "x"}),
        ):
            assert response.status_code == 404
            assert response.json()["detail"] == "There is no freeze 999."


class TestList:
    @pytest.fixture
    def freezes(self, today: Scene, frontend: Application, router: Application) -> dict[str, Freeze]:
        """One in each state, once and recurring, the latest start first."""
        hour = timedelta(hours=1)
        made = {
            "coming": declared(today, starts_at=today.now + 3 * hour, ends_at=today.now + 4 * hour),
            "coming again": weekly(today, first=today.now + 2 * hour, applications=[router]),
            "now again": weekly(today, first=today.now - hour, environments=today.environments[:1]),
            "now": declared(today, starts_at=today.now - 2 * hour, teams=[frontend.owner]),
            "between times": weekly(today, first=today.now - 5 * hour),
            "over": declared(today, starts_at=today.now - 8 * hour, ends_at=today.now - 6 * hour),
            "over again": weekly(today, first=today.now - 9 * hour, recurrence="FREQ=WEEKLY;COUNT=1"),
            "lifted": declared(today, starts_at=today.now - 12 * hour, ends_at=today.now + 12 * hour),
            "lifted again": weekly(today, first=today.now - 13 * hour),
        }
        for name in ("lifted", "lifted again"):
            lift(freeze=made[name], reason="It is over.", rights=today.manager(), now=today.now)
        return made

    def listed(self, freezes: dict[str, Freeze], response: Any) -> list[str]:
        assert response.status_code == 200, response.content
        names = {freeze.pk: name for name, freeze in freezes.items()}
        return [names[one["id"]] for one in response.json()["results"]]

    def test_the_latest_start_comes_first(self, freezes: dict[str, Freeze], manager: Caller) -> None:
        assert self.listed(freezes, manager.get("freezes")) == list(freezes)

    @pytest.mark.parametrize(
        ("states", "names"),
        [
            (["now"], ["now again", "now"]),
            (["coming"], ["coming", "coming again", "between times"]),
            (["over"], ["over", "over again", "lifted", "lifted again"]),
            (["now", "over"], ["now again", "now", "over", "over again", "lifted", "lifted again"]),
        ],
    )
    def test_they_are_filtered_by_state_and_say_it(
        self, freezes: dict[str, Freeze], manager: Caller, states: list[str], names: list[str]
    ) -> None:
        response = manager.get("freezes", state=states)

        assert self.listed(freezes, response) == names
        assert {one["state"] for one in response.json()["results"]} <= set(states)

    def test_an_application_has_those_that_cover_it(self, freezes: dict[str, Freeze], manager: Caller) -> None:
        everything = set(freezes) - {"coming again", "now"}

        assert set(self.listed(freezes, manager.get("freezes", application="frontend"))) == everything | {"now"}
        assert set(self.listed(freezes, manager.get("freezes", application="router"))) == everything | {"coming again"}

    def test_an_environment_has_those_that_cover_it(self, freezes: dict[str, Freeze], manager: Caller) -> None:
        assert set(self.listed(freezes, manager.get("freezes", environment="integration"))) == set(freezes)
        assert set(self.listed(freezes, manager.get("freezes", environment="staging"))) == set(freezes) - {"now again"}

    @pytest.mark.parametrize(
        ("query", "named"),
        [
            ({"state": "past"}, "state[0]"),
            ({"application": "nothing"}, "application"),
            ({"environment": "prod"}, "environment"),
            ({"team": "web"}, "team"),
        ],
    )
    def test_a_filter_that_is_wrong_is_refused_by_its_name(
        self, manager: Caller, query: dict[str, str], named: str
    ) -> None:
        assert fields_of(manager.get("freezes", **query)) == [named]

    def test_many_cost_no_more_queries_than_few(self, today: Scene, frontend: Application, manager: Caller) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert manager.get("freezes", state=["now", "coming"]).status_code == 200
            return len(captured)

        weekly(today, first=soon(), applications=[frontend])
        few = queries()
        for hour in range(5):
            weekly(today, first=soon(hour), applications=[frontend])
            declared(today, environments=today.environments)

        assert queries() == few

    def test_they_come_in_pages(self, today: Scene, manager: Caller) -> None:
        Freeze.objects.bulk_create(
            Freeze(starts_at=today.now, reason=f"{number}", declared_by="Sam") for number in range(101)
        )

        first = manager.get("freezes").json()
        second = manager.get(first["next"].partition("/api/v1/")[2]).json()

        assert (len(first["results"]), len(second["results"])) == (100, 1)
        assert first["results"][0]["id"] == max(Freeze.objects.values_list("pk", flat=True))
        assert second["next"] is None
        assert manager.get(second["previous"].partition("/api/v1/")[2]).json() == first | {
            "previous": None,
            "next": first["next"],
        }


def test_an_unlimited_token_acts_as_a_release_manager(today: Scene, frontend: Application) -> None:
    answer = token_for_all().post("freezes", {"reason": "An election."})

    assert answer.status_code == 201
    assert answer.json()["declared_by"] == "token token 0"
