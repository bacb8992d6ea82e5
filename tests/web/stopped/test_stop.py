"""Stopping everything: by the page, the API and the terminal; what it stops, and who may."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from deployer.audit.models import Event
from deployer.calendar.actions.freezes import FreezeRefusedError, NewFreeze, declare, lift
from deployer.calendar.models import Freeze
from deployer.promotions.actions.promote import promote, roll_back
from deployer.promotions.actions.stop import AlreadyStoppedError, stop_everything
from deployer.refusal import NotAllowedError
from tests.scene import ALEX, Scene
from tests.web.calendar.browser import Browser
from tests.web.calendar.calls import fields_of, signed_in, token, token_for_all
from tests.web.pages import text_of
from tests.web.stopped.world import application, failed, runs, waits

STOP = "Stop everything"


class TestTheAction:
    def test_nothing_more_is_deployed_whoever_asks_until_it_is_lifted(self, scene: Scene) -> None:
        application = scene.application(environments=1)
        first = scene.register(application, "v1")
        scene.run(60)

        freeze = stop_everything(rights=scene.manager(), reason="Fire.", now=scene.now)
        second = scene.register(application, "v2")
        promote(release=second, target=application.targets.get(), by=ALEX, now=scene.now)
        scene.run(3600)
        assert scene.live(application) == {"integration": "v1"}
        assert scene.states(first) == {"integration": "succeeded"}

        lift(freeze=freeze, reason="Out.", rights=scene.manager(), now=scene.now)
        scene.run(120)
        assert scene.live(application) == {"integration": "v2"}

    def test_rollbacks_pass(self, scene: Scene) -> None:
        application = scene.application(environments=1)
        for version in ("v1", "v2"):
            scene.register(application, version)
            scene.run(60)

        stop_everything(rights=scene.manager(), reason="Fire.", now=scene.now)
        roll_back(target=application.targets.get(), by=ALEX, reason="It burns.", now=scene.now)
        scene.run(120)

        assert scene.live(application) == {"integration": "v1"}

    def test_what_runs_finishes_where_it_is(self, scene: Scene) -> None:
        scene.backend.stuck = True
        application = scene.application()
        release = scene.register(application, "v1")
        scene.run(5)

        stop_everything(rights=scene.manager(), reason="Fire.", now=scene.now)
        scene.backend.stuck = False
        scene.run(600)

        assert scene.states(release) == {"integration": "succeeded", "staging": "waiting"}

    def test_only_release_managers_may(self, scene: Scene) -> None:
        with pytest.raises(NotAllowedError, match="Only release managers may stop everything"):
            stop_everything(rights=scene.person(), reason="Fire.", now=scene.now)

        assert not Freeze.objects.exists()

    @pytest.mark.parametrize("reason", ["", "  \n"])
    def test_it_needs_a_reason(self, scene: Scene, reason: str) -> None:
        with pytest.raises(FreezeRefusedError) as refused:
            stop_everything(rights=scene.manager(), reason=reason, now=scene.now)

        assert refused.value.field == "reason"

    def test_it_is_stopped_once_and_the_second_learns_by_whom(self, scene: Scene) -> None:
        first = stop_everything(rights=scene.manager(), reason="Fire.", now=scene.now)

        with pytest.raises(AlreadyStoppedError, match=r"already, by Sam Doe: Fire\.") as refused:
            stop_everything(rights=scene.manager("jo"), reason="Smoke.", now=scene.now)

        assert refused.value.freeze == first
        assert Freeze.objects.count() == 1

    @pytest.mark.parametrize("fields", [{"allows_by_hand": True}, {"ends_at": timedelta(hours=1)}, {"here": True}])
    def test_a_freeze_that_stops_less_does_not_stand_in_its_way(self, scene: Scene, fields: dict[str, Any]) -> None:
        values: dict[str, Any] = {"starts_at": scene.now, "ends_at": None, "reason": "News."}
        if fields.pop("here", False):
            values["environments"] = scene.environments[:1]
        if "ends_at" in fields:
            fields["ends_at"] += scene.now
        declare(new=NewFreeze(**values | fields), rights=scene.manager(), now=scene.now)

        stop_everything(rights=scene.manager(), reason="Fire.", now=scene.now)

        assert Freeze.objects.count() == 2

    def test_after_it_was_lifted_everything_can_be_stopped_again(self, scene: Scene) -> None:
        first = stop_everything(rights=scene.manager(), reason="Fire.", now=scene.now)
        lift(freeze=first, reason="Out.", rights=scene.manager(), now=scene.now + timedelta(minutes=1))

        stop_everything(rights=scene.manager(), reason="Fire again.", now=scene.now + timedelta(minutes=2))

        assert Event.objects.filter(kind="freeze.declared").count() == 2


class TestThePage:
    def test_it_says_what_runs_and_what_waits_before_its_button_stops_it(self, today: Scene) -> None:
        running = runs(application("frontend"), "deploy", ago=timedelta(minutes=1), timeout=1800)
        waits(application("router"), "manual")

        page = Browser(today.manager()).open("/stop-everything/")

        assert "1 promotion runs now, and finishes where it is" in page.text
        assert "Deploying frontend v1 to staging, 1 min so far Abort" in page.text
        assert f'href="/promotions/{running.pk}/abort/"' in page.source
        assert "1 promotion waits, and goes no further" in page.text
        assert not Freeze.objects.exists()

        stopped = page.send(STOP, reason="Fire.", contact="#incident")

        freeze = Freeze.objects.get()
        assert stopped.path == f"/freezes/{freeze.pk}/"
        assert "Everything is stopped, until somebody lifts it." in stopped.text
        assert (freeze.reason, freeze.contact, freeze.ends_at, freeze.scope) == (
            "Fire.",
            "#incident",
            None,
            "Everything",
        )

    def test_without_a_reason_nothing_is_stopped_and_nothing_typed_is_lost(self, today: Scene) -> None:
        page = Browser(today.manager()).open("/stop-everything/").send(STOP, reason=" ", contact="#incident")

        assert page.status == 200
        assert page.text.startswith("Error:")
        assert "Say why everything is stopped" in page.text
        assert 'href="#id_reason"' in page.source
        assert page.fields["contact"] == ["#incident"]
        assert not Freeze.objects.exists()

    def test_who_comes_second_sees_who_stopped_it_and_where_to_lift_it(self, today: Scene) -> None:
        late = Browser(today.manager("jo")).open("/stop-everything/")
        freeze = stop_everything(rights=today.manager(), reason="Fire.", contact="#incident")

        page = late.send(STOP, reason="Smoke.")

        assert "Everything is stopped already, by Sam Doe: Fire." in page.text
        assert page.fields["reason"] == ["Smoke."]
        assert f'href="/freezes/{freeze.pk}/lift/"' in page.source
        assert Freeze.objects.count() == 1

    def test_while_it_stands_it_cannot_be_pressed_again(self, today: Scene) -> None:
        stop_everything(rights=today.manager(), reason="Fire.", contact="#incident")

        page = Browser(today.manager()).open("/stop-everything/")

        assert page.forms == []
        assert "Fire. Contact: #incident." in page.text

    def test_only_release_managers_see_the_button_and_the_page(self, today: Scene) -> None:
        assert STOP in Browser(today.manager()).open("/stopped/").text
        developer = Browser(today.person())

        assert STOP not in developer.open("/stopped/").text
        assert developer.open("/stop-everything/").status == 403
        assert developer.client.post("/stop-everything/", {"reason": "Fire."}).status_code == 403
        assert not Freeze.objects.exists()

    def test_while_it_stands_the_page_of_what_is_stopped_and_every_banner_say_so(self, today: Scene) -> None:
        freeze = stop_everything(rights=today.manager(), reason="Fire.", contact="#incident")
        manager, developer = Browser(today.manager()), Browser(today.person())

        for reader in (manager, developer):
            page = reader.open("/stopped/")
            assert "Everything is stopped Sam Doe stopped it" in page.text
            assert "Fire. Contact: #incident. Rollbacks pass." in page.text
            board = reader.open("/")
            assert "Frozen now Everything until somebody lifts it. Fire. Contact: #incident." in board.text
            assert f'href="/freezes/{freeze.pk}/"' in board.source
        assert STOP not in manager.open("/stopped/").text
        assert f'href="/freezes/{freeze.pk}/lift/"' in manager.open("/stopped/").source
        assert f'href="/freezes/{freeze.pk}/lift/"' not in developer.open("/stopped/").source


class TestTheApi:
    def test_it_stops_everything_and_answers_with_the_freeze(self, today: Scene) -> None:
        answer = token_for_all().post("stop", {"reason": "Fire.", "contact": "#incident"})

        assert answer.status_code == 201
        body, freeze = answer.json(), Freeze.objects.get()
        assert (body["id"], body["reason"], body["contact"], body["state"]) == (freeze.pk, "Fire.", "#incident", "now")
        assert freeze.declared_by.startswith("token ")

    def test_a_release_manager_may_as_a_person_and_a_developer_may_not(self, today: Scene) -> None:
        assert signed_in(today.person()).post("stop", {"reason": "Fire."}).status_code == 403
        assert signed_in(today.manager()).post("stop", {"reason": "Fire."}).status_code == 201

    def test_a_limited_token_may_not_nor_one_without_the_scope(self, today: Scene) -> None:
        limited = token(today.application("frontend")).post("stop", {"reason": "Fire."})
        unscoped = token_for_all("read", "promotions:write").post("stop", {"reason": "Fire."})

        assert (limited.status_code, unscoped.status_code) == (403, 403)
        assert limited.json()["detail"] == "Only release managers may stop everything."
        assert not Freeze.objects.exists()

    def test_a_second_stop_is_a_conflict_that_says_by_whom(self, today: Scene) -> None:
        stop_everything(rights=today.manager(), reason="Fire.")

        answer = token_for_all().post("stop", {"reason": "Smoke."})

        assert answer.status_code == 409
        assert answer.json()["detail"] == "Everything is stopped already, by Sam Doe: Fire."

    @pytest.mark.parametrize(
        ("body", "fields"), [({}, ["reason"]), ({"reason": " "}, ["reason"]), ({"reason": "x", "why": "y"}, ["why"])]
    )
    def test_bad_input_is_named(self, today: Scene, body: dict[str, str], fields: list[str]) -> None:
        assert fields_of(token_for_all().post("stop", body)) == fields

    def test_the_same_key_again_is_the_same_answer(self, today: Scene) -> None:
        caller = token_for_all()

        first, again = (caller.post("stop", {"reason": "Fire."}, **{"idempotency-key": "a"}) for _ in range(2))

        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json() == again.json()
        assert Freeze.objects.count() == 1


class TestTheList:
    def test_it_is_the_pages_worst_first(self, today: Scene) -> None:
        waiting = waits(application("router", "platform"), "manual", ago=timedelta(hours=1))
        hold = failed(application("frontend"), ago=timedelta(hours=5))

        body = token_for_all().get("stopped").json()

        assert body["total"] == 2
        assert body["everything_stopped_by"] is None
        first, second = body["results"]
        assert (first["condition"], first["application"], first["environment"]) == ("stopped", "frontend", "staging")
        assert (first["hold"], first["why"]) == (hold.pk, ["frontend failed its smoke test."])
        assert first["first_way_out"] == {"what": "See the ways out", "url": hold.full_url()}
        assert first["whose_move"] == {"mover": "team", "name": "Web", "contact": "#web"}
        assert (second["condition"], second["kind"], second["promotion"]) == ("waits", "manual", waiting.pk)

    def test_a_limited_token_sees_its_own_and_what_is_of_everything(self, today: Scene) -> None:
        mine = application("frontend")
        failed(mine)
        failed(application("router", "platform"))
        freeze = stop_everything(rights=today.manager(), reason="Fire.")

        body = token(mine).get("stopped").json()

        assert [(one["application"], one["freeze"]) for one in body["results"]] == [
            ("frontend", None),
            (None, freeze.pk),
        ]
        assert body["everything_stopped_by"] == freeze.pk

    def test_by_team_and_environment(self, today: Scene) -> None:
        failed(application("frontend"), environment="staging")
        failed(application("router", "platform"), environment="production")

        def found(**query: str) -> list[str]:
            return [one["application"] for one in token_for_all().get("stopped", **query).json()["results"]]

        assert found(team="platform") == ["router"]
        assert found(environment="staging") == ["frontend"]
        assert found(team="platform", environment="staging") == []

    @pytest.mark.parametrize("query", [{"team": "nobody"}, {"environment": "moon"}, {"teem": "web"}, {"team": "\0"}])
    def test_a_filter_that_there_is_not_is_named(self, today: Scene, query: dict[str, str]) -> None:
        assert fields_of(token_for_all().get("stopped", **query)) == list(query)

    def test_what_is_mine_is_said_to_a_person(self, today: Scene) -> None:
        failed(application("frontend"))
        failed(application("router", "platform"))

        body = signed_in(today.person()).get("stopped").json()

        assert {one["application"]: one["mine"] for one in body["results"]} == {"frontend": True, "router": False}

    def test_it_needs_a_sign_in_and_the_scope(self, client: Any, today: Scene) -> None:
        assert client.get("/api/v1/stopped").status_code == 401
        assert token_for_all("freezes:write").get("stopped").status_code == 403


class TestTheTerminal:
    def test_it_prints_what_it_did_and_how_to_lift_it(self, today: Scene) -> None:
        runs(application("frontend"), "deploy", ago=timedelta(minutes=1), timeout=1800)
        waits(application("router"), "manual")
        out = StringIO()

        call_command("stop", "--reason", "Fire.", "--contact", "#incident", stdout=out)

        freeze = Freeze.objects.get()
        assert "Everything is stopped, until that is lifted." in out.getvalue()
        assert "It runs, and finishes where it is: frontend v1 to staging" in out.getvalue()
        assert 'manage.py abort frontend staging --reason "why"' in out.getvalue()
        assert "It waits: router v1 to staging" in out.getvalue()
        assert f'To lift it: manage.py unfreeze {freeze.pk} --reason "why"' in out.getvalue()

    def test_a_second_time_says_by_whom_it_is_stopped(self, today: Scene) -> None:
        stop_everything(rights=today.manager(), reason="Fire.")

        with pytest.raises(CommandError, match="already, by Sam Doe: Fire"):
            call_command("stop", "--reason", "Smoke.")


def test_the_menu_leads_there(today: Scene) -> None:
    page = Browser(today.person()).open("/")

    assert 'href="/stopped/"' in page.source
    assert text_of(page.response).index("Stopped") < text_of(page.response).index("Calendar")


def test_a_stop_counts_from_the_moment_that_it_is_made(today: Scene) -> None:
    before = timezone.now()
    stop_everything(rights=today.manager(), reason="Fire.")

    assert Freeze.objects.get().starts_at >= before
