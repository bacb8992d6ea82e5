"""What a person's own page shows: what waits for them, what they booked and wrote, and how they are told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps_registry.models import Application, Team
from apps_registry.rights import Rights
from deployer.access.models import ApiToken, User
from deployer.audit.models import Event
from deployer.calendar.models import FeedAddress, Slot
from deployer.gates import BlockerKind
from deployer.notifications.models import Notification
from deployer.promotions.models import Approval, Promotion, PromotionKind
from deployer.web.people.reading import events_of, slots_ahead, slots_past
from deployer.web.people.releases import Followed, releases_of
from deployer.web.people.roles import Standing, standing_of
from deployer.web.stopped.listing import Wanted, read_stopped
from deployer.web.stopped.rows import Row
from deployer.web.told.history import to_person, told_to

EVENTS_SHOWN = 10
TOLD_SHOWN = 5
STOPS_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An API token that the person made, and how it stands."""

    token: ApiToken
    reaches: str
    state: str

    @property
    def is_usable(self) -> bool:
        return self.state == "usable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mine:
    """`approvals` wait for their yes or no; `stops` are the rest of what is stopped of their teams, or is theirs to
    move."""

    person: User
    teams: Sequence[Team]
    standing: Standing
    approvals: Sequence[Promotion]
    stops: Sequence[Row]
    ahead: Sequence[Slot]
    past: Sequence[Slot]
    releases: Sequence[Followed]
    told: Sequence[Notification]
    tokens: Sequence[Token]
    feed: FeedAddress | None
    events: Sequence[Event]

    @property
    def stops_shown(self) -> Sequence[Row]:
        return self.stops[:STOPS_SHOWN]

    @property
    def waits_for_me(self) -> int:
        return len(self.approvals) + sum(row.is_mine for row in self.stops)

    @property
    def state(self) -> str:
        if any(row.hold for row in self.stops):
            return "stopped"
        return "waiting" if self.waits_for_me else "ok"


def read_mine(person: User, rights: Rights, now: datetime) -> Mine:
    """Some forty queries at most."""
    teams = list(Team.objects.filter(memberships__user=person))
    approvals = _approvals(rights)
    return Mine(
        person=person,
        teams=teams,
        standing=standing_of(person, teams),
        approvals=approvals,
        stops=_stops(teams, approvals, rights, now),
        ahead=slots_ahead(person, now),
        past=slots_past(person),
        releases=releases_of(person),
        told=_told(person),
        tokens=_tokens(person, now),
        feed=FeedAddress.objects.filter(user=person).first(),
        events=events_of(person, EVENTS_SHOWN),
    )


def _approvals(rights: Rights) -> list[Promotion]:
    """What waits for their yes or no: not what they answered already, nor what they asked for themselves where others
    have to approve. Two queries."""
    waiting = Promotion.objects.waiting().filter(target__approvals_needed__gt=0).exclude(kind=PromotionKind.ROLLBACK)
    asked = [
        one
        for one in waiting.with_names().order_by("created_at", "id")
        if rights.may_work_on(one.application)
        and any(blocker.kind == BlockerKind.APPROVAL for blocker in one.waits_for)
        and not (one.target.approval_by_others and one.requested_by == rights.actor.label)
    ]
    answers = Approval.objects.filter(person=rights.user, promotion__in=[one.pk for one in asked])
    answered = set(answers.values_list("promotion", flat=True))
    return [one for one in asked if one.pk not in answered]


def _stops(teams: Sequence[Team], approvals: Sequence[Promotion], rights: Rights, now: datetime) -> list[Row]:
    """Of who doesn't manage releases only their teams' applications are read: nothing else is theirs to move."""
    own = Application.objects.filter(owner__in=teams)
    listing = read_stopped(rights, now, Wanted(applications=None if rights.manages else own))
    ids, above = {team.pk for team in teams}, {one.pk for one in approvals}
    return [
        row
        for row in (*listing.mine, *listing.others)
        if not (row.hold is None and row.promotion in above)
        and (row.is_mine or (row.application is not None and row.application.owner_id in ids))
    ]


def _told(person: User) -> list[Notification]:
    """What went to their own address, the newest first."""
    return list(told_to(to_person(person))[:TOLD_SHOWN])


def _tokens(person: User, now: datetime) -> list[Token]:
    made = ApiToken.objects.filter(created_by=person).prefetch_related("limits__application", "limits__team")
    return [Token(token=one, reaches=_reaches(one), state=_state(one, now)) for one in made.order_by("name")]


def _reaches(token: ApiToken) -> str:
    if not token.limited:
        return "Every application"
    return ", ".join(str(limit) for limit in token.limits.all()) or "Nothing"


def _state(token: ApiToken, now: datetime) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if token.expires_at is not None and token.expires_at <= now else "usable"
