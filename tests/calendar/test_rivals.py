"""Rivals in processes of their own: whatever happens at once, a place is given once and a freeze holds."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from apps_registry.models import Application, Environment, Target, Team
from apps_registry.rights import Rights, rights_of_operator
from deployer.audit.actor import Actor, ActorKind
from deployer.calendar.actions.freezes import NewFreeze, declare
from deployer.calendar.actions.slots import NewSlot, SlotChange, SlotRefusedError, book, cancel, change
from deployer.calendar.models import Slot
from deployer.promotions import jobs
from deployer.promotions.actions.register import register
from deployer.promotions.models import Promotion
from deployer.refusal import RefusedError
from deployer.releases.actions import NewRelease
from tests.calendar.rivals import Call, race
from tests.scene import CI

pytestmark = pytest.mark.django_db(transaction=True)

SAM = Actor(ActorKind.OPERATOR, "sam", "Sam at the terminal")
DEPLOYER = {
    "url": "http://127.0.0.1:9/deploys",
    "connection": "tests",
    "status_url": "http://127.0.0.1:9/deploys/{key}",
    "find_url": "http://127.0.0.1:9/deploys/{key}",
}
HALF_AN_HOUR = timedelta(minutes=30)


def rights() -> Rights:
    return rights_of_operator(SAM)


def environment(capacity: int) -> Environment:
    return Environment.objects.create(slug="production", name="Production", position=1, capacity=capacity)


def applications(number: int, place: Environment) -> list[Application]:
    team = Team.objects.create(slug="web", name="Web")
    found = [
        Application.objects.create(slug=f"app-{index:02}", name=f"App {index}", owner=team) for index in range(number)
    ]
    for application in found:
        Target.objects.create(
            application=application,
            environment=place,
            deployer="webhook",
            deployer_config=DEPLOYER,
            policy="automatic",
        )
    return found


def tomorrow(hour: int) -> datetime:
    return (timezone.now() + timedelta(days=1)).replace(hour=hour, minute=0, second=0, microsecond=0)


def booking(application: Application, start: datetime) -> Slot:
    place = Environment.objects.get()
    new = NewSlot(environment=place, applications=[application], starts_at=start, ends_at=start + HALF_AN_HOUR)
    return book(new=new, rights=rights())


def moving(slot: Slot, start: datetime) -> Slot:
    to = SlotChange(
        starts_at=start,
        ends_at=start + HALF_AN_HOUR,
        exclusive=slot.exclusive,
        notes=slot.notes,
        watched_by=slot.watched_by,
        sequence=slot.sequence,
    )
    return change(slot=slot, to=to, rights=rights())


def tried(act: Callable[[], Slot]) -> dict[str, Any]:
    """Whether it went, or every reason why it did not."""
    try:
        act()
    except SlotRefusedError as error:
        return {"won": False, "why": [str(blocker.kind) for blocker in error.blockers], "sentence": str(error)}
    return {"won": True}


def test_of_fifty_that_want_the_last_place_one_gets_it_and_the_others_are_told_who_has_it() -> None:
    place = environment(3)
    everyone = applications(52, place)
    start = tomorrow(10)
    for application in everyone[:2]:
        booking(application, start)

    found = race([partial(tried, partial(booking, application, start)) for application in everyone[2:]])

    winners = [application.slug for application, one in zip(everyone[2:], found, strict=True) if one["won"]]
    refused = [one for one in found if not one["won"]]
    assert len(winners) == 1
    assert len(refused) == 49
    for one in refused:
        assert one["why"] == ["capacity"]
        for holder in ("app-00", "app-01", winners[0]):
            assert f"{holder} (booked by Sam at the terminal)" in one["sentence"]
    assert Slot.objects.kept().count() == 3


def test_who_moves_and_who_books_are_rivals_too() -> None:
    place = environment(1)
    everyone = applications(16, place)
    start = tomorrow(9)
    slots = [booking(application, start + index * HALF_AN_HOUR) for index, application in enumerate(everyone[:8])]
    wanted = tomorrow(20)

    found = race(
        [partial(tried, partial(moving, slot, wanted)) for slot in slots]
        + [partial(tried, partial(booking, application, wanted)) for application in everyone[8:]]
    )

    assert sum(one["won"] for one in found) == 1
    assert Slot.objects.kept().filter(starts_at=wanted).count() == 1
    moved = any(one["won"] for one in found[:8])
    assert Slot.objects.kept().count() == (8 if moved else 9)


def test_a_slot_that_many_windows_change_at_once_is_changed_once() -> None:
    place = environment(1)
    slot = booking(applications(1, place)[0], tomorrow(10))

    def changed(hour: int) -> str:
        try:
            moving(slot, tomorrow(hour))
        except RefusedError as error:
            return str(error)
        return "changed"

    found = race([partial(changed, hour) for hour in range(11, 21)])

    others = [answer for answer in found if answer != "changed"]
    assert len(others) == 9
    assert all("Somebody else has changed this slot meanwhile" in answer for answer in others)
    assert Slot.objects.get().sequence == 1


def test_a_place_that_is_given_back_is_given_once() -> None:
    place = environment(1)
    everyone = applications(11, place)
    start = tomorrow(10)
    slot = booking(everyone[0], start)

    def given_back() -> dict[str, bool]:
        cancel(slot=slot, rights=rights())
        return {"won": False}

    race([given_back, *(partial(tried, partial(booking, application, start)) for application in everyone[1:])])

    assert Slot.objects.kept().count() <= 1
    tried(partial(booking, everyone[1], start))
    assert Slot.objects.kept().count() == 1


def test_nothing_is_admitted_once_a_freeze_has_been_declared() -> None:
    place = environment(20)
    for index, application in enumerate(applications(20, place)):
        register(application=application, new=NewRelease(version="v1", commit=f"{index:040x}"), by=CI)
    waiting = list(Promotion.objects.order_by("pk").values_list("pk", flat=True))

    def woken(promotion_id: int) -> None:
        jobs.wake(promotion_id)

    def frozen() -> list[int]:
        declare(
            new=NewFreeze(starts_at=timezone.now(), ends_at=None, reason="An incident."),
            rights=rights(),
        )
        return started()

    wakes: list[Call] = [partial(woken, promotion_id) for promotion_id in waiting]
    found = race([*wakes[:10], frozen, *wakes[10:]])

    assert started() == found[10], "what had started when the freeze was declared, and nothing since"
    for promotion_id in waiting:
        jobs.wake(promotion_id)
    assert started() == found[10]


def started() -> list[int]:
    return list(Promotion.objects.active().order_by("pk").values_list("pk", flat=True))
