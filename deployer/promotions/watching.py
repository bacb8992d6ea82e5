"""The watchdog at work: it notes what waits, tells what stalls, again at growing intervals, and says when that ends.

Everything is kept in the stalls' rows, so that any number of sweeps and tellings, one after the other or at once, tell
once an interval: a thing has one stall that goes on, and who tells locks its row and finds it due, or does nothing.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from deployer.audit.actions import record
from deployer.audit.actor import ENGINE
from deployer.gates import BlockerKind
from deployer.promotions import watchdog
from deployer.promotions.models import Hold, Promotion, Stall
from deployer.promotions.states import OPEN, PromotionState
from deployer.promotions.watchdog import ENGINES, LIMITS, Concern, Mover, StallKind
from deployer.promotions.watched import Watched, watch_holds, watch_promotions
from deployer.promotions.ways import possible_in_words, situation

logger = logging.getLogger(__name__)

BATCH = 500
GRACE = timedelta(minutes=5)
"""After a night without power everything is overdue: so long Deployer has to catch up before its operators are told."""
LONGEST_LOOK = timedelta(days=1)
EVIDENCE_LINES = 5
BY_HAND = frozenset({BlockerKind.MANUAL, BlockerKind.TRUST_ISSUE})
"""What a person passes by asking for the promotion."""
SUBJECT = "engine"
"""What events are about when Deployer itself does not move."""

_Row = TypeVar("_Row", bound=models.Model)


def sweep(*, now: datetime | None = None) -> None:
    """Look at everything that is open; some ten queries for each five hundred. Tells operators what is theirs, and
    leaves what teams are to be told due."""
    now = now or timezone.now()
    for promotions in _batches(Promotion.objects.open()):
        _note(watch_promotions(Promotion.objects.open().filter(pk__in=promotions), now), now)
    for holds in _batches(Hold.objects.open()):
        _note(watch_holds(Hold.objects.open().filter(pk__in=holds), now), now)
    _let_go(_of_what_ended(), now)
    tell_operators(now=now)


@transaction.atomic
def tell(stall_id: int, *, now: datetime | None = None) -> None:
    """Tell the owning team if this stall is due and nobody else has; end it if its thing has moved."""
    now = now or timezone.now()
    row = due_for_teams(now).filter(pk=stall_id).select_for_update(of=("self",)).first()
    if row is None:
        return
    watched = _look_again([row], now).get(row.pk)
    if watched is not None and watched.concern is not None and watched.concern.kind in ENGINES:
        # It has not moved, and what the team could do would not move it: the sweep has it told to the operators.
        _set_timer(row, now + GRACE)
    elif watched is None or watched.concern is None or not watched.is_known:
        _end(row, watched, now)
    elif watched.stall(now) is None:
        _set_timer(row, min(watched.concern.told_at, now + LONGEST_LOOK))
    else:
        _tell(row, watched.thing, watched.concern, now)


def due_for_teams(now: datetime) -> QuerySet[Stall]:
    """The stalls of which an owning team is to be told, or that are to end."""
    return Stall.objects.going_on().due(now).exclude(kind__in=ENGINES)


@transaction.atomic
def tell_operators(*, now: datetime) -> None:
    """One event for all that Deployer itself does not move, which is one breakdown; one more when that is over.

    What joins it later is part of it, and told with it the next time.
    """
    rows = list(Stall.objects.going_on().filter(kind__in=ENGINES).select_for_update(of=("self",)).order_by("pk"))
    if not rows:
        return
    watched = _look_again(rows, now)
    left = {row.pk: watched[row.pk] for row in rows if row.pk in watched and watched[row.pk].is_known}
    told = max(row.told for row in rows)
    _let_go(Stall.objects.filter(pk__in=[row.pk for row in rows if row.pk not in left]), now, at_once=True)
    if not left:
        if told:
            sentence = "Deployer moves again: nothing that it should have looked at is left."
            record("stall.ended", sentence, by=ENGINE, subject=SUBJECT, data=_about_engine(), now=now)
        return
    counting = rows if told else [row for row in rows if row.pk in left]
    due_at = min(row.due_at for row in counting if row.due_at is not None and row.told == told)
    if due_at <= now:
        told += 1
        _cry([one.concern for one in left.values() if one.concern], told, now)
        due_at = watchdog.again_at(LIMITS[StallKind.OVERDUE], told, now)
    Stall.objects.filter(pk__in=left).update(told=told, due_at=due_at)


def _cry(concerns: Sequence[Concern], told: int, now: datetime) -> None:
    first = min(concerns, key=lambda one: one.since)
    count = len(concerns)
    sentence = (
        f"Deployer itself does not move: {count} {'thing is' if count == 1 else 'things are'} overdue, the first for "
        f"{watchdog.length_in_words(now - first.since)}. It is its operators' move: are the workers and clocks alive?"
    )
    evidence = [watchdog.sentence_of(one, now) for one in sorted(concerns, key=lambda one: one.since)[:EVIDENCE_LINES]]
    data = _about_engine() | {"evidence": evidence, "told": told, "whose": watchdog.NAMES[Mover.OPERATORS]}
    record("stall.told", sentence, by=ENGINE, subject=SUBJECT, data=data, now=now)
    logger.error(sentence)


def _about_engine() -> dict[str, Any]:
    return {"title": "Deployer", "state": "stalled", "url": f"{settings.BASE_URL}/stopped/"}


def _batches(rows: QuerySet[_Row]) -> Iterator[list[int]]:
    """The ids of all of them, so many at a time."""
    last = 0
    while ids := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        yield ids
        last = ids[-1]


def _note(batch: Iterable[Watched], now: datetime) -> None:
    """Bring the rows in line with what was seen; a row of which a team has been told is left to `tell`."""
    new: list[Stall] = []
    changed: list[Stall] = []
    over: list[int] = []
    replaced: list[int] = []
    for one in batch:
        if one.concern is None or not (one.is_known or _is_to_be_noted(one.thing, one.concern, now)):
            over += [one.row.pk] if one.row else []
        elif one.row is None:
            new.append(_row_for(one.thing, one.concern, now))
        elif one.row.told == 0:
            changed += _if_changed(one.row, one.concern, now)
        elif not one.is_known and one.concern.kind in ENGINES:
            replaced.append(one.row.pk)
            new.append(_row_for(one.thing, one.concern, now))
        elif not one.is_known:
            over.append(one.row.pk)
    with transaction.atomic():
        # Without an event: it has not moved, only is it not the team's move for now.
        Stall.objects.filter(pk__in=replaced).going_on().update(ended_at=now, due_at=None)
        _let_go(Stall.objects.filter(pk__in=over), now)
        _change(changed)
        Stall.objects.bulk_create(new, ignore_conflicts=True)


def _is_to_be_noted(thing: Promotion | Hold, concern: Concern, now: datetime) -> bool:
    """Since when it waits for a reason is written nowhere else; all else is noted once it stalls."""
    waits = isinstance(thing, Promotion) and thing.state == PromotionState.WAITING
    return waits or now >= concern.told_at


def _row_for(thing: Promotion | Hold, concern: Concern, now: datetime) -> Stall:
    about = {"promotion": thing} if isinstance(thing, Promotion) else {"hold": thing}
    row = Stall(**about, kind=concern.kind, since=concern.since, sentence=watchdog.sentence_of(concern, now))
    row.due_at = _first_telling(concern, now)
    return row


def _first_telling(concern: Concern, now: datetime) -> datetime:
    return max(concern.told_at, now + GRACE) if concern.kind in ENGINES else concern.told_at


def _if_changed(row: Stall, concern: Concern, now: datetime) -> list[Stall]:
    """The row, changed to be about this concern, if it isn't. While Deployer does not move its first timer counts."""
    due_at = row.due_at if row.kind == concern.kind and row.kind in ENGINES else _first_telling(concern, now)
    if (row.kind, row.since, row.due_at) == (concern.kind, concern.since, due_at):
        return []
    row.kind, row.since, row.due_at = concern.kind, concern.since, due_at
    row.sentence = watchdog.sentence_of(concern, now)
    return [row]


