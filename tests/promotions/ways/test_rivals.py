"""People who take different ways out of one hold at once, each in a process of their own: exactly one gets through."""

from collections.abc import Callable
from functools import partial

import pytest

from deployer.promotions.actions.hold import lift_hold
from deployer.promotions.actions.ways_out import retry, retry_step, roll_back_from, veto_and_go_on
from deployer.promotions.models import Hold, Promotion, Veto
from deployer.promotions.models.hold import HoldKind
from deployer.refusal import RefusedError
from tests.calendar.rivals import race
from tests.promotions.ways.stops import checks_fail
from tests.scene import AS_ALEX, Scene

pytestmark = pytest.mark.django_db(transaction=True)


def taken(take: Callable[..., object], hold: Hold, words: dict[str, str]) -> str:
    try:
        take(hold=hold, rights=AS_ALEX, **words)
    except RefusedError as error:
        return str(error)
    return "taken"


REASON, RESOLUTION = {"reason": "Because."}, {"resolution": "Done."}
WAYS: tuple[tuple[Callable[..., object], dict[str, str], str], ...] = (
    (retry_step, REASON, "retry_step"),
    (retry, REASON, "retry"),
    (roll_back_from, REASON, "roll_back"),
    (veto_and_go_on, REASON, "veto"),
    (lift_hold, RESOLUTION, "lift"),
)


def test_of_five_who_take_five_ways_one_gets_through_and_the_others_are_told_who(scene: Scene) -> None:
    hold = checks_fail(scene)

    found = race([partial(taken, take, hold, words) for take, words, _ in WAYS])

    others = [answer for answer in found if answer != "taken"]
    assert len(others) == len(WAYS) - 1
    assert all(answer.startswith("Alex Doe has lifted this hold meanwhile:") for answer in others)
    hold.refresh_from_db()
    assert hold.way_out == WAYS[found.index("taken")][2]
    assert hold.kind == HoldKind.FAILURE


def test_of_ten_who_retry_the_step_one_does(scene: Scene) -> None:
    hold = checks_fail(scene)

    found = race([partial(taken, retry_step, hold, REASON) for _ in range(10)])

    assert found.count("taken") == 1
    assert Promotion.objects.filter(retry_of=hold.promotion).count() == 1


def test_who_vetoes_and_who_retries_do_not_both_get_through(scene: Scene) -> None:
    hold = checks_fail(scene)

    found = race([partial(taken, retry, hold, REASON), partial(taken, veto_and_go_on, hold, REASON)])

    assert found.count("taken") == 1
    retried, vetoed = (answer == "taken" for answer in found)
    assert Promotion.objects.filter(retry_of=hold.promotion).exists() is retried
    assert Veto.objects.exists() is vetoed
