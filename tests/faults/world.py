"""What the faults happen to: applications in three environments, and a CI that registers their releases."""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.utils import InterfaceError, OperationalError

from apps_registry.models import Application, Environment, TargetCheck
from deployer.promotions.actions.register import register
from deployer.promotions.models import Promotion, Step, StepKind
from deployer.promotions.states import OPEN
from deployer.releases.actions import NewRelease
from deployer.releases.models import Deployment
from tests.backend import Backend
from tests.faults.verdict import Ending, Expected, Place
from tests.scene import CI, Scene, webhook_config

ENVIRONMENTS = ("integration", "staging", "production")
VERSIONS = ("v1", "v2")
CAPACITY = 10
MANY = 1000
"""More errors in a row than a run can have: a check that could not be made in time is made again."""


@dataclass
class World:
    """The applications, and what their promotions have come to by the database."""

    applications: Sequence[Application]

    @property
    def expected(self) -> Expected:
        return Expected(
            applications=[application.slug for application in self.applications],
            versions=VERSIONS,
            environments=ENVIRONMENTS,
        )

    def is_over(self) -> bool:
        """Whether there are as many promotions as expected, and all have ended."""
        states = Counter(Promotion.objects.values_list("state", flat=True))
        return states.total() >= self.expected.promotions and not any(states[state] for state in OPEN)

    def states(self) -> str:
        """How many promotions are in which state, for a person to read."""
        states = Counter(Promotion.objects.values_list("state", flat=True))
        return ", ".join(f"{number} {state}" for state, number in sorted(states.items()))

    def endings(self) -> list[Ending]:
        """How each promotion stands, with the key of its deploy."""
        keys = dict(Step.objects.filter(kind=StepKind.DEPLOY).values_list("promotion_id", "key"))
        return [
            Ending(
                application=promotion.application.slug,
                version=promotion.release.version,
                environment=promotion.environment.slug,
                state=promotion.state,
                outcome=promotion.outcome,
                key=keys.get(promotion.pk, ""),
            )
            for promotion in Promotion.objects.with_names()
        ]

    def live(self) -> dict[Place, str]:
        """What Deployer says is live where."""
        found = Deployment.objects.live().select_related("release", "target__application", "target__environment")
        return {(one.target.application.slug, one.target.environment.slug): one.release.version for one in found}


def build(backend: Backend, promotions: int) -> World:
    """At least so many promotions' worth of applications, every release of which goes to all environments in order,
    so that none is superseded."""
    environments = [
        Environment.objects.create(slug=slug, name=slug.title(), position=position, capacity=CAPACITY)
        for position, slug in enumerate(ENVIRONMENTS, start=1)
    ]
    scene = Scene(backend=backend, environments=environments)
    config = webhook_config(backend, find_url=f"{backend.url}/look-ups/{{key}}")
    count = -(-promotions // (len(VERSIONS) * len(ENVIRONMENTS)))
    applications = [
        scene.application(f"app-{number}", batching="every", deployer_config=config) for number in range(count)
    ]
    TargetCheck.objects.update(error_limit=MANY)
    return World(applications)


class Ci(threading.Thread):
    """Registers every version of every application, evenly over so many seconds, each until it is told that it is."""

    def __init__(self, applications: Sequence[Application], *, seconds: float) -> None:
        super().__init__(name="ci", daemon=True)
        self._jobs = [(application, version) for version in VERSIONS for application in applications]
        self._pause = seconds / len(self._jobs)
        self.repeated = 0

    def run(self) -> None:
        for application, version in self._jobs:
            while not self._register(application, version):
                self.repeated += 1
                time.sleep(0.1)
            time.sleep(self._pause)
        connection.close()

    def _register(self, application: Application, version: str) -> bool:
        """Whether it is registered. After an error it is not known, and asking again must be harmless."""
        commit = f"{application.pk:038x}{version.encode()[-1]:02x}"
        try:
            register(application=application, new=NewRelease(version=version, commit=commit), by=CI)
        except (OperationalError, InterfaceError):
            connection.close()
            return False
        return True
