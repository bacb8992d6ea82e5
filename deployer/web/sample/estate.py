"""Who owns what and where it runs: teams, people, environments, applications with their targets and checks."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password

from apps_registry.importers.read import read
from apps_registry.models import (
    Application,
    Environment,
    ExclusionGroup,
    Membership,
    Target,
    TargetCheck,
    Team,
    Watcher,
)
from apps_registry.models.application import Impact
from apps_registry.models.target import Batching, Policy, RollbackPolicy, SlotPolicy
from deployer.access.models import ApiToken, User
from deployer.access.models.user import Role
from deployer.access.operator import operator
from deployer.calendar.models import ClosedDay, EnvironmentCalendar, OpenHours
from deployer.tracking.models import TrackedProject
from deployer.web.sample import words
from deployer.web.sample.hours import CLOSES, OPENS
from deployer.web.sample.plan import DAY, Plan

REGISTRY = Path(settings.BASE_DIR) / "apps_registry" / "samples" / "repos.yml"
RECORDS = Path(settings.BASE_DIR) / "deployer" / "calendar" / "samples"
ENVIRONMENTS = (("integration", "Integration", 4), ("staging", "Staging", 8), ("production", "Production", 6))
SIGN_INS = ("admin", "manager", "developer", "viewer")
"""People with the password that is printed: one of each role."""
ROLES = [
    "stopped",
    "rolls_back",
    "errored",
    "fixes",
    "approved",
    "asked",
    "rejected",
    "overridden",
    "pinned",
    "vetoed",
    "distrusted",
    "started",
    "slotted",
    "twin",
    "other_twin",
    "ordered",
    "held_until",
    "held",
    "unconfigured",
    "busy",
    "moving",
    "verifying",
    "soaking",
    "aborting",
    "retried",
    "went_back",
    "frozen",
    "archived",
    "big",
    "full",
    "alone",
]
"""The parts that applications play in `scenes`."""


@dataclass(slots=True)
class Place:
    """A target, as far as the history needs it."""

    target: int
    environment: str
    environment_id: int
    is_production: bool
    automatic: bool
    soak: int
    rolls_back: bool


@dataclass(slots=True)
class App:
    pk: int
    slug: str
    team: int
    places: list[Place] = field(default_factory=list)
    is_real: bool = True


@dataclass(slots=True)
class Estate:
    """`cast` has the application of each role of `ROLES`, as far as there are enough."""

    apps: list[App]
    people: Mapping[int, list[User]]
    environments: Sequence[Environment]
    users: Mapping[str, User]
    managers: Sequence[User]
    cast: dict[str, App]
    events: list[tuple[Any, ...]] = field(default_factory=list)

    def team_of(self, app: App) -> Sequence[User]:
        return self.people[app.team]


def hosted() -> int:
    """How many applications the real registry has."""
    return len(read(REGISTRY).applications)


def make_estate(plan: Plan, password: str) -> Estate:
    """Write them all, as they were entered before the history begins."""
    registry = read(REGISTRY)
    teams = {slug: Team(slug=slug, name=entry.name, **entry.fields) for slug, entry in registry.teams.items()}
    entries = list(registry.applications.values())[: plan.applications]
    owners = {entry.team for entry in entries}
    for slug, team in teams.items():
        team.email = f"{slug}@example.org"
    teams = {slug: team for slug, team in teams.items() if slug in owners}
    Team.objects.bulk_create(teams.values())
    environments = _environments()
    users, members = _people(plan, list(teams.values()), password)
    applications = [
        Application(slug=entry.slug, name=entry.name, owner=teams[entry.team], **entry.fields) for entry in entries
    ]
    real = len(applications)
    applications += _made_up(plan, real, list(teams.values()), {one.slug for one in applications})
    for application in applications:
        application.impact = plan.rng.choice(list(Impact))
    Application.objects.bulk_create(applications, batch_size=500)
    apps = [App(one.pk, one.slug, one.owner_id, is_real=at < real) for at, one in enumerate(applications)]
    rules = _Rules(plan, apps)
    targets = [
        rules.target(app, application, environment)
        for app, application in zip(apps, applications, strict=True)
        for environment in environments
        if rules.runs_in(app, environment)
    ]
    Target.objects.bulk_create(targets, batch_size=500)
    TargetCheck.objects.bulk_create((check for target in targets for check in _checks(target)), batch_size=500)
    _places(apps, targets)
    estate = Estate(
        apps=apps,
        people=members,
        environments=environments,
        users=users,
        managers=[one for one in users.values() if one.role == Role.RELEASE_MANAGER],
        cast=rules.cast,
    )
    _around(plan, estate, applications, list(teams.values()))
    estate.events = list(_events(plan, [*teams.values(), *environments, *applications, *targets]))
    return estate


def _environments() -> list[Environment]:
    made = [
        Environment(slug=slug, name=name, position=position * 10, capacity=capacity, is_production=slug == "production")
        for position, (slug, name, capacity) in enumerate(ENVIRONMENTS, start=1)
    ]
    Environment.objects.bulk_create(made)
    for environment in made[1:]:
        calendar = EnvironmentCalendar.objects.create(environment=environment)
        if environment.is_production:
            OpenHours.objects.bulk_create(
                OpenHours(calendar=calendar, weekday=day, opens=OPENS, closes=time(hour))
                for day, hour in enumerate(CLOSES)
            )
    return made


def _people(plan: Plan, teams: Sequence[Team], password: str) -> tuple[dict[str, User], dict[int, list[User]]]:
    roles = {"manager": Role.RELEASE_MANAGER, "developer": Role.DEVELOPER}
    whole, unusable = make_password(password), make_password(None)
    people = [
        User(username=name, password=whole, role=roles.get(name, Role.VIEWER), is_superuser=name == "admin",
             is_staff=name == "admin")
        for name in SIGN_INS
    ]  # fmt: skip
    people += [User(role=Role.RELEASE_MANAGER, password=unusable) for _ in range(2)]
    people += [User(role=Role.DEVELOPER, password=unusable) for _ in range(3 * len(teams))]
    names = [(first, last) for last in words.LAST_NAMES for first in words.FIRST_NAMES]
    plan.rng.shuffle(names)
    for user, (first, last) in zip(people, names, strict=False):
        user.first_name, user.last_name = first, last
        user.username = user.username or f"{first}.{last}".lower().replace("'", "")
        user.email = f"{user.username}@example.org"
        user.date_joined = plan.begins - 2 * DAY
    User.objects.bulk_create(people)
    developers = people[len(SIGN_INS) + 2 :]
    members = {team.pk: developers[at * 3 : at * 3 + 3] for at, team in enumerate(teams)}
    Membership.objects.bulk_create(
        Membership(user=user, team_id=team) for team, users in members.items() for user in users
    )
    return {user.username: user for user in people}, members


def _made_up(plan: Plan, real: int, teams: Sequence[Team], taken: set[str]) -> Iterator[Application]:
    for slug in words.more_applications(max(0, plan.applications - real), taken):
        kind = words.KINDS.get(slug.rsplit("-", 1)[-1], "Supporting apps")
        yield Application(
            slug=slug,
            name=slug.replace("-", " ").capitalize(),
            owner=plan.rng.choice(teams),
            kind=kind,
            hosting="eks",
            repository=f"alphagov/{slug}",
        )


def _states() -> dict[str, dict[str, str]]:
    with (RECORDS / "cd_state.csv").open(newline="") as file:
        return {row["app"]: row for row in csv.DictReader(file)}


class _Rules:
    """Where each application runs, and by which policy: as the records say, and as its part needs it."""

    def __init__(self, plan: Plan, apps: Sequence[App]) -> None:
        self._plan, self._states = plan, _states()
        whole = [app for app in apps if self._records(app).get("production_tag", "v1").startswith("v")]
        self.cast = dict(zip(ROLES, whole, strict=False))
        self._part = {app.slug: role for role, app in self.cast.items()}

    def _records(self, app: App) -> dict[str, str]:
        return self._states.get(app.slug, {})

    def runs_in(self, app: App, environment: Environment) -> bool:
        return self._records(app).get(f"{environment.slug}_tag", "v1").startswith("v")

    def target(self, app: App, application: Application, environment: Environment) -> Target:
        place, part = environment.slug, self._part.get(app.slug, "")
        last = environment.is_production
        automatic = place == "integration" or self._is_automatic(app, place)
        target = Target(
            application=application,
            environment=environment,
            url=f"https://{app.slug}.{place}.example.org",
            deployer="command",
            deployer_config={"program": "sample-deploy", "timeout_seconds": 300},
            deploy_timeout=600,
            policy=Policy.AUTOMATIC if automatic else Policy.MANUAL,
            rollback=self._plan.rng.choice(list(RollbackPolicy)),
            soak=300 if place == "staging" and self._plan.rng.random() < 0.4 else 0,
        )
        if part:
            target.policy, target.rollback, target.soak = Policy.AUTOMATIC, RollbackPolicy.NEVER, 0
            _play(target, part, last=last, place=place)
        return target

    def _is_automatic(self, app: App, place: str) -> bool:
        if not app.is_real:
            return self._plan.rng.random() < (0.95 if place == "staging" else 0.85)
        before = {"staging": "integration", "production": "staging"}[place]
        state = self._records(app)
        return state.get(f"{place}_auto") != "False" and state.get(f"{before}_promote", "True") == "True"


def _play(target: Target, part: str, *, last: bool, place: str) -> None:
    """What its part asks of it."""
    if part == "rolls_back":
        target.rollback = RollbackPolicy.ON_FAILED
    elif part in ("approved", "asked", "rejected") and last:
        target.approvals_needed, target.approval_lasts = 2 if part == "approved" else 1, 2 * 86400
        target.approval_not_by_authors = part == "asked"
    elif part == "slotted" and last:
        target.slot_policy = SlotPolicy.REQUIRED
    elif part == "started" and last:
        target.policy = Policy.MANUAL
    elif part == "ordered":
        target.batching = Batching.EVERY
    elif part == "unconfigured" and last:
        target.policy, target.deployer, target.deployer_config = Policy.MANUAL, "", {}
    elif part == "soaking" and place == "staging":
        target.soak = 3600


def _checks(target: Target) -> Iterator[TargetCheck]:
    if not target.deployer:
        return
    yield TargetCheck(
        target=target, name="Smoke test", kind="command", position=0, interval=20,
        config={"program": "sample-check", "args": ["smoke"], "timeout_seconds": 60},
    )  # fmt: skip
    yield TargetCheck(
        target=target, name="Health", kind="http", position=1, interval=15, samples=2, failure_limit=2,
        config={"path": f"{settings.BASE_URL}/healthz", "timeout_seconds": 2},
    )  # fmt: skip
    if target.environment.is_production:
        yield TargetCheck(
            target=target, name="Error rate", kind="command", position=2, interval=30, samples=3,
            config={"program": "sample-check", "args": ["error-rate"], "timeout_seconds": 60},
        )  # fmt: skip


def _places(apps: Sequence[App], targets: Sequence[Target]) -> None:
    by_application: dict[int, list[Place]] = {app.pk: app.places for app in apps}
    for target in targets:
        by_application[target.application_id].append(
            Place(
                target=target.pk,
                environment=target.environment.slug,
                environment_id=target.environment_id,
                is_production=target.environment.is_production,
                automatic=target.policy == Policy.AUTOMATIC,
                soak=target.soak,
                rolls_back=target.rollback == RollbackPolicy.ON_FAILED,
            )
        )


def _around(plan: Plan, estate: Estate, applications: Sequence[Application], teams: Sequence[Team]) -> None:
    """Who watches, what must not go together, whose errors are followed, and when all is closed."""
    by_pk = {one.pk: one for one in applications}
    cast = {role: by_pk[app.pk] for role, app in estate.cast.items()}
    developer, rng = estate.users["developer"], plan.rng
    mine = {app.team for role, app in estate.cast.items() if role in ("stopped", "asked", "moving", "fixes")}
    Membership.objects.bulk_create(Membership(user=developer, team_id=team) for team in sorted(mine))
    for team in mine:
        estate.people[team].insert(0, developer)
    watchers = [Watcher(application=one, kind="team", team=one.owner) for one in applications]
    watchers += [Watcher(application=one, kind="slack", address="#govuk-deploy") for one in applications[::3]]
    watchers += [
        Watcher(
            application=one, kind="user", user=rng.choice(estate.people[one.owner_id]), events=["stops", "releases"]
        )
        for one in applications[::2]
    ]
    watchers += [Watcher(application=one, kind="user", user=developer) for one in list(cast.values())[:6]]
    watchers += [
        Watcher(
            application=one, kind="webhook", address="https://hooks.example.org/deployer", connection="release-hook"
        )
        for one in list(cast.values())[:3]
    ]
    watchers += [Watcher(application=one, kind="email", address="press@example.org") for one in applications[:2]]
    Watcher.objects.bulk_create(watchers, batch_size=500)
    if "other_twin" in cast:
        group = ExclusionGroup.objects.create(slug="message-queue", reason="Both migrate the same message queue.")
        group.applications.set([cast["twin"], cast["other_twin"]])
    if "alone" in cast:
        Application.objects.filter(pk=cast["alone"].pk).update(
            deploys_alone=True, deploys_alone_reason="It reloads the routes of every application."
        )
    for application in applications[:20]:
        tracker = rng.choice(["sentry", "bugsink"])
        TrackedProject.objects.create(
            tracker=tracker, connection=f"{tracker}-hook", project=application.slug, application=application
        )
    ApiToken.issue(name="ci", scopes=["releases:write"], limited=False)  # its secret is nobody's
    if teams:
        teams[0].quiet_from, teams[0].quiet_until = time(19), time(8)
        teams[0].save(update_fields=["quiet_from", "quiet_until"])
    budget = (plan.now + timedelta(days=20)).date()
    ClosedDay.objects.create(environment=estate.environments[-1], day=budget, name="The Budget")


def _events(plan: Plan, rows: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """An operator brought in the registry."""
    by, at = operator(), plan.begins - DAY
    for place, row in enumerate(rows):
        about = _about(row)
        kind = type(row).__name__.lower()
        yield (
            at + timedelta(milliseconds=20 * place), f"registry.{kind}.created", by.kind, by.ref, by.label,
            about.get("application", ""), about.get("environment", ""), "", None, None,
            f"Added the {row._meta.verbose_name} {row}.", "", {},
        )  # fmt: skip


def _about(row: Any) -> dict[str, str]:
    if isinstance(row, Target):
        return {"application": row.application.slug, "environment": row.environment.slug}
    return {type(row).__name__.lower(): row.slug} if isinstance(row, Application | Environment) else {}
