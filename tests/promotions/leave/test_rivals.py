"""Processes that answer at once: each person counts once, and none is lost."""

from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from apps_registry.models import Application, Environment, Membership, Target, Team
from apps_registry.rights import rights_of_user
from deployer.access.models import User
from deployer.access.models.user import Role
from deployer.audit.models import Event
from deployer.promotions import jobs
from deployer.promotions.actions.approvals import approve, reject
from deployer.promotions.actions.pins import pin
from deployer.promotions.actions.register import register
from deployer.promotions.actions.vetoes import veto
from deployer.promotions.models import Approval, Pin, Promotion, Step, Veto
from deployer.refusal import RefusedError
from deployer.releases.actions import NewRelease
from deployer.releases.models import Release
from tests.calendar.rivals import race
from tests.scene import CI

pytestmark = pytest.mark.django_db(transaction=True)


def waiting(needed: int) -> Promotion:
    place = Environment.objects.create(slug="production", name="Production", position=1)
    application = Application.objects.create(
        slug="frontend", name="Frontend", owner=Team.objects.create(slug="web", name="Web")
    )
    Target.objects.create(
        application=application,
        environment=place,
        deployer="webhook",
        deployer_config={"url": "http://127.0.0.1:9/deploys", "connection": "tests"},
        policy="automatic",
        approvals_needed=needed,
    )
    new = NewRelease(version="v1", commit="a" * 40)
    promotion = register(application=application, new=new, by=CI)[1][0]
    jobs.wake(promotion.pk)
    return promotion


def people(number: int) -> list[User]:
    team = Team.objects.get(slug="web")
    found = []
    for index in range(number):
        user = User.objects.create(username=f"dev{index}", role=Role.DEVELOPER)
        Membership.objects.create(user=user, team=team)
        found.append(user)
    return found


def approving(promotion: Promotion, user: User) -> str:
    try:
        approve(promotion=Promotion.objects.get(pk=promotion.pk), rights=rights_of_user(user))
    except RefusedError as error:
        return str(error)
    return "approved"


def rejecting(promotion: Promotion, user: User) -> str:
    try:
        reject(promotion=Promotion.objects.get(pk=promotion.pk), rights=rights_of_user(user), reason="No.")
    except RefusedError as error:
        return str(error)
    return "rejected"


def vetoing(release: Release, user: User) -> str:
    try:
        veto(release=release, rights=rights_of_user(user), reason="It loses mail.")
    except RefusedError as error:
        return str(error)
    return "vetoed"


def pinning(target: Target, release: Release, user: User) -> str:
    try:
        pin(target=target, release=release, rights=rights_of_user(user), reason="The audit.")
    except RefusedError as error:
        return str(error)
    return "pinned"


def test_eight_who_approve_at_once_are_counted_eight_times_and_it_starts_once() -> None:
    promotion, team = waiting(8), people(8)

    found = race([partial(approving, promotion, user) for user in team])

    promotion.refresh_from_db()
    assert found == ["approved"] * 8
    assert (promotion.state, Step.objects.filter(kind="deploy").count()) == ("deploying", 1)
    counts = [event.data["given"] for event in Event.objects.filter(kind="approval.given").order_by("id")]
    assert [len(given) for given in counts] == list(range(1, 9))


def test_one_who_approves_eight_times_at_once_is_counted_once() -> None:
    promotion, (user,) = waiting(2), people(1)

    found = race([partial(approving, promotion, user) for _ in range(8)])

    promotion.refresh_from_db()
    assert sorted(found) == ["You have approved it already."] * 7 + ["approved"]
    assert (promotion.state, Approval.objects.count()) == ("waiting", 1)


def test_of_a_yes_and_a_no_at_once_the_first_decides() -> None:
    promotion, team = waiting(1), people(6)
    calls: list[Any] = [partial(approving, promotion, user) for user in team[:3]]
    calls += [partial(rejecting, promotion, user) for user in team[3:]]

    found = race(calls)

    promotion.refresh_from_db()
    won = [one for one in found if one in ("approved", "rejected")]
    assert len(won) == 1
    assert promotion.state == {"approved": "deploying", "rejected": "aborted"}[won[0]]
    assert all("no longer waits" in one for one in found if one not in won)


def test_a_release_is_vetoed_once_and_never_both_vetoed_and_pinned() -> None:
    promotion, team = waiting(1), people(8)
    calls: list[Any] = [partial(vetoing, promotion.release, user) for user in team[:4]]
    calls += [partial(pinning, promotion.target, promotion.release, user) for user in team[4:]]

    found = race(calls)

    assert len([one for one in found if one in ("vetoed", "pinned")]) == 1
    assert Veto.objects.standing().count() + Pin.objects.standing().count() == 1


def test_nothing_starts_once_a_veto_has_returned() -> None:
    promotion, (user,) = waiting(1), people(1)
    approving(promotion, user)
    other = Promotion.objects.get(pk=promotion.pk)

    veto(release=promotion.release, rights=rights_of_user(user), reason="It loses mail.", now=timezone.now())
    jobs.wake(other.pk)

    other.refresh_from_db()
    assert other.state == "deploying"  # it ran before, and runs to its end
