"""Whether a slot may be booked, and the next one that may: decided from facts and the time alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import combinations

from deployer.calendar.hours import MOMENT, Hours
from deployer.calendar.rules import (
    NO_TIME,
    FreezeFacts,
    SlotFacts,
    SlotPolicy,
    closed_day_blocker,
    day_in_words,
    full_times,
    holders,
    slots_in,
    why_not_beside,
    window_blocker,
)
from deployer.calendar.search import first_clear, nearby
from deployer.calendar.sentences import minutes, stopped
from deployer.calendar.spans import Span
from deployer.gates import Blocker, BlockerKind

STEP = timedelta(minutes=5)
"""Free slots are offered at whole five minutes."""
WHO_BOOKS = "You can choose another time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an environment's slots are like: how long one is unless said otherwise and at most, and how far ahead one
    may be booked."""

    length: timedelta = timedelta(minutes=30)
    longest: timedelta = timedelta(hours=1)
    ahead: timedelta = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedApplication:
    """An application that a slot is wanted for. `mine` says whether who asks may book for it; `exclusions` maps the
    slugs of applications that must not be deployed together with it to the reason."""

    slug: str
    owner: str
    mine: bool = True
    archived: bool = False
    has_target: bool = True
    slot_policy: SlotPolicy = SlotPolicy.OPTIONAL
    alone: str = ""
    exclusions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingFacts:
    """A slot that somebody wants from `span.start` to `span.end`, and what there is already.

    `slots` are the environment's others that overlap it; `freezes` those that touch one of the applications. `begun`
    says that it is under way, so that its start stays, and what was before now is not asked again. `overridden` names
    the blockers that somebody has overridden for it.
    """

    environment: str
    applications: Sequence[BookedApplication]
    span: Span
    exclusive: bool = False
    begun: bool = False
    limits: Limits = Limits()
    hours: Hours | None = None
    freezes: Sequence[FreezeFacts] = ()
    slots: Sequence[SlotFacts] = ()
    capacity: int = 1
    overridden: frozenset[str] = frozenset()

    @property
    def length(self) -> timedelta:
        return self.span.end - self.span.start

    @property
    def alone(self) -> bool:
        return self.exclusive or any(application.alone for application in self.applications)

    @property
    def slugs(self) -> list[str]:
        return sorted({application.slug for application in self.applications})

    def overlapping(self) -> Iterator[SlotFacts]:
        return (slot for slot in self.slots if slot.span.overlaps(*self.span))


def booking_blockers(facts: BookingFacts, now: datetime) -> list[Blocker]:
    """Every reason why this slot can't be booked, moved or extended to; empty when it can."""
    found = [blocker for rule in LASTING_RULES for blocker in rule(facts)]
    found += [blocker for rule in REQUEST_RULES for blocker in rule(facts, now)]
    asked = _asked(facts, now)
    found += [blocker for rule in TIME_RULES for blocker in rule(asked)]
    return [blocker for blocker in found if not (blocker.overridable and blocker.name in facts.overridden)]


def _asked(facts: BookingFacts, now: datetime) -> BookingFacts:
    """With the time that is still to come. When it ends before it starts, the start alone is looked at, so that every
    other reason is said with that one."""
    start = max(facts.span.start, now) if facts.begun else facts.span.start
    return replace(facts, span=Span(start, max(facts.span.end, start + MOMENT)))


def next_free(facts: BookingFacts, now: datetime) -> datetime | None:
    """The first start, at whole five minutes from `facts.span.start` on, of a slot as long as that one which can be
    booked; None when there is none within the time that may be booked ahead, or when no time would do."""
    slots_near = nearby(facts.slots, lambda slot: slot.span)

    def blockers_at(at: datetime) -> list[Blocker]:
        span = Span(at, at + facts.length)
        found = booking_blockers(replace(facts, span=span, slots=slots_near(*span)), now)
        return [replace(blocker, until=blocker.until and _at_step(blocker.until)) for blocker in found]

    return first_clear(blockers_at, _at_step(max(facts.span.start, now)), now + facts.limits.ahead)


