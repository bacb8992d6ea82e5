"""The sample service's place in the registry."""

from django.db import models, transaction

from apps_registry.models import Application, Environment, Membership, Target, TargetCheck, Team, Watcher
from demo.sample import ENVIRONMENTS, SERVICE, TEAM_EMAIL, USER, Plan
from deployer.access.models import User
from deployer.access.operator import operator
from deployer.audit.changes import record_change, values_of


def add(row: models.Model) -> None:
    """Check the row, save it, and write its event, as the admin does. Raises ValidationError."""
    row.full_clean()
    row.save()
    record_change(row, None, values_of(row), by=operator())


@transaction.atomic
def seed(plan: Plan) -> None:
    """A team, an application, its target in each environment, and a person who watches it."""
    person = User(username=USER, first_name="Demo", email="demo@example.org", is_staff=True, is_superuser=True)
    person.set_password(plan.password)
    add(person)
    team = Team(slug="sample-team", name="Sample team", email=TEAM_EMAIL)
    add(team)
    add(Membership(user=person, team=team))
    application = Application(
        slug=SERVICE,
        name="Sample service",
        owner=team,
        kind="Demo",
        description="Answers with its version. `make demo` deploys it for real.",
        production_url=plan.urls["production"],
    )
    add(application)
    add(Watcher(application=application, kind="user", user=person))
    for position, slug in enumerate(ENVIRONMENTS, start=1):
        add_target(application, slug, position=position, root=plan.root, url=plan.urls[slug])


def add_target(application: Application, slug: str, *, position: int, root: str, url: str) -> None:
    environment = Environment.objects.filter(slug=slug).first()
    if environment is None:
        environment = Environment(
            slug=slug, name=slug.capitalize(), position=position, is_production=slug == "production"
        )
        add(environment)
    places = {"--root": root, "--environment": "{environment}", "--url": "{url}"}
    what = {"--version": "{version}", "--commit": "{commit}"}
    target = Target(
        application=application,
        environment=environment,
        url=url,
        deployer="command",
        deployer_config={
            "program": "deploy-sample",
            "args": [f"{option}={value}" for option, value in {**places, **what}.items()],
            "timeout_seconds": 60,
        },
        policy="automatic",
        deploy_timeout=90,
    )
    add(target)
    add(
        TargetCheck(
            target=target,
            name="smoke test",
            kind="http",
            config={"path": "/healthcheck", "expect_json": {"version": "{version}"}},
            interval=1,
            samples=2,
            failure_limit=2,
            timeout=60,
        )
    )
