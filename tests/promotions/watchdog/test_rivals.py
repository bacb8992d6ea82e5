"""Sweeps, tellings and stops at once, each in a process of its own: whatever it is, it is told or done once."""

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from apps_registry.models import Environment, Team
from apps_registry.rights import rights_of_operator
from deployer.audit.actor import Actor, ActorKind
from deployer.audit.models import Event
from deployer.calendar.models import Freeze
from deployer.promotions import jobs
from deployer.promotions.actions.stop import AlreadyStoppedError, stop_everything
from deployer.promotions.models import Promotion, Stall
from tests.calendar.rivals import Call, race
from tests.web import pages

pytestmark = pytest.mark.django_db(transaction=True)

NOW = pages.NOW + timedelta(days=9)
RIVALS = 6


def waits(slug: str, due_at: timedelta = timedelta(minutes=1)) -> Promotion:
    manual = pages.blocker("manual", "It is started by a person.")
    return pages.promotion(pages.application(slug), "staging", "v1", blockers=[manual], due_at=NOW + due_at)


def sweep() -> None:
    jobs.watch(0, now=NOW)


def told() -> int:
    return Event.objects.filter(kind="stall.told").count()


def test_what_many_sweeps_find_at_once_is_noted_once() -> None:
    for index in range(5):
        waits(f"app-{index}")

    race([sweep] * RIVALS)

    assert Stall.objects.count() == 5


def test_what_many_workers_are_given_at_once_is_told_once() -> None:
    waits("frontend")
    sweep()
    (stall_id,) = jobs.due_stalls(NOW)

    race([partial(jobs.stall, stall_id, now=NOW)] * RIVALS)

    assert told() == 1
    assert Stall.objects.get().told == 1


def test_sweeps_and_tellings_that_meet_tell_each_thing_once() -> None:
    for index in range(3):
        waits(f"app-{index}")
    sweep()
    tellings: list[Call] = [partial(jobs.stall, stall_id, now=NOW) for stall_id in jobs.due_stalls(NOW)]

    race([*tellings, *tellings, sweep, sweep])

    assert told() == 3
    assert [stall.told for stall in Stall.objects.all()] == [1, 1, 1]


def test_deployers_operators_are_told_once_by_clocks_that_look_at_once() -> None:
    for index in range(3):
        waits(f"app-{index}", due_at=-timedelta(hours=1))
    jobs.watch(0, now=NOW - timedelta(minutes=10))

    race([sweep] * RIVALS)

    assert told() == 1


def _stop(number: int) -> bool:
    rights = rights_of_operator(Actor(ActorKind.OPERATOR, str(number), f"Sam {number}"))
    try:
        stop_everything(rights=rights, reason="Fire.", now=timezone.now())
    except AlreadyStoppedError:
        return False
    return True


def test_of_many_who_stop_everything_at_once_one_does_and_the_others_learn_by_whom() -> None:
    Team.objects.create(slug="web", name="Web")
    Environment.objects.create(slug="production", name="Production", position=1)

    stopped = race([partial(_stop, number) for number in range(RIVALS)])

    assert sorted(stopped) == [False] * (RIVALS - 1) + [True]
    assert Freeze.objects.count() == 1