def _at_step(at: datetime) -> datetime:
    """The first whole step from then on."""
    return at + (datetime.min.replace(tzinfo=at.tzinfo) - at) % STEP


def archived(facts: BookingFacts) -> Iterator[Blocker]:
    for application in facts.applications:
        if application.archived:
            yield Blocker(
                kind=BlockerKind.ARCHIVED,
                sentence=f"{application.slug} is archived.",
                who="An admin can unarchive it",
                ref=application.slug,
            )


def without_target(facts: BookingFacts) -> Iterator[Blocker]:
    for application in facts.applications:
        if not application.has_target:
            yield Blocker(
                kind=BlockerKind.NOT_CONFIGURED,
                sentence=f"{application.slug} has no target in {facts.environment}.",
                who="An admin can add one",
                ref=application.slug,
            )
        elif application.slot_policy is SlotPolicy.NOT_USED:
            yield Blocker(
                kind=BlockerKind.NOT_CONFIGURED,
                sentence=f"{application.slug} is deployed to {facts.environment} without slots.",
                who="An admin can change the target's policy",
                ref=application.slug,
            )


def not_yours(facts: BookingFacts) -> Iterator[Blocker]:
    for application in facts.applications:
        if not application.mine:
            yield Blocker(
                kind=BlockerKind.NOT_YOURS,
                sentence=f"{application.slug} belongs to {application.owner}, and you are not in that team.",
                who=f"{application.owner} or a release manager can book it",
                ref=application.slug,
            )


def excluded_together(facts: BookingFacts) -> Iterator[Blocker]:
    """One slot for applications that must not be deployed together."""
    for one, other in combinations(sorted(facts.applications, key=lambda application: application.slug), 2):
        reason = one.exclusions.get(other.slug) or other.exclusions.get(one.slug)
        if reason:
            yield Blocker(
                kind=BlockerKind.EXCLUSION,
                sentence=f"{one.slug} and {other.slug} must not be deployed together: {stopped(reason)}",
                who="You can book a slot for each",
                ref=f"{one.slug}+{other.slug}",
            )
    for application in facts.applications:
        if application.alone and len(facts.slugs) > 1:
            yield Blocker(
                kind=BlockerKind.EXCLUSION,
                sentence=f"{application.slug} deploys alone: {stopped(application.alone)}",
                who="You can book a slot for each",
                ref=application.slug,
            )


def too_many(facts: BookingFacts) -> Iterator[Blocker]:
    wanted = len(facts.slugs)
    if wanted > facts.capacity:
        yield Blocker(
            kind=BlockerKind.CAPACITY,
            sentence=f"{facts.environment} takes {facts.capacity} at once, and this slot has {wanted} applications.",
            who="You can book several slots",
            ref="size",
        )


def in_time(facts: BookingFacts, now: datetime) -> Iterator[Blocker]:
    """Not in the past, not too far ahead, and for whole minutes."""
    start, end = facts.span
    if facts.begun and end <= now:
        yield _time("past", "It would have ended already: choose a later end.")
    elif not facts.begun and start < now:
        yield _time("past", "It starts in the past: choose a later start.")
    elif not facts.begun and start > now + facts.limits.ahead:
        days = facts.limits.ahead.days
        yield _time("ahead", f"Slots in {facts.environment} are booked at most {days} days ahead.")
    if any(at.second or at.microsecond for at in facts.span):
        yield _time("minutes", "Slots start and end at whole minutes.")


def of_length(facts: BookingFacts, now: datetime) -> Iterator[Blocker]:
    if facts.length <= NO_TIME:
        yield _time("order", "It must end after it starts: choose a later end.")
    elif facts.length > facts.limits.longest:
        yield _time("length", f"A slot in {facts.environment} is at most {minutes(facts.limits.longest)} long.")


