"""What the calendar says to a deploy: freezes, hours and slots, decided from facts and the time alone.

`blockers` answers the page, the API and the engine. A promotion that starts at a moment takes its place for
`facts.lasts`; a slot takes one for each of its applications from its start to its end.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlencode

from deployer.calendar.hours import MOMENT, ClosedDay, Hours
from deployer.calendar.search import first_clear, nearby
from deployer.calendar.sentences import clause, listed, minutes, stopped
from deployer.calendar.spans import Span, levels
from deployer.gates import Blocker, BlockerKind

NO_TIME = timedelta(0)
MANAGER = "A release manager can override it"
HORIZON = timedelta(days=400)
"""How far ahead `earliest_start` looks."""


class SlotPolicy(StrEnum):
    """Whether a deploy to a target needs a slot. The registry's Target stores the value."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    NOT_USED = "not_used"


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeFacts:
    """One time of a freeze; a recurring freeze has several, with one `id`. Without `ends_at` it lasts until lifted.

    `scope` says in words what is frozen.
    """

    id: int
    scope: str
    reason: str
    declared_by: str
    starts_at: datetime
    ends_at: datetime | None = None
    contact: str = ""
    allows_rollbacks: bool = True
    allows_by_hand: bool = False

    @property
    def link(self) -> str:
        return f"/freezes/{self.id}/"

    @property
    def ref(self) -> str:
        return str(self.id)

    def holds(self, at: datetime) -> bool:
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)

    def overlaps(self, start: datetime, end: datetime) -> bool:
        return self.starts_at < end and (self.ends_at is None or start < self.ends_at)

    def sentence(self) -> str:
        contact = f" Contact: {stopped(self.contact)}" if self.contact else ""
        return f"{self.scope} is frozen by {self.declared_by}: {stopped(self.reason)}{contact}"

    def blocker(self) -> Blocker:
        """What it has against whatever it does not let through."""
        return Blocker(
            kind=BlockerKind.FREEZE,
            sentence=self.sentence(),
            who=f"{self.declared_by} or a release manager can lift it",
            link=self.link,
            until=self.ends_at,
            overridable=True,
            ref=self.ref,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotFacts:
    """A booked slot. `releases` maps each of its applications' slugs to the version that it is for, or to nothing when
    it is for any. `alone` says why nothing else may be deployed meanwhile; `exclusive` that its booker wants it so.
    `overridden` names the blockers that someone has overridden for it: they are passed from its start to its end."""

    id: int
    releases: Mapping[str, str]
    span: Span
    booked_by: str
    alone: str = ""
    exclusive: bool = False
    overridden: frozenset[str] = frozenset()

    @property
    def link(self) -> str:
        return f"/slots/{self.id}/"

    @property
    def ref(self) -> str:
        return str(self.id)

    @property
    def names(self) -> str:
        return ", ".join(sorted(self.releases))

    def serves(self, application: str, version: str) -> bool:
        """Whether the slot is there for this release."""
        return self.releases.get(application, None) in ("", version)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarFacts:
    """What the calendar looks at for one release of one application in one environment.

    `freezes` and `slots` are those that touch it from the asked time on, in the order of their start, slots of all the
    environment's applications; `running` are the other applications whose promotions run there now. `lasts` is
    how long a promotion takes there at most. `exclusions` maps the slugs of applications that must not be deployed
    together with this one to the reason; `alone` says why it deploys alone. `passed` maps the names of blockers that a
    person lets this very promotion pass to the moment until which it may.
    """

    application: str
    environment: str
    version: str = ""
    is_rollback: bool = False
    by_hand: bool = False
    slot_policy: SlotPolicy = SlotPolicy.OPTIONAL
    hours: Hours | None = None
    lasts: timedelta = NO_TIME
    freezes: Sequence[FreezeFacts] = ()
    slots: Sequence[SlotFacts] = ()
    running: Sequence[str] = ()
    capacity: int = 1
    exclusions: Mapping[str, str] = field(default_factory=dict)
    alone: str = ""
    passed: Mapping[str, datetime] = field(default_factory=dict)

    def own_slots(self) -> Iterator[SlotFacts]:
        """The slots that are there for this release."""
        return (slot for slot in self.slots if slot.serves(self.application, self.version))

    def own_slot(self, at: datetime) -> SlotFacts | None:
        return next((slot for slot in self.own_slots() if slot.span.holds(at)), None)

    def period(self, at: datetime) -> Span:
        """The time that a promotion may take which starts then."""
        return Span(at, at + max(self.lasts, MOMENT))

    def others(self, at: datetime) -> list[SlotFacts]:
        """The slots without this application into which a promotion that starts at this time would run."""
        period = self.period(at)
        return [slot for slot in self.slots if self.application not in slot.releases and slot.span.overlaps(*period)]


def blockers(facts: CalendarFacts, at: datetime) -> list[Blocker]:
    """Why this may not be deployed at this time; empty when the calendar allows it. All reasons at once."""
    overridden = {name for slot in facts.own_slots() if slot.span.holds(at) for name in slot.overridden}
    overridden |= {name for name, until in facts.passed.items() if at < until}
    found = [blocker for rule in RULES for blocker in rule(facts, at)]
    return [blocker for blocker in found if not (blocker.overridable and blocker.name in overridden)]


def earliest_start(facts: CalendarFacts, now: datetime) -> datetime | None:
    """The first moment from `now` on at which nothing time-based blocks; None when no waiting gets there.

    What runs now is not asked: nobody knows when it ends.
    """
    own = sorted(facts.own_slots(), key=lambda slot: slot.span.start)
    slots_near = nearby(facts.slots, lambda slot: slot.span)

    def blockers_at(at: datetime) -> list[Blocker]:
        return blockers(replace(facts, running=(), slots=[*slots_near(*facts.period(at)), *own]), at)

    return first_clear(blockers_at, now, now + HORIZON, also=[slot.span.start for slot in own])


def frozen(facts: CalendarFacts, at: datetime) -> Iterator[Blocker]:
    """Promise 4: never past a freeze."""
    for freeze in facts.freezes:
        let_through = (facts.is_rollback and freeze.allows_rollbacks) or (facts.by_hand and freeze.allows_by_hand)
        if freeze.holds(at) and not let_through:
            yield freeze.blocker()


def on_closed_day(facts: CalendarFacts, at: datetime) -> Iterator[Blocker]:
    """Holidays and own closing days, each by itself, so that an override is for one. See `outside_hours`."""
    if facts.hours is None or facts.is_rollback:
        return
    need = _need(facts, at)
    for closed in facts.hours.closed_days(at, at + max(need, MOMENT)):
        sentence = f"{facts.environment} takes no deploys on {day_in_words(closed)}."
        yield closed_day_blocker(closed, sentence + _runs_into(facts, at, closed.span.start))


def outside_hours(facts: CalendarFacts, at: datetime) -> Iterator[Blocker]:
    """The weekly hours: a promotion starts so that it can finish inside. A rollback passes; in its own slot a promotion
    may start until the slot ends."""
    if facts.hours is None or facts.is_rollback:
        return
    hours, need = facts.hours.without_closed_days(), _need(facts, at)
    opening = hours.next_opening(at, need)
    if opening == at:
        return
    if opening is None:
        why = f", and is never open for the {minutes(need)} that a promotion may take"
    elif hours.open_between(at, at + MOMENT):
        why = f"; a promotion may take {minutes(need)}, and must be able to finish before it closes"
    else:
        why = "; it is closed then"
    yield window_blocker(f"{facts.environment} takes deploys {hours.in_words()}{why}.", opening)


def _need(facts: CalendarFacts, at: datetime) -> timedelta:
    """For how long the environment must stay open."""
    return NO_TIME if facts.own_slot(at) else facts.lasts


def window_blocker(sentence: str, opening: datetime | None) -> Blocker:
    return Blocker(
        kind=BlockerKind.WINDOW,
        sentence=sentence,
        who=MANAGER,
        link="/calendar/hours/",
        until=opening,
        overridable=True,
    )


def closed_day_blocker(closed: ClosedDay, sentence: str) -> Blocker:
    return Blocker(
        kind=BlockerKind.HOLIDAY,
        sentence=sentence,
        who=MANAGER,
        link="/calendar/hours/",
        until=closed.span.end,
        overridable=True,
        ref=closed.day.isoformat(),
    )


def day_in_words(closed: ClosedDay) -> str:
    """Such as "25 December 2026 (Christmas Day)"."""
    return f"{closed.day.day} {closed.day:%B %Y} ({closed.name})"


def needs_slot(facts: CalendarFacts, at: datetime) -> Iterator[Blocker]:
    """A target whose policy asks for a slot is deployed to within one of its own."""
    if facts.slot_policy is not SlotPolicy.REQUIRED or facts.is_rollback or facts.own_slot(at):
        return
    coming = next((slot for slot in facts.own_slots() if at < slot.span.start), None)
    need = f"{facts.application} is deployed to {facts.environment} in a booked slot only"
    query = urlencode({"application": facts.application, "environment": facts.environment})
    yield Blocker(
        kind=BlockerKind.NO_SLOT,
        sentence=(
            f"{need}, and its next one, booked by {coming.booked_by}, has not begun."
            if coming
            else f"{need}, and none is booked for it."
        ),
        who=f"{coming.booked_by} can move it" if coming else "Anyone of its team can book one",
        link=coming.link if coming else f"/slots/new/?{query}",
        until=coming.span.start if coming else None,
        overridable=True,
    )


def waits_for_its_slot(facts: CalendarFacts, at: datetime) -> Iterator[Blocker]:
    """A release that somebody has booked a slot for goes then, and not before: its people are there then. Whoever asks
    for it by hand wants it now."""
    if facts.slot_policy is SlotPolicy.REQUIRED or facts.is_rollback or facts.by_hand or facts.own_slot(at):
        return
    booked = (slot for slot in facts.own_slots() if slot.releases[facts.application] and at < slot.span.start)
    coming = next(booked, None)
    if coming is not None:
        yield Blocker(
            kind=BlockerKind.NO_SLOT,
            sentence=f"{coming.booked_by} has booked a slot for {facts.application} {facts.version}, in which it goes.",
            who=f"{coming.booked_by} can move it, or anyone of its team can promote it by hand",
            link=coming.link,
            until=coming.span.start,
            overridable=True,
        )


def kept_free(facts: CalendarFacts, at: datetime) -> Iterator[Blocker]:
    """Slots of others that nothing, or not this application, may be deployed beside. Promise 5: never the wrong two."""
    if facts.is_rollback or facts.own_slot(at):
        return
    for slot in facts.others(at):
        reasons = why_not_beside(slot, facts.application, facts.alone, facts.exclusions)
        if reasons:
            yield Blocker(
                kind=BlockerKind.SLOT,
                sentence=(
                    f"{slot.booked_by} has booked {facts.environment} for {slot.names}, and "
                    f"{'; '.join(reasons)}.{_runs_into(facts, at, slot.span.start)}"
                ),
                who=f"{slot.booked_by} can move the slot",
                link=slot.link,
                until=slot.span.end,
                overridable=True,
                ref=slot.ref,
            )


def why_not_beside(slot: SlotFacts, application: str, alone: str, exclusions: Mapping[str, str]) -> list[str]:
    """Every reason, as a clause, why an application that may deploy `alone` only, or not together with those of
    `exclusions`, is kept out of a slot of others."""
    reasons = [f"nothing else goes there meanwhile ({clause(slot.alone)})"] if slot.alone else []
    if alone:
        reasons.append(f"{application} deploys alone ({clause(alone)})")
    reasons += [
        f"{application} and {slug} must not be deployed together ({clause(exclusions[slug])})"
        for slug in sorted(slot.releases)
        if slug in exclusions
    ]
    return reasons


def _runs_into(facts: CalendarFacts, at: datetime, start: datetime) -> str:
    """Why something counts that is yet to start."""
    return f" A promotion may take {minutes(facts.lasts)} and would run into that." if start > at else ""


def reserved(facts: CalendarFacts, at: datetime) -> Iterator[Blocker]:
    """Promise 5: a slot reserves a place for each of its applications.

    Other applications take a place each while they have a slot, and throughout when they run now. When at any moment
    of the time that the promotion may take they have all places, those who have slots then go first. Where no slot is
    in it, capacity is the engine's to keep. Once the first of these slots ends the answer may differ, and not before.
    """
    if facts.is_rollback or facts.own_slot(at):
        return
    period, mine = facts.period(at), {facts.application}
    full = full_times(facts.slots, mine, period, facts.capacity, running=facts.running)
    involved = slots_in(full, facts.slots, mine)
    if not involved:
        return
    first = min(involved, key=lambda slot: slot.span.end)
    yield Blocker(
        kind=BlockerKind.SLOT,
        sentence=(
            f"{facts.environment} takes {facts.capacity} at once, and its places are taken: "
            f"{holders(involved, mine, facts.running)}.{_runs_into(facts, at, full[0].start)}"
        ),
        who=f"{first.booked_by} can move the slot",
        link=first.link,
        until=first.span.end,
        overridable=True,
        ref="places",
    )


def full_times(
    slots: Iterable[SlotFacts], mine: Collection[str], period: Span, places: int, *, running: Iterable[str] = ()
) -> list[Span]:
    """The parts of the period in which applications other than `mine` take so many places, or more."""
    taken: dict[str, list[Span]] = {slug: [period] for slug in running if slug not in mine}
    for slot in slots:
        if slot.span.overlaps(*period):
            for slug in slot.releases:
                if slug not in mine:
                    taken.setdefault(slug, []).append(slot.span)
    return [span for span, level in levels(taken.values(), *period) if level >= places]


def slots_in(times: Sequence[Span], slots: Iterable[SlotFacts], mine: Collection[str]) -> list[SlotFacts]:
    """The slots of applications other than `mine` that have time in common with one of the times."""
    return [
        slot for slot in slots if set(slot.releases) - set(mine) and any(slot.span.overlaps(*time) for time in times)
    ]


def holders(slots: Iterable[SlotFacts], mine: Collection[str], running: Iterable[str] = ()) -> str:
    """Who has the places, such as "router (booked by Alex), publisher (running)"."""
    booked = {(slug, slot.booked_by) for slot in slots for slug in slot.releases if slug not in mine}
    words = [f"{slug} (booked by {booked_by})" for slug, booked_by in sorted(booked)]
    return ", ".join(words + [f"{slug} (running)" for slug in sorted(set(running) - {slug for slug, _ in booked})])


def alone_in_its_slot(facts: CalendarFacts, at: datetime) -> Iterator[Blocker]:
    """Promise 5: an exclusive slot keeps out what began before it, too: what runs finishes first. A rollback passes."""
    own = facts.own_slot(at)
    if own is None or not own.exclusive or facts.is_rollback:
        return
    left = sorted(set(facts.running) - set(own.releases))
    if left:
        yield Blocker(
            kind=BlockerKind.EXCLUSION,
            sentence=(
                f"{own.booked_by} has booked {facts.environment} for {own.names} alone, and "
                f"{listed(left)} {'is' if len(left) == 1 else 'are'} still being deployed there."
            ),
            who="It goes on when they have ended" if len(left) > 1 else "It goes on when that one ends",
            link=own.link,
            ref=own.ref,
        )


RULES: tuple[Callable[[CalendarFacts, datetime], Iterator[Blocker]], ...] = (
    frozen,
    on_closed_day,
    outside_hours,
    needs_slot,
    waits_for_its_slot,
    kept_free,
    reserved,
    alone_in_its_slot,
)
