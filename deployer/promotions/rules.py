"""The gate: whether a promotion may start, decided from facts and the time alone.

`gate` is the one answer for the page, the API, the terminal and the engine. Each rule below takes the
facts and yields the blockers that it finds, and the calendar's rules are asked besides; none asks the database, the
clock or the settings.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from deployer.calendar import rules as calendar
from deployer.calendar.rules import CalendarFacts
from deployer.gates import Blocker, BlockerKind

NEVER_BY_WAITING = frozenset({BlockerKind.ARCHIVED, BlockerKind.VETO, BlockerKind.BACKWARDS, BlockerKind.ALREADY_LIVE})
"""Blockers that no waiting ends: a person who asks is refused at once instead of left to wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldFacts:
    """A hold that is in force. Releases up to the order `safe` pass it, and those past the order `fix_past`: the ones
    that are newer than what was stopped, once a person fixes forward. `until` is its end, `contact` whom to ask."""

    scope: str
    reason: str
    placed_by: str
    link: str = ""
    contact: str = ""
    until: datetime | None = None
    safe: int | None = None
    safe_version: str = ""
    fix_past: int | None = None
    fix_past_version: str = ""

    def lets_pass(self, order: int) -> bool:
        is_safe = self.safe is not None and order <= self.safe
        return is_safe or (self.fix_past is not None and order > self.fix_past)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveFacts:
    """What is live on the target; `verified` when its checks passed there and nothing made that doubtful since."""

    version: str
    order: int
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningFacts:
    """A promotion that is running in the environment, or that may be: `uncertain` when its outcome is unknown."""

    application: str
    version: str
    link: str
    deploys_alone: bool = False
    uncertain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamFacts:
    """The environment before this one, and whether the release has succeeded there."""

    environment: str
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VetoFacts:
    reason: str
    placed_by: str
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PinFacts:
    """The release that the target stays on."""

    version: str
    order: int
    reason: str
    placed_by: str
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalFacts:
    """How many approvals are needed, and the names whose count now. `asked_until` is when the asking is over, None
    before people were asked; `had_others` says that something else was in its way as well at the last look."""

    needed: int
    given: tuple[str, ...] = ()
    asked_until: datetime | None = None
    had_others: bool = False
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFacts:
    """Everything that the gate looks at.

    `order` says which release of the application is newer. `by_hand` says that a person asked for this very promotion.
    `floor` is the highest order that is, or may be, on the target: what is live, and any newer release whose deploy
    ended with its outcome unknown. `ahead` are the versions that go first when every release goes in order, `rollback`
    the version that waits to be rolled back to, `looks_up` the one whose retry waits to ask what became of its deploy,
    which may be running still. `running` are the other promotions in the environment; `exclusions` maps the slugs of
    the applications that must not be deployed together with this one to the reason. `veto` is of this release, `pin` of
    the target, `approval` None where nobody needs to approve. `calendar` is what the calendar's
    rules look at; `overridden` names the blockers that a person lets this promotion pass.
    """

    application: str
    environment: str
    owner: str
    version: str
    order: int
    is_rollback: bool = False
    by_hand: bool = False
    archived: bool = False
    has_deployer: bool = True
    automatic: bool = True
    deploys_alone: bool = False
    deploys_alone_reason: str = ""
    trust_issues: tuple[str, ...] = ()
    veto: VetoFacts | None = None
    holds: tuple[HoldFacts, ...] = ()
    pin: PinFacts | None = None
    approval: ApprovalFacts | None = None
    live: LiveFacts | None = None
    floor: int = 0
    floor_version: str = ""
    upstream: UpstreamFacts | None = None
    ahead: tuple[str, ...] = ()
    rollback: str = ""
    looks_up: str = ""
    busy: RunningFacts | None = None
    running: tuple[RunningFacts, ...] = ()
    capacity: int = 1
    exclusions: Mapping[str, str] = field(default_factory=dict)
    calendar: CalendarFacts | None = None
    overridden: frozenset[str] = frozenset()


def gate(facts: GateFacts, now: datetime) -> list[Blocker]:
    """Why this promotion may not start now; empty when it may. All reasons at once, the lasting ones first."""
    found = [blocker for rule in RULES for blocker in rule(facts)]
    if facts.calendar is not None:
        found += calendar.blockers(facts.calendar, now)
    found += approved(facts)
    return [blocker for blocker in found if not (blocker.overridable and blocker.name in facts.overridden)]


