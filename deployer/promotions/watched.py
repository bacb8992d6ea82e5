"""What the watchdog looks at: open promotions and holds, each with its concern and its stall. The sweep, each telling
and the page of what is stopped read the same."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Prefetch
from django.utils import timezone

from deployer.audit.models import Event
from deployer.promotions import watchdog
from deployer.promotions.models import Hold, Promotion, PromotionKind, Stall, Step, StepKind
from deployer.promotions.models.hold import HoldKind, HoldQuerySet
from deployer.promotions.models.promotion import PromotionQuerySet
from deployer.promotions.states import PromotionState, StepState
from deployer.promotions.watchdog import ENGINES, Concern, HoldWatch, PromotionWatch, RunningStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """An open promotion, or an open hold, with what is to be watched of it and its stall that goes on, if any."""

    thing: Promotion | Hold
    concern: Concern | None
    row: Stall | None

    @property
    def is_known(self) -> bool:
        """Whether its stall is about this concern. While Deployer itself does not move, timers tell nothing apart."""
        row, concern = self.row, self.concern
        if row is None or concern is None or row.kind != concern.kind:
            return False
        return concern.kind in ENGINES or row.since == concern.since

    def stall(self, now: datetime) -> watchdog.Stall | None:
        return watchdog.stall(self.concern, now, timezone.get_default_timezone())


def watch_promotions(promotions: PromotionQuerySet, now: datetime) -> list[Watched]:
    """Of open promotions; four queries, however many."""
    running = Prefetch("steps", Step.objects.filter(state=StepState.RUNNING), to_attr="running_steps")
    found = list(promotions.with_names().prefetch_related(running, _going_on()))
    for one in found:
        one.release.application = one.application  # the same one, so that naming it asks for nothing
    watched = {one.pk: _watch_promotion(one, one.started_at or one.created_at, now) for one in found}
    waiting = [one.pk for one in found if one.state == PromotionState.WAITING]
    unknown = [pk for pk in waiting if watched[pk].concern and not watched[pk].is_known]
    changed = _reasons_changed(unknown)
    watched |= {one.pk: _watch_promotion(one, changed[one.pk], now) for one in found if one.pk in changed}
    return list(watched.values())


def watch_holds(holds: HoldQuerySet, now: datetime) -> list[Watched]:
    """Of open holds; three queries, however many."""
    found = list(holds.with_names().prefetch_related(_going_on()))
    newest = _newest_moving([one.application_id for one in found if one.fix_forward_at])
    return [_watch_hold(one, newest, now) for one in found]


def _going_on() -> "Prefetch[str]":
    return Prefetch("stalls", Stall.objects.going_on(), to_attr="open_stalls")


def _row_of(thing: Promotion | Hold) -> Stall | None:
    rows: Sequence[Stall] = getattr(thing, "open_stalls", ())
    return rows[0] if rows else None


def _reasons_changed(ids: Sequence[int]) -> dict[int, datetime]:
    """When the kinds of reasons for which each of these promotions waits last changed."""
    if not ids:
        return {}
    events = Event.objects.filter(kind="promotion.waits", promotion_id__in=ids).order_by()
    return {pk: at for pk, at in events.values_list("promotion_id").annotate(Max("at")) if pk is not None}


def _newest_moving(applications: Iterable[int]) -> dict[int, int]:
    """The order of the newest release of each application that is on its way somewhere."""
    ids = set(applications)
    if not ids:
        return {}
    moving = Promotion.objects.open().filter(kind=PromotionKind.FORWARD, target__application__in=ids).order_by()
    return dict(moving.values_list("target__application").annotate(Max("release__order")))


def _watch_promotion(promotion: Promotion, waits_since: datetime, now: datetime) -> Watched:
    row = _row_of(promotion)
    facts = PromotionWatch(
        title=str(promotion),
        team=promotion.application.owner.name,
        due_at=promotion.due_at,
        waits_since=waits_since,
        blockers=promotion.waits_for,
        noted={row.kind: row.since} if row else {},
        step=_step_of(promotion),
        soak=promotion.target.soak,
    )
    concern = watchdog.promotion_concern(facts, now, timezone.get_default_timezone())
    return Watched(thing=promotion, concern=concern, row=row)


def _step_of(promotion: Promotion) -> RunningStep | None:
    steps: Sequence[Step] = getattr(promotion, "running_steps", ())
    step = steps[0] if steps else None
    if step is None:
        return None
    spec = step.spec
    return RunningStep(
        kind=step.kind,
        name=step.name,
        started_at=step.started_at or promotion.started_at or promotion.created_at,
        limit=spec.get("seconds" if step.kind == StepKind.SOAK else "timeout", 0),
        needs=spec.get("interval", 0) * spec.get("samples", 0),
        due_at=step.due_at,
    )


def _watch_hold(hold: Hold, newest: dict[int, int], now: datetime) -> Watched:
    stopped = hold.stopped or (hold.promotion.release if hold.promotion else None)
    facts = HoldWatch(
        title=hold.scope,
        team=hold.application.owner.name,
        reason=hold.reason,
        placed_at=hold.placed_at,
        by_engine=hold.kind != HoldKind.MANUAL,
        ends_at=hold.ends_at,
        fix_forward_at=hold.fix_forward_at,
        newer_moves=newest.get(hold.application_id, 0) > (stopped.order if stopped else 0),
    )
    concern = watchdog.hold_concern(facts, now, timezone.get_default_timezone())
    return Watched(thing=hold, concern=concern, row=_row_of(hold))
