"""The watchdog's rules: what is where it is for longer than it should be, decided from facts and the time alone.

Each state and step has its own limit, all of them in `LIMITS`. What waits for a reason that ends by itself is no
stall, nor is what another thing that is shown by itself explains: a promotion behind a hold is the hold's. Promise 3.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum

from deployer.gates import Blocker, BlockerKind

NONE = timedelta(0)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SATURDAY = 5


class Mover(StrEnum):
    """Whose move it is."""

    TEAM = "team"
    MANAGERS = "managers"
    ADMINS = "admins"
    OPERATORS = "operators"


NAMES = {
    Mover.MANAGERS: "release managers",
    Mover.ADMINS: "an admin",
    Mover.OPERATORS: "Deployer's operators",
}


class StallKind(StrEnum):
    """What waits, by the limit that counts. Those of waiting promotions are named as what blocks them."""

    OVERDUE = "overdue"
    SOAK = "soak"
    HOLD_END = "hold_end"
    DEPLOY = "deploy"
    CHECK = "check"
    STOPPED = "stopped"
    HELD = "held"
    FIX_FORWARD = "fix_forward"
    NOT_CONFIGURED = "not_configured"
    VETO = "veto"
    PIN = "pin"
    TRUST_ISSUE = "trust_issue"
    APPROVAL = "approval"
    MANUAL = "manual"
    NO_SLOT = "no_slot"
    NOT_VERIFIED = "not_verified"
    QUEUE = "queue"
    BUSY = "busy"
    EXCLUSION = "exclusion"
    CAPACITY = "capacity"
    FREEZE = "freeze"
    WINDOW = "window"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """After how long it is told, whose move it then is, and in words what it waits for ("has waited … `what`").

    What is `hurried` is told again by the hour, at weekends too; the rest by the day, and neither its limit runs on a
    Saturday or a Sunday nor is it told on one. `by_person`: it is shown from the beginning, since only people end it.
    """

    after: timedelta
    mover: Mover
    what: str
    hurried: bool = False
    by_person: bool = False


_K, _M = StallKind, Mover

LIMITS: Mapping[StallKind, Limit] = {
    # Deployer's own: a timer that nobody acted on. The clock looks every half second, so minutes are a breakdown.
    _K.OVERDUE: Limit(after=5 * MINUTE, mover=_M.OPERATORS, what="for Deployer to look at it", hurried=True),
    _K.SOAK: Limit(after=5 * MINUTE, mover=_M.OPERATORS, what="for Deployer to end its soak", hurried=True),
    _K.HOLD_END: Limit(after=5 * MINUTE, mover=_M.OPERATORS, what="for Deployer to end it", hurried=True),
    # What runs: at least so long; a longer time limit of its own gives it more (`_step_limit`).
    _K.DEPLOY: Limit(after=10 * MINUTE, mover=_M.TEAM, what="for its deploy to end", hurried=True),
    _K.CHECK: Limit(after=10 * MINUTE, mover=_M.TEAM, what="for a check to end", hurried=True),
    # Holds. The line stands: in GOV.UK's history such stops lasted a median of 25 hours with nobody told.
    _K.STOPPED: Limit(after=HOUR, mover=_M.TEAM, what="for somebody to choose a way out", hurried=True, by_person=True),
    _K.HELD: Limit(after=DAY, mover=_M.TEAM, what="for its hold to be lifted", by_person=True),
    _K.FIX_FORWARD: Limit(after=4 * HOUR, mover=_M.TEAM, what="for a newer release", hurried=True, by_person=True),
    # What waits for a person, in the order in which the first counts: a working day, since nobody is in a hurry.
    _K.NOT_CONFIGURED: Limit(after=DAY, mover=_M.ADMINS, what="for its target to be set up", by_person=True),
    _K.VETO: Limit(after=DAY, mover=_M.TEAM, what="behind a veto", by_person=True),
    _K.PIN: Limit(after=DAY, mover=_M.TEAM, what="for a pin to be removed", by_person=True),
    _K.TRUST_ISSUE: Limit(
        after=DAY, mover=_M.TEAM, what="for a trust issue to be resolved or for somebody to start it", by_person=True
    ),
    # Half a working day: what is asked for ends, unanswered, after a day unless the target says otherwise.
    _K.APPROVAL: Limit(after=4 * HOUR, mover=_M.TEAM, what="for approval", by_person=True),
    _K.MANUAL: Limit(after=DAY, mover=_M.TEAM, what="for somebody to start it", by_person=True),
    _K.NO_SLOT: Limit(after=DAY, mover=_M.TEAM, what="for somebody to book a slot", by_person=True),
    # What waits for the engine: longer than any default deploy with its checks several times over.
    _K.NOT_VERIFIED: Limit(
        after=4 * HOUR, mover=_M.TEAM, what="for its release to succeed in the environment before", hurried=True
    ),
    _K.QUEUE: Limit(after=4 * HOUR, mover=_M.TEAM, what="for what goes first", hurried=True),
    _K.BUSY: Limit(after=4 * HOUR, mover=_M.TEAM, what="for the promotion that runs there", hurried=True),
    _K.EXCLUSION: Limit(
        after=4 * HOUR, mover=_M.MANAGERS, what="for what must not be deployed together with it", hurried=True
    ),
    _K.CAPACITY: Limit(after=4 * HOUR, mover=_M.MANAGERS, what="for a place in the environment", hurried=True),
    _K.FREEZE: Limit(after=DAY, mover=_M.MANAGERS, what="for a freeze to be lifted", by_person=True),
    _K.WINDOW: Limit(after=DAY, mover=_M.MANAGERS, what="for hours in which it fits", by_person=True),
    _K.OTHER: Limit(after=DAY, mover=_M.TEAM, what="for a reason that does not end by itself", by_person=True),
}

ENGINES = frozenset({_K.OVERDUE, _K.SOAK, _K.HOLD_END})
"""Deployer itself does not move it: its operators are told, once for all, and no team."""
RANK = {kind: rank for rank, kind in enumerate(LIMITS)}
HOURLY = tuple(hours * HOUR for hours in (1, 2, 4, 8, 24))
DAILY = tuple(days * DAY for days in (1, 2, 4, 7))
"""The pauses after the first, second… telling; then the last of them again and again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningStep:
    """The step at which a running promotion is. `limit` is the seconds that its configuration gives it: of a deploy or
    a check its timeout, of a soak how long it lasts; `needs` the seconds that a check's samples take by themselves."""

    kind: str
    name: str
    started_at: datetime
    limit: float
    needs: float = 0
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionWatch:
    """An open promotion. `waits_since` is when the kinds of its reasons last changed; `noted` maps the kind that the
    watchdog has seen it wait for to since when. `soak` are the seconds that a release stays on the target."""

    title: str
    team: str
    due_at: datetime | None
    waits_since: datetime
    blockers: Sequence[Blocker] = ()
    noted: Mapping[str, datetime] | None = None
    step: RunningStep | None = None
    soak: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldWatch:
    """An open hold. `by_engine` says that it was left by a failure or a rollback; `newer_moves` that a newer release
    than the stopped one is on its way."""

    title: str
    team: str
    reason: str
    placed_at: datetime
    by_engine: bool
    ends_at: datetime | None = None
    fix_forward_at: datetime | None = None
    newer_moves: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """What to watch of one thing, and since when. It is a stall from `limit_at` on, except `quiet_until` that: then
    something is in its way that ends by itself."""

    kind: StallKind
    title: str
    team: str
    since: datetime
    limit_at: datetime
    quiet_until: datetime | None = None
    reasons: tuple[str, ...] = ()

    @property
    def limit(self) -> Limit:
        return LIMITS[self.kind]

    @property
    def whose(self) -> str:
        """Whose move it is, in words that fit into a sentence."""
        return whose(self.limit.mover, self.team)

    @property
    def told_at(self) -> datetime:
        """When it is first told, as far as is known now."""
        return max(self.limit_at, self.quiet_until or self.limit_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """What has passed its limit. `look_at` is when to look, and tell, again if this is the first telling."""

    kind: StallKind
    since: datetime
    sentence: str
    whose: str
    look_at: datetime


def whose(mover: Mover, team: str) -> str:
    return NAMES.get(mover, team)


def stall(concern: Concern | None, now: datetime, zone: tzinfo = UTC) -> Stall | None:
    """None while there is nothing to watch, its limit has not passed, or it is held up by what ends by itself."""
    if concern is None or now < concern.told_at:
        return None
    return Stall(
        kind=concern.kind,
        since=concern.since,
        sentence=sentence_of(concern, now),
        whose=concern.whose,
        look_at=again_at(concern.limit, 1, now, zone),
    )


def sentence_of(concern: Concern, now: datetime) -> str:
    """What has waited for what, for how long, and whose move it is."""
    waited = f"{concern.title} has waited for {length_in_words(now - concern.since)} {concern.limit.what}"
    return f"{waited}. It is {possessive(concern.whose)} move."


def possessive(name: str) -> str:
    return f"{name}'" if name.endswith("s") else f"{name}'s"


def again_at(limit: Limit, told: int, now: datetime, zone: tzinfo = UTC) -> datetime:
    """When it is told again, after `told` tellings of which the last is now: the pauses grow up to a day, or a week."""
    pauses = HOURLY if limit.hurried else DAILY
    at = now + pauses[min(told, len(pauses)) - 1]
    return at if limit.hurried else _not_at_weekend(at, zone)


def promotion_concern(facts: PromotionWatch, now: datetime, zone: tzinfo = UTC) -> Concern | None:
    """What to watch of an open promotion; None when nothing but time is in its way, or what is shown by itself."""
    return _overdue(facts, now) or (_waits(facts, now, zone) if facts.step is None else _runs(facts, facts.step))


def hold_concern(facts: HoldWatch, now: datetime, zone: tzinfo = UTC) -> Concern | None:
    """What to watch of an open hold; None while it ends by itself."""
    if facts.ends_at is not None:
        late = now >= facts.ends_at + LIMITS[StallKind.HOLD_END].after
        return _hold(facts, StallKind.HOLD_END, facts.ends_at, zone) if late else None
    if facts.fix_forward_at is not None:
        return None if facts.newer_moves else _hold(facts, StallKind.FIX_FORWARD, facts.fix_forward_at, zone)
    return _hold(facts, StallKind.STOPPED if facts.by_engine else StallKind.HELD, facts.placed_at, zone)


def length_in_words(length: timedelta) -> str:
    """The largest unit, such as "5 hours"; under a minute is "less than a minute"."""
    for size, unit in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        count = length // size
        if count:
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "less than a minute"


def _overdue(facts: PromotionWatch, now: datetime) -> Concern | None:
    """A timer that passed without anybody looking, or none where there must be one: promise 6 is at stake."""
    step = facts.step
    timers = [at for at in (facts.due_at, step.due_at if step else None) if at is not None]
    since = min(timers, default=step.started_at if step else facts.waits_since)
    late = now >= since + LIMITS[StallKind.OVERDUE].after
    return _of_promotion(facts, StallKind.OVERDUE, since) if late else None


def _runs(facts: PromotionWatch, step: RunningStep) -> Concern:
    kind = StallKind(step.kind)
    if kind is StallKind.SOAK:
        return _of_promotion(facts, kind, step.started_at + timedelta(seconds=step.limit))
    limit_at = step.started_at + _step_limit(kind, step)
    return _of_promotion(facts, kind, step.started_at, limit_at=limit_at, reasons=(f"{step.name} has not ended.",))


def _step_limit(kind: StallKind, step: RunningStep) -> timedelta:
    """Half of its timeout, and never less than it needs by itself with the least limit on top."""
    least = LIMITS[kind].after
    return max(least, timedelta(seconds=step.limit / 2), timedelta(seconds=step.needs) + least if step.needs else NONE)


def _waits(facts: PromotionWatch, now: datetime, zone: tzinfo) -> Concern | None:
    """The first reason by the table that does not end by itself; behind a hold there is none, since that is told of."""
    if any(blocker.kind is BlockerKind.HOLD for blocker in facts.blockers):
        return None
    lasting = [blocker for blocker in facts.blockers if not _ends_by_itself(blocker)]
    if not lasting:
        return None
    kind = min((_kind_of(blocker) for blocker in lasting), key=RANK.__getitem__)
    since = (facts.noted or {}).get(kind, facts.waits_since)
    after = LIMITS[kind].after
    if kind in (StallKind.BUSY, StallKind.QUEUE):
        after += timedelta(seconds=facts.soak)
    passing = [one.until for one in facts.blockers if _ends_by_itself(one) and one.until and one.until > now]
    return _of_promotion(
        facts,
        kind,
        since,
        limit_at=since + after if LIMITS[kind].hurried else _working(since, after, zone),
        quiet_until=max(passing, default=None),
        reasons=tuple(f"{one.sentence} {one.who.rstrip('.')}." for one in facts.blockers),
    )


def _ends_by_itself(blocker: Blocker) -> bool:
    """An approval that is asked for ends too, but without bringing the promotion on."""
    return blocker.until is not None and blocker.kind is not BlockerKind.APPROVAL


def _kind_of(blocker: Blocker) -> StallKind:
    try:
        return StallKind(blocker.kind)
    except ValueError:
        return StallKind.OTHER


def _of_promotion(
    facts: PromotionWatch,
    kind: StallKind,
    since: datetime,
    *,
    limit_at: datetime | None = None,
    quiet_until: datetime | None = None,
    reasons: tuple[str, ...] = (),
) -> Concern:
    return Concern(
        kind=kind,
        title=facts.title,
        team=facts.team,
        since=since,
        limit_at=limit_at or since + LIMITS[kind].after,
        quiet_until=quiet_until,
        reasons=reasons,
    )


def _hold(facts: HoldWatch, kind: StallKind, since: datetime, zone: tzinfo) -> Concern:
    after = LIMITS[kind].after
    return Concern(
        kind=kind,
        title=facts.title,
        team=facts.team,
        since=since,
        limit_at=since + after if LIMITS[kind].hurried else _working(since, after, zone),
        reasons=(facts.reason,),
    )


def _working(since: datetime, after: timedelta, zone: tzinfo) -> datetime:
    """So long after `since`, in which Saturdays and Sundays by the zone's calendar don't count. At most a day."""
    return _not_at_weekend(_not_at_weekend(since, zone, at_midnight=True) + after, zone)


def _not_at_weekend(at: datetime, zone: tzinfo, *, at_midnight: bool = False) -> datetime:
    """The same time of day on the Monday after a Saturday or a Sunday, or the midnight with which that begins."""
    local = at.astimezone(zone)
    if local.weekday() < SATURDAY:
        return at
    monday = local + (7 - local.weekday()) * DAY
    if at_midnight:
        monday = monday.replace(hour=0, minute=0, second=0, microsecond=0)
    return monday.astimezone(UTC)
