"""Has waiting promotions looked at again when something that they wait for has changed."""

from datetime import datetime

from deployer.gates import BlockerKind
from deployer.promotions.engine import queue
from deployer.promotions.models import Promotion

ENDS_WITH_ANOTHER = frozenset({BlockerKind.BUSY, BlockerKind.CAPACITY, BlockerKind.EXCLUSION, BlockerKind.QUEUE})
"""Reasons that end when another promotion does."""


def wake_application(*, application_id: int, environment_id: int | None, now: datetime) -> None:
    """Wake an application's waiting promotions, in one environment or all, after a person changed what it may do.

    The caller has locked the rows of just these environments.
    """
    waiting = Promotion.objects.waiting().filter(target__application=application_id)
    if environment_id is not None:
        waiting = waiting.in_environment(environment_id)
    _wake(list(waiting.values_list("pk", flat=True)), now)


def wake_after_end(*, environment_id: int, capacity: int, now: datetime) -> None:
    """Wake the oldest promotions that waited for a place in the environment: twice as many as it has places.

    The others look again by themselves; waking all of them at each end would cost the square of a long queue.
    """
    waiting = Promotion.objects.waiting().in_environment(environment_id).order_by("created_at", "pk")
    could_go = [
        pk
        for pk, blockers in waiting.values_list("pk", "blockers")
        if all(blocker["kind"] in ENDS_WITH_ANOTHER for blocker in blockers)
    ]
    _wake(could_go[: 2 * capacity], now)


def _wake(ids: list[int], now: datetime) -> None:
    """Timers first, in the caller's transaction, so that none is forgotten when the queue is down.

    One that is due already has been woken and not looked at yet: when it is, it sees what the caller changed.
    """
    due = set(Promotion.objects.filter(pk__in=ids).due(now).values_list("pk", flat=True))
    asleep = [promotion_id for promotion_id in ids if promotion_id not in due]
    Promotion.objects.waiting().filter(pk__in=asleep).update(due_at=now)
    for promotion_id in asleep:
        queue.wake(promotion_id)
