"""Holds that people place: why, whom to ask, until when, and what is safe all the same."""

from datetime import timedelta
from typing import Any

import pytest

from deployer.audit.models import Event
from deployer.promotions import jobs
from deployer.promotions.actions.hold import NewHold, lift_hold, lift_holds, place_hold
from deployer.promotions.models import Hold
from deployer.refusal import NotAllowedError, RefusedError
from tests.scene import AS_ALEX, Scene

HOUR = timedelta(hours=1)


class TestPlacing:
    def test_it_says_why_whom_to_ask_until_when_and_what_is_safe(self, scene: Scene) -> None:
        application = scene.application(environments=1)
        release = scene.register(application, "v1")
        scene.run(60)
        new = NewHold(reason=" It leaks. ", contact=" Sam, #web ", ends_at=scene.now + HOUR, newest_safe=release)

        hold = place_hold(
            application=application, environment=scene.environments[0], new=new, rights=scene.person(), now=scene.now
        )

        assert (hold.reason, hold.contact, hold.placed_by) == ("It leaks.", "Sam, #web", "Alex Doe")
        event = Event.objects.get(kind="hold.placed")
        assert event.data["contact"] == "Sam, #web"
        assert event.data["newest_safe"] == "v1"
        assert event.data["ends_at"] == hold.ends_at.isoformat()  # type: ignore[union-attr]
        assert event.data["url"].endswith(hold.get_absolute_url())

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            ({"reason": " "}, "a hold needs a reason"),
            ({"contact": " "}, "a hold needs a contact"),
            ({"contact": "c" * 201}, "at most 200 characters"),
            ({"ends_at": timedelta(0)}, "must be in the future"),
            ({"newest_safe": "other"}, "other v1 is another application's: name a release of frontend"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, scene: Scene, fields: dict[str, Any], message: str) -> None:
        application = scene.application(environments=1)
        values: dict[str, Any] = {"reason": "It leaks.", "contact": "Sam"} | fields
        if "ends_at" in values:
            values["ends_at"] += scene.now
        if "newest_safe" in values:
            values["newest_safe"] = scene.register(scene.application("other", environments=1), "v1")

        with pytest.raises(RefusedError, match=message):
            place_hold(application=application, environment=None, new=NewHold(**values), rights=AS_ALEX, now=scene.now)

        assert not Hold.objects.exists()

    def test_only_its_team_and_release_managers_do(self, scene: Scene) -> None:
        application = scene.application(environments=1)
        new = NewHold(reason="It leaks.", contact="Sam")

        with pytest.raises(NotAllowedError, match="Only developers of Web and release managers may put it on hold"):
            place_hold(
                application=application,
                environment=None,
                new=new,
                rights=scene.person("kim", teams=("data",)),
                now=scene.now,
            )

        assert place_hold(
            application=application, environment=None, new=new, rights=scene.manager(), now=scene.now
        ).is_open


class TestItsEnd:
    def test_at_its_end_it_lifts_itself_and_what_waited_goes_on(self, scene: Scene) -> None:
        application = scene.application(environments=1)
        hold = scene.hold(application, ends_at=scene.now + HOUR)
        release = scene.register(application, "v1")

        scene.run(3590)
        assert scene.states(release) == {"integration": "waiting"}
        assert scene.promotion(release, "integration").waits_for[0].until == hold.ends_at
        scene.run(60)

        hold.refresh_from_db()
        assert scene.states(release) == {"integration": "succeeded"}
        assert (hold.way_out, hold.lifted_by, hold.resolution) == ("end", "Deployer", "Its end came.")
        assert Event.objects.get(kind="hold.lifted").actor_label == "Deployer"

    def test_when_the_clock_is_late_its_end_counts_all_the_same(self, scene: Scene) -> None:
        application = scene.application(environments=1)
        scene.hold(application, ends_at=scene.now + HOUR)
        release = scene.register(application, "v1")
        jobs.wake(scene.promotion(release, "integration").pk, now=scene.now)

        jobs.wake(scene.promotion(release, "integration").pk, now=scene.now + HOUR)

        assert scene.states(release) == {"integration": "deploying"}

    def test_to_end_it_early_twice_or_after_a_person_did_changes_nothing(self, scene: Scene) -> None:
        hold = scene.hold(scene.application(environments=1), ends_at=scene.now + HOUR)

        jobs.hold_end(hold.pk, now=scene.now)
        assert Hold.objects.open().exists()
        lift_hold(hold=hold, rights=AS_ALEX, resolution="It was nothing.", now=scene.now)
        jobs.hold_end(hold.pk, now=scene.now + HOUR)
        jobs.hold_end(hold.pk + 1, now=scene.now + HOUR)

        hold.refresh_from_db()
        assert (hold.way_out, hold.resolution) == ("lift", "It was nothing.")
        assert jobs.due_holds(scene.now + HOUR) == {}

    def test_one_without_an_end_is_never_due(self, scene: Scene) -> None:
        scene.hold(scene.application(environments=1))

        assert jobs.due_holds(scene.now + 1000 * HOUR) == {}


class TestWhatIsSafe:
    def test_releases_up_to_the_newest_that_is_safe_go_on_and_newer_ones_wait(self, scene: Scene) -> None:
        application = scene.application(environments=2)
        staging = scene.environments[1]
        scene.hold(application, staging)
        safe = scene.register(application, "v1")
        scene.run(60)
        Hold.objects.update(newest_safe=safe)
        newer = scene.register(application, "v2")
        scene.run(120)

        assert scene.states(safe)["staging"] == "succeeded"
        waits = scene.promotion(newer, "staging").waits_for
        assert [blocker.sentence for blocker in waits] == [
            "frontend in staging is on hold, placed by Alex Doe: Stop. Releases up to v1 pass it."
        ]
        assert waits[0].who == "Web can lift the hold"

    def test_a_newer_one_that_the_hold_stops_does_not_take_the_place_of_a_safe_one(self, scene: Scene) -> None:
        application = scene.application(environments=1, policy="manual")
        safe, newer = scene.register(application, "v1"), None
        scene.hold(application, newest_safe=safe)
        newer = scene.register(application, "v2")
        scene.run(60)

        assert (scene.states(safe), scene.states(newer)) == ({"integration": "waiting"}, {"integration": "waiting"})


class TestLifting:
    def test_of_two_who_lift_it_the_second_is_told_who_did(self, scene: Scene) -> None:
        hold = scene.hold(scene.application(environments=1))
        lift_hold(hold=hold, rights=scene.manager(), resolution="It has moved.", now=scene.now)

        with pytest.raises(RefusedError, match=r"Sam Doe has lifted this hold meanwhile: It has moved\."):
            lift_hold(hold=hold, rights=AS_ALEX, resolution="I saw to it.", now=scene.now)

        hold.refresh_from_db()
        assert (hold.way_out, hold.lifted_by) == ("lift", "Sam Doe")

    def test_it_needs_a_resolution_and_the_right_to(self, scene: Scene) -> None:
        application = scene.application(environments=1)
        hold = scene.hold(application)
        other = scene.person("kim", teams=("data",))

        with pytest.raises(RefusedError, match="needs a resolution"):
            lift_hold(hold=hold, rights=AS_ALEX, resolution=" ", now=scene.now)
        with pytest.raises(NotAllowedError, match="may lift this hold"):
            lift_hold(hold=hold, rights=other, resolution="It has moved.", now=scene.now)
        with pytest.raises(NotAllowedError, match="may lift its holds"):
            lift_holds(application=application, environment=None, rights=other, resolution="Moved.", now=scene.now)

        assert Hold.objects.open().get() == hold
