"""What there is in a stretch of the calendar: what is shown, to whom, in how many queries."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps_registry.models import Application, Team, TokenLimit
from apps_registry.rights import Rights, rights_of_token
from deployer.access.models import ApiToken
from deployer.calendar.actions.overrides import NewOverride
from deployer.calendar.actions.slots import cancel, override_slot
from deployer.calendar.models import ClosedDay, EnvironmentCalendar
from deployer.calendar.spans import Span
from deployer.promotions.models import PromotionOverride
from deployer.promotions.states import PromotionState
from deployer.web.calendar import reading
from deployer.web.calendar.reading import Calendar, Filters, Listed, read_calendar
from tests.calendar.bookings import at, booked
from tests.scene import Scene
from tests.web.calendar.timetable import MONDAY, SATURDAY, frozen, lane, ran, read, titles

WEEK = timedelta(days=7)


def limited_to(*names: str) -> Rights:
    """A token's that is limited to these applications."""
    made, _ = ApiToken.issue(name="ci", scopes=["read"], limited=True)
    for application in Application.objects.filter(slug__in=names):
        TokenLimit.objects.create(token=made, application=application)
    return rights_of_token(made)


# --- Slots ------------------------------------------------------------------------------------------------


def test_there_is_a_lane_for_each_environment_in_their_order_with_its_slots(scene: Scene) -> None:
    router = scene.application("router")
    booked(scene, router, scene.application("frontend"), at=at("2026-03-04 10:00"), environment=scene.environments[2])
    booked(scene, router, at=at("2026-03-05 10:00"))

    calendar = read(scene)

    assert [str(lane.environment) for lane in calendar.lanes] == ["integration", "staging", "production"]
    assert titles(calendar) == ["integration: router", "production: frontend, router"]
    assert calendar.has_slots


def test_a_slot_is_shown_where_a_part_of_it_is_and_not_where_it_only_touches(scene: Scene) -> None:
    application = scene.application()
    booked(scene, application, at=at("2026-03-03 23:45"), minutes=30)

    def shown(start: str, end: str) -> bool:
        return read_calendar(at(start), at(end), Filters(), scene.manager(), scene.now).has_slots

    assert shown("2026-03-03 00:00", "2026-03-04 00:00")
    assert shown("2026-03-04 00:00", "2026-03-05 00:00")
    assert not shown("2026-03-04 00:15", "2026-03-05 00:00")
    assert not shown("2026-03-03 00:00", "2026-03-03 23:45")


def test_a_cancelled_slot_is_gone_and_a_missed_one_stays(scene: Scene) -> None:
    gone = booked(scene, scene.application("gone"), at=at("2026-03-03 13:00"))
    missed = booked(scene, scene.application("missed"), at=at("2026-03-03 13:00"))
    cancel(slot=gone, rights=scene.person(), now=scene.now)
    scene.run(until=missed.ends_at)

    calendar = read(scene)

    assert titles(calendar) == ["integration: missed"]
    assert lane(calendar).slots[0].state == "missed"


def test_only_what_the_reader_may_change_can_be_moved(scene: Scene) -> None:
    booked(scene, scene.application(), at=at("2026-03-04 10:00"))

    def may_move(rights: Rights) -> bool:
        return lane(read(scene, rights)).slots[0].may_move

    assert may_move(scene.person())
    assert may_move(scene.manager())
    assert not may_move(scene.person("kim", teams=("elsewhere",)))


def test_a_slot_that_is_under_way_can_be_extended_and_not_moved_and_one_that_is_over_neither(scene: Scene) -> None:
    slot = booked(scene, scene.application(), at=at("2026-03-03 13:00"))

    scene.run(until=slot.starts_at)
    [under_way] = lane(read(scene)).slots
    scene.run(until=slot.ends_at)
    [over] = lane(read(scene)).slots

    assert (under_way.may_move, under_way.may_extend) == (False, True)
    assert (over.may_move, over.may_extend) == (False, False)


def test_a_slot_that_nobody_has_ended_yet_can_not_be_moved_either(scene: Scene) -> None:
    slot = booked(scene, scene.application(), at=at("2026-03-03 13:00"))
    scene.now = slot.ends_at

    [shown] = lane(read(scene)).slots

    assert (shown.may_move, shown.may_extend) == (False, False)


