"""One line of what is stopped: what it is, since when, whose move it is, and the first way out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.conf import settings

from apps_registry.models import Application, Environment, Team
from apps_registry.rights import Rights
from deployer.calendar.models import Freeze
from deployer.calendar.models.freeze import MOMENT
from deployer.gates import Blocker
from deployer.promotions.models import Hold, Promotion
from deployer.promotions.models.hold import HoldKind
from deployer.promotions.watchdog import ENGINES, NAMES, Mover, StallKind
from deployer.promotions.watched import Watched


class Condition(StrEnum):
    """How it is, worst first: the order of the page."""

    OVERDUE = "overdue"
    STOPPED = "stopped"
    STALLED = "stalled"
    FROZEN = "frozen"
    HELD = "held"
    WAITS = "waits"

    @property
    def rank(self) -> int:
        return list(Condition).index(self)

    @property
    def label(self) -> str:
        return "Stopped" if self is Condition.HELD else self.capitalize()

    @property
    def is_stopped(self) -> bool:
        """Whether nothing goes on there until somebody has done something."""
        return self in (Condition.OVERDUE, Condition.STOPPED, Condition.HELD)

    @property
    def colour(self) -> str:
        """GOV.UK's tag colour; the label says it without."""
        return COLOURS[self]


COLOURS = {
    Condition.OVERDUE: "red",
    Condition.STOPPED: "red",
    Condition.STALLED: "orange",
    Condition.FROZEN: "teal",
    Condition.HELD: "red",
    Condition.WAITS: "yellow",
}
FIXED_PAGES = {
    StallKind.MANUAL: ("Promote it", "promote/"),
    StallKind.TRUST_ISSUE: ("Promote it by hand", "promote/"),
    StallKind.APPROVAL: ("Approve or reject it", "approve/"),
}
"""What whoever may work on the application can do about a promotion, and the page for it below the promotion's."""
LINKED = {
    StallKind.NO_SLOT: "Book a slot",
    StallKind.PIN: "See the pin",
    StallKind.VETO: "See the veto",
    StallKind.FREEZE: "See the freeze",
    StallKind.WINDOW: "See the hours",
    StallKind.BUSY: "See what runs",
    StallKind.EXCLUSION: "See what runs",
    StallKind.QUEUE: "See what goes first",
}
"""What the page is called to which the reason links."""
KIND_WORDS = {
    StallKind.STOPPED: "Failed",
    StallKind.HELD: "Held by hand",
    StallKind.HOLD_END: "A hold’s end",  # noqa: RUF001 — as pages write it
    StallKind.MANUAL: "Started by hand",
    StallKind.WINDOW: "Hours",
    StallKind.BUSY: "Another promotion",
    StallKind.OVERDUE: "Deployer itself",
    StallKind.NO_SLOT: "No slot",
}
"""To choose from; the others are said by their name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Whose move it is, and how they are reached."""

    mover: Mover
    name: str
    contact: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstWay:
    label: str
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Without `application` it is everything, without `environment` all of them. `why` are sentences; `until` is when
    it ends by itself, where it does; `told` how often its people were told."""

    kind: str
    condition: Condition
    application: Application | None
    environment: Environment | None
    title: str
    link: str
    why: tuple[str, ...]
    since: datetime
    whose: Whose
    way: FirstWay
    is_mine: bool
    until: datetime | None = None
    told: int = 0
    promotion: int | None = None
    hold: int | None = None
    freeze: int | None = None

    @property
    def key(self) -> str:
        """Tells it from every other, also as the page changes."""
        of = (("hold", self.hold), ("promotion", self.promotion), ("freeze", self.freeze))
        return next((f"{name}-{pk}" for name, pk in of if pk is not None), self.kind)

    @property
    def kind_words(self) -> str:
        kind = StallKind(self.kind)
        return KIND_WORDS.get(kind, _capital(kind.replace("_", " ")))

    def is_of(self, teams: frozenset[int]) -> bool:
        """Whether one of these teams owns it."""
        return self.application is not None and self.application.owner_id in teams

    @property
    def order(self) -> tuple[int, datetime]:
        """Worst first, and of those that are as bad what has stood the longest."""
        return self.condition.rank, self.since


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who looks. `teams` (ids) are those that they are in, which `rights` doesn't say of who manages releases."""

    rights: Rights
    teams: frozenset[int]

    def is_to_move(self, mover: Mover, application: Application) -> bool:
        """Whether it is theirs to move."""
        if mover is Mover.TEAM:
            return application.owner_id in self.teams or application.pk in self.rights.applications
        if mover is Mover.MANAGERS:
            return self.rights.manages
        return self.rights.user is not None and self.rights.user.is_superuser


