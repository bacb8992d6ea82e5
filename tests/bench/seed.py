"""Prepares a stack's empty database for a measurement and prints the secret of a token that may use its API."""

import sys

import django
from django.core.management import call_command


def seed(backend_url: str) -> str:
    """One application with one automatic target, deployed by the backend. Returns the token's secret."""
    # Models can be imported only after Django is set up.
    from apps_registry.models import Application, Environment, Target, Team  # noqa: PLC0415
    from deployer.access.models import ApiToken  # noqa: PLC0415

    team = Team.objects.create(slug="bench", name="Bench", email="bench@example.org")
    Target.objects.create(
        application=Application.objects.create(slug="bench", name="Bench", owner=team),
        environment=Environment.objects.create(slug="integration", name="Integration", position=1),
        deployer="webhook",
        deployer_config={
            "url": f"{backend_url}/deploys",
            "connection": "tests",
            "status_url": f"{backend_url}/deploys/{{key}}",
        },
        policy="automatic",
    )
    return ApiToken.issue(name="bench", scopes=["releases:write", "read"], limited=False)[1]


if __name__ == "__main__":
    django.setup()
    call_command("migrate", verbosity=0)
    print(seed(sys.argv[1]))
