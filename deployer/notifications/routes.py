"""Who would be told of what, and how: the registry as routing reads it, in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import time

from django.conf import settings
from django.db.models import Q

from apps_registry.models import Application, Team, Watcher
from apps_registry.models.watcher import EventGroup, WatcherKind
from deployer.access.models import User
from deployer.notifications.groups import OWNER_GROUPS, USUAL_GROUPS
from deployer.notifications.models import Channel
from deployer.notifications.routing import chat


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """`who` is told of `what`, in the environment `where` (empty for all), by each way of `how`, because `why`.

    `how` are phrases, such as "by e-mail to web@example.org"; nothing in it means that they can't be told. `quiet` says
    when what isn't urgent waits; empty for never.
    """

    application: Application
    who: str
    what: Sequence[str]
    how: Sequence[str]
    why: str
    where: str = ""
    quiet: str = ""
    watcher_id: int | None = None

    @property
    def of_what(self) -> str:
        first, *rest = self.what
        return ", ".join([first, *(one[:1].lower() + one[1:] for one in rest)])

    @property
    def in_what_way(self) -> str:
        """Empty when they can't be told."""
        ways = "; ".join(self.how)
        return ways[:1].upper() + ways[1:]


def routes_of(application: Application) -> list[Route]:
    """Of one application: its owner, then its watchers in their order. Two queries at most."""
    watchers = application.watchers.select_related("user", "team", "environment")
    return [_owner(application), *(_watcher(application, one) for one in watchers)]


def routes_to(person: User) -> list[Route]:
    """Of every application that the person's teams own, and that they or their teams watch. Three queries."""
    teams = [membership.team_id for membership in person.memberships.all()]
    owned = Application.objects.filter(archived_at=None, owner__in=teams).select_related("owner").order_by("slug")
    watching = Watcher.objects.filter(Q(user=person) | Q(team__in=teams), application__archived_at=None)
    watching = watching.select_related("application__owner", "user", "team", "environment")
    return [
        *map(_owner, owned),
        *(_watcher(one.application, one) for one in watching.order_by("application__slug", "pk")),
    ]


def _owner(application: Application) -> Route:
    team = application.owner
    return Route(
        application=application,
        who=team.name,
        what=_labels(OWNER_GROUPS),
        how=_ways_to_team(team),
        why=f"{team} owns {application}.",
        quiet=_quiet(team.quiet_from, team.quiet_until, settings.TIME_ZONE),
    )


def _watcher(application: Application, watcher: Watcher) -> Route:
    name, quiet = str(watcher), ""
    if watcher.user:
        quiet = _quiet(watcher.user.quiet_from, watcher.user.quiet_until, watcher.user.time_zone)
        name = watcher.user.as_actor().label
    elif watcher.team:
        quiet = _quiet(watcher.team.quiet_from, watcher.team.quiet_until, settings.TIME_ZONE)
    return Route(
        application=application,
        who=name,
        what=_labels(EventGroup(one) for one in watcher.events if one in EventGroup.values) or _labels(USUAL_GROUPS),
        how=_ways_to_watcher(watcher),
        why=f"{name} watches {application}.",
        where=watcher.environment.name if watcher.environment else "",
        quiet=quiet,
        watcher_id=watcher.pk,
    )


def _ways_to_watcher(watcher: Watcher) -> list[str]:
    if watcher.team:
        return _ways_to_team(watcher.team)
    if watcher.user:
        return [f"by e-mail to {watcher.user.email}"] if watcher.user.email and watcher.user.is_active else []
    if watcher.kind == WatcherKind.EMAIL:
        return [f"by e-mail to {watcher.address}"]
    if watcher.kind == WatcherKind.SLACK:
        return [_in_slack(watcher.address)]
    return [f"by webhook, signed with the connection {watcher.connection}"]


def _ways_to_team(team: Team) -> list[str]:
    found = [f"by e-mail to {team.email}"] if team.email else []
    if team.alerts_channel and team.slack_channel:
        return [*found, _in_slack(team.slack_channel), f"{_in_slack(team.alerts_channel)} (what is urgent)"]
    return [*found, _in_slack(team.stop_channel())] if team.stop_channel() else found


def _in_slack(channel: str) -> str:
    reached = chat() is Channel.SLACK
    return f"in Slack, {channel}" if reached else f"only in the log, as Deployer can't use Slack yet, {channel}"


def _labels(groups: Iterable[EventGroup]) -> list[str]:
    return [str(group.label) for group in groups]


def _quiet(start: time | None, end: time | None, zone: str) -> str:
    return f"from {start:%H:%M} until {end:%H:%M}, {zone}" if start and end and start != end else ""
