"""What a freeze catches, before it is declared and while it stands, and what becomes of that when it is lifted."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from apps_registry.models import Target
from apps_registry.models.target import Batching
from deployer.audit.actor import Actor
from deployer.audit.models import Event
from deployer.calendar.actions.freezes import NewFreeze, caught_slots
from deployer.calendar.models import Freeze, Slot
from deployer.gates import Blocker, BlockerKind
from deployer.notifications.models import Channel
from deployer.notifications.routing import receivers_of
from deployer.promotions.listeners import caught_promotions, finishing_promotions
from deployer.promotions.models import Promotion

MOST_SHOWN = 50
WAYS = {Channel.EMAIL: "by e-mail", Channel.SLACK: "in Slack", Channel.WEBHOOK: "by webhook"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How much is in a freeze's scope: so many applications, in so many environments, on so many targets."""

    applications: int
    environments: int
    targets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Catch:
    """`waiting` are the promotions that wait now and can't go while it holds, `running` those that finish where they
    are, `slots` those that can't be used."""

    waiting: Sequence[Promotion]
    running: Sequence[Promotion]
    slots: Sequence[Slot]


def catch_of(freeze: Freeze | NewFreeze, now: datetime) -> Catch:
    return Catch(
        waiting=caught_promotions(freeze), running=finishing_promotions(freeze), slots=caught_slots(freeze, now)
    )


def reach_of(freeze: Freeze | NewFreeze) -> Reach:
    """One query; archived applications don't count."""
    terms = freeze.terms
    rows = Target.objects.filter(application__archived_at=None).values_list(
        "application", "application__owner", "environment"
    )
    covered = [row for row in rows if terms.covers(application=row[0], owner=row[1], environment=row[2])]
    return Reach(
        applications=len({application for application, _, _ in covered}),
        environments=len({environment for _, _, environment in covered}),
        targets=len(covered),
    )


@dataclass(slots=True, kw_only=True)
class Told:
    """Somebody who is told, by which ways, and why; `logged` are their addresses that Deployer can't reach yet."""

    name: str
    why: str
    by: list[str] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)


def told_of(catch: Catch, *, by: Actor) -> list[Told]:
    """Whom declaring it tells: who hears of what it catches, from the events that would be written."""
    found: dict[str, Told] = {}
    for receiver in receivers_of([*_promotion_events(catch.waiting, by), *_slot_events(catch.slots, by)]):
        told = found.setdefault(receiver.name, Told(name=receiver.name, why=receiver.why))
        if receiver.channel is Channel.LOG:
            told.logged.append(receiver.address)
        elif WAYS[receiver.channel] not in told.by:
            told.by.append(WAYS[receiver.channel])
    return list(found.values())


def _promotion_events(promotions: Iterable[Promotion], by: Actor) -> Iterator[Event]:
    for one in promotions:
        yield _event("promotion.frozen", one.application.slug, one.environment.slug, by)


def _slot_events(slots: Iterable[Slot], by: Actor) -> Iterator[Event]:
    for slot in slots:
        people = [slot.booker_id] if slot.booker_id else []
        for booking in slot.bookings.all():
            yield _event("slot.frozen", booking.application.slug, slot.environment.slug, by, people)


def _event(kind: str, application: str, environment: str, by: Actor, people: Sequence[int] = ()) -> Event:
    return Event(
        kind=kind,
        actor_kind=by.kind,
        actor_ref=by.ref,
        application=application,
        environment=environment,
        data={"people": people},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Onward:
    """What becomes of a waiting promotion when a freeze is lifted, as far as is known: the one that goes `instead` of
    it, or what `still_blocks` it; with neither it goes on."""

    promotion: Promotion
    instead: Promotion | None
    still_blocks: Sequence[Blocker]


def onward(freeze: Freeze, waiting: Sequence[Promotion]) -> list[Onward]:
    """Of each promotion that the freeze keeps waiting. The engine asks every gate anew."""
    by_target: dict[int, list[Promotion]] = {}
    for promotion in waiting:
        by_target.setdefault(promotion.target_id, []).append(promotion)
    return [
        Onward(promotion=one, instead=_instead(one, by_target[one.target_id]), still_blocks=_still_blocks(freeze, one))
        for one in waiting
    ]


def _instead(promotion: Promotion, others: Sequence[Promotion]) -> Promotion | None:
    """The newest that supersedes it, by the engine's rule (promotions.engine.facts.superseding)."""
    if promotion.is_rollback or promotion.target.batching != Batching.LATEST:
        return None
    newer = [one for one in others if _supersedes(one, promotion)]
    return max(newer, key=lambda one: one.release.order, default=None)


def _supersedes(newer: Promotion, promotion: Promotion) -> bool:
    return (
        newer.release.order > promotion.release.order
        and not newer.is_rollback
        and (newer.requested_by != "" or promotion.requested_by == "")
        and all(blocker.kind is not BlockerKind.NOT_VERIFIED for blocker in newer.waits_for)
    )


def _still_blocks(freeze: Freeze, promotion: Promotion) -> list[Blocker]:
    own = (BlockerKind.FREEZE, str(freeze.pk))
    return [blocker for blocker in promotion.waits_for if (blocker.kind, blocker.ref) != own]
