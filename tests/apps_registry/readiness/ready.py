"""A target that lacks nothing, for tests that take one thing away."""

from typing import Any

from apps_registry.models import Environment, Target, TargetCheck, Watcher
from tests.apps_registry.factories import make_application, make_environment, make_target, make_team

CHECK = {"path": "/health", "expect_json": {"version": "{version}"}}


def ready_target(*, slug: str = "frontend", environment: Environment | None = None, **fields: Any) -> Target:
    """Manual, and ready to be automatic once a rollback was tried. Its owner is the team Web, `web`."""
    owner = make_team(slug="web", name="Web", email="web@example.org")
    application = make_application(slug=slug, owner=owner)
    defaults: dict[str, Any] = {"deployer": "command", "deployer_config": {"program": "deploy"}}
    target = make_target(
        application=application,
        environment=environment or make_environment(slug="integration"),
        **defaults | fields,
    )
    TargetCheck.objects.create(target=target, name="Smoke test", kind="http", config=CHECK)
    Watcher.objects.create(application=application, kind="slack", address="#web")
    return target