def promotion_row(watched: Watched, asker: Asker, now: datetime) -> Row | None:
    """None for what moves, or waits for something that ends by itself."""
    promotion, concern = watched.thing, watched.concern
    if concern is None or not isinstance(promotion, Promotion):
        return None
    stalls, told = watched.stall(now) is not None, watched.row.told if watched.row and watched.is_known else 0
    if not (stalls or told or (concern.limit.by_person and concern.quiet_until is None)):
        return None
    mover = concern.limit.mover
    return Row(
        kind=concern.kind,
        condition=_condition(concern.kind, stalls=stalls or told > 0),
        application=promotion.application,
        environment=promotion.environment,
        title=promotion.release.version,
        link=promotion.get_absolute_url(),
        why=tuple(blocker.sentence for blocker in promotion.waits_for) or concern.reasons or (_capital(concern.kind),),
        since=concern.since,
        until=concern.quiet_until,
        whose=whose_move(mover, promotion.application.owner),
        way=_way(promotion, concern.kind, asker.rights),
        is_mine=asker.is_to_move(mover, promotion.application) and not _is_their_own(promotion, concern.kind, asker),
        told=told,
        promotion=promotion.pk,
    )


def hold_row(watched: Watched, asker: Asker) -> Row | None:
    hold, concern = watched.thing, watched.concern
    if not isinstance(hold, Hold):
        return None
    mover = concern.limit.mover if concern else Mover.TEAM
    by_hand = hold.kind == HoldKind.MANUAL
    kind = StallKind.HELD if by_hand else StallKind.STOPPED
    condition = Condition.HELD if by_hand else Condition.STOPPED
    return Row(
        kind=concern.kind if concern else kind,
        condition=Condition.OVERDUE if concern and concern.kind in ENGINES else condition,
        application=hold.application,
        environment=hold.environment,
        title=hold.promotion.release.version if hold.promotion else "",
        link=hold.get_absolute_url(),
        why=(hold.reason,),
        since=hold.placed_at,
        until=hold.ends_at,
        whose=whose_move(mover, hold.application.owner, hold.contact),
        way=_way_out_of(hold, asker.rights),
        is_mine=asker.is_to_move(mover, hold.application),
        told=watched.row.told if watched.row and watched.is_known else 0,
        promotion=hold.promotion_id,
        hold=hold.pk,
    )


def freeze_row(freeze: Freeze, asker: Asker, now: datetime) -> Row:
    """Of a freeze of everything that holds now."""
    time = freeze.times(now, now + MOMENT)[0]
    lasts = time.until is None
    return Row(
        kind=StallKind.FREEZE,
        condition=Condition.FROZEN,
        application=None,
        environment=None,
        title="",
        link=freeze.get_absolute_url(),
        why=(f"Frozen by {freeze.declared_by}: {freeze.reason}",),
        since=time.first,
        until=time.until,
        whose=Whose(mover=Mover.MANAGERS, name=_capital(NAMES[Mover.MANAGERS]), contact=freeze.contact),
        way=FirstWay(
            label="Lift it" if asker.rights.manages else "See the freeze",
            link=f"{freeze.get_absolute_url()}{'lift/' if asker.rights.manages else ''}",
        ),
        is_mine=lasts and asker.rights.manages,
        freeze=freeze.pk,
    )


def whose_move(mover: Mover, team: Team, contact: str = "") -> Whose:
    """Of a team its own name, and the contact that was given with it before the team's."""
    if mover is Mover.TEAM:
        return Whose(mover=mover, name=team.name, contact=contact or team.slack_channel or team.email)
    reached = settings.FALLBACK_EMAIL if mover is Mover.OPERATORS else ""
    return Whose(mover=mover, name=_capital(NAMES[mover]), contact=reached)


def _condition(kind: StallKind, *, stalls: bool) -> Condition:
    if kind in ENGINES:
        return Condition.OVERDUE
    return Condition.STALLED if stalls else Condition.WAITS


def _way(promotion: Promotion, kind: StallKind, rights: Rights) -> FirstWay:
    page = promotion.get_absolute_url()
    if kind in FIXED_PAGES and rights.may_work_on(promotion.application):
        label, below = FIXED_PAGES[kind]
        return FirstWay(label=label, link=f"{page}{below}")
    link = _link_of(promotion.waits_for, kind)
    if kind in LINKED and link:
        return FirstWay(label=LINKED[kind], link=link)
    return FirstWay(label="See the promotion", link=page)


def _way_out_of(hold: Hold, rights: Rights) -> FirstWay:
    if not rights.may_work_on(hold.application):
        return FirstWay(label="See the hold", link=hold.get_absolute_url())
    return FirstWay(
        label="Lift it" if hold.kind == HoldKind.MANUAL else "See the ways out", link=hold.get_absolute_url()
    )


def _link_of(blockers: Iterable[Blocker], kind: StallKind) -> str:
    return next((blocker.link for blocker in blockers if blocker.kind.value == kind.value and blocker.link), "")


def _is_their_own(promotion: Promotion, kind: StallKind, asker: Asker) -> bool:
    """Whether it waits for the approval of others than who asked for it."""
    asked = promotion.requested_by == asker.rights.actor.label
    return kind is StallKind.APPROVAL and promotion.target.approval_by_others and asked


def _capital(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}"
