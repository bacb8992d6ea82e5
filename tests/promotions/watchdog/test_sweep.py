"""The watchdog at work: what stalls is told once an interval, until it moves, and what that costs."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from apps_registry.models import Application
from deployer.audit.models import Event
from deployer.notifications.models import Notification
from deployer.promotions import jobs, watching
from deployer.promotions.actions.abort import abort
from deployer.promotions.actions.hold import NewHold, lift_hold, place_hold
from deployer.promotions.actions.promote import promote
from deployer.promotions.models import Hold, Promotion, Stall
from tests.scene import ALEX, Scene
from tests.web import pages

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


def events(kind: str = "told") -> list[str]:
    return list(Event.objects.filter(kind=f"stall.{kind}").order_by("id").values_list("sentence", flat=True))


def told_at() -> list[datetime]:
    return list(Event.objects.filter(kind="stall.told").order_by("id").values_list("at", flat=True))


def watch_for(scene: Scene, seconds: float, *, every: float) -> None:
    """Let the time pass with the engine and the watchdog at work."""
    end = scene.now + timedelta(seconds=seconds)
    while scene.now < end:
        scene.run(until=min(end, scene.now + timedelta(seconds=every)))
        scene.watch()


@pytest.fixture(autouse=True)
def _days_pass_quickly(settings: Settings) -> None:
    """A waiting promotion is looked at every hour."""
    settings.RECHECK_SECONDS = 3600


def waits_for_a_person(scene: Scene, slug: str = "frontend") -> Promotion:
    application = scene.application(slug, environments=1, policy="manual")
    release = scene.register(application, "v1")
    scene.run(1)
    return scene.promotion(release, "integration")


def stopped(scene: Scene) -> Hold:
    application = scene.application(environments=1)
    scene.backend.failing.add(("frontend", "v1", "integration"))
    scene.register(application, "v1")
    scene.run(60)
    return Hold.objects.get()


def test_a_promotion_that_waits_for_a_person_is_told_to_its_team_after_a_working_day(scene: Scene) -> None:
    promotion = waits_for_a_person(scene)

    watch_for(scene, DAY - MINUTE, every=HOUR)
    assert events() == []
    watch_for(scene, 2 * MINUTE, every=MINUTE)

    assert events() == [
        "frontend v1 to integration has waited for 1 day for somebody to start it. It is Web's move.",
    ]
    event = Event.objects.get(kind="stall.told")
    assert (event.application, event.environment, event.promotion_id) == ("frontend", "integration", promotion.pk)
    assert event.data["url"] == promotion.full_url()
    assert event.data["whose"] == "Web"
    assert event.data["told"] == 1
    assert event.data["evidence"] == [
        "Promotions of frontend to integration are started by a person. Web can promote it."
    ]
    assert event.data["ways_out"] == [
        f"Promote it: {promotion.full_url()}promote/",
        f"Abort it: {promotion.full_url()}abort/",
    ]


def test_the_owning_team_gets_the_message(scene: Scene) -> None:
    waits_for_a_person(scene)

    watch_for(scene, DAY + MINUTE, every=HOUR)

    assert Notification.objects.filter(event__kind="stall.told", address="web@example.org").count() == 1


def test_it_is_told_again_at_growing_intervals_however_often_the_watchdog_looks(scene: Scene) -> None:
    stopped(scene)

    watch_for(scene, 16 * HOUR, every=10 * MINUTE)

    first, *rest = told_at()
    assert [(at - first) / timedelta(hours=1) for at in rest] == [1, 3, 7, 15]
    assert Stall.objects.get().told == 5


def test_a_hold_after_a_failure_is_told_after_an_hour_with_its_ways_out(scene: Scene) -> None:
    hold = stopped(scene)

    watch_for(scene, HOUR + MINUTE, every=MINUTE)

    assert events() == [
        "frontend in integration has waited for 1 hour for somebody to choose a way out. It is Web's move."
    ]
    assert f"Lift the hold: {hold.full_url()}lift/" in Event.objects.get(kind="stall.told").data["ways_out"]


def test_once_it_moves_that_is_told_and_nothing_more(scene: Scene) -> None:
    promotion = waits_for_a_person(scene)
    watch_for(scene, DAY + MINUTE, every=HOUR)

    promote(release=promotion.release, target=promotion.target, by=ALEX, now=scene.now)
    watch_for(scene, 3 * DAY, every=HOUR)

    assert len(events()) == 1
    assert events("ended") == ["frontend v1 to integration has moved after 1 day: it is now succeeded."]
    assert not Stall.objects.going_on().exists()


def test_what_moved_before_anyone_was_told_leaves_no_trace(scene: Scene) -> None:
    promotion = waits_for_a_person(scene)
    watch_for(scene, HOUR, every=HOUR / 4)
    assert Stall.objects.get().told == 0

    abort(promotion=promotion, by=ALEX, reason="Not needed.", now=scene.now)
    watch_for(scene, MINUTE, every=MINUTE)

    assert not Stall.objects.exists()
    assert not Event.objects.filter(kind__startswith="stall.").exists()


def test_another_reason_is_another_stall(scene: Scene) -> None:
    promotion = waits_for_a_person(scene)
    watch_for(scene, DAY + MINUTE, every=HOUR)
    promotion.target.deployer, promotion.target.deployer_config = "", {}
    promotion.target.save()

    watch_for(scene, DAY + 2 * HOUR, every=HOUR)

    assert [row.kind for row in Stall.objects.order_by("id")] == ["manual", "not_configured"]
    assert events("ended") == [
        "frontend v1 to integration has moved after 1 day: it now waits for its target to be set up."
    ]
    assert events()[-1] == (
        "frontend v1 to integration has waited for 1 day for its target to be set up. It is an admin's move."
    )


def test_what_waits_for_a_night_or_a_freeze_to_end_is_no_stall(scene: Scene) -> None:
    scene.hours(scene.environments[0])
    scene.now = scene.now.replace(hour=18)
    application = scene.application(environments=1)
    scene.register(application, "v1")
    scene.run(60)

    watch_for(scene, 14 * HOUR, every=HOUR)

    assert Promotion.objects.open().exists()
    assert not Stall.objects.exists()


def test_what_waits_for_a_person_over_a_night_keeps_its_time_and_is_told_in_the_morning(
    scene: Scene, settings: Settings
) -> None:
    settings.RECHECK_SECONDS = 600
    scene.hours(scene.environments[0])
    scene.now = scene.now.replace(hour=16, minute=45)
    waits_for_a_person(scene)

    watch_for(scene, 26 * HOUR, every=HOUR / 4)

    assert told_at() == []  # the day has passed in the evening of the next, when it could not start anyway
    watch_for(scene, 16 * HOUR, every=HOUR / 4)
    assert [at.isoformat() for at in told_at()] == ["2026-03-05T09:30:01+00:00"]


def test_a_deploy_that_takes_longer_than_usual_is_told_before_its_time_limit(scene: Scene) -> None:
    scene.backend.stuck = True
    application = scene.application(environments=1, deploy_timeout=3600)
    scene.register(application, "v1")

    watch_for(scene, 31 * MINUTE, every=MINUTE)

    assert events() == ["frontend v1 to integration has waited for 30 minutes for its deploy to end. It is Web's move."]


def test_a_hold_by_hand_with_an_end_does_not_stall_and_one_without_does(scene: Scene) -> None:
    rights = scene.person()
    with_end = scene.application("frontend", environments=1)
    without = scene.application("whitehall", environments=1)
    end = scene.now + timedelta(days=5)
    place_hold(application=with_end, environment=None, new=_new_hold(ends_at=end), rights=rights, now=scene.now)
    place_hold(application=without, environment=None, new=_new_hold(), rights=rights, now=scene.now)

    watch_for(scene, DAY + MINUTE, every=HOUR)

    assert events() == [
        "whitehall in every environment has waited for 1 day for its hold to be lifted. It is Web's move."
    ]


def _new_hold(ends_at: datetime | None = None) -> NewHold:
    return NewHold(reason="A migration.", contact="#web", ends_at=ends_at)


def test_a_hold_that_is_lifted_stops_being_told(scene: Scene) -> None:
    hold = stopped(scene)
    watch_for(scene, HOUR + MINUTE, every=MINUTE)

    lift_hold(hold=hold, rights=scene.person(), resolution="Fixed.", now=scene.now)
    watch_for(scene, MINUTE, every=MINUTE)
    watch_for(scene, DAY, every=HOUR)

    assert len(events()) == 1
    assert events("ended") == [
        "frontend in integration has moved after 1 hour: its hold was lifted by Alex Doe. Fixed.",
    ]


class TestMoreThanOnce:
    """Under any number of sweeps, clocks and deliveries."""

    def test_two_sweeps_and_a_telling_that_is_delivered_twice_tell_once(self, scene: Scene) -> None:
        waits_for_a_person(scene)
        watch_for(scene, DAY - HOUR, every=HOUR)
        scene.run(HOUR)

        jobs.watch(0, now=scene.now)
        jobs.watch(0, now=scene.now)
        (stall_id,) = jobs.due_stalls(scene.now)
        jobs.stall(stall_id, now=scene.now)
        jobs.stall(stall_id, now=scene.now)
        jobs.watch(0, now=scene.now)

        assert len(events()) == 1
        assert jobs.due_stalls(scene.now) == {}

    def test_one_that_is_killed_before_its_commit_is_told_the_next_time(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stopped(scene)
        scene.run(HOUR)
        jobs.watch(0, now=scene.now)
        (stall_id,) = jobs.due_stalls(scene.now)

        with monkeypatch.context() as patched:
            patched.setattr(watching, "_record", _killed)
            with pytest.raises(KeyboardInterrupt):
                jobs.stall(stall_id, now=scene.now)
        assert Stall.objects.get().told == 0

        scene.watch()
        assert len(events()) == 1

    def test_what_moved_between_the_sweep_and_the_telling_is_not_told(self, scene: Scene) -> None:
        hold = stopped(scene)
        scene.run(HOUR)
        jobs.watch(0, now=scene.now)
        (stall_id,) = jobs.due_stalls(scene.now)

        lift_hold(hold=hold, rights=scene.person(), resolution="Fixed.", now=scene.now)
        jobs.stall(stall_id, now=scene.now)

        assert events() == []
        assert not Stall.objects.exists()

    def test_a_stall_that_is_gone_is_nothing(self, scene: Scene) -> None:
        jobs.stall(4711, now=scene.now)

        assert events() == []


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


class TestDeployerItself:
    """When nobody acts on timers its operators are told, once for all, and no team."""

    def stand_still(self, scene: Scene, minutes: float, *, look: bool = True) -> None:
        """Time passes and no worker is alive; the clock's watchdog looks every minute."""
        for _ in range(round(minutes)):
            scene.now += timedelta(minutes=1)
            if look:
                scene.watch()

    def test_its_operators_are_told_once_for_all_that_is_overdue(self, scene: Scene, settings: Settings) -> None:
        settings.FALLBACK_EMAIL = "operators@example.org"
        for slug in ("frontend", "whitehall"):
            scene.register(scene.application(slug, environments=1), "v1")

        self.stand_still(scene, 5)
        assert events() == []
        self.stand_still(scene, 30)

        event = Event.objects.get(kind="stall.told")
        assert event.sentence == (
            "Deployer itself does not move: 2 things are overdue, the first for 10 minutes. "
            "It is its operators' move: are the workers and clocks alive?"
        )
        assert (event.application, event.subject) == ("", "engine")
        assert event.data["url"].endswith("/stopped/")
        assert [one.address for one in event.notifications.all()] == ["operators@example.org"]

    def test_they_are_told_again_until_it_moves_and_then_that_it_does(self, scene: Scene) -> None:
        scene.register(scene.application(environments=1), "v1")

        self.stand_still(scene, 200)
        scene.run(60)
        scene.watch()
        scene.watch()

        assert len(events()) == 3
        assert events("ended") == ["Deployer moves again: nothing that it should have looked at is left."]
        assert not Stall.objects.going_on().exists()

    def test_what_falls_behind_later_is_part_of_the_same_breakdown(self, scene: Scene) -> None:
        scene.register(scene.application(environments=1), "v1")
        self.stand_still(scene, 20)
        scene.register(scene.application("whitehall", environments=1), "v1")

        self.stand_still(scene, 30)
        assert len(events()) == 1
        self.stand_still(scene, 30)

        assert len(events()) == 2
        assert "2 things are overdue" in events()[-1]

    def test_after_a_night_without_power_it_has_time_to_catch_up(self, scene: Scene) -> None:
        scene.register(scene.application(environments=1), "v1")
        self.stand_still(scene, 600, look=False)

        scene.watch()
        scene.run(60)
        self.stand_still(scene, 1)

        assert events() == []
        assert not Stall.objects.exists()

    def test_a_team_that_has_been_told_is_not_told_again_while_deployer_does_not_move(self, scene: Scene) -> None:
        waits_for_a_person(scene)
        watch_for(scene, DAY + MINUTE, every=HOUR)

        self.stand_still(scene, 75)
        watch_for(scene, 2 * MINUTE, every=MINUTE)

        operators, team = (
            Event.objects.filter(kind="stall.told", subject=subject).count() for subject in ("engine", "")
        )
        assert operators == 1
        assert team == 2  # before, and since it moves again: it still waits
        assert Stall.objects.going_on().get().kind == "manual"


