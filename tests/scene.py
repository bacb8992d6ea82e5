"""Scenes for tests of the engine: real applications, a real backend, the real actions, and a time that we set."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from apps_registry.models import Application, Environment, Membership, Target, TargetCheck, Team
from apps_registry.rights import Rights, rights_of_operator, rights_of_user
from deployer.access.models import User
from deployer.access.models.user import Role
from deployer.audit.actor import Actor, ActorKind
from deployer.calendar.models import EnvironmentCalendar, OpenHours, Slot
from deployer.promotions import jobs
from deployer.promotions.actions.hold import NewHold, place_hold
from deployer.promotions.actions.register import register
from deployer.promotions.models import Hold, Promotion, Step
from deployer.promotions.states import PromotionState
from deployer.releases.actions import NewRelease
from deployer.releases.models import Deployment, Release
from tests.backend import Backend, running_backend

NOON = datetime.fromisoformat("2026-03-03T12:00:00+00:00")
ALEX = Actor(ActorKind.USER, "1", "Alex Doe")
AS_ALEX = rights_of_operator(ALEX)
"""Alex, who may do everything."""
CI = Actor(ActorKind.TOKEN, "1", "token ci")
CONNECTION = "tests"


@dataclass
class Scene:
    """Three environments and a backend; `now` moves with `run`."""

    backend: Backend
    now: datetime = NOON
    environments: list[Environment] = field(default_factory=list)

    def application(self, slug: str = "frontend", *, environments: int = 3, **target: object) -> Application:
        """An application with automatic targets in the first environments, deployed by the backend."""
        team, _ = Team.objects.get_or_create(slug="web", defaults={"name": "Web", "email": "web@example.org"})
        application = Application.objects.create(slug=slug, name=slug.title(), owner=team)
        for environment in self.environments[:environments]:
            self.target(application, environment, **target)
        return application

    def given_away(self, application: Application) -> Application:
        """To another team."""
        application.owner = Team.objects.create(slug="platform", name="Platform")
        application.save()
        return application

    def target(self, application: Application, environment: Environment, **fields: object) -> Target:
        values: dict[str, object] = {
            "url": f"{self.backend.url}/services/{application.slug}/{environment.slug}",
            "deployer": "webhook",
            "deployer_config": webhook_config(self.backend),
            "policy": "automatic",
        }
        target = Target(application=application, environment=environment, **values | fields)
        target.full_clean()
        target.save()
        check = TargetCheck(
            target=target,
            name="Smoke test",
            kind="http",
            config={"path": "/health", "expect_json": {"version": "{version}"}},
        )
        check.full_clean()
        check.save()
        return target

    def register(
        self, application: Application, version: str = "v1", *, commit: str = "", built_at: datetime | None = None
    ) -> Release:
        commit = commit or f"{abs(hash(version)):040x}"[:40]
        release, _, _ = register(
            application=application,
            new=NewRelease(version=version, commit=commit, built_at=built_at),
            by=CI,
            now=self.now,
        )
        return release

    def person(self, name: str = "alex", *, role: Role = Role.DEVELOPER, teams: tuple[str, ...] = ("web",)) -> Rights:
        """Someone of these teams, with what they may do."""
        user, _ = User.objects.get_or_create(
            username=name,
            defaults={"first_name": name.title(), "last_name": "Doe", "email": f"{name}@example.org", "role": role},
        )
        for slug in teams:
            team, _ = Team.objects.get_or_create(slug=slug, defaults={"name": slug.title()})
            Membership.objects.get_or_create(user=user, team=team)
        return rights_of_user(user)

    def manager(self, name: str = "sam") -> Rights:
        """A release manager."""
        return self.person(name, role=Role.RELEASE_MANAGER, teams=())

    def hours(self, environment: Environment) -> EnvironmentCalendar:
        """Give it GOV.UK's hours: Monday to Thursday 09:30 to 17:00, Friday to 16:00, and bank holidays."""
        calendar = EnvironmentCalendar.objects.create(environment=environment)
        for weekday in range(5):
            OpenHours.objects.create(calendar=calendar, weekday=weekday, closes=time(16 if weekday == 4 else 17))
        return calendar

    def hold(
        self,
        application: Application,
        environment: Environment | None = None,
        *,
        reason: str = "Stop.",
        ends_at: datetime | None = None,
        newest_safe: Release | None = None,
    ) -> Hold:
        """Put it on hold, as Alex."""
        new = NewHold(reason=reason, contact="Alex Doe", ends_at=ends_at, newest_safe=newest_safe)
        return place_hold(application=application, environment=environment, new=new, rights=AS_ALEX, now=self.now)

    def run(self, seconds: float = 60, *, until: datetime | None = None) -> None:
        """Let the time pass, doing what falls due in its order, as clock and workers would."""
        end = until or self.now + timedelta(seconds=seconds)
        for _ in range(10_000):
            due = self._next(end)
            if due is None:
                self.now = end
                return
            self.now = max(self.now, due)
            for hold_id in jobs.due_holds(self.now):
                jobs.hold_end(hold_id, now=self.now)
            for slot_id in jobs.due_slots(self.now):
                jobs.slot(slot_id, now=self.now)
            for promotion_id in jobs.due_promotions(self.now):
                jobs.wake(promotion_id, now=self.now)
            for step_id in jobs.due_steps(self.now):
                jobs.effect(step_id, now=self.now)
        raise AssertionError("The engine does not come to rest.")

    def watch(self) -> None:
        """Let the watchdog look, and tell what is due to be told, as clock and workers would."""
        jobs.watch(0, now=self.now)
        for stall_id in jobs.due_stalls(self.now):
            jobs.stall(stall_id, now=self.now)

    def _next(self, end: datetime) -> datetime | None:
        rows = (Promotion.objects, Step.objects, Slot.objects)
        times = [
            row.filter(due_at__lte=end).order_by("due_at").values_list("due_at", flat=True).first() for row in rows
        ]
        times.append(Hold.objects.over(end).order_by("ends_at").values_list("ends_at", flat=True).first())
        return min((time for time in times if time is not None), default=None)

    def promotion(self, release: Release, environment: str) -> Promotion:
        """The newest promotion of a release to an environment."""
        found = Promotion.objects.with_names().filter(release=release, target__environment__slug=environment)
        return found.order_by("-id")[0]

    def states(self, release: Release) -> dict[str, str]:
        """The state of the newest promotion of the release in each environment that it has reached."""
        found = Promotion.objects.with_names().filter(release=release).order_by("id")
        return {promotion.environment.slug: PromotionState(promotion.state).value for promotion in found}

    def live(self, application: Application) -> dict[str, str]:
        found = Deployment.objects.live(application.targets.all()).select_related("release", "target__environment")
        return {one.target.environment.slug: one.release.version for one in found}


def webhook_config(backend: Backend, **fields: str) -> dict[str, str]:
    return {
        "url": f"{backend.url}/deploys",
        "connection": CONNECTION,
        "status_url": f"{backend.url}/deploys/{{key}}",
        "find_url": f"{backend.url}/deploys/{{key}}",
        "cancel_url": f"{backend.url}/deploys/{{key}}/cancel",
        **fields,
    }


@contextmanager
def running_scene() -> Iterator[Scene]:
    with running_backend() as backend:
        names = ("integration", "staging", "production")
        environments = [
            Environment.objects.create(
                slug=name, name=name.title(), position=position, capacity=5, is_production=position == 3
            )
            for position, name in enumerate(names, start=1)
        ]
        yield Scene(backend=backend, environments=environments)
