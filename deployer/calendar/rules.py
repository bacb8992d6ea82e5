"""What the calendar says to a deploy: freezes, hours and slots, decided from facts and the time alone.

`blockers` answers the page, the API and the engine. A promotion that starts at a moment takes its place for
`facts.lasts`; a slot takes one for each of its applications from its start to its end.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from deployer.calendar.hours import Hours
from deployer.calendar.spans import Span, most_at_once
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
        contact = f" Contact: {self.contact.rstrip('.')}." if self.contact else ""
        return f"{self.scope} is frozen by {self.declared_by}: {self.reason.rstrip('.')}.{contact}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotFacts:
    """A booked slot. `releases` maps each of its applications' slugs to the version that it is for, or to nothing when
    it is for any. `alone` says why nothing else may be deployed meanwhile; `overridden` names the blockers that
    someone has overridden for it."""

    id: int
    releases: Mapping[str, str]
    span: Span
    booked_by: str
    alone: str = ""
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
    together with this one to the reason; `alone` says why it deploys alone.
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

    def own_slots(self) -> Iterator[SlotFacts]:
        """The slots that are there for this release."""
        return (slot for slot in self.slots if slot.serves(self.application, self.version))

    def own_slot(self, at: datetime) -> SlotFacts | None:
        return next((slot for slot in self.own_slots() if slot.span.holds(at)), None)

    def others(self, at: datetime) -> list[SlotFacts]:
        """The slots of other applications into which a promotion that starts at this time would run."""
        end = at + max(self.lasts, timedelta(microseconds=1))
        return [slot for slot in self.slots if self.application not in slot.releases and slot.span.overlaps(at, end)]


def blockers(facts: CalendarFacts, at: datetime) -> list[Blocker]:
    """Why this may not be deployed at this time; empty when the calendar allows it. All reasons at once."""
    own = facts.own_slot(at)
    overridden = own.overridden if own else frozenset()
    found = [blocker for rule in RULES for blocker in rule(facts, at)]
    return [blocker for blocker in found if blocker.name not in overridden]


def earliest_start(facts: CalendarFacts, now: datetime) -> datetime | None:
    """The first moment from `now` on at which nothing time-based blocks; None when no waiting gets there.

    What runs now is not asked: nobody knows when it ends.
    """
    known = replace(facts, running=())
    own_starts = sorted(slot.span.start for slot in facts.own_slots())
    return first_clear(lambda at: blockers(known, at), now, now + HORIZON, also=own_starts)


def first_clear(
    blockers_at: Callable[[datetime], list[Blocker]], at: datetime, horizon: datetime, *, also: Sequence[datetime] = ()
) -> datetime | None:
    """The first moment without a blocker, going from each one's `until` to the next.

    Each rule's `until` must be no later than the first moment at which that rule no longer blocks; moments at which a
    rule may cease to block before that are `also` looked at, and must be in their order.
    """
    while at <= horizon:
        found = blockers_at(at)
        if not found:
            return at
        ends = [blocker.until for blocker in found]
        if any(end is not None and end <= at for end in ends):
            raise RuntimeError(f"A rule that blocks at {at} says that it has ended: {found}")
        steps = [moment for moment in also if moment > at][:1]
        if None not in ends:
            steps.append(max(end for end in ends if end is not None))
        if not steps:
            return None
        at = min(steps)
    return None


def frozen(facts: CalendarFacts, at: datetime) -> Iterator[Blocker]:
    """Promise 4: never past a freeze."""
    for freeze in facts.freezes:
        let_through = (facts.is_rollback and freeze.allows_rollbacks) or (facts.by_hand and freeze.allows_by_hand)
        if freeze.holds(at) and not let_through:
            yield Blocker(
                kind=BlockerKind.FREEZE,
                sentence=freeze.sentence(),
                who=f"{freeze.declared_by} or a release manager can lift it",
                link=freeze.link,
                until=freeze.ends_at,
                overridable=True,
                ref=freeze.ref,
            )


def outside_hours(facts: CalendarFacts, at: datetime) -> Iterator[Blocker]:
    """Windows and holidays. A rollback passes; in its own slot a promotion may start until the slot ends."""
    hours = facts.hours
    if hours is None or facts.is_rollback:
        return
    need = NO_TIME if facts.own_slot(at) else facts.lasts
    opening = hours.next_opening(at, need)
    if opening == at:
        return
    yield Blocker(
        kind=BlockerKind.HOLIDAY if hours.holiday_at(at) else BlockerKind.WINDOW,
        sentence=_closed_sentence(facts.environment, hours, at, need),
        who=MANAGER,
        link="/calendar/hours/",
        until=opening,
        overridable=True,
    )


def _closed_sentence(environment: str, hours: Hours, at: datetime, need: timedelta) -> str:
    holiday = hours.holiday_at(at)
    if holiday:
        return f"{environment} takes no deploys on {holiday}."
    words = f"{environment} takes deploys {hours.in_words()}"
    if hours.open_between(at, at + timedelta(seconds=1)) and need:
        return f"{words}; a promotion needs up to {minutes(need)} before it closes."
    return f"{words}; it is closed then."


def minutes(length: timedelta) -> str:
    """Such as "30 minutes"."""
    count = round(length.total_seconds() / 60)
    return f"{count} minute{'' if count == 1 else 's'}"


def needs_slot(facts: CalendarFacts, at: datetime) -> Iterator[Blocker]:
    """A target whose policy asks for a slot is deployed to within one of its own."""
    if facts.slot_policy is not SlotPolicy.REQUIRED or facts.is_rollback or facts.own_slot(at):
        return
    coming = next((slot for slot in facts.own_slots() if at < slot.span.start), None)
    need = f"{facts.application} is deployed to {facts.environment} in a booked slot only"
    yield Blocker(
        kind=BlockerKind.NO_SLOT,
        sentence=f"{need}, and its next one has not begun." if coming else f"{need}, and none is booked for it.",
        who="Whoever booked it can move it" if coming else "Anyone of its team can book one",
        link=coming.link if coming else f"/slots/new/?application={facts.application}&environment={facts.environment}",
        until=coming.span.start if coming else None,
        overridable=True,
    )


def kept_free(facts: CalendarFacts, at: datetime) -> Iterator[Blocker]:
    """Slots of others that nothing, or not this application, may be deployed beside. Promise 5: never the wrong two."""
    if facts.is_rollback or facts.own_slot(at):
        return
    for slot in facts.others(at):
        reason = _why_not_beside(facts, slot)
        if reason:
            yield Blocker(
                kind=BlockerKind.SLOT,
                sentence=f"{slot.booked_by} has booked {facts.environment} for {slot.names}, {reason.rstrip('.')}.",
                who=f"{slot.booked_by} can move the slot",
                link=slot.link,
                until=slot.span.end,
                overridable=True,
                ref=slot.ref,
            )


def _why_not_beside(facts: CalendarFacts, slot: SlotFacts) -> str:
    if slot.alone:
        return f"and nothing else goes there meanwhile: {slot.alone}"
    if facts.alone:
        return f"and {facts.application} deploys alone: {facts.alone}"
    excluded = [f"{slug}: {facts.exclusions[slug]}" for slug in sorted(slot.releases) if slug in facts.exclusions]
    return f"which must not be deployed together with {facts.application} ({'; '.join(excluded)})" if excluded else ""


def reserved(facts: CalendarFacts, at: datetime) -> Iterator[Blocker]:
    """Promise 5: a slot reserves a place for each of its applications."""
    if facts.is_rollback or facts.own_slot(at):
        return
    slots = facts.others(at)
    if not slots:
        return
    end = at + max(facts.lasts, timedelta(microseconds=1))
    most = most_at_once([(slot.span, len(slot.releases)) for slot in slots], at, end)
    booked_now = [slot for slot in slots if slot.span.holds(at)]
    at_work = {slug for slot in booked_now for slug in slot.releases}
    unbooked = sum(1 for slug in facts.running if slug not in at_work)
    if most < facts.capacity and not (booked_now and len(at_work) + unbooked >= facts.capacity):
        return
    first = min(slots, key=lambda slot: slot.span.end)
    yield Blocker(
        kind=BlockerKind.SLOT,
        sentence=(
            f"{facts.environment} takes {facts.capacity} at once, and its places are booked for "
            f"{', '.join(sorted({slug for slot in slots for slug in slot.releases}))}."
        ),
        who=f"{first.booked_by} can move the slot",
        link=first.link,
        until=first.span.end,
        overridable=True,
        ref="places",
    )


RULES: tuple[Callable[[CalendarFacts, datetime], Iterator[Blocker]], ...] = (
    frozen,
    outside_hours,
    needs_slot,
    kept_free,
    reserved,
)