def archived(facts: GateFacts) -> Iterator[Blocker]:
    if facts.archived:
        yield Blocker(
            kind=BlockerKind.ARCHIVED, sentence=f"{facts.application} is archived.", who="An admin can unarchive it"
        )


def vetoed(facts: GateFacts) -> Iterator[Blocker]:
    """Never again, a rollback included."""
    if facts.veto:
        yield Blocker(
            kind=BlockerKind.VETO,
            sentence=f"{facts.version} was vetoed by {facts.veto.placed_by}: {facts.veto.reason.rstrip('.')}.",
            who=f"{facts.owner} can withdraw the veto",
            link=facts.veto.link,
        )


def not_configured(facts: GateFacts) -> Iterator[Blocker]:
    if not facts.has_deployer:
        yield Blocker(
            kind=BlockerKind.NOT_CONFIGURED,
            sentence=f"Deployer has not been told how to deploy {facts.application} to {facts.environment}.",
            who="An admin can set the target's deployer",
        )


def backwards(facts: GateFacts) -> Iterator[Blocker]:
    """Promise 1: never an older release, except a rollback."""
    if facts.is_rollback or facts.order >= facts.floor:
        return
    yield Blocker(
        kind=BlockerKind.BACKWARDS,
        sentence=(
            f"{facts.version} is older than {facts.floor_version}, which is or may be live in {facts.environment}."
        ),
        who=f"{facts.owner} can roll back instead",
    )


def already_live(facts: GateFacts) -> Iterator[Blocker]:
    live = facts.live
    if not facts.is_rollback and live and live.verified and live.order == facts.order:
        yield Blocker(
            kind=BlockerKind.ALREADY_LIVE,
            sentence=f"{facts.version} is already live and verified in {facts.environment}.",
            who="Nobody needs to",
        )


def held(facts: GateFacts) -> Iterator[Blocker]:
    """Promise 4. A rollback passes: a hold is when it is needed most."""
    if facts.is_rollback:
        return
    for hold in facts.holds:
        if hold.lets_pass(facts.order):
            continue
        yield Blocker(
            kind=BlockerKind.HOLD,
            sentence=f"{hold.scope} is on hold, placed by {hold.placed_by}: {hold.reason.rstrip('.')}.{_besides(hold)}",
            who=f"{facts.owner} can lift the hold",
            link=hold.link,
            until=hold.until,
        )


def _besides(hold: HoldFacts) -> str:
    """Which releases it lets pass, and whom to ask about it, as further sentences."""
    parts = []
    if hold.safe is not None:
        parts.append(f" Releases up to {hold.safe_version} pass it.")
    elif hold.fix_past is not None:
        parts.append(f" Releases newer than {hold.fix_past_version} pass it.")
    if hold.contact and hold.contact != hold.placed_by:
        parts.append(f" Ask {hold.contact}.")
    return "".join(parts)


def pinned(facts: GateFacts) -> Iterator[Blocker]:
    """Nothing but the pinned release comes here, a rollback included."""
    pin = facts.pin
    if pin and pin.order != facts.order:
        yield Blocker(
            kind=BlockerKind.PIN,
            sentence=(
                f"{facts.application} stays on {pin.version} in {facts.environment}, pinned by {pin.placed_by}: "
                f"{pin.reason.rstrip('.')}."
            ),
            who=f"{facts.owner} can remove the pin",
            link=pin.link,
        )


def trusted(facts: GateFacts) -> Iterator[Blocker]:
    if facts.is_rollback or facts.by_hand:
        return
    for reason in facts.trust_issues:
        yield Blocker(
            kind=BlockerKind.TRUST_ISSUE,
            sentence=f"{facts.application} isn't trusted to deploy automatically: {reason}",
            who=f"{facts.owner} can promote it by hand, or resolve the trust issue",
            link=f"/applications/{facts.application}/#trust",
        )


