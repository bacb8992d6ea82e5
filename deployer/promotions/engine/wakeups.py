"""Has waiting promotions looked at again when something that they wait for has changed."""

from collections.abc import Iterable
from datetime import datetime

from deployer.gates import BlockerKind
from deployer.promotions.engine import queue
from deployer.promotions.models import Promotion

FREED_WITH_THE_TARGET = frozenset({BlockerKind.BUSY, BlockerKind.QUEUE})
FREED_WITH_A_PLACE = frozenset({BlockerKind.CAPACITY, BlockerKind.EXCLUSION, BlockerKind.SLOT})
"""Reasons that end when another promotion of the environment does; those above, when one of the target does."""


def wake_application(*, application_id: int, environment_id: int | None, now: datetime) -> None:
    """Wake an application's waiting promotions, in one environment or all, after a person changed what it may do.

    The caller has locked the rows of just these environments.
    """
    waiting = Promotion.objects.waiting().filter(target__application=application_id)
    if environment_id is not None:
        waiting = waiting.in_environment(environment_id)
    _wake(list(waiting.values_list("pk", flat=True)), now)


def wake_environments(ids: Iterable[int] | None, *, now: datetime) -> None:
    """Wake what waits in these environments, in all for None, after the calendar has changed. The caller has locked
    their rows."""
    waiting = Promotion.objects.waiting()
    if ids is not None:
        waiting = waiting.filter(target__environment__in=list(ids))
    _wake(list(waiting.order_by("created_at", "pk").values_list("pk", flat=True)), now)


def wake_older(newer: Promotion, *, now: datetime) -> None:
    """Wake the target's waiting promotions of older releases, which this one may make pointless."""
    older = Promotion.objects.waiting().filter(target=newer.target_id, release__order__lt=newer.release.order)
    _wake(list(older.values_list("pk", flat=True)), now)


def wake_after_end(ended: Promotion, *, now: datetime) -> None:
    """Wake the promotions that may go now, the oldest first: those that waited for the target or for an exclusion to
    end, and of those that waited for a place, twice as many as there are.

    The others look again by themselves; waking all of them at each end would cost the square of a long queue.
    """
    environment = ended.environment
    free = max(0, environment.capacity - Promotion.objects.active().in_environment(environment.pk).count())
    waiting = Promotion.objects.waiting().in_environment(environment.pk).order_by("created_at", "pk")
    for_a_place: list[int] = []
    others: list[int] = []
    for pk, target_id, blockers in waiting.values_list("pk", "target", "blockers"):
        kinds = {blocker["kind"] for blocker in blockers} - {BlockerKind.APPROVAL}  # asked for once it is the last
        if kinds == {BlockerKind.CAPACITY}:
            for_a_place.append(pk)
        freed = FREED_WITH_A_PLACE | (FREED_WITH_THE_TARGET if target_id == ended.target_id else frozenset())
        if kinds and kinds <= freed and kinds != {BlockerKind.CAPACITY}:
            others.append(pk)
    _wake(sorted(for_a_place[: 2 * free] + others[: 2 * environment.capacity]), now)


def _wake(ids: list[int], now: datetime) -> None:
    """Timers first, in the caller's transaction, so that none is forgotten when the queue is down.

    One that is due already has been woken and not looked at yet: when it is, it sees what the caller changed.
    """
    due = set(Promotion.objects.filter(pk__in=ids).due(now).values_list("pk", flat=True))
    asleep = [promotion_id for promotion_id in ids if promotion_id not in due]
    Promotion.objects.waiting().filter(pk__in=asleep).update(due_at=now)
    for promotion_id in asleep:
        queue.wake(promotion_id)
