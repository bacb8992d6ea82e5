"""Holds by the API: listed, looked at, placed, and every way out, by tokens and by people."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from apps_registry.models import Application
from deployer.access.models.user import Role
from deployer.promotions.actions.hold import lift_hold
from deployer.promotions.models import Hold, LogChunk, Promotion, Veto
from deployer.promotions.serializers import promotion_out
from deployer.releases.models import Change
from deployer.web.promoting.serializers import PromotionOut
from tests.scene import Scene
from tests.web.calendar.calls import Caller, fields_of, signed_in, token, token_for_all, written
from tests.web.holds.desk import mended, stopped

SCOPES = ("read", "promotions:write")
WAYS = ["retry-step", "retry", "fix-forward", "veto", "roll-back", "lift"]
PLACED = {"application": "frontend", "reason": "The database is moving.", "contact": "#web"}


@pytest.fixture
def program(frontend: Application) -> Caller:
    """A token for frontend alone."""
    return token(frontend, scopes=SCOPES)


def words_for(way: str) -> dict[str, str]:
    return {"resolution" if way == "lift" else "reason": "We know why."}


class TestLooking:
    def test_a_hold_is_answered_with_the_evidence_the_release_and_what_is_live(
        self, program: Caller, today: Scene, frontend: Application
    ) -> None:
        hold = stopped(today, frontend)
        assert hold.promotion is not None
        assert hold.stopped is not None
        Change.objects.create(release=hold.stopped, position=1, title="Mend titles", author_name="Tom Hale")
        LogChunk.objects.create(step=hold.promotion.steps.get(state="failed"), text="one\n\x1b[31mtwo\x1b[0m\n")

        answer = program.get(f"holds/{hold.pk}").json()

        assert (answer["application"], answer["environment"], answer["kind"]) == ("frontend", "integration", "failure")
        assert (answer["reason"], answer["owner"], answer["stopped"]) == (hold.reason, "web", "v2")
        assert (answer["promotion"], answer["lifted"], answer["ends_at"]) == (hold.promotion_id, None, None)
        assert answer["url"] == f"{settings.BASE_URL}/holds/{hold.pk}/"
        evidence = answer["evidence"]
        assert (evidence["name"], evidence["state"]) == ("Smoke test", "failed")
        assert evidence["measurements"][0]["outcome"] == "failed"
        assert evidence["log"] == ["one", "two"]
        assert evidence["log_url"].endswith(f"/promotions/{hold.promotion_id}/steps/{evidence['position']}/log.txt")
        assert answer["release"]["changes"][0]["title"] == "Mend titles"
        assert [(one["environment"], one["version"], one["verified_at"]) for one in answer["live"]] == [
            ("integration", "v2", None)
        ]

    def test_the_ways_out_say_what_they_need_and_where_they_are_called(
        self, program: Caller, today: Scene, frontend: Application
    ) -> None:
        hold = stopped(today, frontend)

        ways = {one["way"]: one for one in program.get(f"holds/{hold.pk}").json()["ways"]}

        assert list(ways) == WAYS
        assert all(one["possible"] for one in ways.values())
        assert ways["lift"]["needs"] == "resolution"
        assert ways["retry"]["needs"] == "reason"
        assert ways["veto"]["call"] == f"{settings.BASE_URL}/api/v1/holds/{hold.pk}/veto"
        assert ways["veto"]["url"] == f"{settings.BASE_URL}/holds/{hold.pk}/veto/"

    def test_a_viewer_is_told_that_the_ways_are_not_theirs(self, today: Scene, frontend: Application) -> None:
        hold = stopped(today, frontend)
        vera = signed_in(today.person("vera", role=Role.VIEWER, teams=()))

        ways = vera.get(f"holds/{hold.pk}").json()["ways"]

        assert not any(one["possible"] for one in ways)
        assert "Only developers of Web and release managers may do this." in ways[0]["why_not"]

    def test_one_that_was_lifted_says_how_and_has_no_ways(
        self, program: Caller, today: Scene, frontend: Application
    ) -> None:
        hold = stopped(today, frontend)
        lift_hold(hold=hold, rights=today.person(), resolution="The network.", now=today.now)

        answer = program.get(f"holds/{hold.pk}").json()

        assert answer["lifted"] == {
            "at": written(today.now),
            "by": "Alex Doe",
            "way_out": "lift",
            "resolution": "The network.",
        }
        assert answer["ways"] == []

    def test_they_are_listed_newest_first_and_filtered(
        self, today: Scene, frontend: Application, router: Application
    ) -> None:
        first = today.hold(frontend, frontend.targets.get(environment__slug="staging").environment)
        today.now += timedelta(minutes=1)
        second = today.hold(router)
        lift_hold(hold=first, rights=today.person(), resolution="Done.", now=today.now)
        caller = token_for_all(*SCOPES)

        def ids(**query: Any) -> list[int]:
            return [one["id"] for one in caller.get("holds", **query).json()["results"]]

        assert ids() == [second.pk, first.pk]
        assert ids(application="frontend") == [first.pk]
        assert ids(environment="staging") == [second.pk, first.pk]
        assert ids(environment="integration") == [second.pk]
        assert ids(open="true") == [second.pk]
        assert ids(open="false") == [first.pk]

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ({"application": "nothing"}, "application"),
            ({"environment": "moon"}, "environment"),
            ({"open": "perhaps"}, "open"),
            ({"state": "open"}, "state"),
            ({"cursor": "x"}, "cursor"),
        ],
    )
    def test_a_filter_that_is_none_is_refused(self, program: Caller, query: dict[str, str], field: str) -> None:
        assert fields_of(program.get("holds", **query)) == [field]

    def test_a_limited_token_sees_only_its_own(
        self, program: Caller, today: Scene, frontend: Application, router: Application
    ) -> None:
        mine, other = today.hold(frontend), today.hold(router)

        assert [one["id"] for one in program.get("holds").json()["results"]] == [mine.pk]
        assert program.get(f"holds/{other.pk}").status_code == 403
        assert program.get("holds", application="router").status_code == 403

    def test_what_is_not_there_is_404(self, program: Caller) -> None:
        response = program.get("holds/9")

        assert response.status_code == 404
        assert response.json()["detail"] == "There is no hold 9."


class TestPlacing:
    def test_one_is_placed_and_answered_whole(self, program: Caller, today: Scene, frontend: Application) -> None:
        today.register(frontend, "v1")
        ends_at = timezone.now().replace(microsecond=0) + timedelta(hours=2)
        body = PLACED | {"environment": "staging", "ends_at": written(ends_at), "newest_safe": "v1"}

        response = program.post("holds", body)

        assert response.status_code == 201, response.json()
        hold = Hold.objects.get()
        assert response.json() == body | {
            "id": hold.pk,
            "kind": "manual",
            "owner": "web",
            "placed_by": hold.placed_by,
            "placed_at": written(hold.placed_at),
            "promotion": None,
            "stopped": None,
            "fix_forward": None,
            "lifted": None,
            "url": f"{settings.BASE_URL}/holds/{hold.pk}/",
        }
        assert hold.placed_by.startswith("token")

    def test_application_reason_and_contact_are_enough(self, program: Caller) -> None:
        answer = program.post("holds", PLACED).json()

        assert (answer["environment"], answer["ends_at"], answer["newest_safe"]) == (None, None, None)

    def test_a_person_places_one_by_their_own_rights(self, today: Scene, frontend: Application) -> None:
        assert signed_in(today.person()).post("holds", PLACED).status_code == 201
        assert Hold.objects.get().placed_by == "Alex Doe"

    @pytest.mark.parametrize(
        ("change", "field", "said"),
        [
            ({"application": "nothing"}, "application", "There is no application"),
            ({"environment": "moon"}, "environment", "There is no environment 'moon'"),
            ({"reason": " "}, "reason", "may not be blank"),
            ({"contact": ""}, "contact", "may not be blank"),
            ({"contact": "x" * 201}, "contact", "no more than 200"),
            ({"ends_at": "2026-12-22"}, "ends_at", "Add the offset"),
            ({"newest_safe": "v9"}, "newest_safe", "frontend has no release 'v9'."),
            ({"until": "later"}, "until", "There is no such field"),
        ],
    )
    def test_bad_input_is_refused_by_field(
        self, program: Caller, change: dict[str, str], field: str, said: str
    ) -> None:
        response = program.post("holds", PLACED | change)

        assert fields_of(response) == [field]
        assert said in response.json()["errors"][0]["message"]
        assert not Hold.objects.exists()

    def test_an_end_that_has_passed_is_409(self, program: Caller) -> None:
        response = program.post("holds", PLACED | {"ends_at": "2020-01-01T00:00:00Z"})

        assert response.status_code == 409
        assert response.json()["detail"] == "The end of a hold must be in the future."

    def test_the_same_key_places_one_once(self, program: Caller) -> None:
        first = program.post("holds", PLACED, **{"idempotency-key": "a"})
        again = program.post("holds", PLACED, **{"idempotency-key": "a"})

        assert again.json() == first.json()
        assert again["idempotent-replayed"] == "true"
        assert Hold.objects.count() == 1


class TestWaysOut:
    @pytest.mark.parametrize("way", WAYS)
    def test_each_is_one_call(self, program: Caller, today: Scene, frontend: Application, way: str) -> None:
        hold = stopped(today, frontend)
        mended(today)

        response = program.post(f"holds/{hold.pk}/{way}", words_for(way))

        assert response.status_code == 200, response.json()
        hold.refresh_from_db()
        answer = response.json()
        assert answer["hold"]["id"] == hold.pk
        if way == "fix-forward":
            assert answer["hold"]["fix_forward"]["by"].startswith("token")
            assert hold.is_open
        else:
            assert answer["hold"]["lifted"]["way_out"] == way.replace("-", "_")
        goes_on = answer["promotion"]
        assert (goes_on is not None) == (way in ("retry-step", "retry", "roll-back"))
        if goes_on:
            assert goes_on["version"] == ("v1" if way == "roll-back" else "v2")
            assert goes_on["id"] == Promotion.objects.latest("pk").pk

    def test_a_veto_goes_on_with_the_newest(self, program: Caller, today: Scene, frontend: Application) -> None:
        hold = stopped(today, frontend)
        today.register(frontend, "v3")
        today.run(1)

        answer = program.post(f"holds/{hold.pk}/veto", {"reason": "It eats data."}).json()

        assert answer["promotion"]["version"] == "v3"
        assert Veto.objects.standing().get().release.version == "v2"

    def test_a_rollback_may_name_the_version(self, program: Caller, today: Scene, frontend: Application) -> None:
        for version in ("v1", "v2"):
            today.register(frontend, version)
            today.run(120)
        hold = stopped(today, frontend, version="v3", live="")

        answer = program.post(f"holds/{hold.pk}/roll-back", {"reason": "v2 is bad too.", "to": "v1"}).json()

        assert answer["promotion"]["version"] == "v1"

    def test_a_version_that_there_is_not_is_400(self, program: Caller, today: Scene, frontend: Application) -> None:
        hold = stopped(today, frontend)

        assert fields_of(program.post(f"holds/{hold.pk}/roll-back", {"reason": "Slow.", "to": "v9"})) == ["to"]

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("body", [{}, {"reason": " "}, {"resolution": ""}])
    def test_none_goes_without_its_words(
        self, program: Caller, today: Scene, frontend: Application, way: str, body: dict[str, str]
    ) -> None:
        hold = stopped(today, frontend)

        assert program.post(f"holds/{hold.pk}/{way}", body).status_code == 400
        hold.refresh_from_db()
        assert (hold.is_open, hold.fix_forward_at) == (True, None)

    @pytest.mark.parametrize("way", WAYS)
    def test_one_that_was_lifted_is_409(self, program: Caller, today: Scene, frontend: Application, way: str) -> None:
        hold = stopped(today, frontend)
        lift_hold(hold=hold, rights=today.person(), resolution="The network.", now=today.now)

        response = program.post(f"holds/{hold.pk}/{way}", words_for(way))

        assert response.status_code == 409
        assert response["content-type"] == "application/problem+json"
        assert "Alex Doe" in response.json()["detail"]

    def test_what_is_not_possible_is_409_with_why(self, program: Caller, today: Scene, frontend: Application) -> None:
        hold = stopped(today, frontend, version="v1", live="")

        response = program.post(f"holds/{hold.pk}/roll-back", {"reason": "Slow."})

        assert response.status_code == 409
        assert "No release older than v1 was" in response.json()["detail"]

    @pytest.mark.parametrize("way", WAYS)
    def test_it_is_done_once_for_a_key(self, program: Caller, today: Scene, frontend: Application, way: str) -> None:
        hold = stopped(today, frontend)
        key = {"idempotency-key": "a"}

        first = program.post(f"holds/{hold.pk}/{way}", words_for(way), **key)
        promotions = Promotion.objects.count()
        again = program.post(f"holds/{hold.pk}/{way}", words_for(way), **key)

        assert (first.status_code, again.json()) == (200, first.json())
        assert Promotion.objects.count() == promotions

    @pytest.mark.parametrize("way", WAYS)
    def test_who_may_not_is_403(self, today: Scene, frontend: Application, router: Application, way: str) -> None:
        hold = stopped(today, frontend)
        callers = {
            "another's developer": signed_in(today.person("lone", teams=("other",))),
            "viewer": signed_in(today.person("vera", role=Role.VIEWER, teams=())),
            "another application's token": token(router, scopes=SCOPES),
            "a token that only reads": token(frontend, scopes=("read",)),
            "a token for something else": token(frontend, scopes=("read", "releases:write", "slots:write")),
        }

        answers = {
            name: caller.post(f"holds/{hold.pk}/{way}", words_for(way)).status_code for name, caller in callers.items()
        }

        assert answers == dict.fromkeys(callers, 403)
        hold.refresh_from_db()
        assert (hold.is_open, hold.fix_forward_at) == (True, None)

    def test_nobody_is_401(self, today: Scene, frontend: Application) -> None:
        hold = stopped(today, frontend)

        assert Client().post(f"/api/v1/holds/{hold.pk}/lift").status_code == 401
        assert Client().get(f"/api/v1/holds/{hold.pk}").status_code == 401

    def test_there_is_no_other_way(self, program: Caller, today: Scene, frontend: Application) -> None:
        hold = stopped(today, frontend)

        assert program.post(f"holds/{hold.pk}/end", {"reason": "Over."}).status_code == 404


class TestSchema:
    def test_it_describes_every_call_with_its_fields(self) -> None:
        schema = Client().get("/api/v1/schema?format=json").json()
        calls = schema["paths"]

        for way in WAYS:
            call = calls[f"/api/v1/holds/{{id}}/{way}"]["post"]
            assert set(call["responses"]) == {"200", "409"}
        assert "HoldPage" in str(calls["/api/v1/holds"]["get"]["responses"])
        assert "HoldDetail" in str(calls["/api/v1/holds/{id}"]["get"]["responses"])

    def test_a_promotion_is_described_as_it_is_answered(self, today: Scene, frontend: Application) -> None:
        promotion = today.promotion(today.register(frontend, "v1"), "integration")

        assert list(promotion_out(promotion)) == list(PromotionOut().fields)