class TestCost:
    """A sweep asks a bounded number of queries."""

    def waiting(self, number: int) -> None:
        for index in range(number):
            app = pages.application(f"app-{Application.objects.count()}-{index}")
            manual = pages.blocker("manual", "It is started by a person.")
            pages.promotion(app, "staging", "v1", blockers=[manual], due_at=pages.NOW + timedelta(days=30))
            if index % 3 == 0:
                pages.hold(app, "production", "It failed.", placed_at=pages.NOW)

    def queries(self, now: datetime) -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            jobs.watch(0, now=now)
        return len(asked)

    def test_it_does_not_grow_with_what_is_open(self, db: None) -> None:
        self.waiting(3)
        few = self.queries(pages.NOW)
        self.waiting(90)
        first, again = self.queries(pages.NOW), self.queries(pages.NOW + timedelta(minutes=1))

        assert first <= few + 2
        assert again <= few
        assert Stall.objects.count() == 93

    def test_what_is_told_costs_a_look_no_more_than_what_is_not(self, db: None) -> None:
        self.waiting(10)
        late = pages.NOW + timedelta(days=2)
        self.queries(pages.NOW)
        before = self.queries(late)

        for stall_id in jobs.due_stalls(late):
            jobs.stall(stall_id, now=late)

        assert Event.objects.filter(kind="stall.told").count() == 14
        assert self.queries(late + timedelta(minutes=1)) <= before