def _change(rows: Sequence[Stall]) -> None:
    """Unless they have been told meanwhile. Locked in their order, so that two sweeps don't wait for each other."""
    if rows:
        mine = Stall.objects.going_on().filter(told=0)
        ids = (
            mine.filter(pk__in=[row.pk for row in rows]).select_for_update().order_by("pk").values_list("pk", flat=True)
        )
        still = set(ids)
        mine.bulk_update([row for row in rows if row.pk in still], ["kind", "since", "sentence", "due_at"])


def _of_what_ended() -> QuerySet[Stall]:
    """The stalls that go on of promotions and holds that don't."""
    promotions = Q(promotion__isnull=False) & ~Q(promotion__state__in=sorted(OPEN))
    return Stall.objects.going_on().filter(promotions | Q(hold__lifted_at__isnull=False))


def _let_go(stalls: QuerySet[Stall], now: datetime, *, at_once: bool = False) -> None:
    """End them: of which nobody was told without a trace, the others by `tell`, or `at_once` without a word."""
    rows = Stall.objects.going_on().filter(pk__in=stalls.order_by().values("pk"))
    rows.filter(told=0).delete()
    if at_once:
        rows.update(ended_at=now, due_at=None)
    else:
        rows.filter(due_at__gt=now).update(due_at=now)


