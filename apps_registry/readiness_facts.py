"""Gathers what the rule of readiness looks at, for one target or the whole estate alike."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from apps_registry.models import Target, TargetCheck, Team, TrustIssue, Watcher
from apps_registry.models.target import Policy, SlotPolicy
from apps_registry.models.watcher import WatcherKind
from apps_registry.readiness import CheckFacts, IssueFacts, ReadinessFacts

OF_THE_RELEASE = ("{version}", "{commit}")


def readiness_facts(targets: Sequence[Target], *, rolled_back: Mapping[int, datetime]) -> dict[int, ReadinessFacts]:
    """By target's id: four queries, however many there are.

    The targets have their application's owner and their environment loaded. `rolled_back` says, by target's id, when a
    rollback last succeeded there, which only those above the registry can know.
    """
    found = _gathered(targets)
    return {target.pk: _facts(target, found, rolled_back.get(target.pk)) for target in targets}


@dataclass(slots=True, kw_only=True)
class _Gathered:
    """Checks by target's id; the rest by application's. `places` are an application's targets by the way there."""

    checks: dict[int, list[CheckFacts]] = field(default_factory=lambda: defaultdict(list))
    watchers: dict[int, list[Watcher]] = field(default_factory=lambda: defaultdict(list))
    issues: dict[int, list[TrustIssue]] = field(default_factory=lambda: defaultdict(list))
    places: dict[int, list[Target]] = field(default_factory=lambda: defaultdict(list))


def _gathered(targets: Iterable[Target]) -> _Gathered:
    ids = {target.pk for target in targets}
    applications = {target.application_id for target in targets}
    found = _Gathered()
    for check in TargetCheck.objects.filter(target__in=ids):
        text = json.dumps(check.config)
        names_release = any(name in text for name in OF_THE_RELEASE)
        found.checks[check.target_id].append(CheckFacts(name=check.name, kind=check.kind, names_release=names_release))
    for watcher in Watcher.objects.filter(application__in=applications).select_related("user", "team"):
        found.watchers[watcher.application_id].append(watcher)
    issues = TrustIssue.objects.open().filter(application__in=applications)
    for issue in issues.select_related("opened_by").order_by("opened_at", "pk"):
        found.issues[issue.application_id].append(issue)
    places = Target.objects.filter(application__in=applications).select_related("environment")
    for place in places.order_by("environment__position"):
        found.places[place.application_id].append(place)
    return found


def _facts(target: Target, found: _Gathered, rolled_back_at: datetime | None) -> ReadinessFacts:
    application, environment = target.application, target.environment
    earlier = [one for one in found.places[application.pk] if one.environment.position < environment.position]
    before = earlier[-1] if earlier else None
    here = [one for one in found.watchers[application.pk] if one.environment_id in (None, environment.pk)]
    return ReadinessFacts(
        application=application.slug,
        environment=environment.slug,
        owner=application.owner.name,
        target_id=target.pk,
        application_id=application.pk,
        owner_id=application.owner_id,
        has_deployer=bool(target.deployer),
        owner_reachable=is_reachable(application.owner),
        watchers=[str(one) for one in here if _can_be_told(one)],
        mute_watchers=[str(one) for one in here if not _can_be_told(one)],
        checks=found.checks[target.pk],
        rolled_back_at=rolled_back_at,
        trust_issues=[
            IssueFacts(pk=one.pk, reason=one.reason, opened_at=one.opened_at, opened_by=one.opener)
            for one in found.issues[application.pk]
            if one.environment_id in (None, environment.pk)
        ],
        slots_required=target.slot_policy == SlotPolicy.REQUIRED,
        before=before.environment.slug if before else "",
        before_automatic=before is None or before.policy == Policy.AUTOMATIC,
    )


def is_reachable(team: Team) -> bool:
    return bool(team.email or team.stop_channel())


def _can_be_told(watcher: Watcher) -> bool:
    if watcher.kind == WatcherKind.USER:
        return watcher.user is not None and watcher.user.is_active and bool(watcher.user.email)
    if watcher.kind == WatcherKind.TEAM:
        return watcher.team is not None and is_reachable(watcher.team)
    return True