def _time(ref: str, sentence: str) -> Blocker:
    return Blocker(kind=BlockerKind.TIME, sentence=sentence, who=WHO_BOOKS, ref=ref)


def off_closed_days(facts: BookingFacts) -> Iterator[Blocker]:
    """Holidays and own closing days, each by itself, so that an override is for one."""
    for closed in facts.hours.closed_days(*facts.span) if facts.hours else ():
        yield closed_day_blocker(closed, f"{facts.environment} takes no deploys on {day_in_words(closed)}.")


def within_hours(facts: BookingFacts) -> Iterator[Blocker]:
    """A slot lies within the weekly hours from its start to its end."""
    if facts.hours is None:
        return
    hours = facts.hours.without_closed_days()
    opening = hours.next_opening(facts.span.start, facts.length)
    if opening != facts.span.start:
        why = "a slot lies within these hours" if opening else f"is never open for {minutes(facts.length)}"
        yield window_blocker(f"{facts.environment} takes deploys {hours.in_words()}, and {why}.", opening)


def not_frozen(facts: BookingFacts) -> Iterator[Blocker]:
    for freeze in facts.freezes:
        if freeze.overlaps(*facts.span) and not freeze.allows_by_hand:
            yield freeze.blocker()


def booked_already(facts: BookingFacts) -> Iterator[Blocker]:
    """One application has one slot at a time."""
    wanted = {application.slug for application in facts.applications}
    for slot in facts.overlapping():
        for slug in sorted(wanted & set(slot.releases)):
            yield _taken(slot, f"{slug} has a slot then already, booked by {slot.booked_by}.")


def beside_others(facts: BookingFacts) -> Iterator[Blocker]:
    """Slots that nothing, or none of these applications, may be booked beside."""
    for slot in facts.overlapping():
        reasons = _why_not_beside(facts, slot)
        if reasons:
            sentence = f"{slot.booked_by} has booked {facts.environment} for {slot.names}, and {'; '.join(reasons)}."
            yield _taken(slot, sentence)


def _why_not_beside(facts: BookingFacts, slot: SlotFacts) -> list[str]:
    reasons = ["the wanted slot is exclusive: it keeps everything else out"] if facts.exclusive else []
    for one in facts.applications:
        reasons += why_not_beside(slot, one.slug, one.alone, one.exclusions)
    return list(dict.fromkeys(reasons))


def within_capacity(facts: BookingFacts) -> Iterator[Blocker]:
    """Promise 5: each application of a slot takes a place. See `rules.reserved` for when that ends."""
    wanted = facts.slugs
    full = full_times(facts.slots, wanted, facts.span, facts.capacity - len(wanted) + 1)
    involved = slots_in(full, facts.slots, wanted)
    if not involved:
        return
    first = min(involved, key=lambda slot: slot.span.end)
    room = "is full then" if len(wanted) == 1 else f"has too few places left then for {len(wanted)}"
    yield Blocker(
        kind=BlockerKind.CAPACITY,
        sentence=f"{facts.environment} takes {facts.capacity} at once and {room}: {holders(involved, wanted)}.",
        who=WHO_BOOKS,
        link=first.link,
        until=first.span.end,
    )


def _taken(slot: SlotFacts, sentence: str) -> Blocker:
    return Blocker(
        kind=BlockerKind.SLOT,
        sentence=sentence,
        who=f"{slot.booked_by} can move it",
        link=slot.link,
        until=slot.span.end,
        ref=slot.ref,
    )


LASTING_RULES: tuple[Callable[[BookingFacts], Iterator[Blocker]], ...] = (
    archived,
    without_target,
    not_yours,
    excluded_together,
    too_many,
)
"""Those that no other time would change."""
REQUEST_RULES: tuple[Callable[[BookingFacts, datetime], Iterator[Blocker]], ...] = (in_time, of_length)
TIME_RULES: tuple[Callable[[BookingFacts], Iterator[Blocker]], ...] = (
    off_closed_days,
    within_hours,
    not_frozen,
    booked_already,
    beside_others,
    within_capacity,
)