def test_who_overrode_what_is_said_with_the_slot(scene: Scene) -> None:
    slot = booked(scene, scene.application(), at=at("2026-03-03 13:00"))
    freeze = frozen(scene, "2026-03-03 12:30", "2026-03-03 15:00")
    new = NewOverride(blocker=f"freeze:{freeze.pk}", reason="The fix is urgent.", expires_at=slot.ends_at)
    override_slot(slot=slot, new=new, rights=scene.manager(), now=scene.now)

    assert lane(read(scene)).slots[0].overridden_by == "Sam Doe"


# --- Promotions -------------------------------------------------------------------------------------------


def test_a_promotion_is_shown_from_its_start_to_its_end_and_while_it_runs_to_now(scene: Scene) -> None:
    application = scene.application()
    ran(application, at("2026-03-03 09:00"), minutes=5)
    ran(application, at("2026-03-03 11:00"), version="v2", state="verifying")

    found = lane(read(scene)).promotions

    assert [one.title for one in found] == ["frontend v1", "frontend v2"]
    assert [one.span for one in found] == [
        Span(at("2026-03-03 09:00"), at("2026-03-03 09:05")),
        Span(at("2026-03-03 11:00"), scene.now),
    ]


def test_a_promotion_that_has_not_started_or_was_over_before_is_not_shown(scene: Scene) -> None:
    application = scene.application()
    ran(application, MONDAY - timedelta(minutes=10), minutes=10)
    ran(application, SATURDAY, version="v2")
    scene.register(scene.application("waits"), "v3")

    assert lane(read(scene)).promotions == []


def test_a_promotion_that_began_before_the_stretch_and_goes_on_in_it_is_shown(scene: Scene) -> None:
    ran(scene.application("long"), MONDAY - timedelta(days=2), minutes=3 * 24 * 60)
    ran(scene.application("runs"), MONDAY - timedelta(days=30), state="verifying")

    assert titles(read(scene)) == ["integration: runs v1", "integration: long v1"]


def test_a_promotion_that_runs_is_not_yet_in_a_stretch_that_is_to_come(scene: Scene) -> None:
    ran(scene.application(), scene.now, state="deploying")

    calendar = read_calendar(SATURDAY, SATURDAY + WEEK, Filters(), scene.manager(), scene.now)

    assert titles(calendar) == []


def test_only_what_is_to_be_seen_at_once_can_be_listed_while_all_are_counted(scene: Scene) -> None:
    application = scene.application()
    states = ("succeeded", "failed", "errored", "aborted", "verifying")
    promotions = [
        ran(application, at(f"2026-03-03 0{hour}:00"), version=f"v{hour}", state=state)
        for hour, state in enumerate(states, start=1)
    ]
    urgent = ran(application, at("2026-03-03 08:00"), version="v8")
    PromotionOverride.objects.create(
        promotion=urgent, blocker="window", reason="The fix is urgent.", given_by="Sam Doe", expires_at=scene.now
    )

    calendar = read_calendar(
        MONDAY, SATURDAY, Filters(), scene.manager(), scene.now, promotions=Listed.NOTABLE, count_in="UTC"
    )

    listed = [one.promotion for one in lane(calendar).promotions]
    assert listed == [promotions[1], promotions[2], promotions[4], urgent]
    assert sum(lane(calendar).counts[date(2026, 3, 3)].values()) == 6


def test_promotions_are_counted_by_the_day_of_the_zone_on_which_they_started(scene: Scene) -> None:
    application = scene.application()
    for number, start in enumerate(("2026-07-01 22:30", "2026-07-01 23:30", "2026-07-02 10:00")):
        ran(application, at(start), version=f"v{number + 1}", state="failed" if number == 2 else "succeeded")
    july = (at("2026-06-30 23:00"), at("2026-07-31 23:00"))

    calendar = read_calendar(
        *july, Filters(), scene.manager(), scene.now, promotions=Listed.NONE, count_in="Europe/London"
    )

    assert lane(calendar).promotions == []
    assert lane(calendar).counts == {
        date(2026, 7, 1): {PromotionState.SUCCEEDED: 1},
        date(2026, 7, 2): {PromotionState.SUCCEEDED: 1, PromotionState.FAILED: 1},
    }


# --- Freezes, hours and holidays --------------------------------------------------------------------------


def test_a_freeze_is_in_the_lanes_of_the_environments_that_it_covers(scene: Scene) -> None:
    frozen(scene, "2026-03-04 09:00", "2026-03-04 17:00", environments=[scene.environments[2]])
    everywhere = frozen(scene, "2026-03-05 09:00", None)

    calendar = read(scene)

    assert [[one.facts.id for one in lane.freezes] for lane in calendar.lanes][:2] == [[everywhere.pk]] * 2
    assert len(lane(calendar, "production").freezes) == 2
    [shown] = lane(calendar).freezes
    assert shown.facts.sentence() == "Everything is frozen by Sam Doe: The Budget."
    assert shown.facts.ends_at is None


