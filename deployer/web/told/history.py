"""What a person was told, they themselves and their teams."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from apps_registry.models import Team
from deployer.access.models import User
from deployer.notifications.models import Channel, Lane, Notification
from deployer.web.paging import rows_of_page


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One page of what was told, the newest first. `only_me` leaves out what their teams were told."""

    told: Sequence[Notification]
    only_me: bool
    page: int
    has_more: bool

    @property
    def newer(self) -> str:
        return self._query(self.page - 1) if self.page > 1 else ""

    @property
    def older(self) -> str:
        return self._query(self.page + 1) if self.has_more else ""

    def _query(self, page: int) -> str:
        return f"{'to=me&' if self.only_me else ''}page={page}"


def history(person: User, *, only_me: bool, page: int) -> History:
    """Four queries."""
    teams = [] if only_me else list(Team.objects.filter(memberships__user=person))
    wanted = to_person(person)
    for team in teams:
        wanted |= to_team(team)
    found, has_more = rows_of_page(told_to(wanted), page)
    return History(told=found, only_me=only_me, page=page, has_more=has_more)


def told_to(wanted: Q) -> QuerySet[Notification]:
    """What went by these lanes, the newest first. They are looked up here: they are few, and each has its notifications
    in order."""
    lanes = list(Lane.objects.filter(wanted).values_list("pk", flat=True))
    return Notification.objects.filter(lane__in=lanes).select_related("event").order_by("-id")


def to_person(person: User) -> Q:
    """Of notifications or of lanes: those to their own address; none when they have none."""
    return Q(channel=Channel.EMAIL, address__iexact=person.email) if person.email else Q(pk__in=())


def to_team(team: Team) -> Q:
    """Of notifications or of lanes: those to a team, to its address and its channels."""
    channels = [channel for channel in (team.slack_channel, team.alerts_channel) if channel]
    found = Q(channel__in=(Channel.SLACK, Channel.LOG), address__in=channels)
    return found | Q(channel=Channel.EMAIL, address__iexact=team.email) if team.email else found
