"""The calendar as JSON. Every time is there in UTC and, as `…_local`, by the wall clock of a zone."""

from datetime import datetime
from typing import Any

from django.conf import settings

from deployer.calendar.recurrence import wall_time
from deployer.calendar.spans import Span
from deployer.promotions.states import ACTIVE
from deployer.web.calendar.reading import Calendar, Lane, ShownFreeze, ShownPromotion, ShownSlot


def calendar_out(calendar: Calendar, zone: str) -> dict[str, Any]:
    return {
        "zone": zone,
        **span_out(Span(calendar.start, calendar.end), zone),
        **local_out("now", calendar.now, zone),
        "notices": calendar.notices,
        "lanes": [_lane_out(lane, zone) for lane in calendar.lanes],
    }


def local_out(name: str, at: datetime | None, zone: str) -> dict[str, str | None]:
    """A time in UTC and by the clock of the zone."""
    local = wall_time(at, zone).isoformat(timespec="seconds") if at else None
    return {name: at.isoformat().replace("+00:00", "Z") if at else None, f"{name}_local": local}


def span_out(span: Span | tuple[datetime, datetime | None], zone: str) -> dict[str, str | None]:
    return local_out("starts_at", span[0], zone) | local_out("ends_at", span[1], zone)


def _lane_out(lane: Lane, zone: str) -> dict[str, Any]:
    return {
        "environment": lane.environment.slug,
        "name": lane.environment.name,
        "capacity": lane.environment.capacity,
        "hours": lane.hours.in_words() if lane.hours else None,
        "closed": [span_out(span, zone) for span in lane.closed],
        "holidays": [
            {"day": one.day.isoformat(), "name": one.name} | span_out(one.span, zone) for one in lane.closed_days
        ],
        "freezes": [_freeze_out(freeze, zone) for freeze in lane.freezes],
        "slots": [_slot_out(slot, zone) for slot in lane.slots],
        "promotions": [_promotion_out(promotion, zone) for promotion in lane.promotions],
        "promotion_counts": [
            {"day": day.isoformat(), "states": {state.value: number for state, number in states.items()}}
            for day, states in sorted(lane.counts.items())
        ],
    }


def _freeze_out(shown: ShownFreeze, zone: str) -> dict[str, Any]:
    freeze = shown.facts
    return {
        "id": freeze.id,
        "title": shown.title,
        "scope": freeze.scope,
        "only_for": list(shown.names),
        "reason": freeze.reason,
        "sentence": freeze.sentence(),
        "allows_rollbacks": freeze.allows_rollbacks,
        "allows_by_hand": freeze.allows_by_hand,
        "url": settings.BASE_URL + freeze.link,
        **span_out((freeze.starts_at, freeze.ends_at), zone),
    }


def _slot_out(shown: ShownSlot, zone: str) -> dict[str, Any]:
    slot = shown.slot
    return {
        "id": slot.pk if slot else None,
        "title": shown.title,
        "state": shown.state.value if slot else "booked",
        **span_out(shown.span, zone),
        "applications": [
            {"application": one.application.slug, "version": one.release.version if one.release else None}
            for one in shown.bookings
        ],
        "other_applications": shown.others,
        "exclusive": slot.exclusive if slot else None,
        "booked_by": slot.booked_by if slot else None,
        "watched_by": slot.watched_by if slot else None,
        "notes": slot.notes if slot else None,
        "outcome": slot.outcome if slot else None,
        "overridden_by": shown.overridden_by,
        "recurs": bool(slot and slot.series_id),
        "sequence": slot.sequence if slot else None,
        "url": slot.full_url() if slot else None,
        "may_move": shown.may_move,
        "may_extend": shown.may_extend,
    }


def _promotion_out(shown: ShownPromotion, zone: str) -> dict[str, Any]:
    promotion = shown.promotion
    runs = promotion is not None and promotion.state in ACTIVE
    return {
        "id": promotion.pk if promotion else None,
        "title": shown.title,
        "application": promotion.application.slug if promotion else None,
        "version": promotion.release.version if promotion else None,
        "kind": promotion.kind if promotion else None,
        "state": promotion.state if promotion else None,
        "outcome": promotion.outcome if promotion else None,
        "overridden_by": shown.overridden_by,
        "url": promotion.full_url() if promotion else None,
        **span_out((shown.span.start, None if runs else shown.span.end), zone),
    }
