"""May it be deployed now, when may it, and when could a slot be had: the API answers as the engine does."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings

from apps_registry.models import Application, Team
from deployer.access.models.user import Role
from deployer.calendar.actions.freezes import NewFreeze, declare
from deployer.calendar.actions.overrides import NewOverride
from deployer.calendar.models import EnvironmentCalendar, Freeze
from deployer.gates import Blocker
from deployer.promotions.actions.abort import abort
from deployer.promotions.actions.override import override_promotion
from deployer.promotions.models import Promotion, PromotionOverride
from tests.calendar.bookings import booked
from tests.scene import ALEX, Scene
from tests.web.calendar.calls import Caller, fields_of, signed_in, soon, token, token_for_all, written

REASON = "The fix must go out today."
GATE = "applications/frontend/environments/integration/gate"
NEXT = "applications/frontend/next-slot"


@pytest.fixture
def ci(frontend: Application) -> Caller:
    """A token that may read what there is of frontend."""
    return token(frontend, scopes=("read",))


def frozen(scene: Scene, *, until: datetime | None = None, reason: str = "An election.") -> Freeze:
    new = NewFreeze(starts_at=scene.now, ends_at=until, reason=reason)
    return declare(new=new, rights=scene.manager(), now=scene.now)


def ask(caller: Caller, path: str = GATE, **query: Any) -> dict[str, Any]:
    response = caller.get(path, **query)
    assert response.status_code == 200, response.content
    answer: dict[str, Any] = response.json()
    return answer


def as_answered(blocker: Blocker) -> dict[str, Any]:
    """What the API should say of a blocker."""
    return {
        "kind": str(blocker.kind),
        "name": blocker.name,
        "sentence": blocker.sentence,
        "who": blocker.who,
        "until": written(blocker.until) if blocker.until else None,
        "link": f"{settings.BASE_URL}{blocker.link}" if blocker.link else None,
        "overridable": blocker.overridable,
    }


class TestGate:
    def test_what_nothing_blocks_is_allowed_from_now_on(self, ci: Caller, today: Scene, frontend: Application) -> None:
        today.register(frontend, "v1")
        promotion = today.promotion(today.register(frontend, "v2"), "integration")

        answer = ask(ci)

        assert answer.pop("earliest_start") == answer.pop("evaluated_at")
        assert answer == {
            "application": "frontend",
            "environment": "integration",
            "version": "v2",
            "promotion": promotion.pk,
            "allowed": True,
            "blockers": [],
        }

    def test_the_reasons_are_the_very_ones_that_the_engine_found(
        self, ci: Caller, today: Scene, frontend: Application
    ) -> None:
        frozen(today, until=soon(2))
        today.hold(frontend, reason="It leaks.")
        promotion = today.promotion(today.register(frontend, "v1"), "integration")
        today.run(1)
        promotion.refresh_from_db()
        assert {blocker.kind for blocker in promotion.waits_for} == {"freeze", "hold"}

        answer = ask(ci)

        assert answer["allowed"] is False
        ends = [one.pop("ends_by_waiting") for one in answer["blockers"]]
        assert answer["blockers"] == [as_answered(blocker) for blocker in promotion.waits_for]
        assert ends == [False, True]
        assert answer["earliest_start"] is None

    def test_the_earliest_start_is_after_all_that_passes_by_itself(
        self, ci: Caller, today: Scene, frontend: Application
    ) -> None:
        freeze = frozen(today, until=soon(2))
        declare(
            new=NewFreeze(starts_at=soon(1), ends_at=soon(4), reason="The Budget."),
            rights=today.manager(),
            now=today.now,
        )
        today.register(frontend, "v1")

        answer = ask(ci)

        assert [(one["name"], one["ends_by_waiting"]) for one in answer["blockers"]] == [(f"freeze:{freeze.pk}", True)]
        assert answer["earliest_start"] == written(soon(4))

    def test_a_freeze_until_it_is_lifted_leaves_no_earliest_start(
        self, ci: Caller, today: Scene, frontend: Application
    ) -> None:
        frozen(today)
        today.register(frontend, "v1")

        answer = ask(ci)

        assert [one["ends_by_waiting"] for one in answer["blockers"]] == [False]
        assert answer["earliest_start"] is None

    def test_what_runs_now_is_said_to_end(self, ci: Caller, today: Scene, frontend: Application) -> None:
        today.backend.stuck = True
        today.register(frontend, "v1")
        today.run(5)
        today.register(frontend, "v2")

        answer = ask(ci)

        assert [(one["kind"], one["ends_by_waiting"]) for one in answer["blockers"]] == [("busy", True)]
        assert answer["earliest_start"] == answer["evaluated_at"]

    def test_what_is_on_its_way_arrives_and_what_is_not_somebody_must_send(
        self, ci: Caller, today: Scene, frontend: Application
    ) -> None:
        staging = GATE.replace("integration", "staging")
        release = today.register(frontend, "v1")
        coming = ask(ci, staging)
        abort(promotion=today.promotion(release, "integration"), by=ALEX, reason="Not this one.", now=today.now)

        answer = ask(ci, staging)

        assert [(one["kind"], one["ends_by_waiting"]) for one in coming["blockers"]] == [("not_verified", True)]
        assert coming["earliest_start"] == coming["evaluated_at"]
        assert [(one["kind"], one["ends_by_waiting"]) for one in answer["blockers"]] == [("not_verified", False)]
        assert answer["earliest_start"] is None

    def test_a_target_that_needs_a_slot_waits_for_its_own(
        self, ci: Caller, today: Scene, frontend: Application
    ) -> None:
        frontend.targets.update(slot_policy="required")
        today.register(frontend, "v1")
        none = ask(ci)
        slot = booked(today, frontend, at=soon(3))

        answer = ask(ci)

        assert [(one["kind"], one["ends_by_waiting"]) for one in none["blockers"]] == [("no_slot", False)]
        assert none["earliest_start"] is None
        assert [(one["kind"], one["ends_by_waiting"]) for one in answer["blockers"]] == [("no_slot", True)]
        assert answer["earliest_start"] == written(slot.starts_at)

    def test_by_hand_passes_what_asks_for_a_person(self, ci: Caller, today: Scene, frontend: Application) -> None:
        frontend.targets.update(policy="manual")
        today.register(frontend, "v1")

        assert [one["kind"] for one in ask(ci)["blockers"]] == ["manual"]
        assert ask(ci)["earliest_start"] is None
        assert ask(ci, by_hand="true")["allowed"] is True

    def test_any_version_can_be_asked_for(self, ci: Caller, today: Scene, frontend: Application) -> None:
        today.register(frontend, "v1")
        today.register(frontend, "v2")
        today.run(60)

        assert [one["kind"] for one in ask(ci, version="v1")["blockers"]] == ["backwards"]
        assert [one["kind"] for one in ask(ci, version="v2")["blockers"]] == ["already_live"]
        assert ask(ci, version="")["version"] == "v2"
        response = ci.get(GATE, version="v9")
        assert fields_of(response) == ["version"]
        assert "frontend has no release 'v9'" in response.json()["detail"]

    def test_without_a_release_the_calendar_alone_answers(
        self, ci: Caller, today: Scene, frontend: Application
    ) -> None:
        today.hold(frontend, reason="It leaks.")
        assert ask(ci)["allowed"] is True
        freeze = frozen(today, until=soon(2))

        answer = ask(ci)

        assert (answer["version"], answer["promotion"]) == (None, None)
        assert [one["name"] for one in answer["blockers"]] == [f"freeze:{freeze.pk}"]
        assert answer["earliest_start"] == written(soon(2))

    def test_without_a_release_slots_of_others_count_all_the_same(
        self, ci: Caller, today: Scene, frontend: Application
    ) -> None:
        router = today.application("router")
        slot = booked(today, router, at=soon(0.25), exclusive=True)

        answer = ask(ci)

        assert [one["name"] for one in answer["blockers"]] == [f"slot:{slot.pk}"]
        assert answer["earliest_start"] == written(slot.ends_at)

    @pytest.mark.parametrize(
        ("query", "named"),
        [({"by_hand": "perhaps"}, "by_hand"), ({"ver": "v1"}, "ver"), ({"version": "v" * 101}, "version")],
    )
    def test_a_query_that_is_wrong_is_refused_by_its_name(self, ci: Caller, query: dict[str, str], named: str) -> None:
        assert fields_of(ci.get(GATE, **query)) == [named]

    @pytest.mark.parametrize("path", [GATE.replace("frontend", "nothing"), GATE.replace("integration", "prod")])
    def test_what_has_no_target_is_404(self, ci: Caller, path: str) -> None:
        response = ci.get(path)

        assert response.status_code == 404
        assert "There is no target" in response.json()["detail"]

    def test_a_limited_token_asks_for_what_it_covers_only(self, ci: Caller, today: Scene) -> None:
        today.application("router")

        assert ci.get(GATE.replace("frontend", "router")).status_code == 403

    def test_it_is_only_read(self, frontend: Application) -> None:
        assert token_for_all().post(GATE, {}).status_code == 405


class TestOverridesCount:
    """Two freezes keep a promotion waiting, and a release manager has let it pass one."""

    @pytest.fixture
    def long(self, today: Scene, frontend: Application) -> Freeze:
        frozen(today, until=soon(1), reason="The Budget.")
        return frozen(today, until=soon(6))

    @pytest.fixture
    def promotion(self, today: Scene, frontend: Application, long: Freeze) -> Promotion:
        return today.promotion(today.register(frontend, "v1"), "integration")

    def override(self, promotion: Promotion, freeze: Freeze, scene: Scene, *, until: datetime) -> None:
        new = NewOverride(blocker=f"freeze:{freeze.pk}", reason=REASON, expires_at=until)
        override_promotion(promotion=promotion, new=new, rights=scene.manager(), now=scene.now)

    def test_it_starts_when_the_other_ends(self, ci: Caller, today: Scene, promotion: Promotion, long: Freeze) -> None:
        assert ask(ci)["earliest_start"] == written(soon(6))

        self.override(promotion, long, today, until=soon(3))

        answer = ask(ci)
        assert [one["sentence"] for one in answer["blockers"]] == ["Everything is frozen by Sam Doe: The Budget."]
        assert answer["earliest_start"] == written(soon(1))

    def test_one_that_expires_before_that_is_of_no_use(
        self, ci: Caller, today: Scene, promotion: Promotion, long: Freeze
    ) -> None:
        self.override(promotion, long, today, until=soon(0.5))

        answer = ask(ci)

        assert len(answer["blockers"]) == 1
        assert answer["earliest_start"] == written(soon(6))

    def test_for_another_release_it_does_not_count(
        self, ci: Caller, today: Scene, promotion: Promotion, long: Freeze
    ) -> None:
        self.override(promotion, long, today, until=soon(3))
        today.register(promotion.application, "v2")

        assert ask(ci, version="v2")["earliest_start"] == written(soon(6))


class TestOverridingAPromotion:
    @pytest.fixture
    def waiting(self, today: Scene, frontend: Application) -> Promotion:
        frozen(today)
        return today.promotion(today.register(frontend, "v1"), "integration")

    def body(self, **fields: Any) -> dict[str, Any]:
        freeze = Freeze.objects.get()
        return {"blocker": f"freeze:{freeze.pk}", "reason": REASON, "expires_at": written(soon(2))} | fields

    def test_a_release_manager_lets_it_pass_and_it_goes(self, today: Scene, waiting: Promotion) -> None:
        response = signed_in(today.manager()).post(f"promotions/{waiting.pk}/overrides", self.body())

        assert response.status_code == 201, response.json()
        made = PromotionOverride.objects.get()
        assert response.json() == {
            "id": made.pk,
            "blocker": made.blocker,
            "sentence": "Everything is frozen by Sam Doe: An election.",
            "reason": REASON,
            "given_by": "Sam Doe",
            "given_at": written(made.given_at),
            "expires_at": written(soon(2)),
        }
        waiting.refresh_from_db()
        assert waiting.state == "deploying"

    def test_no_token_may(self, waiting: Promotion) -> None:
        caller = token_for_all("read", "releases:write", "slots:write", "freezes:write")

        response = caller.post(f"promotions/{waiting.pk}/overrides", self.body())

        assert response.status_code == 403
        assert response.json()["detail"] == "A token may not do this: only a person can, signed in."

    def test_no_developer_may(self, today: Scene, waiting: Promotion) -> None:
        response = signed_in(today.person()).post(f"promotions/{waiting.pk}/overrides", self.body())

        assert response.status_code == 403
        assert "Only a release manager" in response.json()["detail"]

    def test_nobody_does_from_another_site(self, today: Scene, waiting: Promotion) -> None:
        manager = signed_in(today.manager())
        manager.headers = {}

        assert manager.post(f"promotions/{waiting.pk}/overrides", self.body()).status_code == 403
        assert not PromotionOverride.objects.exists()

    @pytest.mark.parametrize(
        ("fields", "named"),
        [
            ({"reason": "short"}, "reason"),
            ({"expires_at": None}, "expires_at"),
            ({"blocker": ""}, "blocker"),
            ({"until": "x"}, "until"),
        ],
    )
    def test_bad_input_is_refused_by_field(
        self, today: Scene, waiting: Promotion, fields: dict[str, Any], named: str
    ) -> None:
        response = signed_in(today.manager()).post(f"promotions/{waiting.pk}/overrides", self.body(**fields))

        assert fields_of(response) == [named]

    def test_what_does_not_wait_is_refused_in_words(self, today: Scene, waiting: Promotion) -> None:
        manager = signed_in(today.manager())
        assert manager.post(f"promotions/{waiting.pk}/overrides", self.body()).status_code == 201

        response = manager.post(f"promotions/{waiting.pk}/overrides", self.body())

        assert response.status_code == 409
        assert "no longer waits" in response.json()["detail"]

    def test_one_that_is_not_there_is_404(self, today: Scene, waiting: Promotion) -> None:
        response = signed_in(today.manager()).post("promotions/999/overrides", self.body())

        assert response.status_code == 404


class TestNextSlot:
    def test_it_is_as_long_as_the_environments_slots_and_at_whole_five_minutes(self, ci: Caller, today: Scene) -> None:
        answer = ask(ci, NEXT, environment="integration")

        start = datetime.fromisoformat(answer["next_free"]["starts_at"])
        assert timedelta(0) <= start - today.now < timedelta(minutes=7)
        assert start.minute % 5 == 0
        assert answer["next_free"]["ends_at"] == written(start + timedelta(minutes=30))
        assert (answer["minutes"], answer["blockers"]) == (30, [])

    def test_what_is_booked_is_passed_over(self, today: Scene, frontend: Application) -> None:
        caller = token(frontend)
        booked(today, frontend, at=soon(1), minutes=60)

        answer = ask(caller, NEXT, environment="integration", minutes=45, from_=written(soon(1)))

        start = datetime.fromisoformat(answer["next_free"]["starts_at"])
        assert soon(2) <= start < soon(2) + timedelta(minutes=5)
        body = {"application": "frontend", "environment": "integration"} | answer["next_free"]
        assert caller.post("slots", body).status_code == 201

    def test_a_time_that_is_past_is_now(self, ci: Caller, today: Scene) -> None:
        answer = ask(ci, NEXT, environment="integration", from_="1999-01-01T00:00:00Z")

        assert answer["next_free"]["starts_at"] >= written(today.now)

    def test_where_there_is_none_it_says_why(self, ci: Caller, today: Scene) -> None:
        freeze = frozen(today)

        answer = ask(ci, NEXT, environment="integration")

        assert answer["next_free"] is None
        assert [one["name"] for one in answer["blockers"]] == [f"freeze:{freeze.pk}"]

    def test_what_may_not_be_booked_at_all_says_only_that(self, today: Scene, frontend: Application) -> None:
        frontend.targets.update(slot_policy="not_used")
        Team.objects.create(slug="other", name="Other")
        stranger = signed_in(today.person("kim", role=Role.VIEWER, teams=("other",)))

        answer = ask(stranger, NEXT, environment="integration")

        assert [one["name"] for one in answer["blockers"]] == ["not_configured:frontend", "not_yours:frontend"]

    def test_longer_than_slots_are_there_is_none(self, ci: Caller) -> None:
        answer = ask(ci, NEXT, environment="integration", minutes=61)

        assert [one["name"] for one in answer["blockers"]] == ["time:length"]

    def test_beyond_what_may_be_booked_there_is_none(self, ci: Caller, today: Scene) -> None:
        EnvironmentCalendar.objects.create(environment=today.environments[0], book_ahead_days=7, holidays_country="")

        answer = ask(ci, NEXT, environment="integration", from_=written(soon(24 * 8)))

        assert answer["next_free"] is None
        assert [one["name"] for one in answer["blockers"]] == ["time:ahead"]

    @pytest.mark.parametrize(
        ("query", "named"),
        [
            ({}, "environment"),
            ({"environment": "prod"}, "environment"),
            ({"environment": "integration", "minutes": "0"}, "minutes"),
            ({"environment": "integration", "minutes": "half"}, "minutes"),
            ({"environment": "integration", "from": "today"}, "from"),
            ({"environment": "integration", "length": "30"}, "length"),
        ],
    )
    def test_a_query_that_is_wrong_is_refused_by_its_name(self, ci: Caller, query: dict[str, str], named: str) -> None:
        assert fields_of(ci.get(NEXT, **query)) == [named]

    def test_an_unknown_application_is_404_and_one_that_is_not_covered_403(self, ci: Caller, today: Scene) -> None:
        today.application("router")

        assert ci.get("applications/nothing/next-slot", environment="integration").status_code == 404
        assert ci.get("applications/router/next-slot", environment="integration").status_code == 403