def test_a_freeze_that_recurs_is_there_each_time_that_it_holds(scene: Scene) -> None:
    frozen(scene, "2026-03-02 16:00", "2026-03-02 18:00", recurrence="FREQ=DAILY")

    found = lane(read(scene)).freezes

    assert [one.facts.starts_at.day for one in found] == [2, 3, 4, 5, 6]


def test_a_freeze_names_the_teams_and_applications_that_it_is_for(scene: Scene) -> None:
    application = scene.application()
    frozen(scene, "2026-03-04 09:00", None, applications=[application], teams=[application.owner])

    [shown] = lane(read(scene)).freezes

    assert shown.title == "Web, frontend: The Budget."


def test_under_a_filter_a_freeze_shows_only_if_it_touches_what_is_asked_for(scene: Scene) -> None:
    mine, other = scene.application("mine"), scene.application("other")
    frozen(scene, "2026-03-04 09:00", None, applications=[mine], environments=[scene.environments[0]])

    def shown(**filters: Any) -> list[int]:
        return [len(lane.freezes) for lane in read(scene, **filters).lanes]

    assert shown() == [1, 0, 0]
    assert shown(applications=[mine]) == [1, 0, 0]
    assert shown(applications=[other]) == [0, 0, 0]
    assert shown(teams=[mine.owner]) == [1, 0, 0]


def test_the_closed_hours_are_those_outside_of_the_environments_own(scene: Scene) -> None:
    scene.hours(scene.environments[2])

    calendar = read(scene)

    assert lane(calendar, "integration").closed == ()
    closed = lane(calendar, "production").closed
    assert closed[0] == Span(MONDAY, at("2026-03-02 09:30"))
    assert closed[1] == Span(at("2026-03-02 17:00"), at("2026-03-03 09:30"))
    assert closed[-1] == Span(at("2026-03-06 16:00"), SATURDAY)


def test_holidays_and_own_closing_days_are_named(scene: Scene) -> None:
    scene.hours(scene.environments[2])
    ClosedDay.objects.create(environment=None, day=date(2026, 4, 8), name="All-hands day")
    easter = (at("2026-04-03 00:00"), at("2026-04-10 00:00"))

    calendar = read_calendar(*easter, Filters(), scene.manager(), scene.now)

    def names(environment: str) -> list[str]:
        return [one.name for one in lane(calendar, environment).closed_days]

    assert names("production") == ["Good Friday", "Easter Monday", "All-hands day"]
    assert names("integration") == ["All-hands day"]


def test_hours_follow_the_clock_of_the_environment_across_a_clock_change(scene: Scene) -> None:
    scene.hours(scene.environments[2])

    spring = read_calendar(at("2026-03-27 00:00"), at("2026-03-31 00:00"), Filters(), scene.manager(), scene.now)

    opens = [span.end for span in lane(spring, "production").closed]
    assert opens[0] == at("2026-03-27 09:30")
    assert opens[1] == at("2026-03-30 08:30")


# --- Filters and tokens -----------------------------------------------------------------------------------


def test_filters_leave_what_is_asked_for(scene: Scene) -> None:
    mine, other = scene.application("mine"), scene.application("other")
    for application, start in ((mine, "2026-03-04 10:00"), (other, "2026-03-04 12:00")):
        booked(scene, application, at=at(start))
        ran(application, at("2026-03-02 10:00"))

    assert titles(read(scene, applications=[mine])) == ["integration: mine", "integration: mine v1"]
    assert len(titles(read(scene, teams=[mine.owner]))) == 4
    assert titles(read(scene, environments=[scene.environments[1]])) == []
    assert [str(lane.environment) for lane in read(scene, environments=scene.environments[1:]).lanes] == [
        "staging",
        "production",
    ]


def test_a_team_and_an_application_that_is_not_its_own_leave_nothing(scene: Scene) -> None:
    mine = scene.application("mine")
    booked(scene, mine, at=at("2026-03-04 10:00"))
    scene.person("kim", teams=("elsewhere",))
    elsewhere = Team.objects.get(slug="elsewhere")

    assert titles(read(scene, applications=[mine], teams=[elsewhere])) == []