def started_by_hand(facts: GateFacts) -> Iterator[Blocker]:
    if not (facts.automatic or facts.is_rollback or facts.by_hand):
        yield Blocker(
            kind=BlockerKind.MANUAL,
            sentence=f"Promotions of {facts.application} to {facts.environment} are started by a person.",
            who=f"{facts.owner} can promote it",
            link=f"/applications/{facts.application}/{facts.environment}/policy/",
        )


def verified_before(facts: GateFacts) -> Iterator[Blocker]:
    """Promise 8: what goes on is the very release that succeeded in the environment before."""
    if not facts.is_rollback and facts.upstream and not facts.upstream.verified:
        yield Blocker(
            kind=BlockerKind.NOT_VERIFIED,
            sentence=f"{facts.version} has not succeeded in {facts.upstream.environment} yet.",
            who=f"{facts.owner} can promote it to {facts.upstream.environment} first",
        )


def in_order(facts: GateFacts) -> Iterator[Blocker]:
    if facts.is_rollback:
        return
    if facts.rollback:
        yield Blocker(
            kind=BlockerKind.QUEUE,
            sentence=f"The rollback to {facts.rollback} goes first.",
            who=f"{facts.owner} can abort it",
        )
    if facts.looks_up:
        yield Blocker(
            kind=BlockerKind.QUEUE,
            sentence=f"The retry of {facts.looks_up} goes first: it asks what became of its deploy.",
            who=f"{facts.owner} can abort it",
        )
    if facts.ahead:
        yield Blocker(
            kind=BlockerKind.QUEUE,
            sentence=f"{', '.join(facts.ahead)} goes first: every release of {facts.application} goes in order.",
            who=f"{facts.owner} can abort what goes first",
        )


def one_at_a_time(facts: GateFacts) -> Iterator[Blocker]:
    if facts.busy:
        yield Blocker(
            kind=BlockerKind.BUSY,
            sentence=f"{facts.busy.version} is being promoted to {facts.environment} now.",
            who=f"{facts.owner} can abort it",
            link=facts.busy.link,
        )


def excluded(facts: GateFacts) -> Iterator[Blocker]:
    """Promise 5: never the wrong two."""
    for other in facts.running:
        reason = facts.exclusions.get(other.application)
        if reason is None and other.deploys_alone:
            reason = f"{other.application} deploys alone"
        if reason is None and facts.deploys_alone:
            reason = f"{facts.application} deploys alone: {facts.deploys_alone_reason}"
        if reason is not None:
            yield Blocker(
                kind=BlockerKind.EXCLUSION,
                sentence=(
                    f"{other.application} {'may be' if other.uncertain else 'is'} being deployed to "
                    f"{facts.environment}, and the two must not be deployed together: {reason}"
                ),
                who="Its team can find out and lift the hold" if other.uncertain else "It goes on when that one ends",
                link=other.link,
            )


def capacity(facts: GateFacts) -> Iterator[Blocker]:
    """Promise 5: never too many."""
    running = [other.application for other in facts.running if not other.uncertain]
    if len(running) + (1 if facts.busy else 0) >= facts.capacity:
        names = ", ".join(sorted(running)) or facts.application
        yield Blocker(
            kind=BlockerKind.CAPACITY,
            sentence=f"{facts.environment} takes {facts.capacity} at once and is full: {names}.",
            who="It goes on when one of them ends",
        )


def approved(facts: GateFacts) -> Iterator[Blocker]:
    """People's yes, of as many as the target needs. The last of all rules: they are asked for what could go."""
    approval = facts.approval
    if facts.is_rollback or approval is None or len(approval.given) >= approval.needed:
        return
    so_far = f"has {len(approval.given)}, by {' and '.join(approval.given)}" if approval.given else "has none yet"
    yield Blocker(
        kind=BlockerKind.APPROVAL,
        sentence=f"It needs {approval.needed} approval{'' if approval.needed == 1 else 's'} and {so_far}.",
        who=f"{facts.owner} and release managers can approve it",
        link=approval.link,
        until=approval.asked_until,
        overridable=True,
    )


RULES: tuple[Callable[[GateFacts], Iterator[Blocker]], ...] = (
    archived,
    vetoed,
    not_configured,
    backwards,
    already_live,
    held,
    pinned,
    trusted,
    started_by_hand,
    verified_before,
    in_order,
    one_at_a_time,
    excluded,
    capacity,
)