def _look_again(rows: Sequence[Stall], now: datetime) -> dict[int, Watched]:
    """What these rows are about as it is now, by the row; without those whose thing has ended."""
    promotions = Promotion.objects.open().filter(pk__in=[row.promotion_id for row in rows if row.promotion_id])
    holds = Hold.objects.open().filter(pk__in=[row.hold_id for row in rows if row.hold_id])
    found = [*watch_promotions(promotions, now), *watch_holds(holds, now)]
    return {one.row.pk: one for one in found if one.row is not None}


def _set_timer(row: Stall, at: datetime) -> None:
    row.due_at = at
    row.save(update_fields=["due_at"])


def _tell(row: Stall, thing: Promotion | Hold, concern: Concern, now: datetime) -> None:
    row.told += 1
    row.sentence = watchdog.sentence_of(concern, now)
    row.due_at = watchdog.again_at(concern.limit, row.told, now, timezone.get_default_timezone())
    row.save(update_fields=["told", "sentence", "due_at"])
    data = {
        "kind": concern.kind,
        "whose": concern.whose,
        "since": concern.since.isoformat(),
        "told": row.told,
        "evidence": list(concern.reasons[:EVIDENCE_LINES]),
        "ways_out": _ways_out(thing, now),
    }
    _record("stall.told", row.sentence, thing, data, now)


def _ways_out(thing: Promotion | Hold, now: datetime) -> list[str]:
    if isinstance(thing, Hold):
        return possible_in_words(situation(thing, now))
    page, kinds = thing.full_url(), {blocker.kind for blocker in thing.waits_for}
    ways = [f"Promote it: {page}promote/"] if kinds & BY_HAND else []
    ways += [f"Approve or reject it: {page}approve/"] if BlockerKind.APPROVAL in kinds else []
    return [*ways, f"Abort it: {page}abort/"]


def _end(row: Stall, watched: Watched | None, now: datetime) -> None:
    """Its thing has moved; who was told of it is told so."""
    if row.told == 0:
        row.delete()
        return
    row.ended_at, row.due_at = now, None
    row.save(update_fields=["ended_at", "due_at"])
    thing = _thing_of(row)
    waited = watchdog.length_in_words(now - row.since)
    sentence = f"{_title_of(thing)} has moved after {waited}: {_became(thing, watched)}"
    _record("stall.ended", sentence, thing, {"kind": row.kind, "since": row.since.isoformat(), "told": row.told}, now)


def _thing_of(row: Stall) -> Promotion | Hold:
    if row.promotion_id is not None:
        return Promotion.objects.with_names().select_related("release__application").get(pk=row.promotion_id)
    return Hold.objects.with_names().get(pk=row.hold_id or 0)


def _title_of(thing: Promotion | Hold) -> str:
    return thing.scope if isinstance(thing, Hold) else str(thing)


def _became(thing: Promotion | Hold, watched: Watched | None) -> str:
    """What it does instead of waiting as it did."""
    if isinstance(thing, Hold):
        if thing.lifted_at is None:
            return "a newer release is on its way."
        return f"its hold was lifted by {thing.lifted_by}. {thing.resolution}"
    if thing.state != PromotionState.WAITING:
        return f"it is now {thing.get_state_display().lower()}."
    if watched is not None and watched.concern is not None:
        return f"it now waits {watched.concern.limit.what}."
    return "what it waits for now ends by itself, or with a hold."


def _record(kind: str, sentence: str, thing: Promotion | Hold, data: dict[str, Any], now: datetime) -> None:
    promotion = thing if isinstance(thing, Promotion) else thing.promotion
    environment = thing.environment
    record(
        kind,
        sentence,
        by=ENGINE,
        application=thing.application.slug,
        environment=environment.slug if environment else "",
        subject=f"hold:{thing.pk}" if isinstance(thing, Hold) else "",
        release_id=promotion.release_id if promotion else None,
        promotion_id=promotion.pk if promotion else None,
        data={
            "title": _title_of(thing),
            "state": thing.state if isinstance(thing, Promotion) else "stopped",
            "url": thing.full_url(),
        }
        | data,
        now=now,
    )