def test_a_slot_of_several_applications_is_shown_once(scene: Scene) -> None:
    both = [scene.application("mine"), scene.application("other")]
    booked(scene, *both, at=at("2026-03-04 10:00"))

    assert titles(read(scene, applications=both)) == ["integration: mine, other"]


def test_a_limited_token_sees_its_own_and_of_others_that_the_time_is_booked(scene: Scene) -> None:
    mine, other = scene.application("mine"), scene.application("other")
    booked(scene, other, at=at("2026-03-04 10:00"), notes="Secret", environment=scene.environments[0])
    booked(scene, mine, other, at=at("2026-03-04 12:00"))
    ran(other, at("2026-03-02 10:00"))
    frozen(scene, "2026-03-04 09:00", None, applications=[other])

    calendar = read(scene, limited_to("mine"))

    assert titles(calendar) == ["integration: Booked", "integration: mine and 1 more", "integration: A promotion"]
    assert lane(calendar).slots[0].slot is None
    assert lane(calendar).promotions[0].promotion is None
    assert lane(calendar).freezes == []


def test_a_limited_token_that_asks_for_a_team_learns_nothing_of_its_other_applications(scene: Scene) -> None:
    mine, other = scene.application("mine"), scene.application("other")
    booked(scene, other, at=at("2026-03-04 10:00"))
    booked(scene, mine, at=at("2026-03-04 12:00"))

    assert titles(read(scene, limited_to("mine"), teams=[mine.owner])) == ["integration: mine"]


# --- How much ---------------------------------------------------------------------------------------------


def test_what_is_too_much_is_left_out_and_said(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST", 2)
    monkeypatch.setattr(reading, "MOST_FREEZE_TIMES", 2)
    application = scene.application()
    for hour in (10, 12, 14):
        booked(scene, application, at=at(f"2026-03-04 {hour}:00"))
        ran(application, at(f"2026-03-02 {hour}:00"), version=f"v{hour}")
    frozen(scene, "2026-03-02 16:00", "2026-03-02 18:00", recurrence="FREQ=DAILY")

    calendar = read(scene)

    assert [one.span.start.hour for one in lane(calendar).slots] == [10, 12]
    assert [one.title for one in lane(calendar).promotions] == ["frontend v10", "frontend v12"]
    assert len(lane(calendar).freezes) == 2
    assert calendar.notices == [
        "Only the first 2 slots are shown: choose a shorter time, or filter, to see the rest.",
        "Only the first 2 promotions are shown: choose a shorter time, or filter, to see the rest.",
        "Only the first 2 times of freezes are shown: choose a shorter time, or filter, to see the rest.",
    ]


def test_as_much_as_is_shown_is_not_too_much(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST", 2)
    for hour in (10, 12):
        booked(scene, scene.application(f"app-{hour}"), at=at(f"2026-03-04 {hour}:00"))

    assert read(scene).notices == []


def test_the_number_of_queries_does_not_depend_on_how_much_there_is(scene: Scene) -> None:
    for environment in scene.environments:
        EnvironmentCalendar.objects.create(environment=environment)
    rights, applications = scene.manager(), [scene.application(f"app-{number}") for number in range(8)]

    def fill(days: range) -> None:
        for day in days:
            start = at(f"2026-03-0{day} 13:00")
            for number, application in enumerate(applications[: day + 1]):
                booked(scene, application, at=start + timedelta(hours=number))
                ran(application, at("2026-03-02 10:00") + timedelta(hours=day), version=f"v{day}{number}")
            scope = {"applications": applications[:day], "teams": [applications[0].owner]}
            frozen(scene, f"2026-03-0{day} 22:00", f"2026-03-0{day} 23:00", **scope)

    def queries(**filters: Any) -> tuple[int, Calendar]:
        with CaptureQueriesContext(connection) as captured:
            found = read(scene, rights, **filters)
            for one in found.lanes:
                [(slot.title, slot.overridden_by) for slot in one.slots]
                [(promotion.title, promotion.overridden_by) for promotion in one.promotions]
        return len(captured), found

    ran(applications[0], at("2026-03-03 11:00"), state="deploying")
    fill(range(4, 5))
    few, _ = queries()
    filtered, _ = queries(teams=[applications[0].owner])
    fill(range(5, 7))
    many, found = queries()

    assert len(titles(found)) == 37
    assert few == many == 16 + len(scene.environments)
    assert queries(teams=[applications[0].owner])[0] == filtered == many + 1
